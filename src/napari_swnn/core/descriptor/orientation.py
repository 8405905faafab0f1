"""Sections of several directions: which describes which direction, and what a missing one is taken from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._types import AXES
from napari_swnn.core.descriptor.axis_agreement import AxisComparer
from napari_swnn.core.descriptor.direction_check import (
    PLANES,
    DirectionCheck,
    check_compared,
    looks_equal_along_its_axes,
    make_comparer,
)
from napari_swnn.core.descriptor.section import Section

NORMALS = {"xy": "z", "xz": "y", "yz": "x"}
"""Axis normal to each plane."""

PlaneSections = Mapping[str, tuple[Section, ...]]
Directions = tuple[tuple[Section, ...], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Orientation:
    """Sections of known planes, and what they say about each direction.

    Attributes
    ----------
    planes : mapping of str to tuple of Section
        Sections that were given, by plane.
    symmetry_axis : str or None
        Axis about which the material is the same in all directions; None if each plane has sections of its own, or one
        plane stands for all.
    directions : tuple
        Sections that describe planes normal to z, y and x, or a single set for all directions.
    check : DirectionCheck
        Agreement of the planes along the axes that they share.
    assumption : str
        Sentence without a full stop on the planes without sections; empty if there are none.
    """

    planes: PlaneSections
    symmetry_axis: str | None
    directions: Directions
    check: DirectionCheck
    assumption: str


class MissingPlaneError(ValueError):
    """Planes that do not say what another one looks like.

    Parameters
    ----------
    text : str
        Description in terms of the arguments of a reference.
    given, missing : tuple of str
        Planes with sections, and those of which one is needed.
    symmetry_axis : str, optional
        Axis of symmetry that was given.
    proposal : str
        Sentence without a full stop on what to turn; empty if there is nothing to propose.
    """

    def __init__(
        self,
        text: str,
        *,
        given: tuple[str, ...],
        missing: tuple[str, ...],
        symmetry_axis: str | None = None,
        proposal: str = "",
    ) -> None:
        super().__init__(text)
        self.given = given
        self.missing = missing
        self.symmetry_axis = symmetry_axis
        self.proposal = proposal


def is_oriented(labels: Any, planes: Mapping[str, Any]) -> bool:
    """Return True if sections are given by plane: as a mapping, or each by the name of its plane.

    Raises
    ------
    ValueError
        If there are labels besides, or nothing at all.
    """
    given = [plane for plane, sections in planes.items() if sections is not None]
    if labels is None and not given:
        raise ValueError(
            "labels must be given, got None; pass a section, a volume, or sections by plane as xy=, xz=, yz="
        )
    if labels is not None and given:
        raise ValueError(
            f"labels must not be given besides sections by plane, got both labels and {', '.join(given)}; pass all "
            "sections by plane"
        )
    return bool(given) or isinstance(labels, Mapping)


def by_plane(given: Mapping[Any, Any], *, name: str) -> dict[str, Any]:
    """Return a mapping with the names of planes as keys, in their order, without entries that are None.

    Parameters
    ----------
    given : mapping
        Keys are planes (``"xy"``) or the axes normal to them (``"z"``).
    name : str
        Name of the argument in error messages.

    Raises
    ------
    ValueError
        If a key is neither, a plane occurs twice, or nothing is left.
    """
    found: dict[str, Any] = {}
    for key, value in given.items():
        plane = next((plane for plane, normal in NORMALS.items() if key in (plane, normal)), None)
        if plane is None:
            raise ValueError(
                f"{name} must be given for the planes xy, xz and yz, or for their normals z, y and x, got {key!r}"
            )
        if plane in found:
            raise ValueError(f"{name} must name each plane once, got {plane} and its normal {NORMALS[plane]}")
        if value is not None:
            found[plane] = value
    if not found:
        raise ValueError(f"{name} must hold the sections of at least one plane, got none")
    return {plane: found[plane] for plane in PLANES if plane in found}


def orient(planes: PlaneSections, labels: Sequence[int], *, symmetry_axis: str | None = None) -> Orientation:
    """Arrange sections of known planes into directions.

    Parameters
    ----------
    planes : mapping of str to tuple of Section
        Sections by plane, ``"xy"`` with axes ``(y, x)``, ``"xz"`` with axes ``(z, x)`` and ``"yz"`` with axes
        ``(z, y)``.
    labels : sequence of int
        Label of each phase, for messages.
    symmetry_axis : {"z", "y", "x"}, optional
        Axis about which the material is the same in all directions. The two planes that contain it then share their
        sections. Without it, one plane stands for all directions; of two, the one whose own axes agree is taken to be
        normal to the axis.

    Raises
    ------
    ValueError
        If a missing plane cannot be taken from the others.
    """
    if symmetry_axis is not None and symmetry_axis not in AXES:
        raise ValueError(f"symmetry_axis must be one of {', '.join(AXES)}, got {symmetry_axis!r}")
    comparer = make_comparer(planes, len(labels))
    if symmetry_axis is not None:
        directions = _about_axis(planes, symmetry_axis)
        assumption = _state_symmetry(planes, symmetry_axis)
    elif len(planes) == 1:
        directions = tuple(planes.values())
        assumption = f"only {next(iter(planes))} is given: the material is taken to be isotropic"
    elif len(planes) == 2:
        directions, symmetry_axis, assumption = _complete(planes, labels, comparer)
    else:
        directions, assumption = tuple(planes[plane] for plane in PLANES), ""
    check = check_compared(comparer, labels, symmetry_axis=symmetry_axis)
    return Orientation(planes, symmetry_axis, directions, check, assumption)


def _about_axis(planes: PlaneSections, axis: str) -> Directions:
    """Return the directions of a material that is the same in all directions about an axis."""
    across = next(plane for plane, normal in NORMALS.items() if normal == axis)
    along = [plane for plane in PLANES if plane != across]
    if across not in planes or not any(plane in planes for plane in along):
        raise MissingPlaneError(
            f"symmetry_axis={axis!r} needs a section across {axis} ({across}) and one along it ({' or '.join(along)}), "
            f"got {' and '.join(planes)}; pass the missing one",
            given=tuple(planes),
            missing=tuple(along) if across in planes else (across,),
            symmetry_axis=axis,
        )
    return tuple(planes[across] if plane == across else _taken_from(planes, along, plane, axis) for plane in PLANES)


def _taken_from(planes: PlaneSections, sources: Sequence[str], target: str, axis: str) -> tuple[Section, ...]:
    """Return the sections of several planes that contain an axis, laid out as those of one of them."""
    row = PLANES[target].index(axis)
    return tuple(
        section if PLANES[source].index(axis) == row else _transposed(section)
        for source in sorted(sources, key=lambda source: source != target)
        for section in planes.get(source, ())
    )


def _transposed(section: Section) -> Section:
    return Section(np.ascontiguousarray(section.positions.T), np.ascontiguousarray(section.inside.T))


def _state_symmetry(planes: PlaneSections, axis: str) -> str:
    missing = [plane for plane in PLANES if plane not in planes]
    statement = f"the material is taken to be the same in all directions about {axis}"
    if not missing:
        return statement
    source = next(plane for plane in planes if axis in PLANES[plane])
    return f"{missing[0]} is taken from {source}: {statement}"


def _complete(
    planes: PlaneSections, labels: Sequence[int], comparer: AxisComparer
) -> tuple[Directions, str | None, str]:
    """Return the directions of two planes, the axis of symmetry that they suggest, and the assumption."""
    first, second = planes
    (missing,) = (plane for plane in PLANES if plane not in planes)
    uniform = [plane for plane in planes if looks_equal_along_its_axes(comparer, plane)]
    if len(uniform) == 1:
        axis = NORMALS[uniform[0]]
        reason = f"{missing} is taken from {second if uniform[0] == first else first}"
        same = " and ".join(PLANES[uniform[0]])
        return _about_axis(planes, axis), axis, f"{reason}: {uniform[0]} looks the same along {same}"
    if len(uniform) == 2:
        taken = tuple(
            section
            for plane in planes
            for section in _taken_from(planes, [plane], missing, NORMALS[_other(planes, plane)])
        )
        directions = tuple(planes.get(plane, taken) for plane in PLANES)
        return directions, None, f"{missing} is taken from {first} and {second}, which look the same along their axes"
    check = check_compared(comparer, labels)
    advice = f"; {check.proposal}" if check.turns else ""
    raise MissingPlaneError(
        f"the sections must say what {missing} looks like, but {first} and {second} both differ along their axes; pass "
        f"{missing}, or symmetry_axis if the material is the same in all directions about an axis{advice}",
        given=(first, second),
        missing=(missing,),
        proposal=check.proposal,
    )


def _other(planes: PlaneSections, plane: str) -> str:
    return next(other for other in planes if other != plane)
