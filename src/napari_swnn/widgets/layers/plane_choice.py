"""Planes of the sections of a reference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer


@dataclass(frozen=True, eq=False)
class PlaneChoice:
    """Planes of the sections of a reference.

    Attributes
    ----------
    own : str
        Plane of the reference layer; empty for an isotropic material.
    own_turned : bool
        True if the reference layer is turned by 90 degrees.
    others : mapping of str to tuple
        Layer of each further plane, and whether it is turned.
    symmetry_axis : str or None
        Axis about which the material is the same in all directions.
    """

    own: str = ""
    own_turned: bool = False
    others: "Mapping[str, tuple[LabelsLayer, bool]]" = field(default_factory=dict)
    symmetry_axis: str | None = None


ISOTROPIC = PlaneChoice()
"""Choice for sections that describe all directions."""
