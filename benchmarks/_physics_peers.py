"""Solves of the transport problems of physics_speed.py by this package and by others, one function each.

Every function takes labels, solves along axis 0 and returns the property. The phases conduct as `PORE` and `SOLID`, or
phase 1 alone diffuses or flows.
"""

from __future__ import annotations

import numpy as np

PORE, SOLID = 0.026, 1.4  # W/(m·K), the paper's silica
TOLERANCE = 1e-4


def ours(labels: np.ndarray, precision: str, quantity: str, method: str | None = None) -> float:
    from napari_swnn.physics import SolverOptions, effective_conductivity, permeability

    options = SolverOptions(precision=precision, device="cpu", tolerance=TOLERANCE, method=method)
    if quantity == "permeability":
        return permeability(labels, phase=1, axis=0, options=options).value
    values = {1: PORE, 0: SOLID} if quantity == "conductivity" else {1: 1.0, 0: 0.0}
    return effective_conductivity(labels, values, axis=0, options=options).value


def pyamg(labels: np.ndarray) -> float:
    """Assemble the finite-volume matrix and solve it by smoothed aggregation with conjugate gradients."""
    from pyamg import smoothed_aggregation_solver
    from scipy import sparse

    k = np.where(labels == 1, PORE, SOLID)
    number = np.arange(k.size).reshape(k.shape)
    links = [(number[1:], number[:-1], 2 / (1 / k[1:] + 1 / k[:-1]))]
    for side in (1, 2):
        links.append((number, np.roll(number, 1, side), 2 / (1 / k + 1 / np.roll(k, 1, side))))
    here, there, conductance = (np.concatenate([link[part].ravel() for link in links]) for part in range(3))
    ends = np.zeros_like(k)
    ends[0] += 2 * k[0]
    ends[-1] += 2 * k[-1]
    off_diagonal = sparse.coo_array((-conductance, (here, there)), shape=(k.size, k.size)).tocsr()
    off_diagonal = off_diagonal + off_diagonal.T
    matrix = (off_diagonal + sparse.diags_array(ends.ravel() - off_diagonal.sum(axis=1))).tocsr()
    rhs = np.zeros_like(k)
    rhs[0] = 2 * k[0]
    solver = smoothed_aggregation_solver(matrix, symmetry="symmetric")
    temperature = solver.solve(rhs.ravel(), tol=TOLERANCE / 10, accel="cg").reshape(k.shape)
    return float(np.mean(2 * k[0] * (1 - temperature[0])) * k.shape[0])


def taufactor_phases(labels: np.ndarray) -> float:
    """Solve for both phases with taufactor; its sides are insulated, where ours are periodic."""
    from taufactor import MultiPhaseSolver

    solver = MultiPhaseSolver(labels + 1, cond={1: SOLID, 2: PORE}, device="cpu")
    solver.solve(verbose=False, iter_limit=20_000)
    return float(np.squeeze(solver.D_eff))


def taufactor_diffusion(labels: np.ndarray) -> float:
    """Solve for phase 1 with taufactor's periodic sides."""
    from taufactor import PeriodicSolver

    solver = PeriodicSolver(labels, device="cpu")
    solver.solve(verbose=False, iter_limit=20_000)
    return float(np.squeeze(solver.D_eff))


def porespy_diffusion(labels: np.ndarray) -> float:
    """Solve for phase 1 with PoreSpy and OpenPNM; the sides are insulated."""
    from porespy.simulations import tortuosity_fd

    return float(1 / tortuosity_fd(labels == 1, axis=0).formation_factor)
