"""Composed volume: structures of several models in the regions of a global structure, voxel by voxel, on access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any
from uuid import uuid4

import numpy as np
import torch

from napari_swnn._layer_style import colours_as_json, complete_colours, merge_colours, read_colours
from napari_swnn._types import BoolArray, Labels, Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.grid.windows import Block
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.core.volume.part_frame import PartFrame
from napari_swnn.core.volume.regions import RegionField, VolumeRegions
from napari_swnn.core.volume.virtual_volume import VirtualVolume


@dataclass(frozen=True, eq=False)
class FilledRegion:
    """Structure of one region.

    Attributes
    ----------
    region : int
        Label of the region.
    volume : VirtualVolume
        Structure, in the axes of its model.
    frame : PartFrame
        Orientation in the composition.
    painted : tuple of int
        Label in the composition of each phase of the model.
    """

    region: int
    volume: VirtualVolume
    frame: PartFrame
    painted: tuple[int, ...]

    @property
    def colours(self) -> dict[int, Any]:
        """Colours of the labels in the composition that the model states; may be empty."""
        model = self.volume.model
        own = read_colours(model.provenance)
        return {to: own[label] for label, to in zip(model.labels.phases, self.painted, strict=True) if label in own}

    def labels(self, block: Block, inside: BoolArray) -> Labels:
        """Compute the labels ``(n,)`` of the needed voxels of a block that lie inside the region."""
        if self.frame.is_rotated:
            places = self.frame.positions_in_part(block.wanted)
            found = self.volume.at([np.broadcast_to(p, inside.shape)[inside] for p in places])
        else:
            windows = (self.frame.window_in_part(w) for w in (block.window, block.wanted))
            found = self.volume.labels(Block(*windows)).transpose(self.frame.axes)[inside]
        own = self.volume.model.labels.phases
        if self.painted == own:
            return found
        labels = np.empty(found.shape, np.int64)
        for label, target in zip(own, self.painted, strict=True):
            labels[found == label] = target
        return labels


@dataclass(frozen=True, eq=False)
class UniformRegion:
    """Region that is all of one phase.

    Attributes
    ----------
    region : int
        Label of the region.
    label : int
        Label in the composition.
    """

    region: int
    label: int

    @property
    def painted(self) -> tuple[int, ...]:
        """Label in the composition."""
        return (self.label,)

    def labels(self, block: Block, inside: BoolArray) -> int:
        """Return the label of all voxels of the region."""
        del block, inside
        return self.label


@dataclass(frozen=True, eq=False)
class ComposedVolume(BlockVolume):
    """Array-like volume of any size; each voxel is a pure function of models, seeds, regions and its position.

    Created with `describe_composition`.

    Attributes
    ----------
    extents : tuple of int
        Shape of the volume in voxels.
    regions : RegionField
        Global structure.
    parts : tuple
        Structure of each region.
    names : PhaseLabels
        Labels and names of the phases.
    voxel_size : VoxelSize
        Edge length of a voxel.
    device : torch.device
        Device to compute on.
    described : mapping
        All that determines the voxels, besides device and precision: numbers, arrays, dataclasses and models.
    """

    extents: Shape
    regions: RegionField
    parts: tuple[FilledRegion | UniformRegion, ...]
    names: PhaseLabels
    voxel_size: VoxelSize
    device: torch.device
    described: Mapping[str, Any] = field(repr=False)
    _key: str = field(init=False, repr=False, default_factory=lambda: uuid4().hex)

    @property
    def shape(self) -> Shape:
        """Number of voxels along each axis."""
        return self.extents

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the labels."""
        return reduce(np.promote_types, (np.min_scalar_type(label) for label in self.names.phases))

    @property
    def phase_labels(self) -> PhaseLabels:
        """Labels and names of the phases."""
        return self.names

    @property
    def voxel(self) -> VoxelSize:
        """Edge length of a voxel, with its unit."""
        return self.voxel_size

    @property
    def precision(self) -> torch.dtype:
        """Precision of the convolutions."""
        return next(part.volume.precision for part in self.parts if isinstance(part, FilledRegion))

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that determines the voxels, besides device and precision."""
        return self.described

    @property
    def training(self) -> dict[str, Any]:
        """Provenance of the model of each region that one fills, and the colours that the models give the labels."""
        filled = [part for part in self.parts if isinstance(part, FilledRegion)]
        facts: dict[str, Any] = {"models": {str(part.region): part.volume.model.provenance for part in filled}}
        colours = merge_colours(part.colours for part in filled)
        if colours:
            facts["colours"] = colours_as_json(complete_colours(self.names.phases, colours))
        return facts

    def on(self, device: torch.device) -> ComposedVolume:
        """Return the volume with another device to compute on."""
        parts = (replace(p, volume=p.volume.on(device)) if isinstance(p, FilledRegion) else p for p in self.parts)
        regions = self.regions
        if isinstance(regions, VolumeRegions):
            regions = replace(regions, volume=regions.volume.on(device))
        return replace(self, device=device, parts=tuple(parts), regions=regions)

    def labels(self, block: Block) -> Labels:
        """Compute the labels of the needed part of a block.

        Raises
        ------
        ValueError
            If the regions hold a label without a part.
        """
        regions = self.regions.window(block.wanted)
        labels = np.empty(regions.shape, self.dtype)
        n_filled = 0
        for part in self.parts:
            inside = regions == part.region
            n = int(np.count_nonzero(inside))
            if n:
                labels[inside] = part.labels(block, inside)
                n_filled += n
        if n_filled < labels.size:
            known = [part.region for part in self.parts]
            raise ValueError(missing_part([int(v) for v in np.unique(regions) if v not in known]))
        return labels


def missing_part(regions: list[int]) -> str:
    """Return the error message for regions without a part."""
    listed = ", ".join(map(str, regions[:8]))
    return f"parts must fill every region, got none for {listed}; add a part, or a label for a region of one phase"
