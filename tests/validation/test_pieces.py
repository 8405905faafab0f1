"""Pieces of a reference of the size of a volume: their scatter is that of small samples of the same material."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_swnn import Reference, validate


def material(shape, seed):
    """Level set of a Gaussian field, with features of some five voxels."""
    field = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 3, mode="wrap")
    return (field > np.quantile(field, 0.7)).astype(np.uint8)


@pytest.fixture(scope="module")
def reference():
    return Reference(material((256, 256), 0))


def test_a_large_volume_is_judged_by_the_section_alone(reference):
    report = validate(material((160, 160, 8), 1)[..., 0], reference)
    assert all(number.pieces is None for number in report.quantities.values())


def test_small_samples_of_the_same_material_are_not_called_different(reference):
    """Cubes of 32 voxels of the material show few features in each plane; at most a tenth of their numbers fail."""
    block = material((128, 128, 32), 2)
    cubes = [block[i : i + 32, j : j + 32, k : k + 32] for i in (0, 64) for j in (0, 64) for k in (0,)]
    numbers = [number for cube in cubes for number in validate(cube, reference).quantities.values()]
    judged = [number for number in numbers if number.pieces is not None]
    assert len(judged) == 5 * len(cubes)
    alone = [abs(number.mean - number.reference.value) > number.half_width for number in judged]
    wrong = [number.within is False for number in judged]
    assert sum(alone) > 4 * sum(wrong)
    assert np.mean(wrong) <= 0.1


def test_another_material_is_seen_in_a_volume_of_moderate_size(reference):
    field = gaussian_filter(np.random.default_rng(3).standard_normal((64, 64, 64)), 5, mode="wrap")
    report = validate((field > np.quantile(field, 0.7)).astype(np.uint8), reference)
    assert report.quantities["specific_surface"].within is False


def test_the_error_falls_with_the_number_of_volumes(reference):
    cubes = [material((32, 32, 32), seed) for seed in range(4)]
    one, four = (validate(volumes, reference).quantities["porosity"].pieces for volumes in (cubes[:1], cubes))
    assert four.half_width == pytest.approx(one.half_width / 2)
    assert four.mean == one.mean
