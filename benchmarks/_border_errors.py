"""Errors of the structure of a colony at its borders and inside, from windows of 9 x 9 pixels of its sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter, minimum_filter

from _alloy import FIRST, GRAINS, LAMELLAE, MATRIX
from napari_swnn.core.loss.directions import random_directions
from napari_swnn.core.loss.sliced_wasserstein import wasserstein_1d
from napari_swnn.core.volume.border_profile import border_distances

SIDE = 9
"""Side of the windows."""
N_WINDOWS = 20000
Truth = tuple[np.ndarray, np.ndarray]
"""Labels and regions."""


def measure_errors(truths: Sequence[Truth], other: Truth) -> tuple[float, ...]:
    """Return the pattern error at borders and inside, and the errors of the fraction of lamellae there.

    Only windows around pixels of the first colony count, whose structure every method makes. The windows and fractions
    of several realisations are pooled.
    """
    many = [windows_of(*given) for given in truths]
    distances = []
    for own in windows_of(*other):
        pools = [pool(group) for group in zip(*(next(windows) for windows in many), strict=True)]
        distances.append([distance(a, b) for a, b in zip(pools, own, strict=True)])
    shares = np.mean([fractions(*given) for given in truths], axis=0)
    return (*np.mean(distances, axis=0), *np.abs(shares - fractions(*other)))


def pool(groups: Sequence[np.ndarray]) -> np.ndarray:
    """Return the windows of several realisations in random order."""
    found = np.concatenate(groups)
    return found if len(groups) == 1 else found[np.random.default_rng(0).permutation(len(found))]


def windows_of(labels: np.ndarray, regions: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Return the windows at borders and inside, for the sections along each axis."""
    size = (3 * SIDE,) * labels.ndim
    near = maximum_filter(regions, size) != minimum_filter(regions, size)
    half = SIDE // 2
    middle = slice(half, -half)
    for axis in range(labels.ndim) if labels.ndim == 3 else (None,):
        moved = [values if axis is None else np.moveaxis(values, axis, 0) for values in (labels, near, regions)]
        windows = sliding_window_view(moved[0], (SIDE, SIDE), axis=(-2, -1))
        close, first = (values[..., middle, middle] for values in (moved[1], moved[2] == FIRST))
        rng = np.random.default_rng(0)
        patterns = []
        for chosen in (close & first, ~close & first):
            places = np.argwhere(chosen)
            places = places[rng.permutation(len(places))[:N_WINDOWS]]
            patterns.append(windows[tuple(places.T)])
        yield patterns


def fractions(labels: np.ndarray, regions: np.ndarray) -> tuple[float, float]:
    """Return the fraction of lamellae of the first colony within the width of a window of its border, and beyond."""
    inside = regions == FIRST
    close = border_distances(inside) < SIDE
    own = labels == LAMELLAE
    return float(own[inside & close].mean()), float(own[inside & ~close].mean())


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the sliced Wasserstein distance between windows, with one channel for each label."""
    directions = random_directions(256, 3 * SIDE * SIDE, torch.Generator().manual_seed(1))
    n = min(len(one), len(other))
    return float(wasserstein_1d(*(directions @ _channels(windows[:n]).T for windows in (one, other))).mean())


def _channels(windows: np.ndarray) -> torch.Tensor:
    channels = np.stack([windows == label for label in (MATRIX, LAMELLAE, GRAINS)], 1)
    return torch.from_numpy(channels.reshape(len(windows), -1).astype(np.float32))


def report_resampling(truths: Sequence[Truth], width: float) -> None:
    """Print how far windows at borders are from windows inside, from resampled ones, and from other ones at borders.

    Windows lie wholly in the first colony: at borders if their centre is within their width of one, and inside if it is
    farther from it than `width`. They are those of several realisations, pooled.
    """
    near, far, other = [], [], []
    for i, (labels, regions) in enumerate(truths):
        inside = regions == FIRST
        half = SIDE // 2
        depth = border_distances(inside)[..., half:-half, half:-half]
        windows = sliding_window_view(labels, (SIDE, SIDE), axis=(-2, -1))
        whole = sliding_window_view(inside, (SIDE, SIDE), axis=(-2, -1)).all((-2, -1))
        rng = np.random.default_rng(i)
        for chosen, found in ((depth < SIDE, near if i % 2 else other), (depth >= width, far)):
            places = np.argwhere(whole & chosen)
            found.append(windows[tuple(places[rng.permutation(len(places))[:N_WINDOWS]].T)])
    at_border, within, again = (pool(found) for found in (near, far, other))
    target = float((at_border == LAMELLAE).mean())
    resampled = within[resample((within == LAMELLAE).mean((1, 2)), target, np.random.default_rng(0))]
    distances = (distance(at_border, found) for found in (within, resampled, again))
    print(
        "  windows at borders, porosity {:.3f}, to those inside {:.4f}, to those inside resampled to it {:.4f}, to "
        "those at borders of other realisations {:.4f}".format(target, *distances),
        flush=True,
    )


def resample(means: np.ndarray, target: float, rng: np.random.Generator) -> np.ndarray:
    """Return places drawn with the weights of maximum entropy whose mean is the target."""
    low, high = -100.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        weights = np.exp(middle * (means - means.max() * (middle > 0) - means.min() * (middle <= 0)))
        low, high = (middle, high) if np.average(means, weights=weights) < target else (low, middle)
    return rng.choice(len(means), len(means), p=weights / weights.sum())
