"""Checks of the volumes and conductivities passed to a validation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from napari_swnn._axes import find_channel_axis
from napari_swnn._checks import check_in_range, check_labels, is_lazy
from napari_swnn._memory import find_free_memory, format_memory
from napari_swnn._phases import check_few_labels, list_labels, measure_fractions
from napari_swnn._types import BoolArray, Labels, Shape
from napari_swnn._voxel_size import VoxelSize

LEAST_SIDE = 3
"""Smallest side of a volume in voxels, needed for its specific surface."""
_BYTES = 40
"""Memory of a comparison without physics in bytes per voxel of the largest volume, measured on 160³ voxels."""


def split_realisations(volumes: Any) -> list[Any]:
    """Return the realisations as a list: the entries of a list, or of the first of four axes ``(n, z, y, x)``.

    A volume of one plane is a section.

    Raises
    ------
    ValueError
        If there is none.
    """
    if isinstance(volumes, list | tuple | Iterator):
        given = list(volumes)
    else:
        is_stack = np.ndim(volumes) == 4 and find_channel_axis(np.shape(volumes)) is None
        given = list(volumes) if is_stack else [volumes]
    if not given:
        raise ValueError("volumes must hold at least one volume, got none")
    return [volume[0] if np.ndim(volume) == 3 and np.shape(volume)[0] == 1 else volume for volume in given]


def check_voxel(voxel: VoxelSize | None, of_reference: VoxelSize) -> None:
    """Check that volumes have the voxel size of the reference, where both are lengths.

    Raises
    ------
    TypeError
        If `voxel` is a plain number.
    ValueError
        If the sizes differ.
    """
    if voxel is not None and not isinstance(voxel, VoxelSize):
        raise TypeError(f"voxel must be a VoxelSize, got {voxel!r}; pass VoxelSize({voxel!r}, {of_reference.unit!r})")
    if voxel is not None and voxel.differs_from(of_reference):
        raise ValueError(
            f"voxel must be the voxel size of the reference, {of_reference}, got {voxel}; resample one of them, or "
            "correct the voxel size of the reference"
        )


def check_volume_shape(volume: Any) -> Shape:
    """Return the shape of a volume after the checks that need no computation of a lazy volume.

    Raises
    ------
    TypeError
        If the values are neither integers nor booleans.
    ValueError
        If the volume is neither 2-D nor 3-D, or has a side of less than `LEAST_SIDE`.
    """
    if is_lazy(volume):  # check an array of the same shape and type that takes no memory
        volume = np.broadcast_to(np.zeros((), volume.dtype), volume.shape)
    shape = check_labels(volume, name="volumes").shape
    if min(shape) < LEAST_SIDE:
        raise ValueError(f"volumes must have at least {LEAST_SIDE} voxels along each axis, got shape {shape}")
    return shape


def check_memory(shapes: Sequence[Shape]) -> None:
    """Check that the largest volume can be compared in the free memory.

    Raises
    ------
    ValueError
        If there is not enough memory; the message states the required amount.
    """
    largest = max(shapes, key=math.prod)
    needed, free = _BYTES * math.prod(largest), find_free_memory()
    if needed > free.n_bytes:
        raise ValueError(
            f"volumes must fit into memory, got shape {largest}, whose comparison needs about {format_memory(needed)} "
            f"of {free}; pass a part of the volume, such as volume[:256, :256, :256]"
        )


def check_conductivities(conductivities: Mapping[int, float]) -> dict[int, float]:
    """Return the conductivities as floats.

    Raises
    ------
    ValueError
        If a conductivity is negative or not finite.
    """
    hint = "0 means an insulator"
    return {
        label: check_in_range(value, 0, np.inf, name=f"conductivity of label {label}", hint=hint, open_high=True)
        for label, value in conductivities.items()
    }


def check_contents(labels: Labels, name: str, phase: int, conductivities: Mapping[int, float] | None) -> None:
    """Check that a volume holds the phase of interest beside another, and has a conductivity for each label.

    Grey levels and numbers of objects are found in the middle plane, as counting all voxels takes long.

    Raises
    ------
    ValueError
        If the volume has too many labels for phases, the phase fills none or all of it, or conductivities are given
        but lack one of its labels.
    """
    check_few_labels(labels, name=name)
    inside: BoolArray = labels == phase
    if not inside.any() or inside.all():
        state = "only this phase" if inside.any() else "none of this phase"
        raise ValueError(
            f"{name} must contain phase {phase} and at least one other, got {state} among its labels "
            f"({list_labels(measure_fractions([labels]))}); "
            "use the same labels in the reference and the volumes"
        )
    if conductivities is not None:
        missing = [str(label) for label in np.unique(labels) if label not in conductivities]
        if missing:
            raise ValueError(
                f"conductivities must have one value for each label of {name}, got none for {', '.join(missing)}; "
                "add it to the mapping, or omit physics"
            )
