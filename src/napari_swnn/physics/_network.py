"""The voxels of a volume as a network of conductances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from napari_swnn.physics._backend import Array, Backend

if TYPE_CHECKING:
    from napari_swnn._types import FloatArray, Shape

Ends: TypeAlias = Literal["face", "voxel"]
"""Where the temperature is fixed: on the outer faces, or at the centres of the first and last voxels."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Conductances between the voxels whose temperature is unknown.

    Axis 0 is driven: 1 before the first layer, 0 behind the last. The other axes are periodic. With ``ends="voxel"``
    the first and last layers of the volume are no unknowns but the ends themselves.
    """

    backend: Backend
    ends: Ends
    shape: Shape
    """Of the unknowns."""
    along: Array
    """``(n - 1, ...)`` from each layer to the next."""
    first: Array
    """From the hot end to the first layer."""
    last: Array
    """From the last layer to the cold end."""
    across: tuple[Array, ...]
    """For each side axis, ``(n, ...)`` from each voxel to the next, the last one to the first."""

    @classmethod
    def of(cls, conductivity: FloatArray, ends: Ends, backend: Backend) -> Network:
        """Join the voxels of `conductivity`, each at least 0, whose axis 0 is driven."""
        if ends == "face":
            inner, first, last = conductivity, 2 * conductivity[0], 2 * conductivity[-1]
        else:
            inner = conductivity[1:-1]
            first, last = (_harmonic_mean(conductivity[end], inner[end]) for end in (0, -1))
        return cls(
            backend,
            ends,
            inner.shape,
            backend.array(_harmonic_mean(inner[1:], inner[:-1])),
            backend.array(first),
            backend.array(last),
            tuple(
                backend.array(_harmonic_mean(inner, np.roll(inner, -1, side))) for side in range(1, conductivity.ndim)
            ),
        )

    def inflow(self) -> Array:
        """Return what the hot end alone drives into each voxel."""
        flow = self.backend.zeros(self.shape)
        flow[0] = self.first
        return flow

    def ramp(self) -> Array:
        """Return the temperature of a uniform material."""
        positions = (np.arange(self.shape[0]) + 0.5) / self.shape[0]
        if self.ends == "voxel":
            positions = np.arange(1, self.shape[0] + 1) / (self.shape[0] + 1)
        column = (1 - positions).reshape(-1, *[1] * (len(self.shape) - 1))
        return self.backend.array(np.broadcast_to(column, self.shape))

    def outflow(self, temperature: Array) -> Array:
        """Return the net flow out of each voxel, both ends at 0: the matrix of the network times `temperature`."""
        xp, total = self.backend.xp, self.backend.zeros(self.shape)
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
        """Return the norm of a net flow into every voxel that is as large as the mean flow through one."""
        through = float((self.first * (1 - temperature[0])).sum()) + float((self.last * temperature[-1]).sum())
        n_columns = float(np.prod(self.shape[1:]))
        return abs(through) / (2 * n_columns) * float(np.sqrt(np.prod(self.shape)))

    def fields(self, temperature: Array) -> tuple[FloatArray, FloatArray]:
        """Return temperature and flux of all voxels of the volume, ends included.

        Returns
        -------
        temperature : ndarray, ``(n, ...)``
        flux : ndarray, ``(ndim, n, ...)``
            Mean of the flows through the two faces of a voxel, under a unit mean gradient; axis 0 first. With
            ``ends="face"`` its mean along axis 0 is the energy of the network, whose error is the square of the
            temperature's.
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
        if self.ends == "face":
            length, forward = self.shape[0], (flows[:-1] + flows[1:]) / 2
        else:
            # an end voxel has one face with a flow: the inner one
            length, forward = self.shape[0] + 1, np.concatenate([flows[:1], (flows[:-1] + flows[1:]) / 2, flows[-1:]])
            inner = _with_ends(inner, 1, 0)
            sideways = [_with_ends(flow, 0, 0) for flow in sideways]
        return inner, np.stack([forward, *sideways]) * length


def _with_ends(array: FloatArray, first: float, last: float) -> FloatArray:
    """Add a uniform layer at either end of axis 0."""
    widths = [(1, 1)] + [(0, 0)] * (array.ndim - 1)
    return np.pad(array, widths, constant_values=[(first, last), *widths[1:]])


def _periodic_slices(side: int) -> tuple[tuple[slice | int, ...], ...]:
    """Return where to find, along `side`: all but the last, all but the first, the last, the first."""
    before = (slice(None),) * side
    return (*before, slice(None, -1)), (*before, slice(1, None)), (*before, -1), (*before, 0)


def _harmonic_mean(left: FloatArray, right: FloatArray) -> FloatArray:
    total = left + right
    return np.divide(2 * left * right, total, out=np.zeros_like(total), where=total > 0)
