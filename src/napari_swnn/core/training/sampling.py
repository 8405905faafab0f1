"""Random numbers for training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import FractionSource, NoiseSource
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.training.target import Target


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

    def state_dict(self) -> dict[str, Any]:
        """Return the state of both generators."""
        return {"rng": json.dumps(self.rng.bit_generator.state), "generator": self.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state returned by `state_dict`."""
        self.rng.bit_generator.state = json.loads(state["rng"])
        self.generator.set_state(state["generator"])

    def noise(self, n_volumes: int) -> NoiseSource:
        """Return a function that draws new Gaussian noise for `n_volumes` volumes at once."""

        def draw(config: StageConfig, window: Window) -> Tensor:
            shape = (n_volumes, config.n_noise_channels, *window.shape)
            return torch.randn(shape, generator=self.generator).to(self.device)

        return draw

    def free_fractions(self, target: Target) -> tuple[tuple[float, ...], ...]:
        """Return the free fractions of the target, or draw them for two volumes from its ranges.

        In every step, the two are taken from both halves of each range, to keep batch statistics stable. Fractions near
        the ends are drawn most often; see `FractionBox.draw`.
        """
        if target.box is None:
            return (target.free,)
        n = len(target.free)
        quantiles = self.rng.random(n)
        quantiles[0] /= 2
        order = self.rng.permutation(n).tolist() if n > 1 else [0]
        return tuple(target.box.draw(each, order) for each in (quantiles, (quantiles + 0.5) % 1))

    def position(self, limits: Sequence[int]) -> tuple[int, ...]:
        """Draw a position between 0 and a limit (inclusive) along each axis."""
        return tuple(int(self.rng.integers(limit + 1)) for limit in limits)


def constant_fractions(fractions: Sequence[tuple[float, ...]], dimension: int, device: torch.device) -> FractionSource:
    """Return a function for the free fractions of several volumes, each spatially uniform."""
    values = torch.tensor(fractions, dtype=torch.float32, device=device).view(len(fractions), -1, *[1] * dimension)
    return lambda _config, _window: values
