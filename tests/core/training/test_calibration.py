from itertools import islice

import numpy as np
import pytest
import torch

from napari_swnn._steps import drain
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.training.calibration import CalibrationBlock, calibrate_threshold, calibration_blocks
from napari_swnn.core.training.expected_means import iter_coarse_means, iter_expected_means

ZERO = np.zeros(1)


def blocks_of(rng, n, *, slope, noise=0.0, shift=0.0):
    """Blocks of grey values around a level that follows the coarse mean."""
    for coarse in rng.normal(shift, 1, n):
        yield CalibrationBlock(rng.normal(slope * coarse + noise * rng.normal(), 1, (1, 20_000)), np.array([coarse]))


def test_threshold_leaves_the_porosity_above_it(rng):
    blocks = list(blocks_of(rng, 10, slope=0.0))
    threshold, _ = calibrate_threshold(blocks, 0.2, ZERO)
    assert (np.concatenate([block.grey[0] for block in blocks]) >= threshold).mean() == pytest.approx(0.2, abs=2e-3)


def test_the_control_variate_corrects_for_rich_places(rng):
    # All blocks lie where there is more than usual. Of the whole population, N(0, 1 + 0.3²), 0.2 lie above 0.879.
    from scipy.stats import norm

    expected = norm.isf(0.2) * np.sqrt(1 + 0.3**2)
    blocks = list(blocks_of(rng, 40, slope=0.3, shift=0.5))
    corrected, _ = calibrate_threshold(blocks, 0.2, ZERO)
    uncorrected, _ = calibrate_threshold([CalibrationBlock(block.grey, ZERO) for block in blocks], 0.2, ZERO)
    assert abs(corrected - expected) < 0.03 < abs(uncorrected - expected)


def test_the_regression_meets_the_porosity_at_the_expected_coarse_mean(rng):
    # How the porosity follows the coarse mean depends on the threshold: what is found must fit together.
    coarse = rng.uniform(-0.9, 0.1, 12)
    blocks = [CalibrationBlock(rng.normal(size=(1, 50_000)) * (1 + c) + 0.3 * c, np.array([c])) for c in coarse]
    threshold, _ = calibrate_threshold(blocks, 0.1, ZERO)
    fractions = [(block.grey >= threshold).mean() for block in blocks]
    slope, intercept = np.polyfit(coarse, fractions, 1)
    assert slope > 0.05
    assert intercept == pytest.approx(0.1, abs=1e-3)


def test_standard_error_is_the_scatter_of_repeated_calibrations(rng):
    errors, porosities = [], []
    for _ in range(60):
        threshold, error = calibrate_threshold(list(blocks_of(rng, 12, slope=0.3, noise=0.2)), 0.3, ZERO)
        errors.append(error)
        from scipy.stats import norm

        porosities.append(norm.sf(threshold / np.sqrt(1 + 0.3**2 + 0.2**2)))
    assert np.mean(porosities) == pytest.approx(0.3, abs=0.01)
    assert np.std(porosities) == pytest.approx(np.mean(errors), rel=0.4)


def flat_stages(n):
    generator = torch.Generator().manual_seed(0)
    return [
        Stage(StageConfig(2**i, 3, 2, 4, 1), conditioned=i < n - 1, dimension=2, generator=generator)
        for i in reversed(range(n))
    ]


def test_blocks_depend_on_their_number_and_the_seed_only():
    stages = flat_stages(2)
    first, second = (block.grey for block in islice(calibration_blocks(stages, seed=3), 2))
    again = next(calibration_blocks(stages, seed=3, start=1)).grey
    np.testing.assert_array_equal(again, second)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("n_stages", [2, 3])
def test_the_expected_coarse_mean_is_that_of_blocks_elsewhere(n_stages):
    stages = flat_stages(n_stages)
    means = [block.coarse for block in islice(calibration_blocks(stages, seed=8), 8)]
    error = np.std(means) / np.sqrt(8)
    assert drain(iter_coarse_means(stages, seed=3)) == pytest.approx(np.mean(means), abs=4 * error)
    assert drain(iter_coarse_means(stages[:1], seed=3)) == 0


def test_coarser_scales_correct_the_expected_mean():
    stages = flat_stages(3)
    plain = [np.mean([b.coarse for b in islice(calibration_blocks(stages, seed=s), 8)]) for s in range(8)]
    corrected = [drain(iter_expected_means(stages[:2], seed=s, most=8))[0] for s in range(8)]
    assert np.mean(corrected) == pytest.approx(np.mean(plain), abs=2 * np.std(plain))
    assert np.std(corrected) < 0.6 * np.std(plain)


@pytest.mark.parametrize("most", [1, 8, 20])
def test_no_more_blocks_than_allowed_are_computed_for_an_expected_mean(most):
    n_blocks = sum(1 for _ in iter_expected_means(flat_stages(2), seed=0, most=most))
    assert n_blocks <= (2 if most >= 8 else 1) * most
