"""Edge lengths of a voxel along each axis, as files and layers state them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from napari_swnn._types import AXES
from napari_swnn._voxel_size import SAME_LENGTH, VoxelSize, decode_unit, format_number, format_units, states_no_length


@dataclass(frozen=True, slots=True)
class VoxelSides:
    """Edge lengths of a voxel along each axis, as a file or a layer states them.

    Parameters
    ----------
    lengths : tuple of float or None
        Edge length along each axis, in the unit of the axis; None if it is not stated. Negative lengths, of mirrored
        axes, become positive; 0, NaN and infinity state nothing.
    units : tuple of str
        Unit of each axis in any spelling.
    """

    lengths: tuple[float | None, ...]
    units: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "lengths", tuple(map(_usable, self.lengths)))

    @classmethod
    def unknown(cls, ndim: int) -> VoxelSides:
        """Return the sides of a voxel of which nothing is known."""
        return cls((None,) * ndim, ("voxel",) * ndim)

    @classmethod
    def of_metres(cls, metres: Sequence[float | None]) -> VoxelSides:
        """Return the sides for lengths in metres, in nm, µm or mm, whichever gives a handy number."""
        known = [length for length in metres if length is not None]
        if not known:
            return cls.unknown(len(metres))
        unit = "nm" if min(known) < 1e-7 else "um" if min(known) < 1e-3 else "mm"
        per_metre = {"nm": 1e9, "um": 1e6, "mm": 1e3}[unit]
        lengths = tuple(None if length is None else float(f"{length * per_metre:.12g}") for length in metres)
        return cls(lengths, (unit,) * len(lengths))

    def __str__(self) -> str:
        shown = ["unknown" if length is None else format_number(length, 6) for length in self.lengths]
        if len(set(self.units)) == 1:
            return format_units(" × ".join(shown) + f" {self.units[-1]}")
        return format_units(" × ".join(f"{length} {unit}" for length, unit in zip(shown, self.units, strict=True)))

    def take(self, where: Sequence[int]) -> VoxelSides:
        """Return the sides along some of the axes, in this order; an axis may be taken more than once."""
        return VoxelSides(tuple(self.lengths[i] for i in where), tuple(self.units[i] for i in where))

    def in_one_unit(self, name: str) -> VoxelSides:
        """Return the sides in the unit of the last axis.

        Parameters
        ----------
        name : str
            Name of the image in the error message.

        Raises
        ------
        ValueError
            If units differ and one of them is not a length unit.
        """
        unit = self.units[-1]
        try:
            lengths = tuple(
                None if length is None else VoxelSize(length, own).in_unit(unit)
                for length, own in zip(self.lengths, self.units, strict=True)
            )
        except ValueError as error:
            raise ValueError(
                f"{name} must have the same unit along all axes, got voxels of {self}; correct the voxel size"
            ) from error
        return VoxelSides(lengths, (unit,) * len(lengths))

    def cubic(self, name: str) -> VoxelSize:
        """Return the voxel size, after checking that the voxels are cubes, or the pixels squares.

        Parameters
        ----------
        name : str
            Name of the image in the error message.

        Raises
        ------
        ValueError
            If the sides differ, or some are known and others are not.
        """
        if all(length is None for length in self.lengths):
            return VoxelSize()
        same = self.in_one_unit(name)
        known = [length for length in same.lengths if length is not None]
        if len(known) < len(same.lengths) or max(known) > SAME_LENGTH * min(known):
            shape = "square pixels" if len(known) == 2 == len(same.lengths) else "cubic voxels"
            raise ValueError(
                f"{name} must have {shape}, got sides of {same} along {', '.join(AXES[-len(same.lengths) :])}; "
                "resample the image so that all sides are equal, or correct its voxel size"
            )
        unit = decode_unit(same.units[-1])
        return VoxelSize() if states_no_length(unit) else VoxelSize(known[-1], unit)


def _usable(length: float | None) -> float | None:
    return abs(length) if length is not None and isfinite(length) and length != 0 else None
