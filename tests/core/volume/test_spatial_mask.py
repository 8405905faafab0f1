import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn import generate, generate_lazy
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.volume import virtual_volume
from napari_swnn.core.volume.spatial_mask import SpatialMask
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

SHAPE = (90, 40, 70)
BLOCK = Window.of_shape((64, 64, 64))


@pytest.fixture(scope="module")
def unmasked(fixed_model):
    return generate(fixed_model, SHAPE)


@pytest.fixture(scope="module")
def halves():
    """Half of a volume, the border between planes 31 and 32 of axis 0."""
    return np.arange(64)[:, None, None] < 32


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([None, 0, 2, 300]))
def test_inside_is_the_unmasked_volume_and_outside_the_label(fixed_model, unmasked, seed, outside):
    mask = np.random.default_rng(seed).random(SHAPE) < 0.5
    volume = generate(fixed_model, SHAPE, mask=SpatialMask(mask, outside=outside))
    assert_array_equal(volume[mask], unmasked[mask])
    assert (volume[~mask] == (outside or 0)).all()
    assert volume.dtype == (np.uint16 if outside == 300 else np.uint8)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flat_mask_is_extruded_along_an_axis(fixed_model, unmasked, axis):
    flat = np.array([[True, False], [False, True]])
    plane = [n for a, n in enumerate(SHAPE) if a != axis]
    inside = np.expand_dims(flat.repeat(plane[0] // 2, 0).repeat(plane[1] // 2, 1), axis)
    expected = np.where(inside, unmasked, 9)
    assert_array_equal(generate(fixed_model, SHAPE, mask=SpatialMask(flat, axis=axis, outside=9)), expected)


def test_labels_and_arrays_are_masks_too(fixed_model):
    mask = np.array([[0, 3], [1, 0]])
    expected = generate(fixed_model, (9, 20, 20), mask=SpatialMask(mask > 0))
    assert_array_equal(generate(fixed_model, (9, 20, 20), mask=mask), expected)


def test_a_section_is_masked_in_two_dimensions(flat_range_model):
    section = generate(flat_range_model, (10, 20), mask=np.array([[True, False]]))
    assert_array_equal(section[:, :10], generate(flat_range_model, (10, 20))[:, :10])
    assert not section[:, 10:].any()
    with pytest.raises(ValueError, match=r"mask must be 2-D for a 2-D model, got an array of shape \(1, 2, 3\)"):
        generate(flat_range_model, (10, 20), mask=np.ones((1, 2, 3), bool))


@pytest.mark.parametrize("method", ["composite", "noise"])
def test_chunks_and_windows_never_show_in_a_masked_volume(fixed_model, method):
    mask = SpatialMask(np.random.default_rng(1).random((7, 5, 6)) < 0.5, method=method, outside=4)
    volume = generate(fixed_model, SHAPE, mask=mask)
    assert_array_equal(generate_lazy(fixed_model, SHAPE, mask=mask, chunks=48).compute(), volume)
    assert_array_equal(
        describe_volume(fixed_model, VolumeSpec(SHAPE, mask=mask))[-30:, 3, 5:66:2], volume[-30:, 3, 5:66:2]
    )


def test_masked_noise_keeps_the_structure_inside_and_is_even_outside(fixed_model, halves):
    free, masked = (
        describe_volume(fixed_model, VolumeSpec((64, 64, 64), mask=mask)).grey(BLOCK)[0]
        for mask in (None, SpatialMask(halves, method="noise"))
    )
    reach = 8  # of the noise, at both scales
    assert_allclose(masked[: 32 - reach], free[: 32 - reach], atol=1e-5)
    assert np.ptp(masked[32 + reach :]) < 1e-5
    assert np.ptp(free[32 + reach :]) > 1


def test_masked_noise_is_painted_outside_only_where_a_label_is_given(fixed_model, halves):
    left = generate(fixed_model, (64, 40, 40), mask=SpatialMask(halves, method="noise"))
    painted = generate(fixed_model, (64, 40, 40), mask=SpatialMask(halves, method="noise", outside=5))
    assert_array_equal(painted[:32], left[:32])
    assert (painted[32:] == 5).all()
    assert 5 not in left


def test_what_lies_wholly_outside_is_not_computed(fixed_model, monkeypatch):
    computed = []
    original = virtual_volume.compute_grey_and_coarse
    monkeypatch.setattr(virtual_volume, "compute_grey_and_coarse", lambda *a: computed.append(a[1]) or original(*a))
    mask = np.zeros((128, 64, 64), bool)
    mask[100:110, 20, 20] = True
    generate(fixed_model, mask.shape, mask=mask)
    assert computed == [Window((64, 0, 0), (128, 64, 64))]


def test_a_masked_volume_travels(fixed_model):
    volume = describe_volume(fixed_model, VolumeSpec(SHAPE, mask=np.eye(5, dtype=bool)))
    assert_array_equal(pickle.loads(pickle.dumps(volume))[20:30], volume[20:30])


@pytest.mark.parametrize(
    ("mask", "options", "error", "message"),
    [
        (np.zeros((3, 3), bool), {}, ValueError, "mask must hold at least one voxel, got an empty mask"),
        (np.ones(3, bool), {}, ValueError, r"mask must be 2-D or 3-D, got an array of shape \(3,\)"),
        (np.eye(3) / 2, {}, TypeError, "mask must hold booleans or whole numbers, got grey levels; threshold it first"),
        (
            np.ones((3, 3), bool),
            {"method": "soft"},
            ValueError,
            "method must be one of 'composite', 'noise', got 'soft'",
        ),
        (np.ones((3, 3), bool), {"axis": 3}, ValueError, "axis must be a whole number of at most 2, got 3"),
        (np.ones((3, 3), bool), {"outside": 1.5}, ValueError, "outside must be a whole number"),
    ],
)
def test_masks_that_make_no_sense_are_refused(mask, options, error, message):
    with pytest.raises(error, match=message):
        SpatialMask(mask, **options)
