"""Modulation of a network by the porosity or by fractions: a gain and a shift of its features at each voxel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_swnn.core.network.legendre import highest_order, legendre_products, n_products


def fraction_features(fractions: Tensor, ranges: Sequence[tuple[float, float]]) -> Tensor:
    """Return smooth functions of fractions whose linear combinations are the gains and shifts.

    Parameters
    ----------
    fractions : torch.Tensor
        ``(n, m, *spatial)``, in [0, 1]; the porosity for two phases.
    ranges : sequence of tuple of float
        Lowest and highest value of each fraction, mapped to -1 and 1.

    Returns
    -------
    torch.Tensor
        ``(n, *spatial, n_features(m))`` Legendre polynomials, and their products up to the same order.
    """
    products = legendre_products([fractions[:, k] for k in range(len(ranges))], ranges, highest_order(len(ranges)))
    return torch.stack(products, -1)


def n_features(n_fractions: int) -> int:
    """Return the number of features of a number of fractions."""
    return n_products(n_fractions, highest_order(n_fractions))


class Modulation(nn.Module):
    """Gain and shift of each channel as a function of fractions (feature-wise linear modulation [1]_).

    The modulation follows batch norm, which would cancel an earlier shift. It is initialised to the identity.

    Parameters
    ----------
    n_channels : int
        Number of feature channels.
    n_fractions : int
        Number of fractions.

    References
    ----------
    .. [1] Perez et al. (2018), FiLM: Visual Reasoning with a General Conditioning Layer.
    """

    def __init__(self, n_channels: int, n_fractions: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(n_channels, n_features(n_fractions)))
        self.shift = nn.Parameter(torch.zeros(n_channels, n_features(n_fractions)))

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """Modulate `x` ``(n, channels, *spatial)`` by features ``(n, *spatial, n_features)``; extents may be 1."""
        gain, shift = (F.linear(features, weight).movedim(-1, 1) for weight in (self.gain, self.shift))
        if torch.is_inference_mode_enabled():  # in place, as no gradient needs the inputs
            return x.mul_(gain.add_(1)).add_(shift)
        return x * (1 + gain) + shift

    def fold(self, weight: Tensor, bias: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Fold the modulation for uniform fractions, given by their features, into a convolution."""
        gain = 1 + self.gain @ features
        return weight * gain.view(-1, *[1] * (weight.ndim - 1)), bias * gain + self.shift @ features


def crop_features(features: Tensor, margin: int) -> Tensor:
    """Crop `margin` voxels from each side of the features, except along uniform axes, which have an extent of 1."""
    inner = (slice(margin, -margin or None) if extent > 1 else slice(None) for extent in features.shape[1:-1])
    return features[:, *inner]
