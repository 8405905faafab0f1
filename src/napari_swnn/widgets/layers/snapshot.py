"""Snapshot of the reference in the viewer."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._layer_style import read_names, read_phase
from napari_swnn._phases import PhaseChoice, list_labels, measure_fractions
from napari_swnn._types import BoolArray, Labels
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.grid import read_grid
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
    """

    name: str
    labels: Labels
    region: BoolArray | None
    voxel: VoxelSize
    further: "tuple[Snapshot, ...]" = ()
    is_stack: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    phase: int | None = None

    @classmethod
    def take(
        cls,
        layer: "LabelsLayer",
        region: "LabelsLayer | ShapesLayer | None" = None,
        further: "Sequence[LabelsLayer]" = (),
        *,
        is_stack: bool = False,
    ) -> "Snapshot":
        """Copy a reference layer and, if passed, the layer that marks the region of interest and further sections.

        Raises
        ------
        BadInputError
            If the layers cannot be used as a reference.
        """
        first = cls._take_one(layer, region, "reference")
        stacked = is_stack and first.labels.ndim == 3
        if not further:
            return replace(first, is_stack=stacked)
        others = tuple(cls._take_one(other, region, "further") for other in further)
        for other in others:
            _check_alike(first, other, is_stack=stacked)
        names = {label: name for each in (*others, first) for label, name in each.names.items()}
        return replace(first, further=others, is_stack=stacked, names=names)

    @classmethod
    def _take_one(cls, layer: "LabelsLayer", region: "LabelsLayer | ShapesLayer | None", control: str) -> "Snapshot":
        labels = copy_values(layer, control)
        grid = read_grid(layer, labels.ndim, control)
        voxel = grid.voxel_size(control)
        inside = None if region is None else read_region(region, grid, labels.shape, "region")
        return cls(layer.name, labels, inside, voxel, names=read_names(layer), phase=read_phase(layer))

    @property
    def is_thin(self) -> bool:
        """True for a volume of so few planes that they may be separate sections."""
        shape = self.labels.shape
        return len(shape) == 3 and not self.is_stack and shape[0] < _THIN and 4 * shape[0] <= min(shape[1:])

    def parts(self) -> "Iterator[tuple[str, Labels, BoolArray | None]]":
        """Return the name, labels and region of interest of each section, or of the volume."""
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

        found = list(self.parts())
        labels = [part[1] for part in found]
        inside = None
        if any(region is not None for _, _, region in found):
            inside = [np.ones(each.shape, bool) if region is None else region for _, each, region in found]
        single = len(found) == 1
        picked = {"phase": choice.phase} if choice.rest_of is None else {"rest_of": choice.rest_of}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return Reference(
                labels[0] if single else labels,
                names={label: name for label, name in self.names.items() if label in choice.fractions},
                roi=inside[0] if single and inside is not None else inside,
                voxel_size=self.voxel.value,
                unit=self.voxel.unit,
                merge=choice.merges and choice.rest_of is None,
                **picked,
            )

    def equals(self, other: "Snapshot") -> bool:
        """Compare names, labels, regions of interest and voxel sizes."""
        return (
            (self.name, self.voxel, self.is_stack, self.names) == (other.name, other.voxel, other.is_stack, other.names)
            and len(self.further) == len(other.further)
            and np.array_equal(self.labels, other.labels)
            and np.array_equal(self._inside(), other._inside())
            and all(one.equals(two) for one, two in zip(self.further, other.further, strict=True))
        )

    def _inside(self) -> BoolArray:
        return np.ones((), bool) if self.region is None else self.region

    def phases(self) -> dict[int, float]:
        """Return the fraction of each label within the region of interest, over all sections."""
        return measure_fractions(_visible(labels, region) for _, labels, region in self.parts())


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
        text = (
            f"The pixels of “{other.name}” measure {other.voxel}, but those of “{first.name}” {first.voxel}; untick "
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
    for other in snapshot.further:
        found = set(measure_fractions([_visible(other.labels, other.region)]))
        if not (found <= own or own <= found):
            text = (
                f"“{other.name}” has the labels {list_labels(sorted(found))}, but “{snapshot.name}” has "
                f"{list_labels(sorted(own))}; untick it, or give each phase the same label in both."
            )
            raise BadInputError("further", text)
