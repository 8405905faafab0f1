"""Target fractions of a training: for one structure, or as a function of the porosity in a range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_swnn._checks import check_in_range
from napari_swnn._phases import list_labels, scale_fractions
from napari_swnn.core.descriptor.reference import Reference

SUM_TOLERANCE = 1e-3
"""Deviation of the sum of fractions from 1 that counts as rounding."""


@dataclass(frozen=True, slots=True)
class Target:
    """Fractions to train for.

    Attributes
    ----------
    fractions : tuple of float
        Fraction of each phase, in the order of `Reference.phases`; they sum to 1. For a range, the default.
    porosity_range : tuple of float or None
        Lowest and highest fraction of the phase of interest; None for a single structure.
    """

    fractions: tuple[float, ...]
    porosity_range: tuple[float, float] | None = None

    @property
    def porosity(self) -> float:
        """Fraction of the phase of interest."""
        return self.fractions[0]

    @property
    def ends(self) -> tuple[tuple[float, ...], ...]:
        """Fractions that must be reachable: the target, or those at both ends of the range."""
        if self.porosity_range is None:
            return (self.fractions,)
        return tuple(self.fractions_at(porosity) for porosity in self.porosity_range)

    def fractions_at(self, porosity: float) -> tuple[float, ...]:
        """Return the fractions at a porosity, with the other phases in the proportion of `fractions`."""
        return scale_fractions(self.fractions, porosity)

    def means_at(self, porosity: float) -> tuple[float, ...]:
        """Return the mean of each channel at a porosity: only the porosity for two phases, otherwise all fractions."""
        return channel_means(self.fractions_at(porosity))


def resolve_target(
    reference: Reference,
    porosity: float | tuple[float, float] | None,
    fractions: Mapping[int, float] | None,
    reachable: tuple[float, float],
) -> Target:
    """Check the target of a training and return it.

    Parameters
    ----------
    reference : Reference
        Reference to train on.
    porosity, fractions
        See `train`.
    reachable : tuple of float
        Lowest and highest porosity that resampling the patterns of the reference can reach.

    Raises
    ------
    TypeError
        If `fractions` is not a mapping.
    ValueError
        If both are given, a porosity lies outside the reachable range, or the fractions are not valid.
    """
    own = tuple(reference.fractions.values())
    if fractions is not None:
        if porosity is not None:
            raise ValueError(
                f"porosity and fractions must not both be given, got porosity={porosity} and fractions={fractions}; "
                "include the phase of interest in fractions"
            )
        target = check_fractions(fractions, reference)
        return (
            Target(scale_fractions(target, _check_porosity(target[0], reachable))) if len(own) == 2 else Target(target)
        )
    if not isinstance(porosity, tuple | list):
        wanted = _check_porosity(reference.porosity if porosity is None else porosity, reachable)
        return Target(scale_fractions(own, wanted))
    limits = tuple(porosity)
    if len(limits) != 2 or not limits[0] < limits[1]:
        raise ValueError(f"porosity must be one number, or a range (low, high) with low < high, got {porosity!r}")
    low, high = (_check_porosity(limit, reachable) for limit in limits)
    middle = reference.porosity if low <= reference.porosity <= high else (low + high) / 2
    return Target(scale_fractions(own, middle), (low, high))


def channel_means(fractions: tuple[float, ...]) -> tuple[float, ...]:
    """Return the mean of each channel: only the porosity for two phases, otherwise all fractions."""
    return fractions[:1] if len(fractions) == 2 else fractions


def check_fractions(fractions: Any, reference: Reference) -> tuple[float, ...]:
    """Return target fractions in the order of the phases of a reference.

    Parameters
    ----------
    fractions : mapping of int to float
        Fraction of each phase by label. Phases that are not given share the rest in the proportion of the reference.
    reference : Reference
        Reference to train on.

    Raises
    ------
    TypeError
        If `fractions` is not a mapping.
    ValueError
        If a label is no phase, a fraction is not between 0 and 1, or the fractions do not sum to 1.
    """
    if not isinstance(fractions, Mapping):
        raise TypeError(f"fractions must map labels to fractions, such as {{1: 0.3}}, got {type(fractions).__name__}")
    phases = reference.phases
    absent = [label for label in fractions if label not in phases]
    if absent or not fractions:
        came = f"label {absent[0]}" if absent else "none"
        raise ValueError(f"fractions must name phases of the reference ({list_labels(phases)}), got {came}")
    given = {
        label: check_in_range(value, 0, 1, name=f"fractions[{label}]", open_low=True, open_high=True)
        for label, value in fractions.items()
    }
    missing = [label for label in phases if label not in given]
    total = sum(given.values())
    if (missing and total >= 1) or (not missing and abs(total - 1) > SUM_TOLERANCE):
        wanted = "to less than 1, to leave room for the other phases" if missing else "to 1"
        raise ValueError(f"fractions must sum {wanted}, got a sum of {total:.4g}; lower one of them")
    own = sum(reference.fractions[label] for label in missing)
    shared = {label: (1 - total) * reference.fractions[label] / own for label in missing}
    scale = 1 if missing else 1 / total
    return tuple(scale * given[label] if label in given else shared[label] for label in phases)


def _check_porosity(porosity: float, reachable: tuple[float, float]) -> float:
    low, high = reachable
    # A porosity of exactly 0 or 1 is a single phase, with nothing to reconstruct.
    hint = "this is the range that the patterns of the reference can reach"
    return check_in_range(porosity, low, high, name="porosity", hint=hint, open_low=low <= 0, open_high=high >= 1)
