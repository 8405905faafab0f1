"""All random draws of a training."""

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
    """Every random draw of a training comes from here.

    Parameters
    ----------
    seed : int
        The same seed gives the same draws.
    device : torch.device
        Where tensors are wanted; they are drawn on the CPU, so that they do not depend on it.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.device = device

    def noise(self, n_volumes: int) -> NoiseSource:
        """Fresh Gaussian noise for so many volumes at once."""

        def draw(config: StageConfig, window: Window) -> Tensor:
            shape = (n_volumes, config.n_noise_channels, *window.shape)
            return torch.randn(shape, generator=self.generator).to(self.device)

        return draw

    def porosities(self, porosity: float, porosity_range: tuple[float, float] | None) -> tuple[float, ...]:
        """Porosities of the volumes of one step: one, or a pair, one from each half of the range.

        Both halves are met equally often in every step, so the statistics of batch norm hardly vary. The ends come most
        often (arcsine density): they have neighbours on one side only, and nothing else holds polynomials there.
        """
        if porosity_range is None:
            return (porosity,)
        (low, high), first = porosity_range, self.rng.random() / 2
        return tuple(low + (high - low) * (1 - cos(pi * quantile)) / 2 for quantile in (first, first + 0.5))

    def start(self, room: Sequence[int]) -> tuple[int, ...]:
        """A random place, from 0 to `room` along each axis."""
        return tuple(int(self.rng.integers(extent + 1)) for extent in room)


def constant_porosity(porosities: Sequence[float], dimension: int, device: torch.device) -> PorositySource:
    """Porosities of several volumes, each the same everywhere."""
    values = torch.tensor(porosities, dtype=torch.float32, device=device).view(-1, 1, *[1] * dimension)
    return lambda _config, _window: values
