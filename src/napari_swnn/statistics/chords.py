"""Lengths of chords, which are runs of one phase along straight lines through the microstructure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import PhaseView, check_found, columns, open_phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import BoolArray, FloatArray
    from napari_swnn.statistics._lines import Counts


@dataclass(frozen=True, slots=True, eq=False)
class ChordLengths:
    """Distribution of chord lengths.

    Attributes
    ----------
    length : (n,) float
        Lengths in `unit`, starting at one voxel, in steps of one voxel.
    density : (n,) float
        Probability density of the length, pooled over the axes; its sum times the voxel size is 1.
    by_axis : (ndim, n) float
        Probability density along each axis; 0 along an axis without chords.
    mean : float
        Mean length in `unit`; NaN without chords.
    mean_by_axis : (ndim,) float
        Mean length along each axis.
    n_chords : (ndim,) int
        Number of chords counted along each axis.
    unit : str
        Unit of the length.
    """

    length: FloatArray
    density: FloatArray
    by_axis: FloatArray
    mean: float
    mean_by_axis: FloatArray
    n_chords: Counts
    unit: str


def chord_lengths(
    volume: Any,
    *,
    phase: int = 1,
    periodic: bool | Sequence[bool] = False,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> ChordLengths:
    """Return the chord-length distribution of `phase` along each axis.

    A chord is a run of voxels of `phase` between two voxels of other phases; its length is its number of voxels. Chords
    cut by the border are omitted. This favours short chords, so each chord is weighted by the inverse of the number of
    positions at which a chord of its length fits inside the volume. No chord is cut along a periodic axis.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels. A dask array is read once for each axis, a column of chunks at a time.
    phase : int
        Label of the phase of interest.
    periodic : bool or sequence of bool, one for each axis
        True if chords that leave on one side re-enter on the opposite side. A line entirely in the phase has no chord.
    voxel_size : float
        Edge length of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    ChordLengths
        Probability ``.density`` of each ``.length``, and the ``.mean`` length.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    Torquato (2002), Random Heterogeneous Materials, section 2.5; for the Miles–Lantuéjoul weights, Serra
    (1982), Image Analysis and Mathematical Morphology, chapter VIII.
    """
    view = open_phase(volume, phase=phase)
    wraps = check_axis_flags(periodic, view.ndim, name="periodic")
    voxel = VoxelSize(voxel_size, unit)
    counts = np.zeros((view.ndim, max(view.shape)), np.int64)
    found = False
    for axis, n in enumerate(view.shape):
        for part in columns(view, axis):
            lines = _lines(part, axis)
            found = found or bool(lines.any())
            counts[axis, :n] += _update(lines, wraps[axis])[1:]
    check_found(view, found)
    return _compute(counts, view.shape, wraps, voxel)


def _lines(part: PhaseView, axis: int) -> BoolArray:
    """Return the lines along `axis`, shape ``(n_lines, n)``."""
    return np.ascontiguousarray(np.moveaxis(part.binary, axis, -1)).reshape(-1, part.shape[axis])


def _update(lines: BoolArray, periodic: bool) -> Counts:
    """Count the uncut chords of each length from 0 to n, shape ``(n + 1,)``, in lines of shape ``(n_lines, n)``."""
    n = lines.shape[1]
    seen = np.concatenate([lines, lines], axis=1) if periodic else lines  # every chord of a ring starts once in 1…n
    width = seen.shape[1] + 2
    steps = np.diff(np.pad(seen, ((0, 0), (1, 1))).view(np.int8).ravel())
    starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    first, last = starts % width, stops % width  # first voxel of the chord, and the voxel after it
    whole = (first >= 1) & (first <= n) & (last < width - 2)
    return np.bincount((stops - starts)[whole], minlength=n + 1)


def _compute(counts: Counts, shape: Sequence[int], periodic: Sequence[bool], voxel: VoxelSize) -> ChordLengths:
    n_voxels = np.arange(1, counts.shape[1] + 1)
    n_lines = np.prod(shape) / np.array(shape)
    along = [np.full_like(n_voxels, n) if p else n - 1 - n_voxels for n, p in zip(shape, periodic, strict=True)]
    places = np.array(along) * n_lines[:, None]  # positions at which a chord of this length fits inside
    frequency = np.divide(counts, places, out=np.zeros(counts.shape), where=counts > 0)
    by_axis = np.array([_normalise(row) for row in frequency])
    density = _normalise(frequency.sum(axis=0))
    length = n_voxels * voxel.value
    return ChordLengths(
        length=length,
        density=density / voxel.value,
        by_axis=by_axis / voxel.value,
        mean=_mean(length, density),
        mean_by_axis=np.array([_mean(length, row) for row in by_axis]),
        n_chords=counts.sum(axis=1),
        unit=voxel.unit,
    )


def _normalise(frequency: FloatArray) -> FloatArray:
    total = frequency.sum()
    return np.asarray(frequency / total) if total > 0 else frequency


def _mean(length: FloatArray, share: FloatArray) -> float:
    return float(length @ share) if share.any() else float("nan")
