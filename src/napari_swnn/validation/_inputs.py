"""Checks of the volumes and conductivities that a validation takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_swnn._checks import check_in_range, check_labels, is_lazy
from napari_swnn._types import BoolArray, Labels, Shape


def check_volume_shape(volume: Any) -> Shape:
    """Return the shape of a volume after all checks that do not compute a lazy one.

    Raises
    ------
    TypeError
        If the values are neither integers nor booleans.
    ValueError
        If the volume is neither 2-D nor 3-D, or holds no voxel.
    """
    if is_lazy(volume):  # an array of the same type that takes no memory stands in for it
        volume = np.broadcast_to(np.zeros((), volume.dtype), volume.shape)
    return check_labels(volume, name="volumes").shape


def check_conductivities(conductivities: Mapping[int, float]) -> dict[int, float]:
    """Return the conductivities as floats.

    Raises
    ------
    ValueError
        If one is not a finite number of at least 0.
    """
    hint = "0 means that it insulates"
    return {
        label: check_in_range(value, 0, np.inf, name=f"conductivity of label {label}", hint=hint, open_high=True)
        for label, value in conductivities.items()
    }


def check_contents(labels: Labels, name: str, phase: int, conductivities: Mapping[int, float] | None) -> BoolArray:
    """Return the phase of interest of a volume, as booleans.

    Raises
    ------
    ValueError
        If the phase fills none or all of the volume, or a label lacks a conductivity where conductivities are given.
    """
    inside: BoolArray = labels == phase
    if not inside.any() or inside.all():
        state = "nothing else" if inside.any() else "none of it"
        raise ValueError(
            f"{name} must hold phase {phase} and another, got {state}; "
            "give the reference the label that the volumes use"
        )
    if conductivities is not None:
        missing = [str(label) for label in np.unique(labels) if label not in conductivities]
        if missing:
            raise ValueError(
                f"conductivities must hold one number for each label of {name}, got none for {', '.join(missing)}; "
                "add it to the mapping, or leave physics out"
            )
    return inside
