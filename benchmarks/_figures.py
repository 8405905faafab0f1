"""Figures by which volumes are compared with true cubes: structure, connectivity and transport."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
from scipy import fft, ndimage

from napari_swnn import statistics
from napari_swnn.physics import SolverOptions, effective_conductivity, permeability

LAGS = 32
CLUSTER_WINDOW = 96
PATCH = 24
BOX = 32


def measure(volume: np.ndarray, section: np.ndarray, task: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a volume of booleans; curves are lists."""
    began = time.monotonic()
    labels = volume.astype(np.uint8)
    found: dict[str, Any] = {"porosity": float(volume.mean())}
    found["autocovariance"] = statistics.normalised_autocovariance(labels, max_distance=LAGS).values.tolist()
    for name, phase in (("pores", 1), ("solid", 0)):
        path = statistics.lineal_path(labels, phase=phase, max_distance=LAGS).values
        found[f"lineal path, {name}"] = (path / path[0]).tolist()
        connected = statistics.two_point_cluster(labels, phase=phase, max_distance=LAGS).values
        found[f"two-point cluster function, {name}"] = connected.tolist()
        found[f"largest cluster, {name}"] = largest_cluster(volume == phase)
        found[f"percolating share, {name}"] = float(statistics.percolation(labels, phase=phase).connected_fraction)
        found[f"Euler number, {name}"] = float(statistics.euler_number(labels, phase=phase).density)
        chords = statistics.chord_lengths(labels, phase=phase).mean
        found[f"mean chord, {name}"] = float(np.mean(chords))
        found[f"conductivity, {name}"] = conductivity(labels, phase, task)
    if task["flow"]:
        found["permeability"] = flow(labels, task)
    found["spread over boxes"] = spread_over_boxes(volume)
    found["distance to section"] = nearest_patches(volume, section)
    found["seconds"] = time.monotonic() - began
    return found


def largest_cluster(volume: np.ndarray) -> float:
    """Return the share of the largest cluster in windows of sections, averaged over windows and directions."""
    side = min(CLUSTER_WINDOW, *volume.shape)
    shares = []
    for axis in range(volume.ndim if volume.ndim == 3 else 1):
        planes = np.moveaxis(volume, axis, 0)[::8] if volume.ndim == 3 else volume[None]
        for plane in planes:
            for y, x in itertools.product(*(range(0, n - side + 1, side) for n in plane.shape)):
                window = plane[y : y + side, x : x + side]
                if window.any():
                    sizes = np.bincount(ndimage.label(window)[0].ravel())[1:]
                    shares.append(sizes.max() / window.sum())
    return float(np.mean(shares))


def conductivity(labels: np.ndarray, phase: int, task: dict[str, Any]) -> float:
    """Return the conductivity with one phase conducting and the other insulating; 0 if it does not percolate."""
    values = {phase: 1.0, 1 - phase: 0.0}
    options = SolverOptions(device=task["device"], throw=False)
    solved = [float(effective_conductivity(labels, values, axis=axis, options=options).value) for axis in task["axes"]]
    return float(np.mean(solved))


def flow(labels: np.ndarray, task: dict[str, Any]) -> float:
    side = min(task["flow"], *labels.shape)
    cube = np.ascontiguousarray(labels[:side, :side, :side])
    options = SolverOptions(device=task["device"], throw=False)
    solved = [permeability(cube, phase=1, axis=axis, boundary="mirror", options=options) for axis in task["axes"][:1]]
    return float(np.mean([float(result.value) for result in solved]))


def spread_over_boxes(volume: np.ndarray) -> float:
    """Return the standard deviation of the porosity of boxes within the volume."""
    n = tuple(extent // BOX for extent in volume.shape)
    kept = volume[tuple(slice(k * BOX) for k in n)].astype(np.float32)
    boxes = kept.reshape(n[0], BOX, n[1], BOX, n[2], BOX).mean(axis=(1, 3, 5))
    return float(boxes.std())


def nearest_patches(volume: np.ndarray, section: np.ndarray, n: int = 60) -> float:
    """Return the mean share of pixels in which patches differ from the most similar place of the section.

    A volume that repeats the section is nearer to it than true volumes are.
    """
    rng = np.random.default_rng(0)
    grey = 2.0 * section - 1
    shape = [fft.next_fast_len(extent, real=True) for extent in section.shape]
    there = fft.rfft2(grey, shape)
    fits = tuple(slice(extent - PATCH + 1) for extent in section.shape)
    distances = []
    for _ in range(n):
        plane = np.moveaxis(volume, rng.integers(3), 0)[rng.integers(min(volume.shape))]
        y, x = (int(rng.integers(extent - PATCH + 1)) for extent in plane.shape)
        patch = 2.0 * plane[y : y + PATCH, x : x + PATCH] - 1
        best = -1.0
        for turned in (patch, patch[::-1], patch[:, ::-1], patch[::-1, ::-1]):
            agreement = fft.irfft2(there * np.conj(fft.rfft2(turned, shape)), shape)[fits].max() / PATCH**2
            best = max(best, float(agreement))
        distances.append((1 - best) / 2)
    return float(np.mean(distances))


def compare(truths: list[dict[str, Any]], ours: list[dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, first in truths[0].items():
        if name == "seconds":
            continue
        true_values = np.array([truth[name] for truth in truths])
        our_values = np.array([our[name] for our in ours])
        if isinstance(first, list):
            found[name] = compare_curves(true_values, our_values)
            continue
        mean, our_mean = float(true_values.mean()), float(our_values.mean())
        difference = our_mean - mean
        relative = name.startswith(("conductivity", "permeability", "Euler", "mean chord"))
        if relative:
            difference = difference / abs(mean) if mean else float("nan")
        found[name] = {
            "truth": rounded(mean),
            "spread of truth": rounded(true_values.std(ddof=1)),
            "ours": rounded(our_mean),
            "spread of ours": rounded(our_values.std(ddof=1)),
            "relative difference" if relative else "difference": rounded(difference),
        }
    return found


def compare_curves(truths: np.ndarray, ours: np.ndarray) -> dict[str, Any]:
    """Return the distances between the mean curves, and that of single true cubes from their mean."""
    apart = np.abs(ours.mean(axis=0) - truths.mean(axis=0))
    scatter = np.abs(truths - truths.mean(axis=0)).max(axis=1)
    return {
        "largest distance": rounded(apart.max()),
        "mean distance": rounded(apart.mean()),
        "largest distance of a true cube": rounded(scatter.mean()),
        "truth": [rounded(value) for value in truths.mean(axis=0)[::4]],
        "ours": [rounded(value) for value in ours.mean(axis=0)[::4]],
    }


def rounded(value: Any) -> float:
    return float(f"{float(value):.5g}")
