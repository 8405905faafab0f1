"""Results of an ensemble: statistics of all members, their means and their standard deviations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._files import write_csv, write_text
from napari_swnn._voxel_size import format_units

_PERCOLATING = "percolating_axes"


@dataclass(frozen=True, slots=True)
class Member:
    """Realisation of a model of an ensemble.

    Attributes
    ----------
    training, realisation : int
        Numbers of the training and the realisation, starting at 1.
    seed : int
        Seed of the volume.
    model, volume : pathlib.Path
        Paths of the files.
    values : mapping of str to float
        Value of each statistic in `Ensemble.statistics`; NaN if unknown. Empty without validation.
    """

    training: int
    realisation: int
    seed: int
    model: FilePath
    volume: FilePath
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Statistic:
    """Summary of one statistic over all members.

    Attributes
    ----------
    name, unit : str
        Name and unit for tables.
    reference, half_width : float
        Value of the reference and half-width of its 95 % confidence interval; NaN if unavailable.
    mean : float
        Mean over all members.
    between_trainings : float
        Standard deviation of the means of the trainings; NaN for a single training. It includes a contribution of
        ``between_realisations / sqrt(n_realisations)`` even if all trainings are identical.
    between_realisations : float
        Standard deviation within trainings, pooled over all trainings; NaN for a single realisation.
    """

    name: str
    unit: str
    reference: float
    half_width: float
    mean: float
    between_trainings: float
    between_realisations: float


@dataclass(frozen=True, eq=False, slots=True)
class Ensemble:
    """Several trainings on one reference with realisations of each.

    Attributes
    ----------
    folder : pathlib.Path
        Folder of models, volumes, reports and tables.
    members : tuple of Member
        All realisations, ordered by training.
    statistics : dict of Statistic
        Statistics by name: ``porosity``, ``specific_surface``, …, as in a `ValidationReport`;
        ``two_point_correlation_error``, ``lineal_path_error``, …, the mean difference between a curve and the curve of
        the reference; and ``percolating_axes``, the number of axes along which the phase percolates. With more than two
        phases, the names end in the labels of the phase or phases, such as ``volume_fraction_2``. Empty without
        validation.
    """

    folder: FilePath
    members: tuple[Member, ...]
    statistics: dict[str, Statistic]

    @property
    def n_trainings(self) -> int:
        """Number of models."""
        return max(member.training for member in self.members)

    @property
    def n_realisations(self) -> int:
        """Number of volumes per model."""
        return len(self.members) // self.n_trainings

    def summary(self) -> str:
        """Return a text table of all statistics."""
        title = f"{self.n_trainings} training(s) with {self.n_realisations} realisation(s) each, in {self.folder.name}"
        if not self.statistics:
            return title
        head = ("", "reference", "mean", "trainings ±", "realisations ±", "unit")
        found = map(_text_row, self.statistics.values())
        rows = [head, *((*row, format_units(unit)) for *row, unit in found)]
        lines = [
            f"{name:46s}{ref:>12s}{mean:>12s}{t:>14s}{r:>16s}  {unit}".rstrip() for name, ref, mean, t, r, unit in rows
        ]
        return "\n".join([title, "", *lines])

    def save(self) -> None:
        """Write ``members.csv``, ``summary.csv`` and ``summary.txt`` into the folder."""
        columns = ("training", "realisation", "seed", "model", "volume", *self.statistics)
        write_csv(self.folder / "members.csv", columns, map(self._member_row, self.members))
        columns = ("statistic", "name", "unit", "reference", "half_width_95", "mean", "between_trainings")
        rows = [(key, *_csv_row(statistic)) for key, statistic in self.statistics.items()]
        write_csv(self.folder / "summary.csv", (*columns, "between_realisations"), rows)
        write_text(self.folder / "summary.txt", f"{self.summary()}\n")

    def _member_row(self, member: Member) -> Sequence[Any]:
        files = (path.relative_to(self.folder).as_posix() for path in (member.model, member.volume))
        values = (_number(member.values[key]) for key in self.statistics)
        return (member.training, member.realisation, member.seed, *files, *values)


def extract_values(report: Mapping[str, Any]) -> dict[str, float]:
    """Return the statistics of a report on a single volume, from `ValidationReport.to_dict`."""
    values = {}
    for group, suffix, _ in _groups(report):
        for key, quantity in group["quantities"].items():
            values[f"{key}{suffix}"] = _known(quantity["realisations"][0]["value"])
        for key, curve in group["curves"].items():
            values[f"{key}_error{suffix}"] = _known(curve["mean_error"])
        for connectivity in group.get("connectivity", ()):
            values[f"{_PERCOLATING}{suffix}"] = float(sum(connectivity["percolates"].values()))
    return values


def _groups(report: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str, str]]:
    """Return the groups of results, each with a suffix for the names of its statistics and a prefix for its titles.

    A report on two phases has the results of the phase of interest; one on more has a group for each phase, pair and
    triple of phases, and for all of them.
    """
    if "phases" not in report:
        return [(report, "", "")]
    groups = [*report["phases"], *report["pairs"], *report["triples"]]
    several = [(group, "_" + "_".join(map(str, group["labels"])), f"{group['name']}: ") for group in groups]
    return [*several, (report["whole"], "", "")]


def summarise(report: Mapping[str, Any], values: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, Statistic]:
    """Compute the mean and the standard deviations of each statistic.

    Parameters
    ----------
    report : mapping
        Any one of the reports; names, units and reference values are the same in all of them.
    values : sequence of sequence of mapping
        Values of each realisation, for each training.
    """
    statistics = {}
    for key, (name, unit, reference, half_width) in _described(report).items():
        table = np.array([[realisation[key] for realisation in training] for training in values])  # (k, m)
        trainings, realisations = table.shape
        statistics[key] = Statistic(
            name,
            unit,
            reference,
            half_width,
            mean=float(table.mean()),
            between_trainings=float(table.mean(axis=1).std(ddof=1)) if trainings > 1 else np.nan,
            between_realisations=float(np.sqrt(table.var(axis=1, ddof=1).mean())) if realisations > 1 else np.nan,
        )
    return statistics


def _described(report: Mapping[str, Any]) -> dict[str, tuple[str, str, float, float]]:
    """Return the name, unit, reference value and half-width of its interval for each statistic."""
    described = {}
    for group, suffix, title in _groups(report):
        for key, quantity in group["quantities"].items():
            reference = quantity["reference"] or {"value": None, "half_width_95": None}
            known = _known(reference["value"]), _known(reference["half_width_95"])
            described[f"{key}{suffix}"] = (f"{title}{quantity['name']}", quantity["unit"], *known)
        for key, curve in group["curves"].items():
            name = f"{title}{curve['name']}: mean difference"
            described[f"{key}_error{suffix}"] = (name, curve["unit"], np.nan, np.nan)
        if group.get("connectivity"):
            described[f"{_PERCOLATING}{suffix}"] = (f"{title}percolating axes (of 3)", "", np.nan, np.nan)
    return described


def _known(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _number(value: float) -> str:
    return f"{value:.10g}" if np.isfinite(value) else ""


def _csv_row(statistic: Statistic) -> Sequence[str]:
    numbers = (statistic.reference, statistic.half_width, statistic.mean)
    spreads = (statistic.between_trainings, statistic.between_realisations)
    return (statistic.name, statistic.unit, *map(_number, (*numbers, *spreads)))


def _text_row(statistic: Statistic) -> Sequence[str]:
    numbers = (statistic.reference, statistic.mean, statistic.between_trainings, statistic.between_realisations)
    return (statistic.name, *(f"{n:.4g}" if np.isfinite(n) else "–" for n in numbers), statistic.unit)
