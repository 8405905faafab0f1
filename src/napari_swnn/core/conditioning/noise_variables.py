"""Noise around known voxels as variables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_swnn.core.grid.noise import NoiseField
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.overlay import Positions, ScatteredNoise
from napari_swnn.core.network.cascade import NoiseSource
from napari_swnn.core.network.config import NetworkConfig, StageConfig

_SHIFT = 2**20
"""Number added to coordinates, which makes those of all margins positive."""
_BITS = 21
"""Number of bits of a coordinate in a key."""


def input_windows(network: NetworkConfig, window: Window) -> dict[int, Window]:
    """Return the noise window of each stage, by its scale, that determines a window of the finest grid."""
    windows = {}
    for stage in reversed(network.stages):
        window = window.grown(stage.margin)
        windows[stage.scale] = window
        window = window.coarser()
    return windows


def count_noise(network: NetworkConfig, windows: Sequence[Window]) -> tuple[int, int]:
    """Return how many noise values influence some windows of the finest grid, and how many voxels have them."""
    inputs = [input_windows(network, window) for window in windows]
    n_values = n_voxels = 0
    for stage in network.stages:
        n = len(np.unique(np.concatenate([_keys(of_stage[stage.scale]) for of_stage in inputs])))
        n_voxels += n
        n_values += n * stage.n_noise_channels
    return n_values, n_voxels


class NoiseVariables:
    """Noise of every stage at the voxels that influence some windows.

    Parameters
    ----------
    network : NetworkConfig
        Architecture.
    windows : sequence of Window
        Windows of the finest grid.
    seed : int
        Seed of the noise field.
    device : torch.device
        Device of the variables.

    Attributes
    ----------
    values : dict of int to torch.Tensor
        ``(c, n)`` variables by the scale of the stage, at first equal to the noise of the seed.
    """

    def __init__(self, network: NetworkConfig, windows: Sequence[Window], seed: int, device: torch.device) -> None:
        self._keys: dict[int, NDArray[np.int64]] = {}
        self._indices: dict[tuple[int, Window], Tensor] = {}
        self._dimension = network.dimension
        self.values: dict[int, Tensor] = {}
        inputs = [input_windows(network, window) for window in windows]
        for stage in network.stages:
            parts = [of_stage[stage.scale] for of_stage in inputs]
            keys = [_keys(part) for part in parts]
            own = self._keys[stage.scale] = np.unique(np.concatenate(keys))
            field = NoiseField(seed, stage.scale, stage.n_noise_channels)
            drawn = np.empty((stage.n_noise_channels, len(own)), np.float32)
            for part, of_part in zip(parts, keys, strict=True):
                index = np.searchsorted(own, of_part)
                drawn[:, index] = field.window(part).reshape(len(drawn), -1)
                self._indices[stage.scale, part] = torch.from_numpy(index).to(device)
            self.values[stage.scale] = torch.from_numpy(drawn).to(device)

    def source(self) -> NoiseSource:
        """Return a function that returns the noise of a stage, from which gradients flow back to the variables.

        Its windows must lie in those that determine the given ones, see `input_windows`.
        """

        def noise(stage: StageConfig, window: Window) -> Tensor:
            key = stage.scale, window
            if key not in self._indices:
                index = np.searchsorted(self._keys[stage.scale], _keys(window))
                self._indices[key] = torch.from_numpy(index).to(self.values[stage.scale].device)
            chosen = self.values[stage.scale][:, self._indices[key]]
            return chosen.view(1, stage.n_noise_channels, *window.shape)

        return noise

    def scattered(self) -> tuple[ScatteredNoise, ...]:
        """Return the noise of each stage in the form that an overlay holds."""
        return tuple(
            ScatteredNoise(scale, _positions(keys, self._dimension), self.values[scale].detach().cpu().numpy().copy())
            for scale, keys in self._keys.items()
        )


def _keys(window: Window) -> NDArray[np.int64]:
    """Return a number for each voxel of a window, in the order of its array."""
    keys = np.zeros((1,) * len(window.shape), np.int64)
    for axis, (start, stop) in enumerate(zip(window.start, window.stop, strict=True)):
        along = np.arange(start, stop, dtype=np.int64) + _SHIFT
        shape = [1] * len(window.shape)
        shape[axis] = -1
        keys = (keys << _BITS) + along.reshape(shape)
    return keys.ravel()


def _positions(keys: NDArray[np.int64], dimension: int) -> Positions:
    mask = (1 << _BITS) - 1
    shifts = [_BITS * i for i in reversed(range(dimension))]
    return np.stack([((keys >> shift) & mask) - _SHIFT for shift in shifts], axis=1).astype(np.int32)
