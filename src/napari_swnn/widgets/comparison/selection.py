"""Phases or pair of phases that are shown, of a comparison of more than two phases."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_swnn._sentences import capitalise

if TYPE_CHECKING:
    from napari_swnn.validation import PhaseGroup, ValidationReport

ALL_PHASES: tuple[int, ...] = ()
"""Selection of all phases beside each other; other selections are the labels of a phase or a pair."""


def list_selections(report: "ValidationReport") -> list[tuple[str, tuple[int, ...]]]:
    """Return the entries ``(text, labels)`` of the list of phases and pairs; a single one for two phases."""
    if report.n_phases == 2:
        return [(report.phases[0].name, report.phases[0].labels)]
    return [("all phases", ALL_PHASES), *((group.name, group.labels) for group in (*report.phases, *report.pairs))]


def find_groups(report: "ValidationReport", selection: tuple[int, ...]) -> "tuple[PhaseGroup, ...]":
    """Return the groups of a selection."""
    if selection == ALL_PHASES:
        return report.phases
    return tuple(group for group in (*report.phases, *report.pairs) if group.labels == selection)


def list_curves(groups: "Sequence[PhaseGroup]") -> list[tuple[str, str]]:
    """Return the entries ``(text, key)`` of the curves that all groups have."""
    first = groups[0]
    return [
        (capitalise(curve.name), key)
        for key, curve in first.curves.items()
        if all(key in group.curves for group in groups)
    ]
