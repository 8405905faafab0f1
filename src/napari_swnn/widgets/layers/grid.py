"""Position, size and orientation of the pixels of a layer in the viewer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._voxel_size import SAME_LENGTH, LengthUnit, VoxelSize, find_length_unit, format_lengths, format_number
from napari_swnn.widgets.kit.errors import BadInputError, Remedy

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_swnn._types import FloatArray

_SKEW = 1e-3
"""Cosine of the angle between two axes above which they are not perpendicular."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Positions of the pixels of a layer: the pixel ``i`` is centred at ``matrix @ i + origin``.

    Attributes
    ----------
    name : str
        Name of the layer.
    matrix : numpy.ndarray
        ``(n, n)``; the columns are the edges of a pixel.
    origin : numpy.ndarray
        ``(n,)`` centre of the first pixel.
    units : tuple of LengthUnit or None
        Unit of each axis of the viewer; None if it is no length.
    """

    name: str
    matrix: "FloatArray"
    origin: "FloatArray"
    units: tuple[LengthUnit | None, ...]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.units)

    @property
    def is_upright(self) -> bool:
        """True if the axes of the layer are those of the viewer, perhaps in reverse."""
        return bool(np.allclose(self.matrix, np.diag(np.diagonal(self.matrix)), atol=1e-6 * np.abs(self.matrix).max()))

    @property
    def sides(self) -> "FloatArray":
        """Lengths of the edges of a pixel, in the units of its axes, or in metres if the units differ."""
        scaled = self._metres if len(set(self.units)) > 1 and None not in self.units else self.matrix
        found: FloatArray = np.sqrt(np.square(scaled).sum(axis=0))
        return np.array([float(f"{side:.9g}") for side in found])

    @property
    def is_square(self) -> bool:
        """True if all edges of a pixel are equally long, also after conversion of their units."""
        if len(set(self.units)) > 1 and None in self.units:
            return False
        sides = self.sides
        return bool(sides.max() <= SAME_LENGTH * sides.min())

    @property
    def is_sheared(self) -> bool:
        """True if the edges of a pixel are not perpendicular."""
        edges = self._metres / np.abs(self._metres).max()
        lengths = np.sqrt(np.square(edges).sum(axis=0))
        cosines = edges.T @ edges / np.outer(lengths, lengths) - np.eye(self.ndim)
        return bool(np.abs(cosines).max() > _SKEW)

    def describe_sides(self) -> str:
        """Describe the edges of a pixel, such as ``"0.5 µm × 0.25 µm"``."""
        lengths = np.sqrt(np.square(self.matrix).sum(axis=0))
        if not self.is_upright:
            return " × ".join(format_number(side, 6) for side in lengths)
        pairs = zip(lengths, self.units, strict=True)
        return " × ".join(
            format_number(side, 6) if unit is None else format_lengths((side,), unit.symbol, 6) for side, unit in pairs
        )

    def voxel_size(self, control: str) -> VoxelSize:
        """Return the edge length of a pixel, in the unit ``"voxel"`` if the layer has no unit of length.

        Raises
        ------
        BadInputError
            If the pixels are no squares or no cubes, or sheared.
        """
        if self.is_sheared:
            text = f"“{self.name}” is sheared, so that its pixels are no squares; reset its shear (layer.shear = 0)."
            raise BadInputError(control, text)
        if not self.is_square:
            shape = "squares" if self.ndim == 2 else "cubes"
            name = "pixels" if self.ndim == 2 else "voxels"
            text = f"The {name} of “{self.name}” measure {self.describe_sides()}; they must be {shape}."
            raise BadInputError(control, text, Remedy.RESAMPLE)
        unit = self.units[-1]
        side = float(f"{np.sqrt(np.square(self.matrix[:, -1]).sum()):.9g}")
        if unit is None or len(set(self.units)) == 1:
            return VoxelSize(side, "voxel" if unit is None else unit.symbol)
        metres = float(np.sqrt(np.square(self._metres[:, -1]).sum()))
        return VoxelSize(float(f"{metres / unit.metres:.9g}"), unit.symbol)

    def of_last_axes(self, n: int, control: str) -> "Grid":
        """Return the grid of the last `n` axes.

        Raises
        ------
        BadInputError
            If the layer is turned or sheared out of their plane.
        """
        if n == self.ndim:
            return self
        mixed = np.abs(self.matrix[-n:, :-n]).max() + np.abs(self.matrix[:-n, -n:]).max()
        if mixed > 1e-6 * np.abs(self.matrix).max():
            raise BadInputError(control, f"“{self.name}” is rotated out of its plane; reset its rotation.")
        return Grid(self.name, self.matrix[-n:, -n:], self.origin[-n:], self.units[-n:])

    def index_in(self, other: "Grid") -> "tuple[FloatArray, FloatArray]":
        """Return ``(matrix, offset)`` with which a pixel index of this grid becomes that of another grid.

        Lengths are converted if both layers have units of length; otherwise, they are compared as shown in the viewer.
        """
        in_metres = None not in (*self.units, *other.units)
        one, two = (grid._in_metres() if in_metres else grid for grid in (self, other))
        inverse = np.linalg.inv(two.matrix)
        return inverse @ one.matrix, inverse @ (one.origin - two.origin)

    @property
    def _metres(self) -> "FloatArray":
        return self.matrix * np.array([1.0 if unit is None else unit.metres for unit in self.units])[:, None]

    def _in_metres(self) -> "Grid":
        factors = np.array([1.0 if unit is None else unit.metres for unit in self.units])
        return Grid(self.name, factors[:, None] * self.matrix, factors * self.origin, self.units)


def read_grid(layer: "Layer", ndim: int, control: str) -> Grid:
    """Return the grid of the last `ndim` axes of a layer.

    Raises
    ------
    BadInputError
        If the layer is turned or sheared out of the plane of these axes.
    """
    n = layer.ndim
    origin = np.array(layer.data_to_world((0.0,) * n), float)
    edges = np.array([np.array(layer.data_to_world(tuple(row)), float) - origin for row in np.eye(n)]).T
    units = tuple(find_length_unit(str(unit)) for unit in layer.units)
    scale = np.abs(np.array(layer.scale, float))
    lengths = np.sqrt(np.square(edges).sum(axis=0))
    exact = np.isclose(lengths, scale, rtol=1e-6)  # differences of positions far from the origin are inexact
    edges *= np.where(exact, scale / np.where(lengths > 0, lengths, 1), 1)
    return Grid(layer.name, edges, origin, units).of_last_axes(ndim, control)


def read_voxel_size(layer: "Layer", ndim: int, control: str) -> VoxelSize:
    """Return the voxel size of a layer, in the unit ``"voxel"`` if the layer has no unit of length.

    Raises
    ------
    BadInputError
        If the voxels are not cubes.
    """
    return read_grid(layer, ndim, control).voxel_size(control)


def turn_upright(layer: "Layer", values: np.ndarray, control: str) -> np.ndarray:
    """Return the values of a layer in the directions in which the viewer shows them.

    Raises
    ------
    BadInputError
        If the layer is rotated or sheared.
    """
    grid = read_grid(layer, values.ndim, control)
    if not grid.is_upright:
        text = f"“{layer.name}” is rotated or sheared, which a map or mask that is stretched over a volume cannot be"
        raise BadInputError(control, f"{text}; reset its rotation.")
    mirrored = tuple(axis for axis, side in enumerate(np.diagonal(grid.matrix)) if side < 0)
    return np.flip(values, mirrored)
