"""Correction of grey values towards known averages over larger voxels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_swnn.core.network.stage import Stage, bound_phases, phase_scores

_N_ITERATIONS = 30
"""Number of iterations, after which averages differ by about 0.005 on average."""
_RATE = 6.0
"""Change of a correction for a deviation of 1; twice as much makes it oscillate where phases are balanced."""
_LARGEST = 4.0
"""Largest correction: the difference of scores at which one phase has a share of 0.9997."""
_NEAREST = 1 - 1e-4
"""Largest grey value, relative to its bound, whose score is computed."""


def back_project(grey: Tensor, averages: Tensor, side: int, tolerance: float = 0.0) -> Tensor:
    """Correct grey values so that their averages over large voxels agree with known ones.

    The scores, from which the bounded grey values follow, are shifted by corrections that vary linearly between the
    centres of the large voxels, and are found by iterated back-projection [1]_. So the detail of the grey values is
    kept, and no boundary of a large voxel shows.

    Parameters
    ----------
    grey : torch.Tensor
        ``(1, c, *spatial)`` bounded grey values of whole large voxels.
    averages : torch.Tensor
        ``(1, c, *spatial / side)`` fraction of each phase, in [0, 1].
    side : int
        Edge length of a large voxel.
    tolerance : float
        Deviation of an average that is not corrected.

    Returns
    -------
    torch.Tensor
        ``(1, c, *spatial)``.

    References
    ----------
    .. [1] Irani and Peleg (1991), Improving resolution by image registration.
    """
    several = grey.shape[1] > 1
    mode = "trilinear" if grey.ndim == 5 else "bilinear"
    if several:
        scores = phase_scores(grey[0], Stage.CEILING)[None]
    else:
        scores = torch.atanh((grey / Stage.CEILING).clamp(-_NEAREST, _NEAREST))
    corrections = torch.zeros_like(averages)
    corrected = scores
    for _ in range(_N_ITERATIONS):
        shares = torch.softmax(corrected, 1) if several else (torch.tanh(corrected) + 1) / 2
        deviations = averages - pool_mean(shares, side)
        deviations = deviations - deviations.clamp(-tolerance, tolerance)
        corrections = (corrections + _RATE * deviations).clamp(-_LARGEST, _LARGEST)
        corrected = scores + F.interpolate(corrections, scale_factor=side, mode=mode, align_corners=False)
    return bound_phases(corrected, Stage.CEILING) if several else Stage.CEILING * torch.tanh(corrected)


def pool_mean(values: Tensor, side: int) -> Tensor:
    """Return the means ``(n, c, *spatial / side)`` over large voxels."""
    return F.avg_pool3d(values, side) if values.ndim == 5 else F.avg_pool2d(values, side)
