"""Validation of a composition for its models, and the volume that it describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from napari_swnn._checks import check_axis_flags, check_label, check_seed, check_shape, is_lazy
from napari_swnn._label_values import LOWEST_LABEL
from napari_swnn._types import Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.numerics.device import pick_device
from napari_swnn.core.volume.border_profile import BorderField, BorderProfile, check_profile
from napari_swnn.core.volume.composed_volume import ComposedVolume, FilledRegion, UniformRegion, missing_part
from napari_swnn.core.volume.composition import Composition, Part, as_filling
from napari_swnn.core.volume.part_frame import PartFrame
from napari_swnn.core.volume.porosity_map import Field, PorosityMap
from napari_swnn.core.volume.regions import (
    GeneratedRegions,
    RegionField,
    SampledRegions,
    VolumeRegions,
    check_regions,
)
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import VirtualVolume, describe_volume

_GLOBAL = 2**40
"""Key of the seed of the global structure, which no region has."""


@dataclass(frozen=True, eq=False)
class FramedField:
    """Field over a composition, seen from the frame of one of its parts.

    Attributes
    ----------
    field : Field
        Values over the composition.
    frame : PartFrame
        Orientation of the part.
    """

    field: Field
    frame: PartFrame

    def over(self, extents: Shape, periodic: tuple[bool, ...]) -> FramedField:
        """Return the field, which already belongs to the extents of a composition."""
        del extents, periodic
        return self

    def window(self, window: Window, *, scale: int = 1) -> np.ndarray:
        """Return the values at the voxel centres of a window of the part on the grid of `scale`."""
        if not self.frame.is_rotated:
            values = self.field.window(self.frame.window_in_volume(window), scale=scale)
            return values.transpose(np.argsort(self.frame.axes))
        places = self.frame.positions_in_volume(window)
        box = Window(tuple(int(p.min()) for p in places), tuple(int(p.max()) + 1 for p in places))
        values = self.field.window(box, scale=scale)
        if values.size == 1:
            return values
        whole = np.broadcast_to(values, box.shape)
        found: np.ndarray = whole[tuple(p - a for p, a in zip(places, box.start, strict=True))]
        return found


def describe_composition(composition: Composition, *, device: str = "auto") -> ComposedVolume:
    """Validate a composition and return the volume, without computing it.

    Parameters
    ----------
    composition : Composition
        Parts, regions, shape, seed and periodicity.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on.

    Raises
    ------
    TypeError, ValueError
        If a model cannot generate its part, a region has no part, voxel sizes differ, phases have different names, or a
        rotated part lies in a volume that is periodic across its axis.
    """
    shape = check_shape(composition.shape)
    seed = check_seed(composition.seed)
    periodic = check_axis_flags(composition.periodic, len(shape), name="periodic")
    given: Any = composition.parts
    if not isinstance(given, Mapping) or not given:
        raise TypeError(
            f"parts must map the labels of the regions to what fills them, such as {{0: model, 1: 2}}, got {given!r}"
        )
    parts = {
        region: as_filling(value, region)
        for region, value in ((check_label(r, name="each region"), v) for r, v in given.items())
    }
    models = [part.model for part in parts.values() if isinstance(part, Part)]
    if not models:
        raise ValueError("parts must contain at least one model, got labels alone; use the regions themselves")
    voxel = _common_voxel([model.voxel for model in models])
    for region, part in parts.items():
        if isinstance(part, Part) and len(shape) != part.model.dimension:
            raise ValueError(
                f"shape must be {part.model.dimension} whole numbers for the model of parts[{region}], got {shape}"
            )
    regions, source = _describe_regions(composition.regions, parts, shape, (seed, periodic, device))
    filled: list[FilledRegion | UniformRegion] = []
    for region, part in parts.items():
        if isinstance(part, Part):
            volume = _describe_part(part, region, shape, (seed, periodic, device))
            volume = _with_local_porosity(volume, part, region, regions, (shape, periodic))
            filled.append(FilledRegion(region, volume, part.frame, part.painted))
        else:
            filled.append(UniformRegion(region, part))
    described = {
        "shape": shape,
        "seed": seed,
        "periodic": periodic,
        "regions": source,
        "parts": {part.region: _described(part, parts[part.region]) for part in filled},
    }
    where: torch.device = pick_device(device)
    return ComposedVolume(shape, regions, tuple(filled), _phase_labels(parts), voxel, where, described)


def derive_seed(seed: int, key: int) -> int:
    """Return the seed of a part from that of its composition; parts of different regions are independent."""
    drawn = np.random.SeedSequence(seed, spawn_key=(key,)).generate_state(1, np.uint64)[0]
    return int(drawn >> np.uint64(1))


Shared = tuple[int, tuple[bool, ...], str]
"""Seed, periodicity and device of a composition."""


def _describe_part(part: Part, region: int, shape: Shape, shared: Shared) -> VirtualVolume:
    seed, periodic, device = shared
    frame = part.frame
    if frame.is_rotated and any(periodic[a] for a in frame.plane):
        raise ValueError(
            f"periodic must be False across the axis of rotation, got {periodic} for parts[{region}], which is rotated "
            f"about axis {frame.axis}; rotate by exchanging axes, or omit periodic"
        )
    porosity = part.porosity
    if isinstance(porosity, BorderProfile):
        porosity = PorosityMap(np.array(check_profile(porosity, part.model.porosity_range), np.float32), "ends")
    spec = VolumeSpec(
        frame.to_part(shape),
        derive_seed(seed, region - LOWEST_LABEL) if part.seed is None else part.seed,
        porosity,
        periodic=tuple(bool(flag) for flag in frame.to_part(periodic)),
        fractions=part.fractions,
    )
    try:
        return describe_volume(part.model, spec, device=device)
    except (TypeError, ValueError) as error:
        raise type(error)(f"parts[{region}]: {error}") from error


def _with_local_porosity(
    volume: VirtualVolume, part: Part, region: int, regions: RegionField, over: tuple[Shape, tuple[bool, ...]]
) -> VirtualVolume:
    """Return the volume of a part with maps and profiles, which belong to the composition, seen from its frame."""
    spec = volume.spec
    if isinstance(part.porosity, BorderProfile):
        bound = FramedField(BorderField(part.porosity, regions, region), part.frame)
        if spec.free:
            raise ValueError(f"parts[{region}]: a border profile needs a model for a range of one porosity; use a map")
        return replace(volume, spec=replace(spec, porosity=bound))
    porosity = None if spec.porosity is None else _framed(spec.porosity, part.frame, over)
    free = tuple(_framed(each, part.frame, over) for each in spec.free)
    return replace(volume, spec=replace(spec, porosity=porosity, free=free))


def _framed(local: Any, frame: PartFrame, over: tuple[Shape, tuple[bool, ...]]) -> Any:
    low, high = local.extremes
    return local if low == high else FramedField(local.over(*over), frame)


def _describe_regions(regions: Any, parts: Mapping[int, Any], shape: Shape, shared: Shared) -> tuple[RegionField, Any]:
    seed, periodic, device = shared
    if isinstance(regions, GeneratedRegions):
        _check_filled(regions.model.labels.phases, parts)
        k = regions.scale
        if any(flag and extent % k for flag, extent in zip(periodic, shape, strict=True)):
            raise ValueError(f"shape must be a multiple of {k} along periodic axes, the scale of regions, got {shape}")
        own = derive_seed(seed, _GLOBAL) if regions.seed is None else regions.seed
        spec = VolumeSpec(tuple(-(-n // k) for n in shape), own, regions.porosity, periodic=periodic)
        try:
            volume = describe_volume(regions.model, spec, device=device)
        except (TypeError, ValueError) as error:
            raise type(error)(f"regions: {error}") from error
        source = {"model": regions.model, "scale": k, "seed": own, "porosity": volume.spec.porosity}
        return VolumeRegions(volume, k), source
    array = check_regions(regions, len(shape))
    if not is_lazy(array) and not isinstance(array, np.memmap):  # those are checked where they are read
        _check_filled([int(label) for label in np.unique(array)], parts)
    return SampledRegions(array, shape, periodic), array


def _check_filled(regions: Sequence[int], parts: Mapping[int, Any]) -> None:
    missing = sorted(set(regions) - set(parts))
    if missing:
        raise ValueError(missing_part(missing))


def _common_voxel(sizes: Sequence[VoxelSize]) -> VoxelSize:
    first = sizes[0]
    for other in sizes[1:]:
        if other != first:
            raise ValueError(
                f"parts must have one voxel size, got {first} and {other}; "
                "train their models on references of the same pixel size"
            )
    return first


def _phase_labels(parts: Mapping[int, Part | int]) -> PhaseLabels:
    """Return all labels of a composition: the phase of interest of the first model first, then in ascending order."""
    first = next(part.painted[0] for part in parts.values() if isinstance(part, Part))
    labels: set[int] = set()
    names: dict[int, str] = {}
    for region, part in parts.items():
        painted = part.painted if isinstance(part, Part) else (part,)
        labels.update(painted)
        if not isinstance(part, Part):
            continue
        for own, target in zip(part.model.labels.phases, painted, strict=True):
            name = part.model.labels.named.get(own)
            if name and names.setdefault(target, name) != name:
                raise ValueError(
                    f"parts must give label {target} one name, got {names[target]!r} and, from parts[{region}], "
                    f"{name!r}; relabel a part with labels={{{own}: ...}}"
                )
    phases = (first, *sorted(labels - {first}))
    return PhaseLabels(phases, tuple(names.get(label, "") for label in phases) if names else ())


def _described(filled: FilledRegion | UniformRegion, part: Part | int) -> Any:
    if isinstance(filled, UniformRegion) or not isinstance(part, Part):
        return {"label": filled.painted[0]}
    spec = filled.volume.spec
    framed = (spec.porosity, *spec.free)
    local = [each.field if isinstance(each, FramedField) else each for each in framed]
    profile = part.porosity if isinstance(part.porosity, BorderProfile) else None
    return {
        "model": part.model,
        "seed": spec.seed,
        "porosity": profile or local[0],
        "free": local[1:],
        "orientation": filled.frame,
        "labels": filled.painted,
    }
