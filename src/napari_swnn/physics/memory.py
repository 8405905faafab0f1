"""Memory that a solve needs, checked before it starts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from napari_swnn._axes import find_channel_axis
from napari_swnn._memory import find_free_memory, format_memory
from napari_swnn._types import Shape
from napari_swnn.physics._backend import make_backend

Solver: TypeAlias = Literal["conduction", "stokes", "lbm"]
"""Conduction and diffusion; flow by finite differences; flow by the lattice-Boltzmann method."""

_BYTES: dict[tuple[str, str], int] = {
    ("conduction", "float64"): 60,
    ("conduction", "float32"): 35,
    ("stokes", "float64"): 230,
    ("stokes", "float32"): 150,
    ("lbm", "float64"): 280,
    ("lbm", "float32"): 230,
}
"""Bytes of memory per solved voxel, including fields and streamlines, measured on 128³ voxels."""

_RESULT_BYTES = 40
"""Bytes of memory per voxel that a problem and its result take, wherever it is solved."""

LEAST_BYTES = min(_BYTES.values())
"""Bytes of memory per voxel that every solve on a CPU needs at least."""


def estimate_memory(
    shape: Shape, solver: Solver, *, precision: str = "float64", mirrored: bool = False, device: str = "cpu"
) -> int:
    """Return the memory of this machine that a solve needs, in bytes.

    Parameters
    ----------
    shape : tuple of int
        Shape of the volume in voxels.
    solver : {"conduction", "stokes", "lbm"}
        Conduction or diffusion; flow by finite differences; flow by the lattice-Boltzmann method.
    precision : {"float64", "float32"}
        Precision of the arithmetic.
    mirrored : bool
        True if the volume is mirrored along the axis, which only the lattice-Boltzmann method computes as a whole.
    device : str
        Device that computes; a GPU has memory of its own.
    """
    n_voxels = math.prod(int(n) for n in shape)
    if device != "cpu":
        return _RESULT_BYTES * n_voxels
    return _BYTES[solver, precision] * n_voxels * (2 if mirrored and solver == "lbm" else 1)


def check_memory(shape: Shape, needed: float, quantity: str) -> None:
    """Check that a solve fits into the free memory.

    Parameters
    ----------
    shape : tuple of int
        Shape of the volume in voxels.
    needed : float
        Required memory in bytes.
    quantity : str
        Name of the property, for the message.

    Raises
    ------
    ValueError
        If there is not enough memory; the message states the required amount.
    """
    free = find_free_memory()
    if needed > free.n_bytes:
        raise ValueError(
            f"volume must be small enough for the free memory, got shape {shape}, whose {quantity} needs about "
            f"{format_memory(needed)} of {free}; crop the volume, or bin its voxels"
        )


def check_problem_memory(volume: Any, solvers: Sequence[Solver], quantity: str) -> None:
    """Check that a problem fits into the free memory with the settings that need least.

    Parameters
    ----------
    volume : array_like
        Volume of the problem, of which only the shape is read; without a shape, nothing is checked.
    solvers : sequence of {"conduction", "stokes", "lbm"}
        Solvers that are possible.
    quantity : str
        Name of the property, for the message.

    Raises
    ------
    ValueError
        If there is not enough memory for any of them.
    """
    shape = tuple(getattr(volume, "shape", ()))
    shape = shape[: find_channel_axis(shape)]
    if not shape:
        return
    needed = min(estimate_memory(shape, solver, precision="float32") for solver in solvers)
    if needed > find_free_memory().n_bytes:
        device = make_backend("auto", "float32").torch_device  # loads torch: only if a GPU may help
        check_memory(shape, needed if device == "cpu" else estimate_memory(shape, solvers[0], device=device), quantity)
