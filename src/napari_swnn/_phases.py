"""Choice of the phase of interest among the labels of an image, and of the labels of its reconstruction.

The rule holds in Python, in the shell and in the panels: the requested label, otherwise 1 if it is present, otherwise
the highest label.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._types import BoolArray, Labels

MOST_PHASES = 8
"""Largest number of labels that are taken for phases; more are numbers of objects, or grey levels."""

_DOMINATING = 0.5
"""Least fraction of two values for the others to be a smear between them, as lossy compression leaves at edges."""
_EDGE = 0.125
"""Largest distance of these two values from the lowest and highest value, as a fraction of the range."""


@dataclass(frozen=True, slots=True)
class PhaseChoice:
    """Phase of interest of an image, and the labels of its reconstruction.

    Attributes
    ----------
    phase : int
        Label of the phase of interest in a reconstruction.
    background : int or None
        Label of all other voxels in a reconstruction of two phases; never the label of another phase of the image.
        ``None`` if the reconstruction has more phases.
    others : tuple of int
        Other labels of the image, in ascending order.
    fractions : dict of int to float
        Fraction of each label of the image, in [0, 1].
    rest_of : int or None
        Label of the background, if everything else is the phase of interest; otherwise ``None``.
    """

    phase: int
    background: int | None
    others: tuple[int, ...]
    fractions: dict[int, float]
    rest_of: int | None = None

    @classmethod
    def of_model(cls, phases: Sequence[int]) -> PhaseChoice:
        """Return the choice that a model was trained with, from its labels; their fractions are not known."""
        phase, *others = phases
        return cls(phase, others[0] if len(others) == 1 else None, tuple(others), {})

    @property
    def phases(self) -> tuple[int, ...]:
        """Labels of the reconstruction: the phase of interest, then the others in ascending order."""
        return (self.phase, *self.others) if self.background is None else (self.phase, self.background)

    @property
    def fraction(self) -> float:
        """Volume fraction of the phase of interest, in (0, 1)."""
        return self.fractions[self.phase] if self.rest_of is None else 1 - self.fractions[self.rest_of]

    @property
    def merges(self) -> bool:
        """True if several labels of the image become one background."""
        return self.background is not None and len(self.others) > 1

    def select(self, labels: Labels) -> BoolArray:
        """Return ``True`` in the phase of interest of `labels`, an image or volume with the labels of the image."""
        found: BoolArray = labels == self.phase if self.rest_of is None else labels != self.rest_of
        return found

    def describe(self) -> str:
        """Return one line that names the phase of interest and the background with their fractions."""
        own, rest = _percent(self.fraction), _percent(1 - self.fraction)
        if self.rest_of is not None and len(self.fractions) > 2:
            return (
                f"everything but {self.rest_of} is the phase of interest, label {self.phase}, {own} of the image; "
                f"background {self.background} is {rest}"
            )
        if len(self.others) == 1:
            return f"phase {self.phase} is {own} of the image; background {self.background} is {rest}"
        shares = [f"{label} ({_percent(self.fractions[label])})" for label in self.others]
        listed = f"{', '.join(shares[:-1])} and {shares[-1]}"
        if not self.merges:
            return f"phase {self.phase} is {own} of the image; the other phases are {listed}"
        return (
            f"phase {self.phase} is {own} of the image; labels {listed} become one background, label {self.background}"
        )


def measure_fractions(parts: Iterable[Labels]) -> dict[int, float]:
    """Return the fraction of each label over all parts, in ascending order of the labels.

    Parameters
    ----------
    parts : iterable of numpy.ndarray
        Labels of any shape.
    """
    counts: dict[int, int] = {}
    for part in parts:
        for value, count in zip(*_count(part), strict=True):
            counts[int(value)] = counts.get(int(value), 0) + int(count)
    total = sum(counts.values())
    return {value: counts[value] / total for value in sorted(counts)}


def choose_phase(
    fractions: Mapping[int, float],
    phase: int | None = None,
    *,
    merge: bool = False,
    rest_of: int | None = None,
    name: str = "labels",
) -> PhaseChoice:
    """Choose the phase of interest: the requested label, otherwise 1 if it is present, otherwise the highest.

    With two labels, the other one is the background. With more, each label is a phase.

    Parameters
    ----------
    fractions : mapping of int to float
        Fraction of each label of the image, as `measure_fractions` returns.
    phase : int, optional
        Label of the phase of interest.
    merge : bool
        If True, all other labels become one background, labelled with the smallest non-negative integer that is no
        label of the image.
    rest_of : int, optional
        Label of the background: everything else is the phase of interest, whatever the number of labels. The background
        keeps its label. The phase of interest is labelled 1 beside a background of 0, and otherwise with the smallest
        positive integer that is no label of the image; a single other label keeps its value.
    name : str
        Name of the image in error messages.

    Raises
    ------
    ValueError
        If there is a single label or more than `MOST_PHASES` of them, the requested label is absent, or both `phase`
        and `rest_of` are passed.

    Examples
    --------
    >>> choose_phase({0: 0.8, 255: 0.2}).describe()
    'phase 255 is 20.0 % of the image; background 0 is 80.0 %'
    >>> choose_phase({0: 0.3, 1: 0.5, 2: 0.2}).describe()
    'phase 1 is 50.0 % of the image; the other phases are 0 (30.0 %) and 2 (20.0 %)'
    >>> choose_phase({0: 0.3, 1: 0.5, 2: 0.2}, merge=True).describe()
    'phase 1 is 50.0 % of the image; labels 0 (30.0 %) and 2 (20.0 %) become one background, label 3'
    """
    found = {int(label): float(fractions[label]) for label in sorted(fractions)}
    if phase is not None and rest_of is not None:
        raise ValueError(
            f"phase and rest_of must not both be given, got phase={phase} and rest_of={rest_of}; pass one of them"
        )
    if len(found) < 2:
        only = ", ".join(map(str, found)) or "none"
        raise ValueError(
            f"{name} must hold at least two phases, got the single value {only}; paint or threshold the other phase"
        )
    if rest_of is not None:
        _check_present(rest_of, found, "rest_of", name)
        return _all_but(rest_of, found)
    if len(found) > MOST_PHASES:
        raise ValueError(explain_many_labels(found, name=name))
    if phase is None:
        phase = usual_phase(found)
    _check_present(phase, found, "phase", name)
    others = tuple(label for label in found if label != phase)
    if len(others) == 1:
        return PhaseChoice(int(phase), others[0], others, found)
    return PhaseChoice(int(phase), first_free(found) if merge else None, others, found)


def scale_fractions(fractions: Sequence[float], porosity: float) -> tuple[float, ...]:
    """Return fractions with the first one changed to `porosity` and the others changed in proportion.

    Examples
    --------
    >>> scale_fractions((0.5, 0.25, 0.25), 0.2)
    (0.2, 0.4, 0.4)
    """
    first, *others = fractions
    if first == porosity:
        return tuple(fractions)
    scale = (1 - porosity) / sum(others)
    return (porosity, *(scale * other for other in others))


def usual_phase(labels: Collection[int]) -> int:
    """Return the phase of interest if none is requested: 1 if it is present, otherwise the highest label."""
    return 1 if 1 in labels else max(labels)


def explain_many_labels(fractions: Mapping[int, float], *, name: str = "labels") -> str:
    """Return the message for an image with more than `MOST_PHASES` labels, which tells grey levels from objects."""
    values = sorted(fractions)
    found = f"{len(values)} values from {values[0]} to {values[-1]}"
    several = f"{name} must hold at most {MOST_PHASES} phases, got {found}"
    low, high = sorted(sorted(values, key=lambda value: -fractions[value])[:2])
    margin = _EDGE * (values[-1] - values[0])
    both = fractions[low] + fractions[high]
    if both > _DOMINATING and low <= values[0] + margin and high >= values[-1] - margin:
        return (
            f"{several}, of which {low} and {high} fill {_percent(both)}: grey levels between two phases, as JPEG or "
            f"resizing leaves at edges; threshold it, for example labels > {(low + high) // 2}"
        )
    return (
        f"{several}, which look like numbers of objects or grey levels; for objects, take everything but the "
        f"background (rest_of={values[0]} for a Reference, --all-but {values[0]} in the shell, labels != {values[0]} "
        "elsewhere); segment grey levels first, for example with a threshold or napari_swnn.prepare"
    )


def check_few_labels(labels: Any, phase: int | None = None, *, name: str = "labels") -> None:
    """Raise an error if the middle plane of a volume shows grey levels or numbers of objects.

    Only this plane is counted, as counting all voxels takes long.

    Parameters
    ----------
    labels : numpy or dask array
        Labels ``(y, x)`` or ``(z, y, x)``.
    phase : int, optional
        Phase of interest; beside the lowest label, the background of objects, any number of labels is allowed.
    name : str
        Name of the volume in the error message.

    Raises
    ------
    ValueError
        If there are more than `MOST_PHASES` labels.
    """
    middle = labels if labels.ndim == 2 else labels[len(labels) // 2]
    fractions = measure_fractions([np.asarray(middle)])
    if len(fractions) > MOST_PHASES and phase != min(fractions):
        raise ValueError(explain_many_labels(fractions, name=name if labels.ndim == 2 else f"the middle of {name}"))


def _all_but(rest_of: int, fractions: dict[int, float]) -> PhaseChoice:
    others = [label for label in fractions if label != rest_of]
    new = 1 if rest_of == 0 else first_free(fractions, low=1)
    phase = others[0] if len(others) == 1 else new
    return PhaseChoice(phase, int(rest_of), (int(rest_of),), fractions, int(rest_of))


def _check_present(label: int, fractions: Mapping[int, float], what: str, name: str) -> None:
    if label not in fractions:
        raise ValueError(f"{what} must be one of the values of {name} ({list_labels(fractions)}), got {label}")


def list_labels(labels: Iterable[int]) -> str:
    """Return labels as text, at most eight of them."""
    values = [int(label) for label in labels]
    return ", ".join(map(str, values[:MOST_PHASES])) + (", …" if len(values) > MOST_PHASES else "")


def first_free(taken: Collection[int], *, low: int = 0) -> int:
    """Return the smallest integer from `low` on that is none of the labels."""
    return next(label for label in range(low, low + len(taken) + 1) if label not in taken)


def _count(part: Labels) -> tuple[Labels, Labels]:
    """Return the labels of an array and their numbers of voxels; counting is faster than sorting for small integers."""
    if part.dtype.kind == "u" and part.dtype.itemsize <= 2:
        counts = np.bincount(part.ravel(), minlength=1)
        values = np.flatnonzero(counts)
        return values, counts[values]
    found: tuple[Labels, Labels] = np.unique(part, return_counts=True)
    return found


def _percent(fraction: float) -> str:
    """Format a fraction as a percentage that is neither 0 nor 100 unless it is exact."""
    digits = 1 if 0.0005 <= fraction < 0.9995 or fraction in (0, 1) else 4
    return f"{100 * fraction:.{digits}f} %"
