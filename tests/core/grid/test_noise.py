import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import kstest

from napari_swnn import generate
from napari_swnn.core.grid.noise import NoiseField
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.volume.noise_gradient import NoiseGradient

LARGE = Window((-20, -5, 3), (30, 40, 44))


@pytest.fixture(scope="module")
def large():
    return NoiseField(7, 2, 3).window(LARGE)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_window_is_a_slice_of_any_larger_one(large, data):
    start = tuple(data.draw(st.integers(a, b - 1)) for a, b in zip(LARGE.start, LARGE.stop, strict=True))
    stop = tuple(data.draw(st.integers(a + 1, b)) for a, b in zip(start, LARGE.stop, strict=True))
    part = Window(start, stop)
    assert_array_equal(NoiseField(7, 2, 3).window(part), large[:, *part.slices(LARGE.start)])


def test_values_are_independent_standard_normal(large):
    assert kstest(large.ravel(), "norm").pvalue > 1e-3
    for axis in range(4):
        ahead, behind = (
            np.take(large, range(1, large.shape[axis]), axis),
            np.take(large, range(large.shape[axis] - 1), axis),
        )
        assert abs(np.corrcoef(ahead.ravel(), behind.ravel())[0, 1]) < 5 / np.sqrt(ahead.size)


@pytest.mark.parametrize("other", [NoiseField(8, 2, 3), NoiseField(7, 4, 3)])
def test_seeds_and_scales_are_independent(large, other):
    assert abs(np.corrcoef(large.ravel(), other.window(LARGE).ravel())[0, 1]) < 5 / np.sqrt(large.size)


def test_far_away_and_two_dimensional_windows_exist():
    far = 10**12
    assert NoiseField(2**63 + 5, 1, 2).window(Window((far, -far), (far + 3, -far + 5))).shape == (2, 3, 5)


def test_tiles_do_not_overlap_in_the_generator_sequence():
    values = NoiseField(0, 1, 1).window(Window((0, 0, 0), (48, 48, 48)))
    assert len(np.unique(values)) > 0.99 * values.size


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_periodic_field_is_the_endless_one_at_the_position_modulo_the_period(data):
    period = tuple(data.draw(st.none() | st.integers(5, 40)) for _ in range(3))
    start = tuple(data.draw(st.integers(-60, 60)) for _ in range(3))
    window = Window(start, tuple(a + data.draw(st.integers(1, 30)) for a in start))
    field = NoiseField(7, 2, 2)
    values = NoiseField(7, 2, 2, period).window(window)
    voxel = tuple(data.draw(st.integers(a, b - 1)) for a, b in zip(window.start, window.stop, strict=True))
    first = tuple(x if n is None else x % n for x, n in zip(voxel, period, strict=True))
    alone = field.window(Window(first, tuple(x + 1 for x in first)))[:, 0, 0, 0]
    assert_array_equal(values[:, *(x - a for x, a in zip(voxel, start, strict=True))], alone)


def test_a_gradient_of_mean_0_and_spread_1_changes_nothing(plain_model):
    shape = (40, 30, 30)
    assert_array_equal(generate(plain_model, shape, noise=NoiseGradient()), generate(plain_model, shape))


def test_graded_noise_has_the_mean_and_spread_of_its_place():
    window = Window.of_shape((40, 40, 40))
    graded = NoiseGradient(mean=(-1, 1), spread=(0.5, 2), axis=1).over((40, 40, 40), (False,) * 3)
    values = graded.apply(NoiseField(1, 1, 4).window(window), window, scale=1)
    place = (np.arange(40) + 0.5) / 40
    np.testing.assert_allclose(values.mean((0, 1, 3)), -1 + 2 * place, atol=0.12)
    np.testing.assert_allclose(values.std((0, 1, 3)), 0.5 + 1.5 * place, rtol=0.06)


def test_the_mean_of_the_noise_changes_the_structure_continuously(plain_model):
    ramp = generate(plain_model, (64, 40, 40), noise=NoiseGradient(mean=(-1, 1)))
    fractions = ramp.mean((1, 2))
    assert abs(np.corrcoef(fractions, np.arange(64))[0, 1]) > 0.5
    assert np.abs(np.diff(fractions)).max() < np.ptp(fractions) / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mean": np.inf}, r"mean must lie in \[-1e\+06, 1e\+06\], got inf"),
        ({"mean": (1, 2, 3)}, r"mean must lie in .*, got \(1, 2, 3\)"),
        ({"spread": (1, -1)}, r"spread must lie in \[0, 1e\+06\], got -1"),
        ({"axis": 3}, "axis must be a whole number of at most 2, got 3"),
    ],
)
def test_gradients_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        NoiseGradient(**arguments)


def test_graded_noise_is_for_plain_models(plain_model, fixed_model):
    with pytest.raises(ValueError, match="noise must be omitted for a multi-scale model, got NoiseGradient"):
        generate(fixed_model, (20, 20, 20), noise=NoiseGradient(mean=(-1, 1)))
    with pytest.raises(TypeError, match="noise must be a NoiseGradient, got float"):
        generate(plain_model, (20, 20, 20), noise=0.5)
