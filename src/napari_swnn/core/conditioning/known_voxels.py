"""Voxels whose phase is known: sections that a volume passes through, and single voxels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_labels
from napari_swnn._phases import list_labels
from napari_swnn._types import AXES, Labels
from napari_swnn.core.grid.windows import Window, iter_boxes
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.model.overlay import Positions, locate

UNKNOWN = -1
"""Value of the voxels that are not known in an array of labels."""
_SECTION_SIDE = 96
"""Largest side of the parts of a section that are evaluated at once, in voxels."""
_CELL_SIDE = 32
"""Side of the cells in which single voxels are evaluated at once."""
_FARTHEST = 2**20
"""Largest position of a known voxel."""

Sections = Mapping[Any, Any]
"""Position and labels of a section, or several of them, for each axis that is normal to some."""
SingleVoxels = Mapping[tuple[int, ...], int] | Labels
"""Label of each known voxel by its position, or labels in which other voxels are masked or -1."""


@dataclass(frozen=True, eq=False, slots=True)
class KnownVoxels:
    """Voxels whose phase is known.

    Attributes
    ----------
    positions : numpy.ndarray
        ``(n, d)`` int32 positions.
    phases : numpy.ndarray
        ``(n,)`` uint8 phases, as positions in the order of the labels.
    windows : tuple of Window
        Small windows that together cover all of them.
    """

    positions: Positions
    phases: NDArray[np.uint8]
    windows: tuple[Window, ...]


@dataclass(frozen=True, eq=False, slots=True)
class PlacedSection:
    """A section at a plane of a volume.

    Attributes
    ----------
    name : str
        Name in messages.
    axis : int
        Axis normal to the section.
    position : int
        Position of the plane along the axis.
    labels : numpy.ndarray
        ``(h, w)`` labels.
    """

    name: str
    axis: int
    position: int
    labels: Labels


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """Known voxels from one source, with a name for messages."""

    name: str
    positions: Positions
    labels: Labels
    side: int


def collect_known(
    labels: PhaseLabels, dimension: int, through: Sections | None, known: SingleVoxels | None
) -> KnownVoxels:
    """Check and collect known voxels.

    Parameters
    ----------
    labels : PhaseLabels
        Labels of the model.
    dimension : int
        Dimension of the volumes.
    through, known
        As for `napari_swnn.constrain`.

    Raises
    ------
    TypeError
        If they have the wrong type.
    ValueError
        If nothing is known, a label is no phase of the model, a position is negative, or two sources disagree.
    """
    parts = [*_section_parts(through, dimension), *_single_parts(known, dimension)]
    if not sum(len(part.positions) for part in parts):
        raise ValueError("through or known must hold at least one voxel, got none; pass a section or known voxels")
    for part in parts:
        _check_phases(part, labels)
        if len(part.positions) and not 0 <= part.positions.min() <= part.positions.max() < _FARTHEST:
            raise ValueError(f"positions of {part.name} must be from 0 to {_FARTHEST - 1}, got one outside")
    positions = np.concatenate([part.positions for part in parts])
    values = np.concatenate([part.labels.astype(np.int64) for part in parts])
    positions, first, which = np.unique(positions, axis=0, return_index=True, return_inverse=True)
    _check_agreement(positions, values, values[first][which.ravel()], which.ravel(), parts)
    windows = tuple(window for part in parts for window in _windows(part))
    places = np.array([labels.phases.index(value) for value in np.unique(values[first])], np.uint8)
    phases = places[np.searchsorted(np.unique(values[first]), values[first])]
    return KnownVoxels(np.ascontiguousarray(positions, np.int32), phases, windows)


def list_sections(through: Sections, dimension: int) -> list[PlacedSection]:
    """Check and list sections.

    Raises
    ------
    TypeError, ValueError
        If the model has no planes, or an axis, a position or a section is not valid.
    """
    if dimension != 3:
        raise ValueError(f"through needs a model of volumes, got one of dimension {dimension}; use known")
    if not isinstance(through, Mapping):
        raise TypeError(
            f'through must map an axis to a position and a section, such as {{"z": (64, section)}}, got '
            f"{type(through).__name__}"
        )
    sections = []
    for key, value in through.items():
        axis = _axis(key)
        name = f"through[{key!r}]"
        for pair in value if isinstance(value, list) else [value]:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise ValueError(f"{name} must be a position and a section, such as (64, section), or a list of such")
            at, labels = pair
            if isinstance(at, bool) or not isinstance(at, int | np.integer) or at < 0:
                raise ValueError(f"{name} must hold the position of a voxel, a whole number from 0, got {at!r}")
            sections.append(PlacedSection(name, axis, int(at), check_labels(labels, name=name, ndim=(2,), planar=True)))
    return sections


def _section_parts(through: Sections | None, dimension: int) -> Iterator[_Part]:
    for section in () if through is None else list_sections(through, dimension):
        planar = np.indices(section.labels.shape).reshape(2, -1)
        positions = np.insert(planar, section.axis, section.position, axis=0).T
        yield _Part(section.name, _bounded(positions), section.labels.ravel(), _SECTION_SIDE)


def _axis(key: Any) -> int:
    if key in AXES:
        return AXES.index(key)
    if isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(AXES):
        return key
    raise ValueError(f"through must name axes (z, y, x, or 0, 1, 2), got {key!r}")


def _single_parts(known: SingleVoxels | None, dimension: int) -> Iterator[_Part]:
    if known is None:
        return
    if isinstance(known, Mapping):
        positions = np.array(list(known)).reshape(len(known), -1)
        if len(known) and (positions.shape[1] != dimension or not np.issubdtype(positions.dtype, np.integer)):
            raise ValueError(
                f"known must map positions of {dimension} whole numbers to labels, got {next(iter(known))!r}"
            )
        yield _Part("known", _bounded(positions), check_labels([[*known.values()]], name="known")[0], _CELL_SIDE)
        return
    masked = np.ma.getmaskarray(known)
    found = check_labels(np.ma.getdata(known), name="known", ndim=(dimension,))
    inside = ~masked & (found != UNKNOWN)
    yield _Part("known", np.argwhere(inside).astype(np.int32), found[inside], _CELL_SIDE)


def _bounded(positions: NDArray[np.int64]) -> Positions:
    return np.clip(positions, -1, _FARTHEST).astype(np.int32)


def _check_phases(part: _Part, labels: PhaseLabels) -> None:
    foreign = np.setdiff1d(part.labels, labels.phases)
    if len(foreign):
        hint = "; mark voxels that are not known with -1" if part.name == "known" else "; relabel it"
        raise ValueError(
            f"{part.name} must have the labels of the model ({list_labels(labels.phases)}), got {foreign[0]}{hint}"
        )


def _check_agreement(
    positions: Positions,
    values: NDArray[np.int64],
    expected: NDArray[np.int64],
    which: NDArray[np.intp],
    parts: Sequence[_Part],
) -> None:
    differs = np.flatnonzero(values != expected)
    if not len(differs):
        return
    origin = np.repeat([part.name for part in parts], [len(part.positions) for part in parts])
    at = differs[0]
    other = np.flatnonzero((which == which[at]) & (values != values[at]))[0]
    voxel = tuple(positions[which[at]].tolist())
    raise ValueError(
        f"known voxels must agree where they meet, got {len(differs)} that differ, such as voxel {voxel}, which is "
        f"{values[at]} in {origin[at]} and {values[other]} in {origin[other]}; check the positions and the orientation "
        "of the sections"
    )


def _windows(part: _Part) -> Iterator[Window]:
    """Yield the smallest windows around the voxels of a part in each cell of a grid."""
    if not len(part.positions):
        return
    whole = Window(tuple(part.positions.min(axis=0).tolist()), tuple((part.positions.max(axis=0) + 1).tolist()))
    for _, box in iter_boxes(whole, part.side):
        chosen, _ = locate(part.positions, box)
        if len(chosen):
            inside = part.positions[chosen]
            yield Window(tuple(inside.min(axis=0).tolist()), tuple((inside.max(axis=0) + 1).tolist()))
