"""Statistics of several phases: cross-correlation and interface area of pairs, and the triple-phase boundary."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from napari_swnn._types import BoolArray, FloatArray
from napari_swnn.statistics import active_triple_phase_boundary
from napari_swnn.statistics._blocks import PhaseView
from napari_swnn.statistics._inputs import check_sampled
from napari_swnn.statistics._lines import Counts
from napari_swnn.statistics._triple_points import Triple, list_triples
from napari_swnn.statistics.cross_correlation import Pair, curve_of_ends, sample_pairs
from napari_swnn.statistics.surface import SLOPE_WEIGHTS
from napari_swnn.statistics.triple_phase_boundary import count_on_planes, half_width_per_window
from napari_swnn.validation._comparison import Quantity
from napari_swnn.validation._pooling import average_by_axis, pool_curves
from napari_swnn.validation._samples import Places, Sample
from napari_swnn.validation._structure import CurveKind, QuantityKind, Ruler, Structure, fit_curve

PAIR_CURVES = {"cross_correlation": CurveKind("cross-correlation", "S₂(r)", "r")}
PAIR_QUANTITIES = {"interface_area": QuantityKind("interface area, from S₂", -1)}
LINE_QUANTITIES = {"triple_phase_boundary": QuantityKind("triple-phase boundary", -2, on_sections=True)}

Group = tuple[int, ...]
"""Positions of the phases that a statistic belongs to: one, a pair, a triple; none for all phases together."""


def list_pairs(n_phases: int) -> list[Pair]:
    """Return the positions of all pairs of three or more phases; no pair of two phases, which share one interface."""
    return list(combinations(range(n_phases), 2)) if n_phases > 2 else []


def list_lines(n_phases: int) -> list[Group]:
    """Return the groups with a triple-phase boundary: all phases together, and each triple of more than three."""
    triples: list[Group] = [*list_triples(range(n_phases))] if n_phases > 3 else []
    return [(), *triples] if n_phases > 2 else []


def measure_pairs(sample: Sample, n_phases: int, ruler: Ruler) -> dict[Group, Structure]:
    """Measure the cross-correlation S₂_ij along the axes, and the interface area per volume, of every pair."""
    pairs = list_pairs(n_phases)
    arrays = zip(sample.arrays, sample.masks, strict=True)
    counts = [_count_pairs(PhaseView(array, 0, mask), pairs, ruler.reach) for array, mask in arrays]
    found: dict[Group, Structure] = {}
    for k, pair in enumerate(pairs):
        pooled = pool_curves([curve_of_ends(hits[k], trials, ruler.voxel) for hits, trials in counts], sample)
        curve = fit_curve(pooled.by_axis, pooled.samples, np.arange(ruler.reach + 1), ruler)
        slopes = [(hits[k, :, :3] / (2 * trials[:, :3])) @ SLOPE_WEIGHTS for hits, trials in counts]  # (ndim,) each
        by_axis = 4 / ruler.voxel.value * average_by_axis(slopes, sample)
        area = Quantity(float(by_axis.mean()), by_axis)
        found[pair] = Structure({"cross_correlation": curve}, {"interface_area": area})
    return found


def measure_lines(
    sample: Sample, n_phases: int, ruler: Ruler, confidence: float
) -> tuple[dict[Group, Structure], dict[Group, float]]:
    """Measure the length of triple lines per volume; return it with the half-widths of its confidence intervals.

    The interval comes from the scatter of the number of triple points between boxes of all sections.
    """
    triples = list_triples(range(n_phases))
    counts = [_count(array, mask, triples) for array, mask in zip(sample.arrays, sample.masks, strict=True)]
    points, windows = (np.concatenate(each, axis=-1) for each in zip(*counts, strict=True))
    scale = 2 / ruler.voxel.value**2
    structures: dict[Group, Structure] = {}
    half_widths: dict[Group, float] = {}
    for group in list_lines(n_phases):
        own = points[:, triples.index(_as_triple(group))] if group else points.sum(axis=1)  # (n_normals, n_boxes)
        with np.errstate(invalid="ignore"):  # a region of interest may hold no window
            by_normal = scale * (own.sum(axis=-1) / windows.sum(axis=-1))
        length = Quantity(float(by_normal.mean()), by_normal)
        structures[group] = Structure({}, {"triple_phase_boundary": length})
        half_widths[group] = scale * half_width_per_window(own, windows, confidence)
    return structures, half_widths


def measure_active_lines(
    positions: Places, present: Sequence[int], n_phases: int, ruler: Ruler
) -> dict[Group, Quantity]:
    """Measure the length per volume of the triple lines whose three phases percolate along each axis.

    Positions in `present` are those of the phases that the volume contains.
    """
    found: dict[Group, FloatArray] = {group: np.zeros(3) for group in list_lines(n_phases)}
    if len(present) > 2:
        active = active_triple_phase_boundary(positions, phases=present, **ruler.scale)
        found[()] = active.by_axis
        found |= {triple: by_axis for triple, by_axis in active.by_triple.items() if triple in found}
    return {group: Quantity(float(by_axis.mean()), by_axis) for group, by_axis in found.items()}


def _count_pairs(view: PhaseView, pairs: list[Pair], reach: int) -> tuple[Counts, Counts]:
    """Count the segments between the phases of each pair, in both orders, and all segments, at up to `reach`.

    Distances 0 to 2, for the slope at 0, are always among them.
    """
    longest = max(2, min(reach, min(view.shape) - 1))
    hits, trials = sample_pairs(view, pairs, longest, (False,) * view.ndim)
    check_sampled(int(trials[:, 2].min()), "pair of voxels at a distance of 2 along each axis")
    return hits, trials


def _count(array: Places, mask: BoolArray | None, triples: list[Triple]) -> tuple[Counts, Counts]:
    """Count triple points ``(n_normals, n_triples, n_boxes)`` and windows ``(n_normals, n_boxes)``."""
    points, windows = count_on_planes(PhaseView(array, 0, mask), triples, (False,) * array.ndim)
    return points.reshape(*points.shape[:2], -1), windows.reshape(len(windows), -1)


def _as_triple(group: Group) -> Triple:
    first, second, third = group
    return first, second, third
