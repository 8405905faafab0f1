"""Approximate inverse of the operator from wall forces to velocities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_swnn.physics._backend import Array, Backend
    from napari_swnn.physics._stokes.spectral import SpectralSolver
    from napari_swnn.physics._stokes.walls import Walls

_OWN_RESPONSE = 1 / 6
"""Velocity at a node per unit force on it, on an infinite grid: 2/3 of 0.2527, the value for Poisson's equation."""

_PORE_PRESSURE = 2.0
"""Weight of the forces that balance the pressure along the pores; found by trial, with a flat optimum."""


class WallForcePreconditioner:
    """Approximate inverse operator: wall forces that nearly cause given velocities.

    Each node resists independently, and a pressure that diffuses through the box couples the nodes along the pores.

    Parameters
    ----------
    walls : Walls
        Geometry of the walls.
    backend : Backend
        Arithmetic of the forces.
    spectral : SpectralSolver
        Solver for the pressure; single precision suffices.
    """

    def __init__(self, walls: Walls, backend: Backend, spectral: SpectralSolver) -> None:
        self._walls = walls
        self._backend = backend
        self._spectral = spectral
        self._own_resistance = 1 / (_OWN_RESPONSE + backend.array(walls.compliance))
        nodes, cells, signs = walls.sides()
        self._wall_nodes = backend.array(nodes)
        self._wall_cells = backend.array(cells)
        self._wall_signs = backend.array(signs)
        self._drifts = self._drift_corrections()

    def __call__(self, slip: Array) -> Array:
        """Return forces that approximately cause `slip`, with zero mean across the stream."""
        forces = self._resist(slip)
        for drift in self._drifts:
            self._backend.add_scaled(forces, drift, -self._backend.dot(drift, slip))
        return forces

    def _resist(self, slip: Array) -> Array:
        """Return forces as if only the pressure along the pores coupled the nodes."""
        forces = self._own_resistance * slip
        spectral = self._spectral
        sources = spectral.backend.cast(self._wall_signs * slip[self._wall_nodes])
        pressure = spectral.solve_poisson(spectral.backend.sum_at(sources, self._wall_cells, spectral.shape))
        at_walls = self._backend.cast(pressure.reshape(-1)[self._wall_cells])
        forces[self._wall_nodes] += _PORE_PRESSURE * self._wall_signs * at_walls
        return forces

    def _drift_corrections(self) -> list[Array]:
        """Return vectors d for which `_resist` − Σ d·dᵀ is symmetric and gives zero mean force across the stream."""
        drifts: list[Array] = []
        for part in self._walls.parts_across:
            uniform = self._backend.zeros((self._walls.n_nodes,))
            uniform[part] = 1.0
            drift = self._resist(uniform)
            for other in drifts:
                self._backend.add_scaled(drift, other, -self._backend.dot(other, uniform))
            drift /= math.sqrt(self._backend.dot(drift, uniform))
            drifts.append(drift)
        return drifts
