"""Tortuosity factor: how much the shape of a phase slows diffusion through it.

References
----------
.. [1] S. J. Cooper et al., "TauFactor: an open-source application for calculating tortuosity factors from tomographic
   data", SoftwareX 5 (2016) 203-210: τ = φ·D0/D_eff.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._checks import check_labels
from napari_swnn._steps import drain
from napari_swnn.physics.bounds import Bounds
from napari_swnn.physics.conduction import iter_effective_conductivity
from napari_swnn.physics.results import ConductivityResult, SolverStep, TortuosityResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from napari_swnn.physics._backend import Device, Precision
    from napari_swnn.physics._network import Ends


def tortuosity_factor(
    volume: ArrayLike,
    *,
    phase: int,
    axis: int = 0,
    ends: Ends = "face",
    tolerance: float = 1e-4,
    max_iterations: int = 1000,
    dtype: Precision = "float64",
    device: Device = "auto",
    throw: bool = True,
) -> TortuosityResult:
    """Compute the tortuosity factor τ = φ·D0/D_eff of one phase, the others being impermeable [1]_.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)`` or ``(y, x)``
        One value for each phase.
    phase : int
        The phase that lets through.
    axis : int
        Direction of the mean gradient.
    ends, tolerance, max_iterations, dtype, device, throw
        As in `effective_conductivity`, which does the work.

    Returns
    -------
    TortuosityResult
        `value` is at least 1 and dimensionless; infinite where the phase does not percolate.

    Raises
    ------
    TypeError, ValueError
        If the input is not as described.
    NotPercolatingError
        If the phase does not join the two ends.
    NotConvergedError
        If the residual stays above the tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile([0, 1], (8, 4))
    >>> print(f"{tortuosity_factor(stripes, phase=1, axis=0).value:.3f}")
    1.000
    """
    return drain(
        iter_tortuosity_factor(
            volume,
            phase=phase,
            axis=axis,
            ends=ends,
            tolerance=tolerance,
            max_iterations=max_iterations,
            dtype=dtype,
            device=device,
            throw=throw,
        )
    )


def iter_tortuosity_factor(
    volume: ArrayLike,
    *,
    phase: int,
    axis: int = 0,
    ends: Ends = "face",
    tolerance: float = 1e-4,
    max_iterations: int = 1000,
    dtype: Precision = "float64",
    device: Device = "auto",
    throw: bool = True,
) -> Generator[SolverStep, None, TortuosityResult]:
    """Compute as `tortuosity_factor` does, yielding a `SolverStep` at each iteration.

    The input is checked at the call. The generator's return value is the result; closing it stops the solve.
    """
    labels = check_labels(volume, name="volume")
    inside = labels == phase
    if not inside.any():
        values = ", ".join(map(str, np.unique(labels)[:8]))
        raise ValueError(f"phase must be one of the values of volume ({values}), got {phase}")
    if axis is None:
        raise ValueError("axis must be a single axis of the volume, got None; call once for each axis")
    steps = iter_effective_conductivity(
        inside,
        {0: 0.0, 1: 1.0},
        axis=axis,
        ends=ends,
        unit="1",
        tolerance=tolerance,
        max_iterations=max_iterations,
        dtype=dtype,
        device=device,
        throw=throw,
    )
    return _tortuosity(steps, float(inside.mean()))


def _tortuosity(
    steps: Generator[SolverStep, None, ConductivityResult], fraction: float
) -> Generator[SolverStep, None, TortuosityResult]:
    diffusion = yield from steps
    return TortuosityResult(
        value=fraction / diffusion.value if diffusion.value > 0 else np.inf,
        volume_fraction=fraction,
        bounds=Bounds(fraction / diffusion.bounds.hashin_shtrikman.upper, np.inf),
        diffusion=diffusion,
    )
