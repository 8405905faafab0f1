"""Tortuosity factor: reduction of diffusion by the geometry of a phase.

References
----------
.. [1] S. J. Cooper et al., "TauFactor: an open-source application for calculating tortuosity factors from tomographic
   data", SoftwareX 5 (2016) 203-210: τ = φ·D0/D_eff.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._checks import check_label, check_labels
from napari_swnn._phases import list_labels
from napari_swnn._steps import drain
from napari_swnn.physics.bounds import Bounds
from napari_swnn.physics.conductivity import ConductivityProblem
from napari_swnn.physics.memory import check_problem_memory
from napari_swnn.physics.options import DEFAULT_OPTIONS, SolverOptions
from napari_swnn.physics.results import ConductivityResult, SolverStep, TortuosityResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from napari_swnn.physics._resistor_network import FixedAt


def tortuosity_factor(
    volume: ArrayLike,
    *,
    phase: int,
    axis: int = 0,
    boundary: FixedAt = "face",
    options: SolverOptions = DEFAULT_OPTIONS,
) -> TortuosityResult:
    """Compute the tortuosity factor τ = φ·D0/D_eff of one phase; all others are impermeable [1]_.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)`` or ``(y, x)``
        Labels, one value for each phase.
    phase : int
        Conducting phase.
    axis : int
        Direction of the mean gradient.
    boundary : {"face", "voxel"}
        Position where the concentration is fixed, as in `effective_conductivity`.
    options : SolverOptions
        Numerical settings.

    Returns
    -------
    TortuosityResult
        Result with the dimensionless `value`, at least 1; infinite if the phase does not percolate.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    NotPercolatingError
        If the phase does not connect the two ends.
    NotConvergedError
        If the residual stays above the tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile([0, 1], (8, 4))
    >>> print(f"{tortuosity_factor(stripes, phase=1, axis=0).value:.3f}")
    1.000
    """
    return drain(TortuosityProblem(volume, phase, boundary=boundary).iter_solve(axis, options))


@dataclass(frozen=True, eq=False)
class TortuosityProblem:
    """Diffusion problem in one phase, as defined by the arguments of `tortuosity_factor`.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)`` or ``(y, x)``
        Labels, one value for each phase.
    phase : int
        Conducting phase.
    boundary : {"face", "voxel"}
        Position where the concentration is fixed.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    """

    volume: ArrayLike = field(repr=False)
    phase: int
    boundary: FixedAt = "face"
    _volume_fraction: float = field(init=False, repr=False)
    _diffusion: ConductivityProblem = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_problem_memory(self.volume, ("conduction",), "tortuosity")
        labels = check_labels(self.volume, name="volume")
        inside = labels == check_label(self.phase)
        if not inside.any():
            raise ValueError(
                f"phase must be one of the values of volume ({list_labels(np.unique(labels))}), got {self.phase}"
            )
        diffusion = ConductivityProblem(inside, {0: 0.0, 1: 1.0}, boundary=self.boundary, unit="1")
        object.__setattr__(self, "_volume_fraction", float(inside.mean()))
        object.__setattr__(self, "_diffusion", diffusion)

    def iter_solve(
        self, axis: int = 0, options: SolverOptions = DEFAULT_OPTIONS
    ) -> Generator[SolverStep, None, TortuosityResult]:
        """Solve along one axis, yielding a `SolverStep` at each iteration and returning the result.

        Closing the generator stops the solve.

        Parameters
        ----------
        axis : int
            Direction of the mean gradient.
        options : SolverOptions
            Numerical settings.

        Raises
        ------
        ValueError
            If the axis or an option does not suit the problem; raised at the call, before the first step.
        """
        return _tortuosity(self._diffusion.iter_solve(axis, options), self._volume_fraction)


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
