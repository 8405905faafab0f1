"""Modulation of a network by the porosity: a gain and a shift of its features at each voxel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

N_FEATURES = 3


def porosity_features(porosity: Tensor, porosity_range: tuple[float, float]) -> Tensor:
    """Return smooth functions of the porosity whose linear combinations are the gains and shifts.

    Parameters
    ----------
    porosity : torch.Tensor
        ``(n, 1, *spatial)``, in [0, 1].
    porosity_range : tuple of float
        Lowest and highest porosity of the model, mapped to -1 and 1.

    Returns
    -------
    torch.Tensor
        ``(n, *spatial, N_FEATURES)`` Legendre polynomials of order 1 to 3.
    """
    low, high = porosity_range
    u = 2 * (porosity[:, 0] - low) / (high - low) - 1
    return torch.stack([u, 1.5 * u**2 - 0.5, 2.5 * u**3 - 1.5 * u], -1)


class Modulation(nn.Module):
    """Gain and shift of each channel as a function of porosity (feature-wise linear modulation [1]_).

    The modulation follows batch norm, which would cancel an earlier shift. It is initialised to the identity.

    Parameters
    ----------
    n_channels : int
        Number of feature channels.

    References
    ----------
    .. [1] Perez et al. (2018), FiLM: Visual Reasoning with a General Conditioning Layer.
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(n_channels, N_FEATURES))
        self.shift = nn.Parameter(torch.zeros(n_channels, N_FEATURES))

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """Modulate `x` ``(n, channels, *spatial)`` by features ``(n, *spatial, N_FEATURES)``; extents may be 1."""
        gain, shift = (F.linear(features, weight).movedim(-1, 1) for weight in (self.gain, self.shift))
        if torch.is_inference_mode_enabled():  # in place, as no gradient needs the inputs
            return x.mul_(gain.add_(1)).add_(shift)
        return x * (1 + gain) + shift

    def fold(self, weight: Tensor, bias: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Fold the modulation at one porosity, given by its features ``(N_FEATURES,)``, into a convolution."""
        gain = 1 + self.gain @ features
        return weight * gain.view(-1, *[1] * (weight.ndim - 1)), bias * gain + self.shift @ features


def crop_features(features: Tensor, margin: int) -> Tensor:
    """Crop `margin` voxels from each side of the features, except along uniform axes, which have an extent of 1."""
    inner = (slice(margin, -margin or None) if extent > 1 else slice(None) for extent in features.shape[1:-1])
    return features[:, *inner]
