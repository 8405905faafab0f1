"""Check of a volume for a model that holds known voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_swnn.core.model.overlay import Overlay
from napari_swnn.core.volume.porosity_map import PorosityMap

if TYPE_CHECKING:
    from napari_swnn.core.volume.spec import CheckedSpec

_TOLERANCE = 1e-6
"""Difference of two porosities that is put down to rounding."""


def check_overlay(overlay: Overlay | None, spec: CheckedSpec) -> None:
    """Raise an error if the known voxels of a model would not fit into a volume.

    Raises
    ------
    ValueError
        If the volume varies in space or is periodic, or has another porosity than the one of the known voxels.
    """
    if overlay is None:
        return
    check_variation(spec)
    fields = spec.free if spec.porosity is None else (spec.porosity,)
    for field, own in zip(fields, overlay.free, strict=True):
        if not isinstance(field, PorosityMap) or max(abs(value - own) for value in field.extremes) > _TOLERANCE:
            shown = ", ".join(f"{value:.4g}" for value in overlay.free)
            raise ValueError(
                f"porosity and fractions must be those that the known voxels were fitted for ({shown}), got others; "
                "omit them, or call constrain with them"
            )


def check_variation(spec: CheckedSpec) -> None:
    """Raise an error if a volume cannot contain known voxels, because it varies in space or is periodic.

    Raises
    ------
    ValueError
        If it has a mask, graded noise, a periodic axis or a coarse scan.
    """
    given_settings = {
        "mask": spec.mask is not None,
        "noise": spec.noise is not None,
        "periodic": any(spec.periodic),
        "coarse": spec.coarse is not None,
    }
    for name, given in given_settings.items():
        if given:
            raise ValueError(f"{name} must not be given for a volume with known voxels; omit it, or the known voxels")


def check_full_resolution(overlay: Overlay | None, scale: int) -> None:
    """Raise an error if a volume with known voxels would be generated at a coarser scale.

    Raises
    ------
    ValueError
        If there are known voxels.
    """
    if overlay is not None:
        raise ValueError(
            f"scale must be 1 for a model with known voxels, which are of the finest scale, got {scale}; omit it"
        )
