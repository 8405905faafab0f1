"""Validation of periodic boundary conditions and their extents."""

from __future__ import annotations

from typing import Any

from napari_swnn._checks import check_axis_flags
from napari_swnn._types import Shape
from napari_swnn.core.network.config import NetworkConfig


def check_periodic(periodic: Any, shape: Shape, network: NetworkConfig) -> tuple[bool, ...]:
    """Return one flag per axis.

    The extent along a periodic axis must be a multiple of the voxel size of the coarsest stage, because the noise of
    every stage must repeat with the volume. It must also be at least as large as the receptive field of every stage.

    Parameters
    ----------
    periodic : bool or sequence of bool
        One flag for all axes, or one per axis.
    shape : tuple of int
        Shape of the volume.
    network : NetworkConfig
        Network that generates it.

    Raises
    ------
    ValueError
        If the number of flags differs from the number of axes, or an extent is invalid; the message suggests valid
        extents.
    """
    flags = check_axis_flags(periodic, len(shape), name="periodic")
    for axis, (flag, extent) in enumerate(zip(flags, shape, strict=True)):
        if flag:
            _check_extent(extent, axis, network)
    return flags


def min_period(network: NetworkConfig) -> int:
    """Return the smallest extent of a periodic axis in voxels."""
    step = network.stages[0].scale // network.finest_scale
    field = max(stage.receptive_field * stage.scale for stage in network.stages) // network.finest_scale
    return -(-field // step) * step


def _check_extent(extent: int, axis: int, network: NetworkConfig) -> None:
    step, least = network.stages[0].scale // network.finest_scale, min_period(network)
    if extent >= least and extent % step == 0:
        return
    below = max(extent // step * step, least)
    above = max(below + step, least)
    raise ValueError(
        f"shape must be a multiple of {step} and at least {least} voxels along the periodic axis {axis}, got {extent}; "
        f"the nearest valid extents are {below} and {above}"
    )
