"""Snapshot of the reference in the viewer."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._layer_style import read_names, read_phase
from napari_swnn._phases import PhaseChoice, list_labels, measure_fractions
from napari_swnn._types import BoolArray, Labels
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.grid import read_grid
from napari_swnn.widgets.layers.plane_choice import ISOTROPIC, PlaneChoice
from napari_swnn.widgets.layers.reading import copy_values
from napari_swnn.widgets.layers.region import read_region

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Shapes as ShapesLayer

    from napari_swnn.core.descriptor.reference import Reference

SAME_SIZE = 0.01
"""Relative tolerance within which two pixel sizes are regarded as equal."""
_THIN = 24
"""Number of planes below which a stack is more likely a set of sections than a volume."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Copy of the reference layers, which the user may paint on, rename or remove at any time.

    Attributes
    ----------
    name : str
        Name of the reference layer.
    labels : numpy.ndarray
        Labels, ``(y, x)`` or ``(z, y, x)``.
    region : numpy.ndarray or None
        Region of interest as booleans, with the shape of `labels`.
    voxel : VoxelSize
        Edge length of a pixel; its unit is ``"voxel"`` if the layer has no unit of length.
    further : tuple of Snapshot
        Further sections of the same material.
    is_stack : bool
        True if the planes of 3-D labels are separate sections rather than one volume.
    names : mapping of int to str
        Names of the phases by label; may be empty.
    phase : int or None
        Phase of interest that the layer states, as prepared references and results do.
    plane : str
        Plane of the sections, ``"xy"``, ``"xz"`` or ``"yz"``; empty if they describe all directions.
    planes : mapping of str to Snapshot
        Sections of other planes.
    symmetry_axis : str or None
        Axis about which the material is the same in all directions.
    """

    name: str
    labels: Labels
    region: BoolArray | None
    voxel: VoxelSize
    further: "tuple[Snapshot, ...]" = ()
    is_stack: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    phase: int | None = None
    plane: str = ""
    planes: "Mapping[str, Snapshot]" = field(default_factory=dict)
    symmetry_axis: str | None = None

    @classmethod
    def take(
        cls,
        layer: "LabelsLayer",
        region: "LabelsLayer | ShapesLayer | None" = None,
        further: "Sequence[LabelsLayer]" = (),
        *,
        is_stack: bool = False,
        planes: PlaneChoice = ISOTROPIC,
    ) -> "Snapshot":
        """Copy a reference layer and, if passed, the layer that marks the region of interest and further sections.

        Raises
        ------
        BadInputError
            If the layers cannot be used as a reference.
        """
        first = cls._take_one(layer, region, "reference")
        stacked = is_stack and first.labels.ndim == 3
        if planes.own:
            first = first._oriented(planes)
        if not further:
            return replace(first, is_stack=stacked)
        others = tuple(cls._take_one(other, region, "further") for other in further)
        for other in others:
            _check_alike(first, other, is_stack=stacked)
        return replace(first, further=others, is_stack=stacked, names=_merge_names(*others, first))

    @classmethod
    def _take_one(cls, layer: "LabelsLayer", region: "LabelsLayer | ShapesLayer | None", control: str) -> "Snapshot":
        labels = copy_values(layer, control)
        grid = read_grid(layer, labels.ndim, control)
        voxel = grid.voxel_size(control)
        inside = None if region is None else read_region(region, grid, labels.shape, "region")
        return cls(layer.name, labels, inside, voxel, names=read_names(layer), phase=read_phase(layer))

    def _oriented(self, choice: PlaneChoice) -> "Snapshot":
        """Return these sections and copies of those of other planes, each the right way round."""
        found: dict[str, Snapshot] = {}
        for plane, (layer, turned) in choice.others.items():
            other = self._take_one(layer, None, "planes")
            _check_alike(self, other, is_stack=False)
            found[plane] = other._turned() if turned else other
        own = self._turned() if choice.own_turned else self
        names = _merge_names(*found.values(), self)
        return replace(own, plane=choice.own, planes=found, symmetry_axis=choice.symmetry_axis, names=names)

    def _turned(self) -> "Snapshot":
        region = None if self.region is None else np.rot90(self.region, axes=(-2, -1))
        return replace(self, labels=np.rot90(self.labels, axes=(-2, -1)), region=region)

    @property
    def is_thin(self) -> bool:
        """True for a volume of so few planes that they may be separate sections."""
        shape = self.labels.shape
        return len(shape) == 3 and not self.is_stack and shape[0] < _THIN and 4 * shape[0] <= min(shape[1:])

    def parts(self) -> "Iterator[tuple[str, Labels, BoolArray | None]]":
        """Return the name, labels and region of interest of each section of all planes, or of the volume."""
        yield from self._own_parts()
        for other in self.planes.values():
            yield from other.parts()

    def _own_parts(self) -> "Iterator[tuple[str, Labels, BoolArray | None]]":
        for each in (self, *self.further):
            if not self.is_stack or each.labels.ndim == 2:
                yield each.name, each.labels, each.region
                continue
            for i, plane in enumerate(each.labels):
                inside = None if each.region is None else each.region[i]
                if inside is None or inside.any():
                    yield f"{each.name}, plane {i}", plane, inside

    def reference(self, choice: PhaseChoice) -> "Reference":
        """Return the checked reference for a phase of interest; what the panel says about it is no warning here."""
        from napari_swnn.core.descriptor.reference import Reference

        sections = self._by_plane() if self.plane else self._as_list()
        picked = {"phase": choice.phase} if choice.rest_of is None else {"rest_of": choice.rest_of}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return Reference(
                **sections,
                merge=choice.merges and choice.rest_of is None,
                names={label: name for label, name in self.names.items() if label in choice.fractions},
                voxel_size=self.voxel.value,
                unit=self.voxel.unit,
                **picked,
            )

    def _as_list(self) -> dict[str, Any]:
        """Return the labels and region of interest as the arguments of a reference."""
        labels, inside = _unzip(self._own_parts())
        if len(labels) == 1:
            return {"labels": labels[0], "roi": None if inside is None else inside[0]}
        return {"labels": labels, "roi": inside}

    def _by_plane(self) -> dict[str, Any]:
        """Return the sections of all planes and their regions of interest as the arguments of a reference."""
        planes = {self.plane: _unzip(self._own_parts())}
        planes |= {plane: _unzip(other.parts()) for plane, other in self.planes.items()}
        roi = {plane: inside for plane, (_, inside) in planes.items() if inside is not None}
        labels = {plane: labels for plane, (labels, _) in planes.items()}
        return {"labels": labels, "roi": roi or None, "symmetry_axis": self.symmetry_axis}

    def equals(self, other: "Snapshot") -> bool:
        """Compare names, labels, regions of interest and voxel sizes."""
        return (
            (self.name, self.voxel, self.is_stack, self.names) == (other.name, other.voxel, other.is_stack, other.names)
            and len(self.further) == len(other.further)
            and np.array_equal(self.labels, other.labels)
            and np.array_equal(self._inside(), other._inside())
            and all(one.equals(two) for one, two in zip(self.further, other.further, strict=True))
            and (self.plane, self.symmetry_axis, [*self.planes]) == (other.plane, other.symmetry_axis, [*other.planes])
            and all(one.equals(other.planes[plane]) for plane, one in self.planes.items())
        )

    def _inside(self) -> BoolArray:
        return np.ones((), bool) if self.region is None else self.region

    def phases(self) -> dict[int, float]:
        """Return the fraction of each label within the region of interest, over all sections."""
        return measure_fractions(_visible(labels, region) for _, labels, region in self.parts())


def _merge_names(*snapshots: Snapshot) -> dict[int, str]:
    """Return the names of the phases of all sections; of a label that has several, the last one."""
    return {label: name for each in snapshots for label, name in each.names.items()}


def _unzip(
    parts: "Iterator[tuple[str, Labels, BoolArray | None]]",
) -> tuple[list[Labels], list[BoolArray] | None]:
    """Return the labels of sections, and their regions of interest if one of them has any."""
    found = list(parts)
    labels = [part[1] for part in found]
    if all(region is None for _, _, region in found):
        return labels, None
    return labels, [np.ones(each.shape, bool) if region is None else region for _, each, region in found]


def _visible(labels: Labels, region: BoolArray | None) -> Labels:
    return labels if region is None else labels[region]


def _check_alike(first: Snapshot, other: Snapshot, *, is_stack: bool) -> None:
    if 3 in (first.labels.ndim, other.labels.ndim) and not is_stack:
        volume = first if first.labels.ndim == 3 else other
        text = f"“{volume.name}” is a volume; sections can be added to sections only, or to the planes of a stack."
        raise BadInputError("further", text)
    if "voxel" in (first.voxel.unit, other.voxel.unit):
        differs = first.voxel.unit != other.voxel.unit or first.voxel.value != other.voxel.value
    else:
        differs = abs(other.voxel.in_unit(first.voxel.unit) / first.voxel.value - 1) > SAME_SIZE
    if differs:
        sizes = [str(each.voxel) for each in (other, first)]
        text = (
            f"The pixels of “{other.name}” measure {sizes[0]}, but those of “{first.name}” {sizes[1]}; untick "
            "it, or correct its pixel size."
        )
        raise BadInputError("further", text)


def check_same_labels(snapshot: Snapshot) -> None:
    """Check that further sections have the labels of the first one, or some of them.

    Raises
    ------
    BadInputError
        If a section has other labels.
    """
    own = set(measure_fractions([_visible(snapshot.labels, snapshot.region)]))
    for other in (*snapshot.further, *snapshot.planes.values()):
        found = set(measure_fractions([_visible(other.labels, other.region)]))
        if not (found <= own or own <= found):
            text = (
                f"“{other.name}” has the labels {list_labels(sorted(found))}, but “{snapshot.name}” has "
                f"{list_labels(sorted(own))}; untick it, or give each phase the same label in both."
            )
            raise BadInputError("further", text)
