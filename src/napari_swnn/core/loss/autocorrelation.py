"""Autocorrelation of sections as a descriptor: the baseline without patterns."""

from __future__ import annotations

import torch
from torch import Tensor


def autocorrelation(sections: Tensor) -> list[Tensor]:
    """Return the periodic two-point correlation of each phase, for all lags in the plane (Wiener-Khinchin).

    It is that of `napari_swnn.statistics.two_point_correlation` with ``periodic=True``, along all directions.

    Parameters
    ----------
    sections : torch.Tensor
        ``(n, phases, h, w)`` area fractions in [0, 1].

    Returns
    -------
    list of torch.Tensor
        One tensor ``(phases, h, w)``, the mean over the sections; entry ``[p, i, j]`` is that at a lag of ``(i, j)``.
    """
    h, w = sections.shape[2:]
    transformed = torch.fft.rfft2(sections.float())
    power = (transformed.real**2 + transformed.imag**2).mean(0)
    return [torch.fft.irfft2(power, s=(h, w)) / (h * w)]
