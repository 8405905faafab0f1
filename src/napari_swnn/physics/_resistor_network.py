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
    """Resistances between the voxels whose temperature is unknown.

    Axis 0 is driven: the temperature is 1 before the first layer and 0 behind the last. The other axes are periodic.
    With ``boundary="voxel"`` the first and last layers have fixed temperatures and are not among the unknowns.

    Each voxel has half of its resistance before and half behind its centre; neighbours are connected by the sum of two
    halves, which is the harmonic mean of their conductivities. An insulator has infinite resistance.

    Attributes
    ----------
    backend : Backend
        Arithmetic of the arrays.
    boundary : {"face", "voxel"}
        Position where the temperature is fixed.
    resistance : Array
        ``(n, ...)`` resistance of half of each unknown voxel.
    first, last : Array
        ``(...)`` resistances from the hot end to the first layer, and from the last layer to the cold end.
    """

    backend: Backend
    boundary: FixedAt
    resistance: Array
    first: Array
    last: Array

    @classmethod
    def from_conductivity(cls, conductivity: FloatArray, boundary: FixedAt, backend: Backend) -> ResistorNetwork:
        """Build the network of voxels with the given conductivities, each at least 0, driven along axis 0."""
        with np.errstate(divide="ignore"):
            half = 0.5 / conductivity
        if boundary == "face":
            first, inner, last = half[0], half, half[-1]  # half a voxel to the outer face
        else:
            first, inner, last = half[0] + half[1], half[1:-1], half[-2] + half[-1]
        return cls(backend, boundary, *(backend.array(array) for array in (inner, first, last)))

    @property
    def shape(self) -> Shape:
        """Shape ``(n, ...)`` of the unknowns."""
        return tuple(self.resistance.shape)

    def inflow(self) -> Array:
        """Return the flow from the hot end into each voxel while the volume is at temperature 0."""
        flow = self.backend.zeros(self.shape)
        flow[0] = 1 / self.first
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
        total = self.backend.empty(self.shape)

        def add_flows(layers: slice) -> None:
            flow = self._flow_along(temperature, layers, hot=0)
            out = total[layers]
            out[...] = flow[1:]
            out -= flow[:-1]
            for side in range(1, len(self.shape)):
                here, there, last, start = _periodic_slices(side)
                flow = self._flow_across(temperature, layers, side)
                out += flow
                out[there] -= flow[here]
                out[start] -= flow[last]

        self.backend.for_each_slab(add_flows, self.shape)
        return total

    def typical_flow(self, temperature: Array) -> float:
        """Return the norm of a field in which every net flow equals the mean flow through a voxel."""
        through = float(((1 - temperature[0]) / self.first).sum()) + float((temperature[-1] / self.last).sum())
        n_columns = float(np.prod(self.shape[1:]))
        return abs(through) / (2 * n_columns) * float(np.sqrt(np.prod(self.shape)))

    def fields(self, temperature: Array, driven: int) -> tuple[FloatArray, FloatArray]:
        """Return the temperature and flux of all voxels, including the ends.

        Parameters
        ----------
        temperature : Array
            Temperature of the unknowns.
        driven : int
            Position of the driven axis in the volume.

        Returns
        -------
        temperature : ndarray
            Temperature at the centres of the voxels of the volume.
        flux : ndarray, ``(ndim, ...)``
            Mean of the flows through opposite faces of a voxel under a unit mean gradient, for each axis of the volume.
            With ``boundary="face"`` its mean along the driven axis is the energy of the network, whose error is
            quadratic in the error of the temperature.
        """
        numpy = self.backend.numpy
        n_ends = 0 if self.boundary == "face" else 1
        length = self.shape[0] + n_ends
        sides = list(self.shape[1:])
        shape = (*sides[:driven], self.shape[0] + 2 * n_ends, *sides[driven:])
        field = np.zeros(shape, numpy(self.first).dtype)
        flux = np.zeros((len(shape), *shape), field.dtype)
        order = [driven, *(axis for axis in range(len(shape)) if axis != driven)]
        level = np.moveaxis(field, driven, 0)
        forward, *sideways = (np.moveaxis(flux[axis], driven, 0) for axis in order)

        def fill(layers: slice) -> None:
            inner = slice(layers.start + n_ends, layers.stop + n_ends)
            level[inner] = numpy(temperature[layers])
            flow = length * numpy(self._flow_along(temperature, layers, hot=1))
            forward[inner] = (flow[:-1] + flow[1:]) / 2
            if n_ends and layers.start == 0:  # an end voxel has flow through its inner face only
                level[0], forward[0] = 1, flow[0]
            if n_ends and layers.stop == self.shape[0]:
                forward[-1] = flow[-1]
            for side, component in enumerate(sideways, start=1):
                flow = length * numpy(self._flow_across(temperature, layers, side))
                component[inner] = (flow + np.roll(flow, 1, side)) / 2

        self.backend.for_each_slab(fill, self.shape)
        return field, flux

    def _flow_along(self, temperature: Array, layers: slice, *, hot: float) -> Array:
        """Return the flow into each of some layers from the one before, and from the last of them to the next."""
        n, start, stop = self.shape[0], layers.start, layers.stop
        flow = self.backend.empty((stop - start + 1, *self.shape[1:]))
        before, behind = slice(max(start - 1, 0), min(stop, n - 1)), slice(max(start, 1), min(stop + 1, n))
        between = flow[behind.start - start : behind.stop - start]
        self.backend.xp.subtract(temperature[before], temperature[behind], out=between)
        between /= self.resistance[before] + self.resistance[behind]
        if start == 0:
            flow[0] = (hot - temperature[0]) / self.first
        if stop == n:
            flow[-1] = temperature[-1] / self.last
        return flow

    def _flow_across(self, temperature: Array, layers: slice, side: int) -> Array:
        """Return the flow from each voxel of some layers to the next along a side axis, periodically."""
        level, resistance = temperature[layers], self.resistance[layers]
        flow = self.backend.empty(tuple(level.shape))
        here, there, last, start = _periodic_slices(side)
        for nearer, farther in ((here, there), (last, start)):
            self.backend.xp.subtract(level[nearer], level[farther], out=flow[nearer])
            flow[nearer] /= resistance[nearer] + resistance[farther]
        return flow


def _periodic_slices(side: int) -> tuple[tuple[slice | int, ...], ...]:
    """Return the indices along `side` of all but the last, all but the first, the last and the first layer."""
    before = (slice(None),) * side
    return (*before, slice(None, -1)), (*before, slice(1, None)), (*before, -1), (*before, 0)
