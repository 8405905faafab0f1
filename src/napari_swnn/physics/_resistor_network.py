"""Finite-volume discretisation of conduction as a resistor network of voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from napari_swnn.physics._backend import Array, Backend

if TYPE_CHECKING:
    from napari_swnn._types import FloatArray, Shape

FixedAt: TypeAlias = Literal["face", "voxel"]
"""Boundary condition at the ends: temperature fixed on the outer faces, or at the centres of the end voxels."""


@dataclass(frozen=True, slots=True, eq=False)
class ResistorNetwork:
    """Conductances between the voxels whose temperature is unknown.

    Axis 0 is driven: the temperature is 1 before the first layer and 0 behind the last. The other axes are periodic.
    With ``boundary="voxel"`` the first and last layers have fixed temperatures and are not among the unknowns.

    Attributes
    ----------
    backend : Backend
        Arithmetic of the arrays.
    boundary : {"face", "voxel"}
        Position where the temperature is fixed.
    shape : tuple of int
        Shape ``(n, ...)`` of the unknowns.
    along : Array
        ``(n - 1, ...)`` conductances from each layer to the next.
    first, last : Array
        ``(...)`` conductances from the hot end to the first layer, and from the last layer to the cold end.
    across : tuple of Array
        ``(n, ...)`` conductances for each side axis, from each voxel to the next and from the last to the first.
    """

    backend: Backend
    boundary: FixedAt
    shape: Shape
    along: Array
    first: Array
    last: Array
    across: tuple[Array, ...]

    @classmethod
    def from_conductivity(cls, conductivity: FloatArray, boundary: FixedAt, backend: Backend) -> ResistorNetwork:
        """Build the network of voxels with the given conductivities, each at least 0, driven along axis 0."""
        if boundary == "face":
            inner = conductivity
            first, last = (2 * conductivity[end] for end in (0, -1))  # half a voxel to the outer face
        else:
            inner = conductivity[1:-1]
            first, last = (_harmonic_mean(conductivity[end], inner[end]) for end in (0, -1))
        sides = range(1, conductivity.ndim)
        return cls(
            backend=backend,
            boundary=boundary,
            shape=inner.shape,
            along=backend.array(_harmonic_mean(inner[1:], inner[:-1])),
            first=backend.array(first),
            last=backend.array(last),
            across=tuple(backend.array(_harmonic_mean(inner, np.roll(inner, -1, side))) for side in sides),
        )

    def inflow(self) -> Array:
        """Return the flow from the hot end into each voxel while the volume is at temperature 0."""
        flow = self.backend.zeros(self.shape)
        flow[0] = self.first
        return flow

    def uniform_temperature(self) -> Array:
        """Return the temperature of a uniform material: a linear ramp."""
        positions = (np.arange(self.shape[0]) + 0.5) / self.shape[0]
        if self.boundary == "voxel":
            positions = np.arange(1, self.shape[0] + 1) / (self.shape[0] + 1)
        column = (1 - positions).reshape(-1, *[1] * (len(self.shape) - 1))
        return self.backend.array(np.broadcast_to(column, self.shape))

    def outflow(self, temperature: Array) -> Array:
        """Return the net flow out of each voxel with both ends at 0: the network matrix times `temperature`."""
        xp = self.backend.xp
        total = self.backend.zeros(self.shape)
        flow = self.backend.empty(self.shape)
        total[0] += self.first * temperature[0]
        total[-1] += self.last * temperature[-1]
        down = flow[:-1]
        xp.subtract(temperature[:-1], temperature[1:], out=down)
        down *= self.along
        total[:-1] += down
        total[1:] -= down
        for side, conductance in enumerate(self.across, start=1):
            here, there, last, start = _periodic_slices(side)
            xp.subtract(temperature[here], temperature[there], out=flow[here])
            xp.subtract(temperature[last], temperature[start], out=flow[last])
            flow *= conductance
            total += flow
            total[there] -= flow[here]
            total[start] -= flow[last]
        return total

    def typical_flow(self, temperature: Array) -> float:
        """Return the norm of a field in which every net flow equals the mean flow through a voxel."""
        through = float((self.first * (1 - temperature[0])).sum()) + float((self.last * temperature[-1]).sum())
        n_columns = float(np.prod(self.shape[1:]))
        return abs(through) / (2 * n_columns) * float(np.sqrt(np.prod(self.shape)))

    def fields(self, temperature: Array) -> tuple[FloatArray, FloatArray]:
        """Return the temperature and flux of all voxels, including the ends.

        Returns
        -------
        temperature : ndarray, ``(n, ...)``
            Temperature at the centres of the voxels.
        flux : ndarray, ``(ndim, n, ...)``
            Mean of the flows through opposite faces of a voxel under a unit mean gradient, axis 0 first. With
            ``boundary="face"`` its mean along axis 0 is the energy of the network, whose error is quadratic in the
            error of the temperature.
        """
        inner = self.backend.numpy(temperature)
        first, last, along = (self.backend.numpy(array) for array in (self.first, self.last, self.along))
        flows = np.concatenate(
            [(first * (1 - inner[0]))[None], along * (inner[:-1] - inner[1:]), (last * inner[-1])[None]]
        )
        sideways: list[FloatArray] = []
        for side, conductance in enumerate(self.across, start=1):
            flow = self.backend.numpy(conductance) * (inner - np.roll(inner, -1, side))
            sideways.append((flow + np.roll(flow, 1, side)) / 2)
        forward = (flows[:-1] + flows[1:]) / 2
        length = self.shape[0]
        if self.boundary == "voxel":
            # an end voxel has flow through its inner face only
            forward = np.concatenate([flows[:1], forward, flows[-1:]])
            length += 1
            inner = _with_ends(inner, 1, 0)
            sideways = [_with_ends(flow, 0, 0) for flow in sideways]
        return inner, np.stack([forward, *sideways]) * length


def _with_ends(array: FloatArray, first: float, last: float) -> FloatArray:
    """Add a uniform layer at each end of axis 0."""
    widths = [(1, 1)] + [(0, 0)] * (array.ndim - 1)
    return np.pad(array, widths, constant_values=[(first, last), *widths[1:]])


def _periodic_slices(side: int) -> tuple[tuple[slice | int, ...], ...]:
    """Return the indices along `side` of all but the last, all but the first, the last and the first layer."""
    before = (slice(None),) * side
    return (*before, slice(None, -1)), (*before, slice(1, None)), (*before, -1), (*before, 0)


def _harmonic_mean(left: FloatArray, right: FloatArray) -> FloatArray:
    total = left + right
    return np.divide(2 * left * right, total, out=np.zeros_like(total), where=total > 0)
