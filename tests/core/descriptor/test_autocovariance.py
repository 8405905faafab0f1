from itertools import product

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, uniform_filter

from napari_swnn.core.descriptor.autocovariance import (
    autocovariance,
    box_weights,
    reference_autocovariance,
    sampling_noise,
    shrink_noise,
    shrink_slant,
)
from napari_swnn.core.descriptor.patterns import block_averages
from napari_swnn.core.descriptor.section import Section
from napari_swnn.statistics import two_point_correlation


def by_listing_pairs(values, inside, reach, step=1):
    """Mean product over all pairs (i, j) blocks apart, and over all (i, -j) apart, with both ends inside."""
    h, w = values.shape
    result = np.zeros((2, reach + 1, reach + 1))
    for half, i, j in product(range(2), range(reach + 1), range(reach + 1)):
        step_j = (1 - 2 * half) * j * step
        products = [
            values[y, x] * values[y + i * step, x + step_j]
            for y, x in product(range(h - i * step), range(w))
            if 0 <= x + step_j < w and inside[y, x] and inside[y + i * step, x + step_j]
        ]
        result[half, i, j] = np.mean(products)
    return result


@pytest.fixture
def section(rng):
    inside = np.ones((15, 18), bool)
    inside[:5, :4] = inside[12:, 13:] = False
    return Section.of_phase(rng.random((15, 18)) < 0.4, inside)


@pytest.mark.parametrize("scale", [1, 2])
def test_of_a_reference_equals_a_sum_over_pairs(section, scale):
    blocks = block_averages(section.image.astype(np.float32), scale)
    fits = block_averages(section.inside.astype(np.float32), scale) > 1 - 1e-6
    expected = by_listing_pairs(blocks - 0.37, fits, 3, step=scale)
    np.testing.assert_allclose(reference_autocovariance([section], 0.37, 3, scale=scale), expected, atol=1e-6)


def test_of_planes_equals_that_of_a_reference_of_all_of_them(rng):
    images = rng.random((3, 12, 16)) < 0.3
    sections = [Section.of_phase(image, np.ones(image.shape, bool)) for image in images]
    ours = autocovariance(torch.from_numpy(images - 0.3), 5)
    np.testing.assert_allclose(ours, reference_autocovariance(sections, 0.3, 5), atol=1e-6)


def test_along_the_axes_it_is_the_two_point_correlation(blobs):
    section = Section.of_phase(blobs == 1, np.ones(blobs.shape, bool))
    covariance = reference_autocovariance([section], 0.0, 9)
    expected = two_point_correlation(blobs, max_distance=9).values
    for half in covariance:
        np.testing.assert_allclose((half[0] + half[:, 0]) / 2, expected, rtol=1e-5)


def test_a_lag_without_pairs_is_refused():
    section = Section.of_phase(np.eye(8, dtype=bool), np.ones((8, 8), bool))
    with pytest.raises(ValueError, match="reach must be shorter"):
        reference_autocovariance([section], 0.1, 8)


def test_sampling_noise_is_the_scatter_over_sections(rng):
    # Noise averaged over 3 x 3 pixels: it has no correlation at lags of 3 and more.
    everywhere = np.ones((96, 80), bool)
    forms = []
    for _ in range(200):
        noise = uniform_filter(rng.standard_normal(everywhere.shape), 3, mode="wrap")
        covariance = reference_autocovariance([Section.of_phase(noise > 0, everywhere)], 0.5, 12)
        forms.append(covariance / covariance[0, 0, 0])
    along_axes = np.concatenate([np.array(forms)[:, 0, 0, 8:], np.array(forms)[:, 0, 8:, 0]])
    expected = sampling_noise(np.mean(forms, axis=0), everywhere.size)
    assert along_axes.std() == pytest.approx(expected, rel=0.1)


def test_sampling_noise_falls_with_the_root_of_the_size():
    form = np.array([[[1.0, 0.2], [0.3, 0.0]]] * 2)
    assert sampling_noise(form, 400) == pytest.approx(np.sqrt(1 + 2 * 0.2**2 + 2 * 0.3**2) / 20)


def autocorrelation(image, reach, scale):
    covariance = reference_autocovariance(
        [Section.of_phase(image, np.ones(image.shape, bool))], 0.3, reach, scale=scale
    )
    return covariance / covariance[0, 0, 0]


def rarer_where_high(field):
    return field > np.quantile(field, 0.7)


def blots(rng, side):
    return rarer_where_high(gaussian_filter(rng.standard_normal((side, side)), 3, mode="wrap"))


def ripples(rng, side):
    """Structure of one wavelength, 10 pixels, in any direction: correlated over many waves."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    spectrum = np.fft.fft2(rng.standard_normal((side, side))) * np.exp(-(((frequency - 0.1) / 0.01) ** 2))
    return rarer_where_high(np.fft.ifft2(spectrum).real)


def noise(rng, side):
    return rng.random((side, side)) < 0.3


@pytest.mark.parametrize(("material", "share"), [(noise, 0.5), (blots, 0.7)])
def test_shrinking_makes_the_variance_of_porosity_more_accurate(material, share, rng):
    # It is the sum over all lags. The sections have 128² pixels, seen at a quarter of the resolution.
    def totals(forms):
        either_way = np.where(np.arange(11) > 0, 2, 1)
        return np.sum(np.outer(either_way, either_way) / 2 * forms, axis=(1, 2, 3))

    truth = totals([autocorrelation(material(rng, 1024), 10, 4) for _ in range(4)]).mean()
    forms = [autocorrelation(material(rng, 512)[:128, :128], 10, 4) for _ in range(20)]
    shrunk = [shrink_noise(form, (128 / 4) ** 2) for form in forms]
    mistakes = [np.sqrt(np.mean((totals(each) - truth) ** 2)) for each in (forms, shrunk)]
    assert mistakes[1] < share * mistakes[0]


def test_a_large_plane_is_hardly_shrunk(rng):
    form = autocorrelation(ripples(rng, 128), 10, 1)
    np.testing.assert_allclose(shrink_noise(form, 1e9), form, atol=1e-4)


def slanted(rng, side, slope):
    """Level set of a periodic field that is longest along lines of constant x - slope * y."""
    y, x = np.meshgrid(*[np.fft.fftfreq(side) * 2 * np.pi] * 2, indexing="ij")
    transfer = np.exp(-((8 * (y + slope * x)) ** 2 + (2 * x) ** 2) / 2)
    return rarer_where_high(np.fft.ifft2(np.fft.fft2(rng.standard_normal((side, side))) * transfer).real)


def test_a_slanted_structure_has_one_diagonal_longer_than_the_other(rng):
    rising, falling = autocorrelation(slanted(rng, 256, 1.0), 6, 1)
    assert rising[4, 4] > 0.6
    assert falling[4, 4] < 0.1
    mirrored = autocorrelation(slanted(rng, 256, -1.0), 6, 1)
    np.testing.assert_allclose(mirrored, [falling, rising], atol=0.1)


def test_only_a_slant_that_is_no_noise_is_kept(rng):
    def slants(material):
        forms = [autocorrelation(material(rng, 64), 10, 1) for _ in range(20)]
        both = np.array([forms, [shrink_slant(form, 64**2) for form in forms]])
        np.testing.assert_allclose(both[1].mean(1), both[0].mean(1), atol=1e-6)
        return np.sqrt(np.mean((both[:, :, 0] - both[:, :, 1]) ** 2, axis=(1, 2, 3)))

    by_chance, kept = slants(blots)
    assert kept < 0.6 * by_chance
    real, kept = slants(lambda rng, side: slanted(rng, side, 1.0))
    assert kept > 0.8 * real


def test_box_weights_make_it_the_variance_of_averages_over_boxes(rng):
    # On a plane that repeats itself, so that there are no ends.
    plane = gaussian_filter(rng.standard_normal((40, 40)), 1.5, mode="wrap")
    plane -= plane.mean()
    every_lag = np.fft.ifft2(np.abs(np.fft.fft2(plane)) ** 2).real / plane.size
    both = np.stack([every_lag[:7, :7], every_lag[:7, -np.arange(7)]])
    averages = uniform_filter(plane, 7, mode="wrap")
    assert np.sum(box_weights(7) * both) == pytest.approx(averages.var(), rel=1e-5)
