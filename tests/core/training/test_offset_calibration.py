from itertools import islice

import numpy as np
import pytest
import torch

from napari_swnn._steps import drain
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.phase_offsets import rank_phases
from napari_swnn.core.training.calibration import CalibrationBlock, calibrate_threshold, calibration_blocks
from napari_swnn.core.training.expected_means import iter_coarse_means
from napari_swnn.core.training.offset_calibration import calibrate_offsets, iter_offsets

FRACTIONS = (0.2, 0.5, 0.3)
ZEROS = np.zeros(3)


def blocks_of(rng, n, *, slope, noise=0.0, shift=0.0):
    """Blocks of three channels, each around a level that follows the mean of its coarser channel."""
    for coarse in rng.normal(shift, 1, (n, 3)):
        level = slope * coarse + noise * rng.normal(size=3)
        yield CalibrationBlock(rng.normal(level[:, None], 1, (3, 20_000)).astype(np.float32), coarse)


def measure(offsets, *, spread):
    """Fractions of a population whose channels have this standard deviation."""
    grey = np.random.default_rng(99).normal(0, spread, (3, 2_000_000)).astype(np.float32)
    return np.bincount(rank_phases(grey, offsets).first, minlength=3) / grey.shape[1]


def test_offsets_give_the_fractions(rng):
    offsets, _ = calibrate_offsets(list(blocks_of(rng, 16, slope=0.0)), FRACTIONS, ZEROS)
    assert measure(offsets, spread=1) == pytest.approx(FRACTIONS, abs=4e-3)


def test_the_control_variate_corrects_for_rich_places(rng):
    # The population has channels of the variance 1 + 0.3²; in all blocks there is more of the first phase than usual.
    blocks = list(blocks_of(rng, 40, slope=0.3, shift=np.array([0.8, 0, 0])))
    corrected, _ = calibrate_offsets(blocks, FRACTIONS, ZEROS)
    plain, _ = calibrate_offsets([CalibrationBlock(block.grey, ZEROS) for block in blocks], FRACTIONS, ZEROS)
    errors = [np.abs(measure(b, spread=np.sqrt(1.09)) - FRACTIONS).max() for b in (corrected, plain)]
    assert errors[0] < 0.015 < 0.03 < errors[1]


def test_standard_error_is_the_scatter_of_repeated_calibrations(rng):
    errors, found = [], []
    for _ in range(40):
        blocks = list(blocks_of(rng, 12, slope=0.3, noise=0.2))
        offsets, error = calibrate_offsets(blocks, FRACTIONS, ZEROS)
        errors.append(error)
        found.append(offsets)
    grey = rng.normal(0, np.sqrt(1 + 0.3**2 + 0.2**2), (3, 200_000)).astype(np.float32)
    fractions = [np.bincount(rank_phases(grey, offsets).first, minlength=3) / grey.shape[1] for offsets in found]
    assert np.mean(fractions, axis=0) == pytest.approx(FRACTIONS, abs=0.01)
    assert np.std(fractions, axis=0).max() == pytest.approx(np.mean(errors), rel=0.4)


def test_of_two_channels_it_is_the_calibration_of_the_threshold(rng):
    pairs = [
        CalibrationBlock(
            rng.normal(0.3 * coarse, 1, (2, 20_000)).astype(np.float32) * [[1], [0]], np.array([coarse, -coarse])
        )
        for coarse in rng.normal(size=16)
    ]
    singles = [CalibrationBlock(block.grey[:1], block.coarse[:1]) for block in pairs]
    threshold, error = calibrate_threshold(singles, 0.3, ZEROS)
    offsets, same_error = calibrate_offsets(pairs, (0.3, 0.7), ZEROS[:2])
    assert offsets == pytest.approx((0, threshold), abs=2e-4)
    assert same_error == pytest.approx(error, rel=0.02)


def test_few_blocks_are_not_corrected(rng):
    blocks = list(blocks_of(rng, 3, slope=0.3))
    offsets, error = calibrate_offsets(blocks, FRACTIONS, ZEROS)
    assert error == np.inf
    positions = rank_phases(np.concatenate([block.grey for block in blocks], axis=1), offsets).first
    assert np.bincount(positions) / len(positions) == pytest.approx(FRACTIONS, abs=2e-5)


def flat_stages(n):
    generator = torch.Generator().manual_seed(0)
    stages = [
        Stage(
            StageConfig(2**i, 3, 2, 4, 1, bounded=False),
            conditioned=i < n - 1,
            dimension=2,
            n_phase_channels=3,
            generator=generator,
        )
        for i in reversed(range(n))
    ]
    return [stage.eval().requires_grad_(False) for stage in stages]


@pytest.mark.parametrize("n_stages", [1, 2])
def test_calibrated_sections_have_the_fractions(n_stages):
    stages = flat_stages(n_stages)
    expected = drain(iter_coarse_means(stages, seed=3))
    assert expected.shape == (3,)
    search = iter_offsets(calibration_blocks(stages, seed=3), FRACTIONS, expected, lambda: 8)
    offsets, _ = drain(search)
    assert offsets[0] == 0
    elsewhere = np.concatenate([block.grey for block in islice(calibration_blocks(stages, seed=4), 8)], axis=1)
    found = np.bincount(rank_phases(elsewhere, np.array(offsets)).first) / elsewhere.shape[1]
    assert found == pytest.approx(FRACTIONS, abs=4e-3)


def test_the_number_of_blocks_follows_from_their_scatter(rng):
    steps = [list(iter_offsets(blocks_of(rng, 64, slope=0.0, noise=n), FRACTIONS, ZEROS, lambda: 32)) for n in (0, 0.3)]
    assert [len(s) for s in steps] == [24, 32]  # 20,000 independent voxels scatter by 0.0035: 20 blocks for 0.0008
