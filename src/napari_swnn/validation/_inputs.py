"""Checks of the volumes and conductivities passed to a validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_swnn._checks import check_in_range, check_labels, is_lazy
from napari_swnn._types import BoolArray, Labels, Shape


def check_volume_shape(volume: Any) -> Shape:
    """Return the shape of a volume after the checks that need no computation of a lazy volume.

    Raises
    ------
    TypeError
        If the values are neither integers nor booleans.
    ValueError
        If the volume is neither 2-D nor 3-D, or is empty.
    """
    if is_lazy(volume):  # check an array of the same shape and type that takes no memory
        volume = np.broadcast_to(np.zeros((), volume.dtype), volume.shape)
    return check_labels(volume, name="volumes").shape


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


def check_contents(labels: Labels, name: str, phase: int, conductivities: Mapping[int, float] | None) -> BoolArray:
    """Return the phase of interest of a volume as a boolean array.

    Raises
    ------
    ValueError
        If the phase fills none or all of the volume, or conductivities are given but lack one of its labels.
    """
    inside: BoolArray = labels == phase
    if not inside.any() or inside.all():
        state = "only this phase" if inside.any() else "none of this phase"
        raise ValueError(
            f"{name} must contain phase {phase} and at least one other, got {state}; "
            "use the same labels in the reference and the volumes"
        )
    if conductivities is not None:
        missing = [str(label) for label in np.unique(labels) if label not in conductivities]
        if missing:
            raise ValueError(
                f"conductivities must have one value for each label of {name}, got none for {', '.join(missing)}; "
                "add it to the mapping, or omit physics"
            )
    return inside
