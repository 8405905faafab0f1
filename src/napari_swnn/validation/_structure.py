"""Statistics that are measured in the same way on sections and volumes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from napari_swnn._steps import drain
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics import (
    Curve,
    chord_lengths,
    correlation_length_of_curve,
    lineal_path,
    normalise_two_point,
    pool,
    pore_size_distribution,
    specific_surface_from_slope,
    two_point_cluster,
    two_point_correlation,
)
from napari_swnn.validation._comparison import Quantity
from napari_swnn.validation._pooling import average, average_by_axis, pool_curves
from napari_swnn.validation._samples import Numbers, Sample


class Scale(TypedDict):
    """Voxel size and unit, as keyword arguments of the statistics."""

    voxel_size: float
    unit: str


@dataclass(frozen=True, eq=False, slots=True)
class Ruler:
    """Measurement settings shared by all samples, so that their statistics are comparable.

    Attributes
    ----------
    reach : int
        Longest distance of the curves, in voxels.
    window : int
        Side in voxels of the windows for statistics that image borders affect.
    voxel : VoxelSize
        Edge length of a voxel.
    """

    reach: int
    window: int
    voxel: VoxelSize = VoxelSize()

    @property
    def scale(self) -> Scale:
        """Voxel size and unit as keyword arguments of a statistic."""
        return Scale(voxel_size=self.voxel.value, unit=self.voxel.unit)


@dataclass(frozen=True, eq=False, slots=True)
class CurveKind:
    """Names of a statistic that depends on distance, as shown in plots and tables.

    Attributes
    ----------
    name : str
        Name of the statistic.
    symbol, argument : str
        Plot labels of the statistic and of the distance.
    on_sections : bool
        True for a statistic that is measured on sections, also for volumes.
    per_length : bool
        True if the statistic has the unit of an inverse length; otherwise it is a probability.
    """

    name: str
    symbol: str
    argument: str
    on_sections: bool = False
    per_length: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class QuantityKind:
    """Name and unit of a number.

    Attributes
    ----------
    name : str
        Name of the number.
    power : int
        Exponent of the length unit that gives the unit of the number.
    on_sections : bool
        True for a number that is measured on sections, also for volumes.
    """

    name: str
    power: int
    on_sections: bool = False


CURVES = {
    "two_point_correlation": CurveKind("two-point correlation", "S₂(r)", "r"),
    "autocovariance": CurveKind("normalised autocovariance", "(S₂(r) − φ²) / φ(1 − φ)", "r"),
    "lineal_path": CurveKind("lineal path", "L(z)", "z"),
    "chord_lengths": CurveKind("chord lengths", "probability density", "chord length", per_length=True),
    "two_point_cluster": CurveKind("two-point cluster function of sections", "C₂(r)", "r", on_sections=True),
    "pore_sizes": CurveKind(
        "pore sizes of sections", "fraction in pores at least this wide", "diameter of inscribed disc", on_sections=True
    ),
}
QUANTITIES = {
    "porosity": QuantityKind("porosity", 0),
    "correlation_length": QuantityKind("integral length", 1),
    "specific_surface": QuantityKind("specific surface, from S₂", -1),
    "mean_chord_length": QuantityKind("mean chord length", 1),
    "mean_pore_size": QuantityKind("mean pore size of sections", 1, on_sections=True),
}


@dataclass(frozen=True, eq=False, slots=True)
class Structure:
    """Statistics of one sample by key: of one phase, with the keys of `CURVES` and `QUANTITIES`, or of several."""

    curves: dict[str, Curve]
    quantities: dict[str, Quantity]


def iter_structure(
    sample: Sample, ruler: Ruler, names: Collection[str] | None = None
) -> Generator[str, None, Structure]:
    """Measure one phase; yield the name of each task in `STATISTICS` before it starts and return all statistics.

    Parameters
    ----------
    sample : Sample
        Booleans, ``True`` in the phase.
    ruler : Ruler
        Measurement settings.
    names : collection of str, optional
        Tasks to carry out; by default all.
    """
    curves: dict[str, Curve] = {}
    quantities: dict[str, Quantity] = {}
    for name, measure in STATISTICS.items():
        if names is not None and name not in names:
            continue
        yield name
        found = measure(sample, ruler)
        curves |= found.curves
        quantities |= found.quantities
    return Structure(curves, quantities)


def measure_structure(sample: Sample, ruler: Ruler, names: Collection[str] | None = None) -> Structure:
    """Measure one phase as in `iter_structure` and return all statistics."""
    return drain(iter_structure(sample, ruler, names))


def _measure_two_point(sample: Sample, ruler: Ruler) -> Structure:
    s2 = _along_lines(two_point_correlation, sample, ruler)
    covariance = normalise_two_point(s2)
    length = correlation_length_of_curve(covariance)
    quantities = {
        "porosity": Quantity(float(s2.values[0])),
        "correlation_length": Quantity(length.value, length.by_axis),
        "specific_surface": _surface(sample, ruler),
    }
    return Structure({"two_point_correlation": s2, "autocovariance": covariance}, quantities)


def _measure_lineal_path(sample: Sample, ruler: Ruler) -> Structure:
    return Structure({"lineal_path": _along_lines(lineal_path, sample, ruler)}, {})


def _along_lines(statistic: Callable[..., Curve], sample: Sample, ruler: Ruler) -> Curve:
    curves = [
        statistic(array, mask=mask, max_distance=min(ruler.reach, min(array.shape) - 1), **ruler.scale)
        for array, mask in zip(sample.arrays, sample.masks, strict=True)
    ]
    pooled = pool_curves(curves, sample)
    return fit_curve(pooled.by_axis, pooled.samples, np.arange(ruler.reach + 1), ruler)


def _surface(sample: Sample, ruler: Ruler) -> Quantity:
    """Return the interface area per volume, -4 S₂'(0); sections also give it if the material is isotropic.

    A section with interface length L per area corresponds to a surface of 4 L / π per volume (Underwood 1970).
    """
    pairs = zip(sample.arrays, sample.masks, strict=True)
    found = [specific_surface_from_slope(array, mask=mask, **ruler.scale).by_axis for array, mask in pairs]
    by_axis = average_by_axis(found, sample) * (4 / np.pi if sample.ndim == 2 else 1)
    return Quantity(float(by_axis.mean()), by_axis)


def _measure_chords(sample: Sample, ruler: Ruler) -> Structure:
    lengths = np.arange(1, ruler.reach + 1)
    boxed = sample.boxed()
    found = [chord_lengths(box, **ruler.scale) for box in boxed.arrays]
    if not found:
        unknown = _unknown(lengths, sample.n_rows, ruler)
        return Structure({"chord_lengths": unknown}, {"mean_chord_length": Quantity(np.nan)})
    counts = boxed.spread(np.array([chords.n_chords for chords in found]))  # (n_boxes, n_rows)
    densities = boxed.spread(np.array([_fitted(chords.by_axis, ruler.reach) for chords in found]))  # (..., n)
    by_axis = average(densities, counts[:, :, None])
    means = average(boxed.spread(np.nan_to_num([chords.mean_by_axis for chords in found])), counts)
    overall = average(np.nan_to_num([chords.mean for chords in found]), counts.sum(axis=1))
    samples = np.broadcast_to(counts.sum(axis=0)[:, None], by_axis.shape)
    curve = fit_curve(by_axis, samples, lengths, ruler)
    return Structure({"chord_lengths": curve}, {"mean_chord_length": Quantity(float(overall), means)})


def _measure_clusters(sample: Sample, ruler: Ruler) -> Structure:
    distances = np.arange(ruler.reach + 1)
    rows = []
    for group in sample.windows(ruler.window):
        curves = [two_point_cluster(window, max_distance=min(ruler.reach, len(window) - 1)) for window in group]
        rows.append(pool(curves) if curves else _unknown(distances, 1, ruler))
    by_axis = _fitted([row.values for row in rows], len(distances), np.nan)
    samples = _fitted([row.samples.sum(axis=0) for row in rows], len(distances))
    return Structure({"two_point_cluster": fit_curve(by_axis, samples, distances, ruler)}, {})


def _measure_pores(sample: Sample, ruler: Ruler) -> Structure:
    diameters = np.arange(1, ruler.reach + 1, 2)
    groups = [[w for w in group if 0 < w.mean() < 1] for group in sample.windows(ruler.window)]
    areas = [np.array([np.count_nonzero(window) for window in group]) for group in groups]
    rows = np.full((len(groups), len(diameters)), np.nan)
    means = np.full(len(groups), np.nan)
    for i, (group, area) in enumerate(zip(groups, areas, strict=True)):
        found = [pore_size_distribution(window, **ruler.scale) for window in group]
        if found:
            rows[i] = average(np.array([_fitted(p.cumulative, len(diameters)) for p in found]), area[:, None])
            means[i] = average(np.array([p.mean for p in found]), area)
    total = np.array([area.sum() for area in areas])
    samples = np.broadcast_to(total[:, None], rows.shape)
    overall = average(np.nan_to_num(means), total)
    curve = fit_curve(rows, samples, diameters, ruler)
    return Structure({"pore_sizes": curve}, {"mean_pore_size": Quantity(float(overall), means)})


STATISTICS: dict[str, Callable[[Sample, Ruler], Structure]] = {
    "two-point correlation": _measure_two_point,
    "lineal path": _measure_lineal_path,
    "chord lengths": _measure_chords,
    "two-point cluster function": _measure_clusters,
    "pore sizes": _measure_pores,
}
"""Measuring functions by task name; together they provide all `CURVES` and `QUANTITIES`."""

OF_FURTHER_PHASES = tuple(name for name in STATISTICS if name != "two-point cluster function")
"""Tasks for phases other than the phase of interest; the cluster function takes longer than all others together."""


def _fitted(rows: Sequence[Numbers] | Numbers, n: int, fill: float = 0) -> Numbers:
    """Return rows of `n` entries, cropped or filled as needed."""
    values = np.asarray(rows)
    missing = max(0, n - values.shape[-1])
    padding = [(0, 0)] * (values.ndim - 1) + [(0, missing)]
    fitted: Numbers = np.pad(values, padding, constant_values=fill)[..., :n]
    return fitted


def fit_curve(by_axis: Numbers, samples: Numbers, distances: Numbers, ruler: Ruler) -> Curve:
    """Return a curve at distances in whole voxels, filled with NaN where unknown."""
    n = len(distances)
    counts = np.asarray(_fitted(samples, n), np.int64)
    distance = distances * ruler.voxel.value
    return Curve(distance, _fitted(by_axis, n, np.nan), counts, ruler.voxel.unit)


def _unknown(distances: Numbers, n_rows: int, ruler: Ruler) -> Curve:
    shape = (n_rows, len(distances))
    return fit_curve(np.full(shape, np.nan), np.zeros(shape), distances, ruler)
