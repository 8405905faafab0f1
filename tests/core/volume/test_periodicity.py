import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn import generate, generate_lazy
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.volume.periodicity import min_period
from napari_swnn.core.volume.spatial_mask import SpatialMask
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume


def moved(window, by):
    return Window(
        tuple(a + d for a, d in zip(window.start, by, strict=True)),
        tuple(b + d for b, d in zip(window.stop, by, strict=True)),
    )


@settings(max_examples=4, deadline=None)
@given(
    st.tuples(*[st.integers(5, 40)] * 3),
    st.tuples(*[st.integers(-2, 2)] * 3),
    st.sampled_from(["plain", "map", "mask"]),
)
def test_the_volume_repeats(fixed_model, range_model, halves, times, kind):
    shape = tuple(2 * n for n in halves)
    rng = np.random.default_rng(0)
    given_with = {
        "plain": {},
        "map": {"porosity": rng.uniform(0.1, 0.3, (3, 2, 4))},
        "mask": {"mask": SpatialMask(rng.random((4, 3, 5)) < 0.6, method="noise")},
    }[kind]
    volume = describe_volume(
        range_model if kind == "map" else fixed_model, VolumeSpec(shape, periodic=True, **given_with)
    )
    window = Window((-3, 5, 0), (20, 30, 25))
    again = moved(window, tuple(n * k for n, k in zip(shape, times, strict=True)))
    assert_array_equal(volume.grey(again), volume.grey(window))


def test_a_rolled_volume_is_generated_from_rolled_noise(fixed_model):
    shape, by = (40, 24, 32), (6, -10, 32)
    volume = describe_volume(fixed_model, VolumeSpec(shape, periodic=True))
    whole = Window.of_shape(shape)
    rolled = np.roll(volume.grey(whole), [-d for d in by], (1, 2, 3))
    assert_allclose(volume.grey(moved(whole, by)), rolled, atol=1e-5)


def test_there_is_no_seam(fixed_model):
    periodic = generate(fixed_model, (48, 48, 48), periodic=(True, False, True))
    for axis, repeats in enumerate((True, False, True)):
        planes = np.moveaxis(periodic, axis, 0)
        inner = (planes[1:] != planes[:-1]).mean((1, 2))
        seam = (planes[0] != planes[-1]).mean()
        assert (inner.min() <= seam <= inner.max()) == repeats


def test_chunks_never_show_in_a_periodic_volume(fixed_model):
    shape = (96, 30, 66)
    volume = generate(fixed_model, shape, periodic=True)
    assert_array_equal(generate_lazy(fixed_model, shape, periodic=True, chunks=40).compute(), volume)
    assert_array_equal(
        describe_volume(fixed_model, VolumeSpec(shape, periodic=True))[60:70, :, -9], volume[60:70, :, -9]
    )


def test_away_from_the_faces_a_periodic_volume_is_the_endless_one(fixed_model):
    window = Window.of_shape((64, 64, 64))
    grey, endless = (
        describe_volume(fixed_model, VolumeSpec((64, 64, 64), periodic=p)).grey(window)[0] for p in (True, False)
    )
    assert_allclose(grey[8:-8, 8:-8, 8:-8], endless[8:-8, 8:-8, 8:-8], atol=1e-5)
    assert np.abs(grey - endless).max() > 0.1


def test_sections_repeat_too(flat_range_model):
    volume = describe_volume(flat_range_model, VolumeSpec((30, 40), periodic=(False, True), porosity=0.2))
    assert_array_equal(volume.grey(Window((0, 40), (30, 60))), volume.grey(Window((0, 0), (30, 20))))


@pytest.mark.parametrize(
    ("extent", "fitting"), [(2, "10 and 12"), (8, "10 and 12"), (11, "10 and 12"), (33, "32 and 34")]
)
def test_extents_that_cannot_repeat_are_refused_with_those_that_can(fixed_model, extent, fitting):
    assert min_period(fixed_model.network) == 10  # the coarse stage sees 5 of its own voxels
    message = (
        f"multiple of 2 and at least 10 voxels along the periodic axis 1, got {extent}; "
        f"the nearest valid extents are {fitting}"
    )
    with pytest.raises(ValueError, match=message):
        describe_volume(fixed_model, VolumeSpec((20, extent, 20), periodic=True))
    describe_volume(fixed_model, VolumeSpec((20, extent, 20), periodic=(True, False, True)))


@pytest.mark.parametrize("periodic", [(True, False), "yes", 1, [1, 0, 0]])
def test_flags_are_booleans_one_for_each_axis(fixed_model, periodic):
    with pytest.raises(ValueError, match="periodic must be True, False, or one of them for each of the 3 axes, got"):
        describe_volume(fixed_model, VolumeSpec((20, 20, 20), periodic=periodic))
