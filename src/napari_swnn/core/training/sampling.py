"""Random numbers for training."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi

import numpy as np
import torch
from torch import Tensor

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import NoiseSource, PorositySource
from napari_swnn.core.network.config import StageConfig


class Randomness:
    """Source of all random numbers of a training.

    Parameters
    ----------
    seed : int
        Random seed.
    device : torch.device
        Device of the returned tensors; numbers are drawn on the CPU, so they do not depend on the device.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.device = device

    def noise(self, n_volumes: int) -> NoiseSource:
        """Return a function that draws new Gaussian noise for `n_volumes` volumes at once."""

        def draw(config: StageConfig, window: Window) -> Tensor:
            shape = (n_volumes, config.n_noise_channels, *window.shape)
            return torch.randn(shape, generator=self.generator).to(self.device)

        return draw

    def porosities(self, porosity: float, porosity_range: tuple[float, float] | None) -> tuple[float, ...]:
        """Return the given porosity, or draw one porosity from each half of the range.

        Both halves occur in every step to keep batch statistics stable. Porosities near the ends are drawn most often
        (arcsine density), because polynomials are least constrained there.
        """
        if porosity_range is None:
            return (porosity,)
        (low, high), first = porosity_range, self.rng.random() / 2
        return tuple(low + (high - low) * (1 - cos(pi * quantile)) / 2 for quantile in (first, first + 0.5))

    def position(self, limits: Sequence[int]) -> tuple[int, ...]:
        """Draw a position between 0 and a limit (inclusive) along each axis."""
        return tuple(int(self.rng.integers(limit + 1)) for limit in limits)


def constant_porosity(porosities: Sequence[float], dimension: int, device: torch.device) -> PorositySource:
    """Return a function for the porosities of several volumes, each spatially uniform."""
    values = torch.tensor(porosities, dtype=torch.float32, device=device).view(-1, 1, *[1] * dimension)
    return lambda _config, _window: values
