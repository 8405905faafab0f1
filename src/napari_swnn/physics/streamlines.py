"""Lines along a field: the ways that fluid, heat or charge take through a volume.

Fields are known at the centres of the voxels and interpolated linearly between them. A line is followed at unit speed
by the classical Runge–Kutta method of fourth order, all lines at the same time, until it leaves the volume, comes to
where hardly anything flows, or is too long.
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
"""Share of the mean speed below which a line ends: it has run against a wall."""

_LONGEST = 10
"""Length of a line at most, in longest sides of the volume, unless the caller says otherwise."""


@dataclass(frozen=True, eq=False, slots=True)
class FlowLine:
    """One line along a field.

    Attributes
    ----------
    points : numpy.ndarray
        ``(n, ndim)`` positions in voxels, downstream; the centre of the first voxel is 0.
    speed : numpy.ndarray
        ``(n,)`` magnitude of the field there, in its unit.
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
) -> list[FlowLine]:
    """Follow lines through a volume from the face where the flow enters.

    Parameters
    ----------
    field : array_like, ``(ndim, *shape)``
        Velocity or flux; component i is along axis i.
    axis : int
        Direction of the flow: lines start on its first face.
    n_lines : int
        Number of lines. They start where more flows in the more often, so that each stands for an equal flow.
    rng : numpy.random.Generator
        Draws the starts.
    step : float
        Distance between two points of a line, in voxels.
    max_length : float, optional
        Where a line ends at the latest, in voxels; by default ten times the longest side.

    Returns
    -------
    list of FlowLine
        The longer a line's way through the volume, the more points it has; at least two.

    Raises
    ------
    ValueError
        If the field is not as described, or nothing enters through the face.

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
    """Draw starts of lines on the first face along `axis`, each for an equal share of what flows in.

    Parameters
    ----------
    field : array_like, ``(ndim, *shape)``
        Velocity or flux.
    axis : int
        Normal of the face.
    n_seeds : int
        How many.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    numpy.ndarray
        ``(n_seeds, ndim)`` positions in voxels.

    Raises
    ------
    ValueError
        If the field is not as described, or nothing flows in.
    """
    vectors = _check_field(field)
    ndim = vectors.ndim - 1
    check_whole(n_seeds, name="n_seeds")
    if axis not in range(-ndim, ndim):
        raise ValueError(f"axis must be one of {', '.join(map(str, range(ndim)))}, got {axis!r}")
    axis %= ndim
    inflow = np.maximum(np.take(vectors[axis], 0, axis), 0)
    if not inflow.any():
        raise ValueError(f"field must flow in through the first face along axis {axis}, and nothing does there")
    share = inflow.ravel() / inflow.sum(dtype=float)
    pixels = np.unravel_index(rng.choice(share.size, size=n_seeds, p=share), inflow.shape)
    on_face = np.stack(pixels, axis=1) + rng.uniform(-0.5, 0.5, (n_seeds, ndim - 1))  # (n_seeds, ndim - 1)
    return np.insert(on_face, axis, -0.5, axis=1)


def trace(field: ArrayLike, seeds: ArrayLike, *, step: float = 0.5, max_length: float | None = None) -> list[FlowLine]:
    """Follow a field downstream from given points.

    Parameters
    ----------
    field : array_like, ``(ndim, *shape)``
        Velocity or flux; component i is along axis i.
    seeds : array_like, ``(n, ndim)``
        Where lines start, in voxels.
    step, max_length
        As in `streamlines`.

    Returns
    -------
    list of FlowLine
        In the order of the seeds, without those from which nothing flows.

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    vectors, starts = _check_field(field), np.array(seeds, dtype=float)
    shape = vectors.shape[1:]
    if starts.ndim != 2 or starts.shape[1] != len(shape):
        raise ValueError(f"seeds must be points of {len(shape)} coordinates, got an array of shape {starts.shape}")
    step = check_in_range(step, 0, 1, name="step", hint="a longer one jumps over voxels", open_low=True)
    longest = _LONGEST * max(shape) if max_length is None else max_length
    longest = check_in_range(longest, 0, np.inf, name="max_length", open_low=True, open_high=True)
    paths = _follow(vectors, starts, step, int(np.ceil(longest / step)))
    return [FlowLine(path, _speed(_sample(vectors, path))) for path in paths if len(path) > 1]


def _follow(vectors: FloatArray, starts: FloatArray, step: float, n_steps: int) -> list[FloatArray]:
    """All lines at once: those that have ended drop out of `here`."""
    slowest = _STAGNANT * _mean_speed(vectors)
    upper = np.array(vectors.shape[1:]) - 0.5
    here, moving = starts, np.arange(len(starts))
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
    """One step of the Runge–Kutta method along the direction of the field."""
    first = _direction(vectors, here)
    second = _direction(vectors, here + step / 2 * first)
    third = _direction(vectors, here + step / 2 * second)
    fourth = _direction(vectors, here + step * third)
    advanced: FloatArray = here + step / 6 * (first + 2 * second + 2 * third + fourth)
    return advanced


def _within(here: FloatArray, there: FloatArray, upper: FloatArray) -> tuple[FloatArray, Any]:
    """Shorten steps that leave the volume to end on its faces; tell which do not leave."""
    way = there - here
    room = np.where(way > 0, upper - here, -0.5 - here)
    part = np.divide(room, way, out=np.ones_like(way), where=np.abs(way) > 1e-12).clip(0, 1).min(axis=1)
    return here + part[:, None] * way, part >= 1


def _direction(vectors: FloatArray, points: FloatArray) -> FloatArray:
    found = _sample(vectors, points)
    speed = _speed(found)[:, None]
    return np.divide(found, speed, out=np.zeros_like(found), where=speed > 0)


def _sample(vectors: FloatArray, points: FloatArray) -> FloatArray:
    """``(n, ndim)`` field at points, as on the nearest face for those outside."""
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
        raise ValueError(f"field must have one component for each axis of a section or volume, got {vectors.shape}")
    if not np.issubdtype(vectors.dtype, np.floating) or not np.isfinite(vectors).all():
        raise ValueError("field must hold finite floating-point numbers; put 0 where nothing flows")
    return vectors
