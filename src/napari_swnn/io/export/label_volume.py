"""Labels together with everything that a file should keep about them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np

from napari_swnn._checks import check_labels, is_lazy
from napari_swnn._label_values import HIGHEST_LABEL, LOWEST_LABEL
from napari_swnn._phase_names import check_name
from napari_swnn._types import AXES, Shape
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn._voxel_size import VoxelSize, find_length_unit, states_no_length
from napari_swnn.io.volume_file import PROVENANCE_KEY

REALISATION = "realisation"
"""Name of a leading axis of realisations."""
_DTYPES = ("uint8", "uint16", "int16", "uint32", "int32")
"""Data types of labels that all formats store, the smallest first."""


@dataclass(frozen=True, eq=False, slots=True)
class LabelVolume:
    """Labels with their voxel size, the names of their phases and their origin.

    Attributes
    ----------
    values : numpy.ndarray or dask.array.Array
        Labels ``(y, x)``, ``(z, y, x)`` or, for several realisations, ``(n, z, y, x)``.
    dtype : numpy.dtype
        Smallest data type that holds all labels.
    sides : VoxelSides
        Edge lengths of a voxel along the axes of space, in one unit.
    names : dict of int to str
        Names of the phases by label; may be empty.
    provenance : dict
        Origin of the labels as JSON-serialisable values; may be empty.
    """

    values: Any
    dtype: np.dtype[Any]
    sides: VoxelSides
    names: dict[int, str]
    provenance: dict[str, Any]

    @classmethod
    def of(
        cls,
        labels: Any,
        *,
        voxel_size: float | Sequence[float] = 1.0,
        unit: str = "voxel",
        names: Mapping[int, str] | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> LabelVolume:
        """Return checked labels; see `napari_swnn.io.save_volume`."""
        values = _check_values(labels)
        if values.ndim not in (2, 3, 4) or 0 in values.shape:
            raise ValueError(f"labels must be 2-D, 3-D, or 4-D with realisations first, got the shape {values.shape}")
        return cls(
            values=values,
            dtype=_smallest_dtype(values),
            sides=_check_sides(voxel_size, unit, min(values.ndim, 3)),
            names=_check_names(names),
            provenance=json.loads(json.dumps(dict(provenance or {}), default=str)),
        )

    @property
    def shape(self) -> Shape:
        """Number of realisations, if there are several, and of voxels along each axis of space."""
        return tuple(int(n) for n in self.values.shape)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of all axes."""
        return AXES[-self.values.ndim :] if self.values.ndim <= 3 else (REALISATION, *AXES)

    @property
    def lengths(self) -> tuple[float, ...]:
        """Edge lengths of a voxel along the axes of space; 1 if unknown."""
        return tuple(1.0 if length is None else length for length in self.sides.lengths)

    @property
    def unit(self) -> str:
        """Symbol of the unit of length in ASCII, such as ``"um"``; empty if the voxel size is not a length."""
        unit = find_length_unit(self.sides.units[-1])
        if unit is None:
            return ""
        return {"µm": "um", "Å": "angstrom"}.get(unit.symbol, unit.symbol)

    @property
    def unit_name(self) -> str:
        """Name of the unit of length in OME-Zarr, such as ``"micrometer"``; empty if the voxel size is not a length."""
        unit = find_length_unit(self.sides.units[-1])
        return "" if unit is None else unit.name

    @property
    def n_bytes(self) -> int:
        """Size of all voxels in bytes."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def description(self) -> dict[str, Any]:
        """Entry of napari-swnn in the metadata of a file: the names of the phases and the origin."""
        named = {"labels": {"phases": list(self.names), "names": list(self.names.values())}} if self.names else {}
        return named | ({"origin": self.provenance} if self.provenance else {})

    @property
    def text(self) -> str:
        """Description as JSON."""
        return json.dumps({PROVENANCE_KEY: self.description})

    def planes(self) -> Iterator[np.ndarray]:
        """Yield all planes ``(y, x)`` in order; only one slab of a lazy array is in memory at a time."""
        flat = self.values.reshape(-1, *self.shape[-2:])
        depth = max(1, 2**26 // prod(self.shape[-2:]))
        for start in range(0, flat.shape[0], depth):
            yield from np.ascontiguousarray(np.asarray(flat[start : start + depth]), self.dtype)

    def write_voxels(self, file: BinaryIO) -> None:
        """Write all voxels, x fastest, with the low byte first on any machine."""
        for plane in self.planes():
            file.write(plane.astype(self.dtype.newbyteorder("<"), copy=False).tobytes())

    def check_single(self, kind: str) -> None:
        """Raise an error for several realisations, which only TIFF and OME-Zarr can hold."""
        if len(self.shape) > 3:
            raise ValueError(
                f"{kind} must hold one volume, got {self.shape[0]} realisations; save them one by one, or all as TIFF "
                "or OME-Zarr"
            )


def _check_values(labels: Any) -> Any:
    values = labels if is_lazy(labels) else np.asarray(labels)
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind in "iu":
        return values
    return check_labels(labels, ndim=(2, 3, 4), axes=("realisation", *AXES)[-values.ndim :])  # whole floats


def _smallest_dtype(values: Any) -> np.dtype[Any]:
    low, high = values.min(), values.max()
    if is_lazy(values):
        import dask

        low, high = dask.compute(low, high)
    low, high = int(low), int(high)
    for dtype in map(np.dtype, _DTYPES):
        info = np.iinfo(dtype)
        if info.min <= low and high <= info.max:
            return dtype
    raise ValueError(
        f"labels must lie between {LOWEST_LABEL} and {HIGHEST_LABEL} and fit into 32 bits, got {low} to {high}; "
        "relabel them"
    )


def _check_sides(voxel_size: float | Sequence[float], unit: str, ndim: int) -> VoxelSides:
    given = [voxel_size] * ndim if np.ndim(voxel_size) == 0 else list(voxel_size)  # type: ignore[arg-type]
    if len(given) != ndim:
        raise ValueError(f"voxel_size must be one number, or one for each of {ndim} axes, got {len(given)} numbers")
    lengths = tuple(VoxelSize(length, unit).value for length in given)  # type: ignore[arg-type]
    if find_length_unit(unit) is None and states_no_length(unit):
        return VoxelSides.unknown(ndim) if set(lengths) == {1.0} else VoxelSides(lengths, ("voxel",) * ndim)
    return VoxelSides(lengths, (unit,) * ndim)


def _check_names(names: Mapping[int, str] | None) -> dict[int, str]:
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(f"names must map labels to names, such as {{1: 'pore'}}, got {type(names).__name__}")
    return {int(label): check_name(label, name) for label, name in (names or {}).items()}
