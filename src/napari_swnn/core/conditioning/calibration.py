"""Probability of the phases of voxels given the coarser grey values around them, learned from unconstrained volumes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_RIDGE = 1e-3
"""Weight of the squared distance from scores as they are, which keeps the fit finite where phases are separable."""
_N_ITERATIONS = 50
"""Largest number of iterations of the fit."""


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """Scores of coarse grey values as logarithms of probabilities of the phases of the voxels that they cover.

    Attributes
    ----------
    slope : float
        Factor of the scores.
    shifts : torch.Tensor
        ``(c,)`` numbers that are added to them.
    """

    slope: float
    shifts: Tensor

    def __call__(self, scores: Tensor) -> Tensor:
        """Return calibrated scores ``(c, n)``."""
        return self.slope * scores + self.shifts[:, None]


def fit_calibration(scores: Tensor, phases: Tensor) -> Calibration:
    """Fit a calibration by the largest likelihood.

    Parameters
    ----------
    scores : torch.Tensor
        ``(c, n)`` scores.
    phases : torch.Tensor
        ``(n,)`` int64 phases of the same voxels, as positions in the order of the labels.
    """
    points, own = scores.detach().T.cpu().double(), phases.cpu()  # not all devices have double precision
    logarithm, shifts = parameters = [torch.zeros(n, dtype=torch.float64) for n in (1, len(scores))]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.LBFGS(parameters, max_iter=_N_ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(logarithm.exp() * points + shifts, own)
        value = value + _RIDGE * (logarithm.square().sum() + shifts.square().sum())
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimiser.step(loss)  # type: ignore[no-untyped-call]
    return Calibration(float(logarithm.detach().exp()), shifts.detach().to(scores.device, torch.float32))
