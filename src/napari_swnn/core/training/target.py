"""Target fractions of a training: for one structure, or for ranges of fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_swnn._checks import check_in_range
from napari_swnn._phases import list_labels, scale_fractions
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.network.fraction_box import FractionBox

SUM_TOLERANCE = 1e-3
"""Deviation of the sum of fractions from 1 that counts as rounding."""
_LEAST_FRACTION = 1e-6
"""Fraction below which a phase counts as absent."""


@dataclass(frozen=True, slots=True)
class Target:
    """Fractions to train for.

    Attributes
    ----------
    fractions : tuple of float
        Fraction of each phase, in the order of `Reference.phases`; they sum to 1. For ranges, the default.
    box : FractionBox or None
        Ranges of fractions from which each volume may choose; None for a single structure.
    """

    fractions: tuple[float, ...]
    box: FractionBox | None = None

    @property
    def porosity(self) -> float:
        """Fraction of the phase of interest."""
        return self.fractions[0]

    @property
    def porosity_range(self) -> tuple[float, float] | None:
        """Lowest and highest fraction of the phase of interest if only this one may be chosen; otherwise None."""
        return None if self.box is None else self.box.porosity_range

    @property
    def free(self) -> tuple[float, ...]:
        """Default of the fractions that may be chosen: the porosity, or those of the box."""
        return (self.porosity,) if self.box is None else tuple(map(float, self.box.free_of(self.fractions)))

    @property
    def ends(self) -> tuple[tuple[float, ...], ...]:
        """Fractions that must be reachable, and with them all others: the target, or the corners of the box."""
        if self.box is None:
            return (self.fractions,)
        return tuple(tuple(map(float, corner)) for corner in self.box.corners())

    def fractions_of(self, free: Sequence[float]) -> tuple[float, ...]:
        """Return the fractions of all phases for those that may be chosen."""
        return self.fractions if self.box is None else tuple(map(float, self.box.fractions(free)))

    def means_of(self, free: Sequence[float]) -> tuple[float, ...]:
        """Return the mean of each channel for the fractions that may be chosen."""
        return channel_means(self.fractions_of(free))


def resolve_target(
    reference: Reference,
    porosity: float | tuple[float, float] | None,
    fractions: Mapping[int, float | tuple[float, float]] | None,
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
        if _has_ranges(fractions):
            box = check_ranges(fractions, reference)
            return _target_in(box, own) if len(own) > 2 else _range_target(box.corners()[:, 0].tolist(), own, reachable)
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
    return _range_target(limits, own, reachable)


def _range_target(limits: Sequence[float], own: tuple[float, ...], reachable: tuple[float, float]) -> Target:
    low, high = (_check_porosity(limit, reachable) for limit in limits)
    middle = own[0] if low <= own[0] <= high else (low + high) / 2
    ranges = ((low, high), *[None] * (len(own) - 1))
    return Target(scale_fractions(own, middle), FractionBox.of(ranges, own))


def _target_in(box: FractionBox, own: tuple[float, ...]) -> Target:
    return Target(own if box.contains(own) else tuple(map(float, box.centre)), box)


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
    phases = _check_phases(fractions, reference)
    given = {label: _check_fraction(value, f"fractions[{label}]") for label, value in fractions.items()}
    missing = [label for label in phases if label not in given]
    total = sum(given.values())
    if (missing and total >= 1) or (not missing and abs(total - 1) > SUM_TOLERANCE):
        wanted = "to less than 1, to leave room for the other phases" if missing else "to 1"
        raise ValueError(f"fractions must sum {wanted}, got a sum of {total:.4g}; lower one of them")
    own = sum(reference.fractions[label] for label in missing)
    shared = {label: (1 - total) * reference.fractions[label] / own for label in missing}
    scale = 1 if missing else 1 / total
    return tuple(scale * given[label] if label in given else shared[label] for label in phases)


def check_ranges(fractions: Mapping[int, float | tuple[float, float]], reference: Reference) -> FractionBox:
    """Return the box of target fractions for ranges of some phases.

    Parameters
    ----------
    fractions : mapping
        Fraction of each phase by label, or its range ``(low, high)``. Phases that are not given share the rest in the
        proportion of the reference.
    reference : Reference
        Reference to train on.

    Raises
    ------
    ValueError
        If a label is no phase, a fraction is not between 0 and 1, or the ranges leave no choice or no room for another
        phase.
    """
    phases = _check_phases(fractions, reference)
    ranges = {}
    for label, value in fractions.items():
        name = f"fractions[{label}]"
        pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
        if len(pair) != 2 or (isinstance(value, tuple | list) and not pair[0] < pair[1]):
            raise ValueError(f"{name} must be one number, or a range (low, high) with low < high, got {value!r}")
        ranges[label] = (_check_fraction(pair[0], name), _check_fraction(pair[1], name))
    box = FractionBox.of([ranges.get(label) for label in phases], tuple(reference.fractions.values()))
    corners = box.corners()
    if len(corners) < 2:
        lowest = sum(low for low, _ in ranges.values())
        highest = sum(high for _, high in ranges.values())
        raise ValueError(
            "fractions must have ranges within which different fractions sum to 1, got ranges with sums from "
            f"{lowest:.4g} to {highest:.4g}; widen or shift one of them"
        )
    if corners.min() <= _LEAST_FRACTION:
        raise ValueError(
            "fractions must leave room for every phase, got ranges in which others fill the whole volume; lower the "
            "upper end of one of them"
        )
    return box


def _has_ranges(fractions: Any) -> bool:
    return isinstance(fractions, Mapping) and any(isinstance(value, tuple | list) for value in fractions.values())


def _check_phases(fractions: Any, reference: Reference) -> tuple[int, ...]:
    """Return the phases of a reference if all given labels are among them."""
    if not isinstance(fractions, Mapping):
        raise TypeError(f"fractions must map labels to fractions, such as {{1: 0.3}}, got {type(fractions).__name__}")
    phases = reference.phases
    absent = [label for label in fractions if label not in phases]
    if absent or not fractions:
        came = f"label {absent[0]}" if absent else "none"
        raise ValueError(f"fractions must name phases of the reference ({list_labels(phases)}), got {came}")
    return phases


def _check_fraction(value: Any, name: str) -> float:
    return check_in_range(value, 0, 1, name=name, open_low=True, open_high=True)


def _check_porosity(porosity: float, reachable: tuple[float, float]) -> float:
    low, high = reachable
    # A porosity of exactly 0 or 1 is a single phase, with nothing to reconstruct.
    hint = "this is the range that the patterns of the reference can reach"
    return check_in_range(porosity, low, high, name="porosity", hint=hint, open_low=low <= 0, open_high=high >= 1)
