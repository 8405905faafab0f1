from __future__ import annotations

import numpy as np
import pytest

from napari_swnn import statistics


def integral_range(structures, sigma, fraction):
    """Area integral of the normalised autocovariance of a level-cut Gaussian field."""
    r = np.linspace(0, 8 * sigma, 400)
    covariance = structures.level_set_s2(r, sigma, fraction) - fraction**2
    return np.trapezoid(2 * np.pi * r * covariance, r) / (fraction * (1 - fraction))


def test_the_interval_holds_the_truth_as_often_as_it_says(structures, rng):
    fields = [structures.level_set(rng, (320, 320), 3.0, 0.3)[:256, :256] for _ in range(150)]
    intervals = [statistics.volume_fraction_interval(field) for field in fields]
    assert 0.89 <= np.mean([i.low <= 0.3 <= i.high for i in intervals]) <= 0.99
    half = [statistics.volume_fraction_interval(field, confidence=0.5) for field in fields]
    assert 0.38 <= np.mean([i.low <= 0.3 <= i.high for i in half]) <= 0.62


def test_integral_range_of_a_level_cut_gaussian_field(structures, rng):
    exact = integral_range(structures, 3.0, 0.3)
    fields = [structures.level_set(rng, (320, 320), 3.0, 0.3)[:256, :256] for _ in range(40)]
    measured = [statistics.volume_fraction_interval(field) for field in fields]
    assert np.mean([m.integral_range for m in measured]) == pytest.approx(exact, rel=0.1)
    assert np.mean([m.effective_samples for m in measured]) == pytest.approx(256**2 / exact, rel=0.1)


@pytest.mark.parametrize("shape", [(400, 400), (60, 60, 60)])
def test_independent_voxels(rng, shape):
    image = (rng.random(shape) < 0.2).astype(int)
    interval = statistics.volume_fraction_interval(image, voxel_size=0.5, unit="µm")
    assert interval.integral_range == pytest.approx(0.5 ** len(shape), rel=0.1)
    assert interval.effective_samples == pytest.approx(image.size, rel=0.1)
    assert interval.half_width == pytest.approx(1.96 * np.sqrt(0.2 * 0.8 / image.size), rel=0.1)


def test_a_region_of_interest_counts_as_an_image_of_its_size(structures, rng):
    field = structures.level_set(rng, (256, 256), 3.0, 0.3)
    mask = np.zeros(field.shape, bool)
    mask[:, :128] = True
    masked = statistics.volume_fraction_interval(field, mask=mask)
    crop = statistics.volume_fraction_interval(field[:, :128])
    assert masked.value == crop.value
    assert masked.half_width == pytest.approx(crop.half_width, rel=0.1)


def test_a_large_image_carries_no_warning(structures, rng):
    assert statistics.volume_fraction_interval(structures.level_set(rng, (256, 256), 3, 0.3)).warning is None


@pytest.mark.parametrize(
    ("shape", "sigma", "text"),
    [((150, 150), 2, "150 pixels across"), ((256, 256), 17, "does not decay within a quarter")],
)
def test_a_small_image_carries_a_warning(structures, rng, shape, sigma, text):
    interval = statistics.volume_fraction_interval(structures.level_set(rng, shape, sigma, 0.4))
    assert interval.warning is not None
    with pytest.raises(AssertionError, match=text):
        raise AssertionError(interval.warning)


def test_a_small_region_of_interest_carries_a_warning(structures, rng):
    field = structures.level_set(rng, (256, 256), 3, 0.4)
    mask = np.zeros(field.shape, bool)
    mask[:30, :30] = True
    assert "only" in str(statistics.volume_fraction_interval(field, mask=mask).warning)


def test_features_as_large_as_the_image_carry_a_warning(structures):
    interval = statistics.volume_fraction_interval(structures.laminate((300, 300), 0, period=100, width=40))
    assert "does not decay" in str(interval.warning)


def test_the_interval_stays_within_0_and_1():
    image = np.zeros((64, 64), int)
    image[:4, :4] = 1
    interval = statistics.volume_fraction_interval(image)
    assert interval.low == 0
    assert interval.high == pytest.approx(interval.value + interval.half_width)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_out_of_range_is_refused(confidence):
    with pytest.raises(ValueError, match=r"confidence must lie in \(0, 1\), got"):
        statistics.volume_fraction_interval(np.eye(9, dtype=int), confidence=confidence)


def test_a_uniform_image_is_refused():
    with pytest.raises(
        ValueError, match="phase 1 must fill part, but not all, of the volume, got a volume fraction of 1"
    ):
        statistics.volume_fraction_interval(np.ones((9, 9), int))
