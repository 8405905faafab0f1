"""Triple-phase boundary: length of the lines in which three phases meet, per volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags, check_in_range
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import PhaseView
from napari_swnn.statistics._inputs import check_sampled
from napari_swnn.statistics._phase_sets import open_phases
from napari_swnn.statistics._triple_points import Triple, count_in_boxes, list_triples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import FloatArray
    from napari_swnn.statistics._lines import Counts

FEW_POINTS = 30
"""Number of triple points below which the interval is doubtful."""

SMALLEST_BOX = 16
"""Smallest edge length in voxels of the boxes whose counts give the interval."""

MOST_BOXES = {2: 6, 3: 3}
"""Largest number of boxes along each axis, by dimension."""


@dataclass(frozen=True, slots=True, eq=False)
class TriplePhaseBoundary:
    """Length of the triple-phase boundary per volume, L_V.

    Attributes
    ----------
    value : float
        Sum over all triples of phases, in 1/`unit`².
    by_axis : (3,) float or None
        Twice the number of triple points per area of the planes normal to each axis of a volume, in 1/`unit`²; the
        values differ in anisotropic media. ``None`` for a section.
    by_triple : dict of (int, int, int) to float
        Length for each triple of phases, in 1/`unit`², keyed by labels in ascending order.
    low, high : float
        Ends of the confidence interval of the material, in 1/`unit`²; NaN where it cannot be estimated.
    half_width : float
        Half-width of the interval before `low` is clipped to 0.
    confidence : float
        Probability, such as 0.95, that the interval contains the value of the material.
    n_points : int
        Number of triple points counted.
    warning : str or None
        Reason why the interval may be unreliable, or ``None``.
    unit : str
        Unit of length.
    """

    value: float
    by_axis: FloatArray | None
    by_triple: dict[Triple, float]
    low: float
    high: float
    half_width: float
    confidence: float
    n_points: int
    warning: str | None
    unit: str


def triple_phase_boundary(
    volume: Any,
    *,
    phases: Sequence[int] | None = None,
    confidence: float = 0.95,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> TriplePhaseBoundary:
    """Return the length per volume of the lines in which three phases meet, by stereology.

    L_V = 2 P_A, with P_A the number of triple points per area of a plane. It holds for planes of any direction through
    an isotropic medium, so a section and a volume give the same quantity.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels, at least 2 voxels along each axis. A dask array is read once for each axis, in slabs of whole planes
        normal to it, and once before.
    phases : sequence of int, optional
        Three or more labels; every triple of them is measured. By default all labels, at most eight.
    confidence : float
        Confidence level of the interval, in (0, 1).
    periodic : bool or sequence of bool, one for each axis
        True if the volume is periodic along that axis.
    mask : array of bool, optional
        Region of interest, with the shape of `volume`; only windows that lie wholly inside it count.
    voxel_size : float
        Edge length of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    TriplePhaseBoundary
        Length per volume in 1/`unit`², as ``.value``, ``.by_axis`` and ``.by_triple``.

    Raises
    ------
    TypeError, ValueError
        If there are fewer than three phases or more than eight, a phase is absent, an axis has a single voxel, or an
        argument is invalid.

    Notes
    -----
    A triple point is a window of 2 x 2 pixels with all three labels; windows that touch, also at a corner, are one
    point. On volumes the points are counted on all planes normal to each axis and the three results averaged. For a
    bundle of straight lines that mean lies between 0.67 (all along an axis) and 1.15 times (all along a diagonal of the
    volume) the true length. Counting the edges of voxels instead overestimates isotropic lines by 1.5 and more.

    On Gaussian fields with a correlation length of 3 to 6 voxels the result is within 6 % of the closed form; finer
    features merge neighbouring points, and it becomes too low. A window with four labels counts in four triples.

    The interval is Student's t interval of the ratio of points to area over up to 6 x 6 boxes of a section, or
    3 x 3 x 3 of a volume. It assumes that boxes are independent and have equal expectation, so they must be larger than
    the features; it holds the sampling error only, not the bias of counting on pixels.

    References
    ----------
    Underwood (1970), Quantitative Stereology, chapter 4; Jørgensen et al. (2014), J. Power Sources 261, 198, on the
    bias of methods on voxels; Cochran (1977), Sampling Techniques, chapter 6, for the variance of a ratio.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((8, 8), int)
    >>> labels[4:, :4], labels[4:, 4:] = 1, 2
    >>> triple_phase_boundary(labels).n_points
    1
    """
    check_in_range(confidence, 0, 1, name="confidence", open_low=True, open_high=True)
    voxel = VoxelSize(voxel_size, unit)
    view, found = open_phases(volume, phases=phases, mask=mask, least=3)
    wraps = check_axis_flags(periodic, view.ndim, name="periodic")
    if min(view.shape) < 2:
        raise ValueError(f"volume must have at least 2 voxels along each axis, got shape {view.shape}")
    triples = list_triples(found)
    points, windows = count_on_planes(view, triples, wraps)
    check_sampled(int(windows.sum(axis=(1, 2, 3)).min()), "window of 2 x 2 pixels on the planes normal to each axis")
    lengths = 2 / voxel.value**2 * _ratio(points.sum(axis=(2, 3, 4)), windows.sum(axis=(1, 2, 3))[:, None])
    half_width = 2 / voxel.value**2 * half_width_per_window(points.sum(axis=1), windows, confidence)
    by_axis = lengths.sum(axis=1)
    value, n_points = float(by_axis.mean()), int(points.sum())
    return TriplePhaseBoundary(
        value=value,
        by_axis=None if view.ndim == 2 else by_axis,
        by_triple=dict(zip(triples, lengths.mean(axis=0).tolist(), strict=True)),
        low=max(0.0, value - half_width) if half_width == half_width else half_width,
        high=value + half_width,
        half_width=half_width,
        confidence=confidence,
        n_points=n_points,
        warning=_warn(n_points, np.isfinite(half_width)),
        unit=voxel.unit,
    )


def count_on_planes(view: PhaseView, triples: Sequence[Triple], periodic: Sequence[bool]) -> tuple[Counts, Counts]:
    """Count triple points and windows on the planes of a volume normal to each axis, or on the one plane of a section.

    Returns
    -------
    points : (n_normals, n_triples, *boxes) int
        Number of triple points in each box; `n_normals` is 3 for a volume and 1 for a section.
    windows : (n_normals, *boxes) int
        Number of windows in each box.
    """
    stack = view if view.ndim == 3 else _as_stack(view)
    wraps = list(periodic) if view.ndim == 3 else [False, *periodic]
    boxes = [max(1, min(MOST_BOXES[view.ndim], n // SMALLEST_BOX)) for n in stack.shape]
    normals = range(3 if view.ndim == 3 else 1)
    counts = [count_in_boxes(stack, triples, axis, wraps, boxes) for axis in normals]
    points, windows = (np.array(each) for each in zip(*counts, strict=True))
    return points, windows


def _as_stack(view: PhaseView) -> PhaseView:
    """Return a section as a volume of one plane."""
    return PhaseView(view.labels[None], view.phase, None if view.mask is None else view.mask[None])


def half_width_per_window(points: Counts, windows: Counts, confidence: float) -> float:
    """Return the half-width of the interval of the mean over the normals of points per window.

    It is NaN for fewer than four boxes, or without a point.

    Parameters
    ----------
    points, windows : (n_normals, *boxes) int
        Numbers in each box.
    confidence : float
        Confidence level.
    """
    from scipy import stats

    n_normals = len(points)
    points, windows = points.reshape(n_normals, -1), windows.reshape(n_normals, -1)
    n_boxes = int((windows.sum(axis=0) > 0).sum())
    if n_boxes < 4 or not points.any():
        return float("nan")
    totals = windows.sum(axis=1, keepdims=True)
    residuals = ((points - windows * (points.sum(axis=1, keepdims=True) / totals)) / totals).mean(axis=0)
    variance = n_boxes / (n_boxes - 1) * float((residuals**2).sum())
    return float(stats.t.ppf((1 + confidence) / 2, n_boxes - 1) * np.sqrt(variance))


def _ratio(points: Counts, windows: Counts) -> FloatArray:
    return np.asarray(points / windows)


def _warn(n_points: int, has_interval: Any) -> str | None:
    if not has_interval:
        return (
            "no interval can be estimated: the image is smaller than four boxes of 16 x 16 pixels, or holds no triple "
            "point; use a larger image"
        )
    if n_points < FEW_POINTS:
        return f"only {n_points} triple points (fewer than {FEW_POINTS}): the interval is approximate; use more images"
    return None
