"""The statistics of sections by plane belong to the axes of the material."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_swnn import Reference, validate


@pytest.fixture
def volume(rng):
    return (gaussian_filter(rng.standard_normal((16, 16, 16)), (3, 2, 1), mode="wrap") > 0).astype(np.uint8)


@pytest.mark.filterwarnings("ignore::napari_swnn.core.descriptor.ReferenceWarning")
@pytest.mark.parametrize("n_phases", [2, 3])
def test_all_sections_of_a_volume_have_its_statistics_along_each_axis(volume, n_phases):
    if n_phases == 3:
        volume = np.where(np.roll(volume, 5, 2) == 1, 2, volume)
    planes = {plane: list(np.moveaxis(volume, axis, 0)) for axis, plane in enumerate(("xy", "xz", "yz"))}
    report = validate(volume, Reference(planes))
    for group in (*report.phases, *report.pairs):
        for key in ("two_point_correlation", "lineal_path", "cross_correlation"):
            if key in group.curves:
                curve = group.curves[key]
                assert curve.axes_of(curve.reference) == ("z", "y", "x")
                np.testing.assert_allclose(curve.reference.by_axis, curve.realisations[0].by_axis, atol=1e-12)
    length = report.phases[0].quantities["correlation_length"]
    np.testing.assert_allclose(length.reference.by_axis, length.realisations[0].by_axis)


def test_the_report_states_what_is_assumed(volume, blobs):
    assert any("isotropic" in note for note in validate(volume, Reference(blobs)).notes)
    across, along = np.random.default_rng(0).integers(0, 2, (2, 40, 40))
    notes = validate(volume, Reference(xy=across, xz=along, symmetry_axis="z")).notes
    assert any("yz is taken from xz" in note.lower() for note in notes)
