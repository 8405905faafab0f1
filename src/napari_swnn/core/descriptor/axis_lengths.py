"""Correlation lengths along single axes: the distances at which the normalised autocovariance falls below 1/e."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from napari_swnn._types import AXES, FloatArray
from napari_swnn.core.descriptor.section import Section, thin_evenly

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference

Line = tuple[Section, int]
"""Section and axis of its arrays."""


def axis_lengths(reference: Reference, position: int | None = None) -> tuple[float, float, float]:
    """Return the correlation lengths of a reference along z, y and x.

    Parameters
    ----------
    reference : Reference
        Reference; each axis is measured in the sections of both directions that contain it. If a single set of sections
        describes all directions, the rows and columns of all sections count for every axis.
    position : int, optional
        Position of a phase in `Reference.phases`; by default the autocovariances of all phases are added, which weights
        each phase by its variance.

    Returns
    -------
    tuple of float
        Lengths in pixels, along z, y and x; see `length_along`.
    """
    positions = range(len(reference.phases)) if position is None else (position,)
    if len(reference.directions) == 1:
        lines = [(section, axis) for section in thin_evenly(reference.directions[0]) for axis in (0, 1)]
        return (length_along(lines, positions),) * 3
    z, y, x = (length_along(_lines_along(reference, axis), positions) for axis in range(len(AXES)))
    return z, y, x


def _lines_along(reference: Reference, axis: int) -> list[Line]:
    """Return the sections that contain an axis, with the axis of their arrays that lies along it."""
    return [
        (section, [other for other in range(len(AXES)) if other != normal].index(axis))
        for normal, sections in enumerate(reference.directions)
        if normal != axis
        for section in thin_evenly([section for section in sections if section.inside.any()])
    ]


def length_along(lines: Sequence[Line], positions: Sequence[int]) -> float:
    """Return the distance at which the normalised autocovariance along lines falls below 1/e.

    Parameters
    ----------
    lines : sequence of tuple
        Sections, each with the axis of its arrays along which it is measured.
    positions : sequence of int
        Positions of the phases whose autocovariances are added.

    Returns
    -------
    float
        Length in pixels, linearly interpolated; at least 1, and at most half the longest extent along the axes. NaN if
        nothing varies.
    """
    reach = max(section.inside.shape[axis] for section, axis in lines) // 2
    pairs = np.zeros(reach + 1)
    products = np.zeros(reach + 1)
    for section, axis in lines:
        pairs += _products_along(section.inside.astype(np.float64), axis, reach)
    for position in positions:
        inside = sum(int(np.count_nonzero(section.inside)) for section, _ in lines)
        filled = sum(int(np.count_nonzero(section.indicator(position) & section.inside)) for section, _ in lines)
        for section, axis in lines:
            deviation = np.where(section.inside, section.indicator(position) - filled / inside, 0.0)
            products += _products_along(deviation, axis, reach)
    if not products[0] > 1e-9:
        return float("nan")
    covariance = products / np.maximum(pairs, 1)
    return max(1.0, first_crossing(covariance / covariance[0], np.exp(-1.0)))


def first_crossing(curve: FloatArray, level: float) -> float:
    """Return the interpolated lag at which a curve first falls below a level, or the last lag if it never does."""
    below = np.flatnonzero(curve < level)
    if below.size == 0:
        return float(len(curve) - 1)
    i = int(below[0])
    return float(i - 1 + (curve[i - 1] - level) / (curve[i - 1] - curve[i]))


def _products_along(plane: FloatArray, axis: int, reach: int) -> FloatArray:
    """Return the sum of the products of values at each lag along an axis, up to `reach`."""
    lines = np.moveaxis(plane, axis, -1)
    n = fft.next_fast_len(lines.shape[-1] + reach, real=True)  # zero padding prevents wrap-around
    power = (np.abs(fft.rfft(lines, n)) ** 2).sum(0)
    products: FloatArray = fft.irfft(power, n)[: reach + 1]
    return products
