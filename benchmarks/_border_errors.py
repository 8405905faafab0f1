"""Errors of the structure of a colony at its borders and inside, from windows of 9 x 9 pixels of its sections."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter, minimum_filter

import napari_swnn as swnn
from _alloy import FIRST, GRAINS, LAMELLAE, MATRIX
from napari_swnn.core.loss.directions import random_directions
from napari_swnn.core.loss.sliced_wasserstein import wasserstein_1d
from napari_swnn.core.volume.border_profile import border_distances

SIDE = 9
"""Side of the windows."""
N_WINDOWS = 20000
Truth = tuple[np.ndarray, np.ndarray]
"""Labels and regions."""


def measure_errors(one: Truth, other: Truth) -> tuple[float, ...]:
    """Return the pattern error at borders and inside, and the errors of the fraction of lamellae there.

    Only windows around pixels of the first colony count, whose structure every method makes.
    """
    pairs = zip(*(windows_of(*given) for given in (one, other)), strict=True)
    distances = np.mean([[distance(a, b) for a, b in zip(*pair, strict=True)] for pair in pairs], axis=0)
    shares = [fractions(*given) for given in (one, other)]
    return (*distances, *(abs(a - b) for a, b in zip(*shares, strict=True)))


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


def report_resampling(labels: np.ndarray, regions: np.ndarray, profile: swnn.BorderProfile) -> None:
    """Print how far windows at borders are from windows inside, from resampled ones and from other ones at borders.

    Windows lie wholly in the first colony: their distance to the border is that of their centre.
    """
    inside = regions == FIRST
    depth = border_distances(inside)
    half = SIDE // 2
    middle = (..., slice(half, -half), slice(half, -half))
    windows = sliding_window_view(labels, (SIDE, SIDE), axis=(-2, -1))
    whole = sliding_window_view(inside, (SIDE, SIDE), axis=(-2, -1)).all((-2, -1))
    rng = np.random.default_rng(0)

    def draw_windows(chosen: np.ndarray) -> np.ndarray:
        found = windows[whole & chosen]
        return found[rng.permutation(len(found))[:N_WINDOWS]]

    near, far = draw_windows(depth[middle] < SIDE), draw_windows(depth[middle] >= profile.distances[-1])
    target = (near == LAMELLAE).mean()
    resampled = far[resample((far == LAMELLAE).mean((1, 2)), target, rng)]
    print(
        f"  windows at borders, porosity {target:.3f}, to those inside {distance(near, far):.4f}, to those inside "
        f"resampled to it {distance(near, resampled):.4f}, between halves {distance(near[::2], near[1::2]):.4f}",
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
