"""Pieces of the reference of the size of a volume: what a volume of this size can be judged by."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

import numpy as np

from napari_swnn._types import Shape
from napari_swnn.validation._comparison import PieceScatter
from napari_swnn.validation._samples import Sample
from napari_swnn.validation._structure import (
    QUANTITIES,
    Ruler,
    Structure,
    measure_structure,
)
from napari_swnn.validation._uncertainty import student_factor

_LEAST_PIECES = 4
"""Least number of pieces whose scatter is known."""
_MOST_PIECES = 16
_TASKS = ("two-point correlation", "chord lengths", "pore sizes")
"""Tasks that measure all `QUANTITIES` of a phase."""


def measure_pieces(sample: Sample, ruler: Ruler, shapes: Sequence[Shape]) -> dict[str, PieceScatter]:
    """Return the scatter of the numbers of one phase over pieces of the reference of the size of the volumes.

    Parameters
    ----------
    sample : Sample
        Reference of one phase.
    ruler : Ruler
        Measurement settings.
    shapes : sequence of tuple of int
        Shapes of the volumes.

    Returns
    -------
    dict of PieceScatter
        By the keys of `QUANTITIES`; empty unless the reference holds at least four pieces, so that volumes are small.

    Notes
    -----
    A piece is a square or a cube whose side is the shortest side of the volumes. The scatter s of n pieces, times
    Student's t for n - 1 degrees of freedom, is the error of a volume that is such a piece. A volume holds several of
    them, and its planes are independent of each other at distances of twice the integral length: the error is divided
    by the root of their number in all volumes.
    """
    side = min(extent for shape in shapes for extent in shape)
    pieces = _cut(sample, side)
    if len(pieces) < _LEAST_PIECES:
        return {}
    measured = [measure_structure(piece, ruler, _TASKS) for piece in pieces]
    length = measure_structure(sample, ruler, _TASKS[:1]).quantities["correlation_length"].value / ruler.voxel.value
    n_held = sum(_count_held(shape, side, sample.ndim, length) for shape in shapes)
    return {key: _scatter(measured, key, n_held) for key in QUANTITIES}


def _cut(sample: Sample, side: int) -> list[Sample]:
    """Return at most `_MOST_PIECES` adjacent pieces of the sections or the volume, evenly chosen."""
    found = []
    whole = sample.boxed(side)
    for i, box in enumerate(whole.arrays):
        starts = [range(n % side // 2, n - side + 1, side) for n in box.shape]
        for corner in product(*starts):
            piece = box[tuple(slice(start, start + side) for start in corner)]
            if 0 < np.mean(piece) < 1:
                found.append(Sample((piece,), (None,), None if whole.axes is None else (whole.axes[i],)))
    return found[:: -(-len(found) // _MOST_PIECES) or 1]


def _count_held(shape: Shape, side: int, ndim: int, length: float) -> float:
    """Return the number of independent pieces in a volume."""
    n_pieces = prod(shape) / side ** len(shape)
    n_planes = max(1.0, side / max(2 * length, 1.0)) if len(shape) > ndim and np.isfinite(length) else 1.0
    return float(n_pieces * n_planes)


def _scatter(measured: Sequence[Structure], key: str, n_held: float) -> PieceScatter:
    values = np.array([structure.quantities[key].value for structure in measured])
    known = values[np.isfinite(values)]
    if len(known) < _LEAST_PIECES:
        return PieceScatter(np.nan, np.nan)
    spread = float(np.std(known, ddof=1))
    return PieceScatter(float(known.mean()), student_factor(len(known)) * spread / np.sqrt(n_held))
