import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_swnn.core.model.offset_surface import OffsetSurface, n_offset_nodes
from napari_swnn.core.network.fraction_box import FractionBox
from napari_swnn.core.numerics.phase_offsets import OffsetProblem, solve_offsets
from napari_swnn.core.training.offset_fit import CalibratedOffsets, fit_offsets

BOX = FractionBox.of(((0.2, 0.5), (0.2, 0.4), None), (0.3, 0.3, 0.4))


def grey_at(free, seed, sharpness):
    """Grey values of three phases, nearly one-hot for a large sharpness, whose fractions miss their targets a bit."""
    rng = np.random.default_rng(seed)
    fields = np.array([gaussian_filter(rng.standard_normal((160, 160)), 3, mode="wrap") for _ in range(3)])
    fields = (fields / fields.std(axis=(1, 2), keepdims=True)).reshape(3, -1)
    fractions = BOX.fractions(free)
    shift = np.log(fractions)[:, None] * 0.8  # roughly, but not exactly, what the fractions need
    powers = np.exp(sharpness * (fields + shift))
    return (2 * powers / powers.sum(axis=0) - 1).astype(np.float32)


def fractions_of(grey, offsets):
    return np.bincount((grey + np.asarray(offsets, np.float32)[:, None]).argmax(axis=0), minlength=3) / grey.shape[1]


def calibrate(free, seed, sharpness):
    grey = grey_at(free, seed, sharpness)
    problem = OffsetProblem(
        grey,
        lambda positions: np.bincount(positions, minlength=3) / len(positions),
        BOX.fractions(free),
        1 / grey.shape[1],
    )
    return CalibratedOffsets.of(tuple(free), tuple(solve_offsets(problem, np.zeros(3), tolerance=1e-5)), [grey])


@pytest.mark.parametrize("sharpness", [2.0, 8.0])
def test_fractions_are_met_between_the_calibrations(sharpness):
    nodes = BOX.spread(n_offset_nodes(2))
    surface = fit_offsets(BOX.free_ranges, [calibrate(node, 0, sharpness) for node in nodes])
    rng = np.random.default_rng(1)
    places = [BOX.free_of(BOX.fractions(BOX.draw(rng.random(2), [0, 1]))) for _ in range(12)]
    errors = [fractions_of(grey_at(free, 0, sharpness), surface.at(free)) - BOX.fractions(free) for free in places]
    assert np.abs(errors).max() < 0.004
    assert surface.at(places[0])[0] == 0


def test_errors_of_fractions_average_out_over_the_ranges():
    """Each calibration has other voxels: their scatter must not remain as a bias in any polynomial."""
    nodes = BOX.spread(n_offset_nodes(2))
    results = [calibrate(node, seed, 8.0) for seed, node in enumerate(nodes)]
    by_fractions = fit_offsets(BOX.free_ranges, results)
    by_offsets = OffsetSurface.fit(BOX.free_ranges, nodes, [each.offsets for each in results])

    def mean_error(surface):
        found = [fractions_of(each.grey, surface.at(each.free)) - BOX.fractions(each.free) for each in results]
        return np.abs(np.mean(found, axis=0)).max()

    assert mean_error(by_fractions) < 1e-4
    assert mean_error(by_fractions) < mean_error(by_offsets)
