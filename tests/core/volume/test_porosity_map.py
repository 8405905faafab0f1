import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import map_coordinates

from napari_swnn import generate, generate_lazy
from napari_swnn.core.grid.sampled_field import SampledField
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.volume.porosity_map import PorosityMap
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

SHAPE = (90, 40, 70)


@pytest.fixture(scope="module")
def blocky():
    return np.random.default_rng(3).uniform(0.1, 0.3, (5, 4, 3))


@pytest.fixture(scope="module")
def mapped(range_model, blocky):
    return generate(range_model, SHAPE, porosity=blocky)


@pytest.mark.parametrize(
    ("sampling", "periodic", "scale", "expected"),
    [
        ("linear", False, 1, [0, 0.25, 0.75, 1]),
        ("linear", True, 1, [0.25, 0.25, 0.75, 0.75]),
        ("linear", False, 2, [0, 1]),
        ("linear", True, 2, [0, 1]),
        ("ends", False, 1, [0.125, 0.375, 0.625, 0.875]),
        ("ends", False, 2, [0.25, 0.75]),
        ("nearest", False, 1, [0, 0, 1, 1]),
        ("nearest", False, 2, [0, 1]),
    ],
)
def test_two_values_over_four_voxels(sampling, periodic, scale, expected):
    field = SampledField(np.array([0, 1], np.float32), sampling, (4,), (periodic,))
    assert_allclose(field.window(Window.of_shape((4 // scale,)), scale=scale), expected)


def test_beyond_the_volume_the_outermost_value_goes_on_or_the_volume_repeats():
    values = np.array([1, 2, 3], np.float32)
    around = Window((-3,), (6,))
    assert_array_equal(SampledField(values, "linear", (3,), (False,)).window(around), [1, 1, 1, 1, 2, 3, 3, 3, 3])
    assert_array_equal(SampledField(values, "linear", (3,), (True,)).window(around), [1, 2, 3] * 3)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_linear_maps_are_what_scipy_interpolates(data):
    values = data.draw(
        arrays(np.float32, array_shapes(min_dims=2, max_dims=3, max_side=6), elements=st.floats(0, 1, width=32))
    )
    extents = tuple(data.draw(st.integers(1, 20)) for _ in values.shape)
    periodic = data.draw(st.booleans())
    start = tuple(data.draw(st.integers(-10, 10)) for _ in extents)
    window = Window(start, tuple(a + data.draw(st.integers(1, 12)) for a in start))
    scale = data.draw(st.sampled_from([1, 2, 4]))
    found = SampledField(values, "linear", extents, (periodic,) * values.ndim).window(window, scale=scale)
    axes = [
        (np.arange(a, b) + 0.5) * scale * n / extent - 0.5
        for a, b, n, extent in zip(window.start, window.stop, values.shape, extents, strict=True)
    ]
    mode = "grid-wrap" if periodic else "nearest"
    expected = map_coordinates(values.astype(float), np.meshgrid(*axes, indexing="ij"), order=1, mode=mode)
    assert_allclose(np.broadcast_to(found, window.shape), expected, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_window_of_a_map_is_a_slice_of_any_larger_one(data):
    sampling = data.draw(st.sampled_from(["linear", "ends", "nearest"]))
    periodic = (data.draw(st.booleans()), data.draw(st.booleans()))
    values = np.random.default_rng(0).random((3, 4)).astype(np.float32)
    field = SampledField(values, sampling, (21, 13), periodic)
    large = Window((-9, -5), (30, 20))
    start = tuple(data.draw(st.integers(a, b - 1)) for a, b in zip(large.start, large.stop, strict=True))
    part = Window(start, tuple(data.draw(st.integers(a + 1, b)) for a, b in zip(start, large.stop, strict=True)))
    whole = field.window(large)[part.slices(large.start)]
    assert_array_equal(np.broadcast_to(field.window(part), part.shape), whole)


def test_a_constant_map_is_the_number(range_model):
    shape = (30, 30, 70)
    volume = generate(range_model, shape, porosity=0.15)
    for same in (PorosityMap.constant(0.15), np.full((3, 2), 0.15), np.full((2, 2, 2), 0.15, np.float32)):
        assert_array_equal(generate(range_model, shape, porosity=same), volume)
    assert_array_equal(generate(range_model, shape), generate(range_model, shape, porosity=0.2))


@pytest.mark.parametrize("chunks", [48, 64])
def test_chunks_never_show_in_a_mapped_volume(range_model, blocky, mapped, chunks):
    assert_array_equal(generate_lazy(range_model, SHAPE, porosity=blocky, chunks=chunks).compute(), mapped)


@settings(max_examples=5, deadline=None)
@given(st.data())
def test_any_window_of_a_mapped_volume_equals_the_slice(range_model, blocky, mapped, data):
    volume = describe_volume(range_model, VolumeSpec(SHAPE, porosity=blocky))
    starts = [data.draw(st.integers(0, n - 1)) for n in SHAPE]
    window = tuple(slice(a, data.draw(st.integers(a + 1, n))) for a, n in zip(starts, SHAPE, strict=True))
    assert_array_equal(volume[window], mapped[window])


def test_a_region_of_one_porosity_is_the_volume_of_that_porosity(range_model):
    shape, border, reach = (128, 30, 30), 100, 8
    halves = PorosityMap.from_labels(np.repeat([1, 2], [border, 28])[:, None, None], {1: 0.12, 2: 0.28})
    mapped = describe_volume(range_model, VolumeSpec(shape, porosity=halves))
    low, high = (describe_volume(range_model, VolumeSpec(shape, porosity=p)) for p in (0.12, 0.28))
    assert_array_equal(mapped[:64], low[:64])  # the blocks there see nothing else
    block = Window((64, 0, 0), (128, 64, 64))
    grey = mapped.grey(block)[0]
    assert_allclose(grey[: border - reach - 64], low.grey(block)[0][: border - reach - 64], atol=1e-5)
    assert_allclose(grey[border + reach - 64 :], high.grey(block)[0][border + reach - 64 :], atol=1e-5)
    assert (mapped[border + reach :] == high[border + reach :]).mean() > 0.999


def test_a_ramp_is_followed(range_model):
    volume = generate(range_model, (60, 64, 128), porosity=PorosityMap.gradient(0.1, 0.3, axis=2))
    slabs = volume.reshape(60, 64, 8, 16).mean((0, 1, 3))
    assert_allclose(slabs, 0.1 + 0.2 * (np.arange(8) + 0.5) / 8, atol=0.07)


def test_a_section_is_mapped_in_two_dimensions(flat_range_model):
    section = generate(flat_range_model, (100, 300), porosity=np.linspace(0.1, 0.3, 30)[None])
    assert section[:, :100].mean() < section[:, 100:200].mean() < section[:, 200:].mean()
    with pytest.raises(ValueError, match=r"porosity must be 2-D for a 2-D model, got an array of shape \(1, 1, 2\)"):
        generate(flat_range_model, (10, 10), porosity=np.array([[[0.1, 0.2]]]))
    with pytest.raises(ValueError, match="axis must be a whole number of at most 1, got 2"):
        generate(flat_range_model, (10, 10), porosity=PorosityMap.gradient(0.1, 0.2, axis=2))


def test_a_flat_map_is_extruded_along_axis_0(range_model):
    flat = np.array([[0.1, 0.3], [0.2, 0.2]])
    shape = (20, 30, 40)
    assert_array_equal(generate(range_model, shape, porosity=flat), generate(range_model, shape, porosity=flat[None]))


def test_labels_give_sharp_regions():
    regions = PorosityMap.from_labels(np.array([[7, 3]]), {3: 0.2, 7: 0.1}).over((1, 5), (False, False))
    assert_array_equal(regions.window(Window.of_shape((1, 5))), np.float32([[0.1, 0.1, 0.2, 0.2, 0.2]]))


def test_what_is_written_into_an_array_afterwards_does_not_show(range_model, blocky, mapped):
    own = blocky.copy()
    volume = describe_volume(range_model, VolumeSpec(SHAPE, porosity=own))
    own[:] = 0.1
    assert_array_equal(volume[20:60], mapped[20:60])


def test_a_mapped_volume_travels(range_model, blocky, mapped):
    volume = describe_volume(range_model, VolumeSpec(SHAPE, porosity=blocky))
    there = pickle.loads(pickle.dumps(volume))
    assert_array_equal(there[20:60], mapped[20:60])


@pytest.mark.parametrize(
    ("porosity", "message"),
    [
        (0.05, r"porosity must lie in the model's range \[0.1, 0.3\], got 0.05; choose values in it, or train"),
        (np.array([[0.2, 0.5]]), "got values from 0.2 to 0.5"),
        (1.5, r"porosity must lie in \[0, 1\], got 1.5"),
        ("much", r"porosity must lie in \[0, 1\], got 'much'"),
        (np.array([[0.2, np.nan]]), r"porosity must hold values in \[0, 1\], got values from nan"),
        (np.array([[20.0]]), r"porosity must hold values in \[0, 1\], got values from 20 to 20"),
        (np.array([0.1, 0.2]), r"porosity must be a number or a 2-D or 3-D map, got an array of shape \(2,\)"),
    ],
)
def test_porosities_that_the_model_cannot_make_are_refused(range_model, porosity, message):
    with pytest.raises(ValueError, match=message):
        describe_volume(range_model, VolumeSpec(SHAPE, porosity=porosity))


@pytest.mark.parametrize(("own", "known"), [(None, "not known"), (0.4, "0.4")])
def test_a_model_whose_own_porosity_is_not_in_its_range_must_be_asked_for_one(range_model, own, known):
    model = replace(range_model, porosity=own)
    with pytest.raises(
        ValueError, match=f"must be specified for a model with the range .0.1, 0.3. if the reference's is {known}; cho"
    ):
        describe_volume(model, VolumeSpec(SHAPE))


def test_the_ends_of_the_range_are_in_it_at_any_precision(range_model):
    for kind in (np.float32, np.float64):
        describe_volume(range_model, VolumeSpec(SHAPE, porosity=np.array([[0.1, 0.3]], kind)))


def test_whole_numbers_are_no_porosities(range_model):
    with pytest.raises(
        TypeError, match=r"porosity must hold fractions .* got int64; .*per label, use PorosityMap.from_labels"
    ):
        describe_volume(range_model, VolumeSpec(SHAPE, porosity=np.array([[0, 1]])))


def test_every_label_needs_a_porosity():
    with pytest.raises(ValueError, match=r"porosities must include every label, got none for 0, 5; assign a porosity"):
        PorosityMap.from_labels(np.array([[0, 1, 5]]), {1: 0.2})


def test_a_model_of_a_single_porosity_makes_no_other(fixed_model):
    assert_array_equal(generate(fixed_model, (9, 9, 9), porosity=0.2), generate(fixed_model, (9, 9, 9)))
    with pytest.raises(ValueError, match=r"omitted for a model trained for the single porosity 0.2, got 0.25; train a"):
        describe_volume(fixed_model, VolumeSpec(SHAPE, porosity=0.25))
    with pytest.raises(ValueError, match=r"got a map from 0.1 to 0.2; train a model for a range of porosities"):
        describe_volume(fixed_model, VolumeSpec(SHAPE, porosity=PorosityMap.gradient(0.1, 0.2)))
