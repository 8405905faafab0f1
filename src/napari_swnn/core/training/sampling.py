"""Random draws of a training."""

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
    """Source of every random draw of a training.

    Parameters
    ----------
    seed : int
        Seed of the draws.
    device : torch.device
        Device of the tensors; they are drawn on the CPU, so that they do not depend on it.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.device = device

    def noise(self, n_volumes: int) -> NoiseSource:
        """Return a source of fresh Gaussian noise for `n_volumes` volumes at once."""

        def draw(config: StageConfig, window: Window) -> Tensor:
            shape = (n_volumes, config.n_noise_channels, *window.shape)
            return torch.randn(shape, generator=self.generator).to(self.device)

        return draw

    def porosities(self, porosity: float, porosity_range: tuple[float, float] | None) -> tuple[float, ...]:
        """Draw the porosities of one step: the given one, or a pair, one from each half of the range.

        Both halves occur in every step, so that batch statistics hardly vary. The ends are most frequent (arcsine
        density): they have neighbours on one side only, which leaves polynomials least constrained there.
        """
        if porosity_range is None:
            return (porosity,)
        (low, high), first = porosity_range, self.rng.random() / 2
        return tuple(low + (high - low) * (1 - cos(pi * quantile)) / 2 for quantile in (first, first + 0.5))

    def position(self, limits: Sequence[int]) -> tuple[int, ...]:
        """Draw a position, from 0 to a limit (included) along each axis."""
        return tuple(int(self.rng.integers(limit + 1)) for limit in limits)


def constant_porosity(porosities: Sequence[float], dimension: int, device: torch.device) -> PorositySource:
    """Return a source of the porosities of several volumes, each uniform in space."""
    values = torch.tensor(porosities, dtype=torch.float32, device=device).view(-1, 1, *[1] * dimension)
    return lambda _config, _window: values
