"""Lattice-Boltzmann solver for slow flow, as in the paper, for an independent check of the permeability.

Nineteen populations in each fluid voxel stream to the neighbours and relax there with two relaxation times, whose
"magic" product of 3/16 places the wall half-way between voxels at any viscosity. Inertia is neglected, so the collision
is a constant 19 × 19 matrix; streaming and bounce-back are combined in one table of source indices.

References
----------
.. [1] I. Ginzburg, F. Verhaeghe, D. d'Humières, "Two-relaxation-time lattice Boltzmann scheme", Commun. Comput. Phys.
   3 (2008) 427-478.
.. [2] Y. H. Qian, D. d'Humières, P. Lallemand, "Lattice BGK models for Navier-Stokes equation", Europhys. Lett. 17
   (1992) 479-484: the D3Q19 velocities and weights.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn.physics._convergence import Convergence
from napari_swnn.physics._flow import Flow
from napari_swnn.physics.outcome import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray, FloatArray
    from napari_swnn.physics._conjugate_gradient import StoppingCriterion
    from napari_swnn.physics.results import SolverStep

_VELOCITIES = np.array([v for v in product((-1, 0, 1), repeat=3) if np.abs(v).sum() <= 2])  # (19, 3)
_WEIGHTS = np.array([{0: 1 / 3, 1: 1 / 18, 2: 1 / 36}[int(np.abs(v).sum())] for v in _VELOCITIES])
_VISCOSITY = 0.5
"""Viscosity in lattice units; with this value the method is stable and the flow becomes steady quickly."""
_MAGIC = 3 / 16
_CHECK_EVERY = 50
"""Number of steps between checks of the force balance, long enough to average out sound waves.

It is even because an undamped part of the momentum changes sign at every step.
"""


def iter_lattice_boltzmann(
    solid: BoolArray, axis: int, stopping: StoppingCriterion, device: str, precision: str
) -> Generator[SolverStep, None, Flow]:
    """Drive fluid around a periodic solid, ``(z, y, x)``, along `axis` until the flow is steady.

    The residual is the net force on the fluid (drive minus drag) divided by the drive.
    """
    import torch

    dtype = getattr(torch, precision)
    fluid = ~solid
    collide = torch.tensor(_collision(), dtype=dtype, device=device)  # (19, 19)
    drive = torch.tensor(3 * _WEIGHTS * _VELOCITIES[:, axis], dtype=dtype, device=device)[:, None]  # unit force
    source = torch.tensor(_sources(fluid), device=device)  # (19 * n_fluid,)
    along = torch.tensor(_VELOCITIES[:, axis], dtype=dtype, device=device)
    populations = torch.zeros((19, int(fluid.sum())), dtype=dtype, device=device)

    iteration = 0
    residual = 1.0
    momentum = 0.0
    convergence = Convergence(stopping.tolerance, axis)
    yield convergence.step(0, residual)
    while residual > stopping.tolerance and iteration < stopping.max_iterations:
        n_steps = min(_CHECK_EVERY, stopping.max_iterations - iteration)
        for _ in range(n_steps):
            collided = torch.addmm(drive, collide, populations)
            populations = collided.reshape(-1)[source].reshape(19, -1)
        before = momentum
        momentum = float((along @ populations).mean())
        residual = abs(momentum - before) / n_steps
        iteration += n_steps
        yield convergence.step(iteration, residual)

    outcome = Outcome.CONVERGED if residual <= stopping.tolerance else Outcome.MAX_ITERATIONS
    velocity, pressure = _moments(populations.cpu().numpy(), fluid, axis)
    return Flow(velocity, pressure, outcome, residual, iteration)


def _collision() -> FloatArray:
    """Return the matrix that relaxes even and odd parts of the populations to their equilibria at separate rates."""
    opposite = np.eye(19)[_opposites()]
    even, odd = (np.eye(19) + opposite) / 2, (np.eye(19) - opposite) / 2
    even_equilibrium = np.outer(_WEIGHTS, np.ones(19))  # density
    odd_equilibrium = 3 * _WEIGHTS[:, None] * (_VELOCITIES @ _VELOCITIES.T)  # momentum
    even_time = 3 * _VISCOSITY + 0.5
    odd_time = _MAGIC / (even_time - 0.5) + 0.5
    return np.asarray(np.eye(19) - (even - even_equilibrium) / even_time - (odd - odd_equilibrium) / odd_time)


def _opposites() -> NDArray[np.intp]:
    return np.arange(19)[::-1]  # the velocities are listed from (-1, …) to (1, …)


def _sources(fluid: BoolArray) -> NDArray[np.int64]:
    """Return the flat source index of each population: upstream, or bounced back by a wall."""
    number = np.full(fluid.shape, -1)
    number[fluid] = np.arange(np.count_nonzero(fluid))
    here = number[fluid]
    sources = []
    for direction, (velocity, opposite) in enumerate(zip(_VELOCITIES, _opposites(), strict=True)):
        upstream = np.roll(number, tuple(velocity), axis=(0, 1, 2))[fluid]
        sources.append(np.where(upstream >= 0, direction * here.size + upstream, opposite * here.size + here))
    return np.concatenate(sources)


def _moments(populations: FloatArray, fluid: BoolArray, axis: int) -> tuple[FloatArray, FloatArray]:
    """Return the velocity and pressure at unit viscosity."""
    velocity = np.zeros((3, *fluid.shape))
    pressure = np.zeros(fluid.shape)
    velocity[:, fluid] = _VELOCITIES.T @ populations
    velocity[axis, fluid] += 0.5  # half of the last step's force
    pressure[fluid] = populations.sum(axis=0) / 3
    return _VISCOSITY * velocity, pressure
