"""Agreement of the sections of a reference: whether they can show one material."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.section import Section, thin_evenly
from napari_swnn.statistics import volume_fraction_interval

SIGNIFICANCE = 0.01
"""Probability that sections of one material are reported as different."""
MOST_SECTIONS = 16
"""Number of sections from which evenly spaced ones are compared."""
_FRACTIONS = (0.5, 1.0, 2.0)
"""Distances at which the two-point correlation is compared, in correlation lengths."""
_SIDE = 3
"""Number of parts along each side of a section, whose scatter gives the error of its two-point correlation."""
_SMALLEST = 8
"""Smallest side of a part, in pixels."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Property in which one section differs from the others by more than their statistical errors.

    Attributes
    ----------
    section : int
        Index of the section.
    quantity : str
        ``"porosity"``, for more than two phases ``"volume fraction"``, or ``"two-point correlation"``.
    distance : float
        Distance of the two-point correlation in the unit of the reference; 0 for the fraction.
    value, others : float
        Value of the section, and that of the other sections together, in [0, 1].
    tolerance : float
        Largest difference that the errors explain.
    phase : int
        Label of the phase: of two phases the phase of interest, of more the first one that differs.
    """

    section: int
    quantity: str
    distance: float
    value: float
    others: float
    tolerance: float
    phase: int


def find_disagreements(reference: Reference) -> tuple[Disagreement, ...]:
    """Compare each section of a reference with the others, and return significant differences.

    Parameters
    ----------
    reference : Reference
        Reference from several sections. A volume, or a single section, has nothing to compare.

    Returns
    -------
    tuple of Disagreement
        At most one for each section, with fractions before correlations; empty if the sections can show one material.

    Notes
    -----
    The fraction of a phase in a section has the error of `napari_swnn.statistics.volume_fraction_interval`. The
    two-point correlation is compared as φ - S₂(r), the probability that a segment begins in the phase and ends outside,
    because its expectation does not depend on the size of a section; its error is that of the mean over 3 × 3 parts. Of
    two phases the phase of interest is compared, of more each phase. Differences are significant at the level
    `SIGNIFICANCE` divided by the number of comparisons (Bonferroni).
    """
    if len(reference.directions) != 1 or len(reference.directions[0]) < 2:
        return ()
    everything = reference.directions[0]
    numbers = thin_evenly(range(len(everything)), MOST_SECTIONS)
    sections = [everything[number] for number in numbers]
    level = SIGNIFICANCE / (len(sections) * (1 + len(_FRACTIONS)) * reference.n_channels)
    phases = [_Phase.measure(sections, i) for i in range(reference.n_channels)]
    found = []
    for i in range(len(sections) if len(sections) > 2 else 1):  # two sections differ from each other
        compared = (
            (phase, compare(each, i, level, reference))
            for compare in (_compare_fractions, _compare_crossings)
            for phase, each in zip(reference.phases, phases, strict=False)
        )
        different = next(((phase, found) for phase, found in compared if found is not None), None)
        if different is not None:
            phase, (quantity, distance, values) = different
            found.append(Disagreement(numbers[i], quantity, distance, *values, phase))
    return tuple(found)


_Difference = tuple[str, float, tuple[float, float, float]]
_Measured = tuple[float, float, float]
"""Fraction, its standard error, and the correlation length in pixels."""


@dataclass(frozen=True, eq=False, slots=True)
class _Phase:
    """Measurements of one phase in all sections: fractions, and φ - S₂ of the parts ``(parts, lags)`` at each lag."""

    measured: list[_Measured]
    lags: list[int]
    crossings: list[FloatArray]

    @classmethod
    def measure(cls, sections: Sequence[Section], position: int) -> _Phase:
        """Measure the phase at a position in `Reference.phases`."""
        own = [Section.of_phase(section.indicator(position), section.inside) for section in sections]
        measured = [_measure(section) for section in own]
        lags = _lags([length for _, _, length in measured], own)
        return cls(measured, lags, [_crossings(section, lags) for section in own])


def _measure(section: Section) -> _Measured:
    visible = section.image[section.inside]
    porosity = float(visible.mean())
    if porosity in (0.0, 1.0):  # without an interface, nothing is known about the size of its features
        return porosity, 0.5, 1.0
    mask = None if section.inside.all() else section.inside
    interval = volume_fraction_interval(section.image, mask=mask)
    error = interval.half_width / NormalDist().inv_cdf((1 + interval.confidence) / 2)
    return porosity, error, float(np.sqrt(interval.integral_range / np.pi))


def _compare_fractions(phase: _Phase, i: int, level: float, reference: Reference) -> _Difference | None:
    values = np.array([fraction for fraction, _, _ in phase.measured])
    variances = np.square([error for _, error, _ in phase.measured])
    rest = np.arange(len(values)) != i
    weights = 1 / variances[rest]
    others = float(np.average(values[rest], weights=weights))
    tolerance = NormalDist().inv_cdf(1 - level / 2) * float(np.sqrt(variances[i] + 1 / weights.sum()))
    if abs(values[i] - others) <= tolerance:
        return None
    return "porosity" if reference.n_channels == 1 else "volume fraction", 0.0, (float(values[i]), others, tolerance)


def _lags(lengths: Sequence[float], sections: Sequence[Section]) -> list[int]:
    """Return the distances to compare, in pixels, that fit into the parts of all sections."""
    most = min(min(section.image.shape) for section in sections) // _SIDE - 1
    wanted = [max(1, round(fraction * float(np.median(lengths)))) for fraction in _FRACTIONS]
    return sorted({lag for lag in wanted if lag <= most}) if most >= _SMALLEST else []


def _crossings(section: Section, lags: Sequence[int]) -> FloatArray:
    """Return φ - S₂ at each distance, ``(parts, lags)``; parts without a pair of pixels are left out."""
    rows = []
    for part in _parts(section):
        row = [_crossing(part, lag) for lag in lags]
        if np.isfinite(row).all():
            rows.append(row)
    return np.array(rows).reshape(len(rows), len(lags))


def _crossing(section: Section, lag: int) -> float:
    """Return half of the probability that the ends of a segment along the axes lie in different phases."""
    crossed = total = 0
    for axis in (0, 1):
        n = section.image.shape[axis]
        first, second = (np.take(section.image, range(*ends), axis) for ends in ((0, n - lag), (lag, n)))
        inside = np.take(section.inside, range(n - lag), axis) & np.take(section.inside, range(lag, n), axis)
        crossed += int(np.count_nonzero((first != second) & inside))
        total += int(np.count_nonzero(inside))
    return crossed / (2 * total) if total else np.nan


def _parts(section: Section) -> list[Section]:
    height, width = (n // _SIDE for n in section.image.shape)
    windows = [
        (slice(i * height, (i + 1) * height), slice(j * width, (j + 1) * width))
        for i, j in product(range(_SIDE), repeat=2)
    ]
    return [Section(section.positions[window], section.inside[window]) for window in windows]


def _compare_crossings(phase: _Phase, i: int, level: float, reference: Reference) -> _Difference | None:
    """Return the first distance at which the means differ, by Welch's t test."""
    own = phase.crossings[i]
    rest = np.concatenate([rows for k, rows in enumerate(phase.crossings) if k != i])
    if len(own) < 2 or len(rest) < 2:
        return None
    for k, lag in enumerate(phase.lags):
        means = float(own[:, k].mean()), float(rest[:, k].mean())
        squares = own[:, k].var(ddof=1) / len(own), rest[:, k].var(ddof=1) / len(rest)
        total = sum(squares)
        if total == 0:
            continue
        freedom = total**2 / (squares[0] ** 2 / (len(own) - 1) + squares[1] ** 2 / (len(rest) - 1))
        tolerance = float(stdtrit(freedom, 1 - level / 2) * np.sqrt(total))
        if abs(means[0] - means[1]) > tolerance:
            return "two-point correlation", lag * reference.voxel_size, (*means, tolerance)
    return None
