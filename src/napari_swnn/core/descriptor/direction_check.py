"""Check that sections of several directions show one material, each the right way round."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from napari_swnn.core.descriptor.axis_agreement import AxisComparer, AxisDifference, Entry
from napari_swnn.core.descriptor.section import Section, thin_evenly

PLANES = {"xy": ("y", "x"), "xz": ("z", "x"), "yz": ("z", "y")}
"""Axes of the arrays of the sections of each plane, rows first."""

SIGNIFICANCE = 0.01
"""Probability that two sets of sections of one material are reported as different."""

_MOST_SECTIONS = 16
"""Number of sections of each plane from which evenly spaced ones are compared."""


@dataclass(frozen=True, slots=True)
class AxisAgreement:
    """Comparison of two sets of sections along an axis that they share.

    Attributes
    ----------
    planes : tuple of str
        Names of the two sets, such as ``("xy", "xz")``; the same twice if a set is compared with itself, along two axes
        that a symmetry makes equivalent.
    axes : tuple of str
        Axis in each set along which they are compared; the same twice unless a symmetry makes them equivalent.
    differences : tuple of AxisDifference
        Differences that their sizes do not explain, the clearest first.
    compared : bool
        False if the sections are too small to show a difference.
    labels : tuple of int
        Label of each phase.
    """

    planes: tuple[str, str]
    axes: tuple[str, str]
    differences: tuple[AxisDifference, ...]
    compared: bool
    labels: tuple[int, ...]

    @property
    def agrees(self) -> bool:
        """True if no difference was found."""
        return not self.differences

    def describe(self) -> str:
        """Return the verdict as one sentence without a full stop."""
        pair, along = " and ".join(self.planes), f" along {self.axes[0]}"
        if self.axes[0] != self.axes[1]:
            pair = " and ".join(f"{plane} along {axis}" for plane, axis in zip(self.planes, self.axes, strict=True))
            along = ""
        if not self.compared:
            return f"{pair} are too small to be compared{along}"
        if self.agrees:
            return f"{pair} agree{along} within what their sizes can tell"
        worst = self.differences[0]
        if worst.quantity == "fraction":
            pair, along = " and ".join(self.planes), ""
        one, other = (f"{value:.3f}" for value in worst.values)
        explained = f"their sizes explain a difference of {worst.tolerance:.3f}"
        return f"{pair} disagree{along}: {_quantity(worst, self.labels)} is {one} and {other}, and {explained}"


@dataclass(frozen=True, slots=True)
class DirectionCheck:
    """Result of `check_directions`.

    Attributes
    ----------
    verdicts : tuple of AxisAgreement
        Comparison of each pair of sets of sections along each axis that they share.
    turns : tuple of tuple of str
        Ways to make all pairs agree along their axes by turning as few sets as possible by 90 degrees: each names the
        planes to turn. Empty if nothing has to be turned, or turning does not help.
    """

    verdicts: tuple[AxisAgreement, ...]
    turns: tuple[tuple[str, ...], ...]

    @property
    def agrees(self) -> bool:
        """True if no pair disagrees."""
        return all(verdict.agrees for verdict in self.verdicts)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences without a full stop on what disagrees, and on what to turn."""
        found = dict.fromkeys(verdict.describe() for verdict in self.verdicts if not verdict.agrees)
        return (*found, *([self.proposal] if self.turns else ()))

    @property
    def proposal(self) -> str:
        """Sentence that proposes what to turn, without a full stop; empty if there is nothing to propose."""
        if not self.turns:
            return ""
        ways = " or ".join(" and ".join(planes) for planes in self.turns)
        return f"turning {ways} by 90° makes the sections agree: check which way round the image was taken"


def check_directions(
    planes: Mapping[str, Sequence[Section]], labels: Sequence[int], *, symmetry_axis: str | None = None
) -> DirectionCheck:
    """Compare sections of several directions along the axes that they share.

    Parameters
    ----------
    planes : mapping of str to sequence of Section
        Sections by the name of their plane: ``"xy"`` with axes ``(y, x)``, ``"xz"`` with axes ``(z, x)``, and ``"yz"``
        with axes ``(z, y)``.
    labels : sequence of int
        Label of each phase, in the order of their numbers.
    symmetry_axis : str, optional
        Axis about which the material is the same in all directions; sections must then also agree along the other two.

    Returns
    -------
    DirectionCheck
        A verdict for each pair, and the turns that make all of them agree.

    Notes
    -----
    Compared are the fraction of each phase, and along the axis its two-point correlation at 0.5, 1 and 2 correlation
    lengths and its lineal path at 1 and 2. Each is the mean of a binary field, whose error follows from the integral
    range of this field. Differences are significant at the level `SIGNIFICANCE`, divided by the number of comparisons
    of the pair (Bonferroni).
    """
    return check_compared(make_comparer(planes, len(labels)), labels, symmetry_axis=symmetry_axis)


def make_comparer(planes: Mapping[str, Sequence[Section]], n_phases: int) -> AxisComparer:
    """Return a comparer of sections by plane, which measures each of their properties once."""
    return AxisComparer(
        {name: thin_evenly(planes[name], _MOST_SECTIONS) for name in PLANES if planes.get(name)}, n_phases
    )


def looks_equal_along_its_axes(comparer: AxisComparer, plane: str) -> bool:
    """Return True if the sections of a plane show no difference between their rows and columns."""
    first, second = (_entry((plane, axis)) for axis in PLANES[plane])
    differences, _ = comparer.compare(first, second, SIGNIFICANCE)
    return not differences


def check_compared(
    comparer: AxisComparer, labels: Sequence[int], *, symmetry_axis: str | None = None
) -> DirectionCheck:
    """Return the result of `check_directions` for the sections of a comparer."""
    pairs = _pairs(comparer.planes, symmetry_axis)
    verdicts = []
    for first, second in pairs:
        differences, compared = comparer.compare(_entry(first), _entry(second), SIGNIFICANCE)
        names, axes = (first[0], second[0]), (first[1], second[1])
        verdicts.append(AxisAgreement(names, axes, differences, compared, tuple(labels)))
    turns = _find_turns(comparer, pairs) if any(_differ_along(verdict.differences) for verdict in verdicts) else ()
    return DirectionCheck(tuple(verdicts), turns)


_Line = tuple[str, str]
"""Plane and one of its axes."""


def _pairs(planes: Iterable[str], symmetry_axis: str | None) -> list[tuple[_Line, _Line]]:
    """Return the axes of planes along which sections must agree."""
    lines = [(plane, axis) for plane in planes for axis in PLANES[plane]]
    return [
        (first, second)
        for first, second in combinations(lines, 2)
        if first[1] == second[1] or (symmetry_axis is not None and symmetry_axis not in (first[1], second[1]))
    ]


def _entry(line: _Line, turned: Collection[str] = ()) -> Entry:
    plane, axis = line
    return plane, PLANES[plane].index(axis) ^ (plane in turned)


def _find_turns(comparer: AxisComparer, pairs: Sequence[tuple[_Line, _Line]]) -> tuple[tuple[str, ...], ...]:
    """Return the smallest sets of planes whose turn makes all pairs agree."""

    def helps(turned: tuple[str, ...]) -> bool:
        sides = ((_entry(first, turned), _entry(second, turned)) for first, second in pairs)
        return not any(_differ_along(comparer.compare(*side, SIGNIFICANCE)[0]) for side in sides)

    for n in range(1, len(comparer.planes) + 1):
        if turns := tuple(turned for turned in combinations(comparer.planes, n) if helps(turned)):
            return turns
    return ()


def _differ_along(differences: Iterable[AxisDifference]) -> bool:
    """Return True if sections differ along their axes; fractions say nothing about orientation."""
    return any(difference.quantity != "fraction" for difference in differences)


def _quantity(difference: AxisDifference, labels: Sequence[int]) -> str:
    label, distance = labels[difference.position], difference.distance
    if difference.quantity == "fraction":
        return f"the fraction of phase {label}"
    if difference.quantity == "lineal path":
        return f"the probability that {distance} pixels in a row lie in phase {label} (lineal path)"
    return f"the probability that one of two pixels {distance} apart lies in phase {label} (two-point correlation)"
