"""Streamlines of a velocity or flux field.

Fields are given at the centres of the voxels and interpolated linearly between them. All lines are integrated
simultaneously, at unit speed, by the classical fourth-order Runge–Kutta method; a line ends where it leaves the volume,
where the field is nearly 0, or at its maximum length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_swnn._checks import check_in_range, check_whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from napari_swnn._types import FloatArray

_STAGNANT = 1e-3
"""Fraction of the mean speed below which a line is assumed to have reached a wall, and ends."""

_DEFAULT_LENGTH = 10
"""Default maximum length of a line, as a multiple of the longest side of the volume."""


@dataclass(frozen=True, eq=False, slots=True)
class Streamline:
    """Points of a streamline, with the speed at each.

    Attributes
    ----------
    points : numpy.ndarray
        ``(n, ndim)`` positions in voxels, in downstream order; the centre of the first voxel is at 0.
    speed : numpy.ndarray
        ``(n,)`` magnitude of the field at each point, in the unit of the field.
    """

    points: FloatArray
    speed: FloatArray


def streamlines(
    field: ArrayLike,
    *,
    axis: int,
    n_lines: int,
    rng: np.random.Generator,
    step: float = 0.5,
    max_length: float | None = None,
) -> list[Streamline]:
    """Compute streamlines through a volume, starting on its inlet face.

    Parameters
    ----------
    field : array_like, ``(ndim, *shape)``
        Velocity or flux; component i is along axis i.
    axis : int
        Axis of the flow; lines start on its first face.
    n_lines : int
        Number of lines. Their starting points are drawn in proportion to the inflow, so that all carry equal flow.
    rng : numpy.random.Generator
        Random generator for the starting points.
    step : float
        Distance between successive points of a line, in voxels.
    max_length : float, optional
        Maximum length of a line in voxels; by default ten times the longest side.

    Returns
    -------
    list of Streamline
        Lines of at least two points; longer paths have more points.

    Raises
    ------
    ValueError
        If an argument is invalid, or nothing flows in through the face.

    Examples
    --------
    >>> field = np.zeros((2, 6, 4))
    >>> field[0] = 1  # straight along axis 0
    >>> (line,) = streamlines(field, axis=0, n_lines=1, rng=np.random.default_rng(0))
    >>> line.points[[0, -1], 0].tolist()  # from face to face
    [-0.5, 5.5]
    """
    vectors = _check_field(field)
    seeds = inlet_seeds(vectors, axis=axis, n_seeds=n_lines, rng=rng)
    return trace(vectors, seeds, step=step, max_length=max_length)


def inlet_seeds(field: ArrayLike, *, axis: int, n_seeds: int, rng: np.random.Generator) -> FloatArray:
    """Draw starting points on the first face along `axis` in proportion to the inflow.

    Parameters
    ----------
    field : array_like, ``(ndim, *shape)``
        Velocity or flux.
    axis : int
        Normal of the face.
    n_seeds : int
        Number of points.
    rng : numpy.random.Generator
        Random generator for the points.

    Returns
    -------
    numpy.ndarray
        ``(n_seeds, ndim)`` positions in voxels.

    Raises
    ------
    ValueError
        If an argument is invalid, or nothing flows in through the face.
    """
    vectors = _check_field(field)
    ndim = vectors.ndim - 1
    check_whole(n_seeds, name="n_seeds")
    if axis not in range(-ndim, ndim):
        raise ValueError(f"axis must be one of {', '.join(map(str, range(ndim)))}, got {axis!r}")
    axis %= ndim
    inflow = np.maximum(np.take(vectors[axis], 0, axis), 0)
    if not inflow.any():
        raise ValueError(
            f"field must flow in through the first face along axis {axis}, got no inflow; choose another axis"
        )
    share = inflow.ravel() / inflow.sum(dtype=float)
    pixels = np.unravel_index(rng.choice(share.size, size=n_seeds, p=share), inflow.shape)
    on_face = np.stack(pixels, axis=1) + rng.uniform(-0.5, 0.5, (n_seeds, ndim - 1))  # (n_seeds, ndim - 1)
    return np.insert(on_face, axis, -0.5, axis=1)


def trace(
    field: ArrayLike, seeds: ArrayLike, *, step: float = 0.5, max_length: float | None = None
) -> list[Streamline]:
    """Integrate a field downstream from given points.

    Parameters
    ----------
    field : array_like, ``(ndim, *shape)``
        Velocity or flux; component i is along axis i.
    seeds : array_like, ``(n, ndim)``
        Starting points in voxels.
    step : float
        Distance between successive points of a line, in voxels.
    max_length : float, optional
        Maximum length of a line in voxels; by default ten times the longest side.

    Returns
    -------
    list of Streamline
        Lines in the order of the seeds, omitting seeds where nothing flows.

    Raises
    ------
    ValueError
        If an argument is invalid.
    """
    vectors = _check_field(field)
    starts = np.array(seeds, dtype=float)
    shape = vectors.shape[1:]
    if starts.ndim != 2 or starts.shape[1] != len(shape):
        raise ValueError(f"seeds must be points of {len(shape)} coordinates, got an array of shape {starts.shape}")
    step = check_in_range(step, 0, 1, name="step", hint="a longer step skips voxels", open_low=True)
    longest = _DEFAULT_LENGTH * max(shape) if max_length is None else max_length
    longest = check_in_range(longest, 0, np.inf, name="max_length", open_low=True, open_high=True)
    paths = _follow(vectors, starts, step, int(np.ceil(longest / step)))
    return [Streamline(path, _speed(_sample(vectors, path))) for path in paths if len(path) > 1]


def _follow(vectors: FloatArray, starts: FloatArray, step: float, n_steps: int) -> list[FloatArray]:
    """Integrate all lines simultaneously and return their points."""
    slowest = _STAGNANT * _mean_speed(vectors)
    upper = np.array(vectors.shape[1:]) - 0.5
    here = starts
    moving = np.arange(len(starts))  # lines that have not ended
    paths = [[start] for start in starts]
    for _ in range(n_steps):
        flowing = _speed(_sample(vectors, here)) > slowest
        here, moving = here[flowing], moving[flowing]
        if not len(moving):
            break
        there, inside = _within(here, _advanced(vectors, here, step), upper)
        for line, point in zip(moving, there, strict=True):
            paths[line].append(point)
        here, moving = there[inside], moving[inside]
    return [np.array(path) for path in paths]


def _advanced(vectors: FloatArray, here: FloatArray, step: float) -> FloatArray:
    """Return the points after one Runge–Kutta step along the direction of the field."""
    first = _direction(vectors, here)
    second = _direction(vectors, here + step / 2 * first)
    third = _direction(vectors, here + step / 2 * second)
    fourth = _direction(vectors, here + step * third)
    advanced: FloatArray = here + step / 6 * (first + 2 * second + 2 * third + fourth)
    return advanced


def _within(here: FloatArray, there: FloatArray, upper: FloatArray) -> tuple[FloatArray, Any]:
    """Return the end points of the steps, cut at the faces of the volume, and a mask of the steps that stay inside."""
    way = there - here
    to_face = np.where(way > 0, upper - here, -0.5 - here)
    # fraction of the step up to the first face that it crosses
    part = np.divide(to_face, way, out=np.ones_like(way), where=np.abs(way) > 1e-12).clip(0, 1).min(axis=1)
    return here + part[:, None] * way, part >= 1


def _direction(vectors: FloatArray, points: FloatArray) -> FloatArray:
    found = _sample(vectors, points)
    speed = _speed(found)[:, None]
    return np.divide(found, speed, out=np.zeros_like(found), where=speed > 0)


def _sample(vectors: FloatArray, points: FloatArray) -> FloatArray:
    """Interpolate the field at points, ``(n, ndim)``; points outside the volume take the value at the nearest face."""
    values = [ndimage.map_coordinates(part, points.T, order=1, mode="nearest") for part in vectors]
    return np.stack(values, axis=1).astype(float, copy=False)


def _speed(found: FloatArray) -> FloatArray:
    speed: FloatArray = np.sqrt(np.square(found).sum(axis=1))
    return speed


def _mean_speed(vectors: FloatArray) -> float:
    squares = np.zeros(vectors.shape[1:])
    for part in vectors:
        squares += np.square(part)
    return float(np.sqrt(squares).mean())


def _check_field(field: ArrayLike) -> FloatArray:
    vectors = np.asarray(field)
    if vectors.ndim not in (3, 4) or len(vectors) != vectors.ndim - 1 or vectors.size == 0:
        raise ValueError(
            f"field must have one component for each axis of a section or volume, got shape {vectors.shape}"
        )
    if not np.issubdtype(vectors.dtype, np.floating) or not np.isfinite(vectors).all():
        raise ValueError("field must contain finite floating-point numbers; set it to 0 where nothing flows")
    return vectors
