"""Numerical settings of a solve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from napari_swnn._checks import check_choice, check_in_range, check_whole

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
Precision: TypeAlias = Literal["float64", "float32"]
FlowMethod: TypeAlias = Literal["stokes", "lbm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverOptions:
    """Numerical settings of a solve, shared by all properties.

    Parameters
    ----------
    tolerance : float
        Relative residual at which the iteration stops, in (0, 1). For conduction, it is the net flow into a voxel
        divided by the mean flow through a voxel; the conductivity is more accurate, since its error is quadratic in the
        residual. For flow, it is the velocity remaining on the walls divided by the velocity of the undisturbed stream
        (root mean squares) or, with the lattice-Boltzmann method, the net force on the fluid divided by the driving
        force.
    max_iterations : int, optional
        Number of iterations after which the solve fails; by default 1000 for conduction, 2000 for flow and 50 000 time
        steps with the lattice-Boltzmann method.
    precision : {"float64", "float32"}
        Precision of the arithmetic. Single precision saves up to half of the memory and is accurate to about 1e-5. For
        flow with a tolerance of at least 1e-5, ``"float64"`` computes the fields in single precision and only sums in
        double.
    device : {"auto", "cpu", "cuda"}
        Device to compute on; ``"auto"`` uses a CUDA GPU if available.
    method : {"stokes", "lbm"}, optional
        Flow solver, for permeability only: finite differences with wall forces (default), or the lattice-Boltzmann
        method of the paper, which is much slower and serves as a check.
    throw : bool
        Raise an error if the solve fails. If False, return the result, whose `outcome` gives the reason.

    Raises
    ------
    ValueError
        If a setting is out of range or unknown.
    """

    tolerance: float = 1e-4
    max_iterations: int | None = None
    precision: Precision = "float64"
    device: Device = "auto"
    method: FlowMethod | None = None
    throw: bool = True

    def __post_init__(self) -> None:
        check_in_range(self.tolerance, 0, 1, name="tolerance", open_low=True, open_high=True)
        if self.max_iterations is not None:
            check_whole(self.max_iterations, name="max_iterations")
        check_choice(self.precision, ("float64", "float32"), name="precision")
        check_choice(self.device, ("auto", "cpu", "cuda"), name="device")
        if self.method is not None:
            check_choice(self.method, ("stokes", "lbm"), name="method")


DEFAULT_OPTIONS = SolverOptions()
