"""Overlay of a model: noise values that replace those of the seed, and voxels whose phase is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model import header_fields as fields

if TYPE_CHECKING:
    from napari_swnn.core.network.config import NetworkConfig

Positions = NDArray[np.int32]
_CERTAIN = 100.0
"""Grey value of a known voxel, beyond all thresholds and offsets; its negative stands for another phase."""
_FARTHEST = 2**24
"""Limit of the coordinates of positions."""
_LARGEST_NOISE = 50.0
_MOST_VOXELS = 2**40
_FILE_TYPES = {np.dtype(np.int32): "I32", np.dtype(np.float32): "F32", np.dtype(np.uint8): "U8"}


@dataclass(frozen=True, eq=False, slots=True)
class ScatteredNoise:
    """Noise at some voxels of one stage.

    Attributes
    ----------
    scale : int
        Scale of the stage.
    positions : numpy.ndarray
        ``(n, d)`` int32 positions of the voxels on the grid of the stage.
    values : numpy.ndarray
        ``(c, n)`` float32 noise of these voxels.
    """

    scale: int
    positions: Positions
    values: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Overlay:
    """Noise that replaces that of any seed in some places, such that the volume contains known voxels there.

    Attributes
    ----------
    noise : tuple of ScatteredNoise
        Noise of each stage.
    positions : numpy.ndarray
        ``(n, d)`` int32 positions of the known voxels.
    phases : numpy.ndarray
        ``(n,)`` uint8 phase of each known voxel, as its position in the order of the labels of the model.
    free : tuple of float
        Free fractions for which the noise was found; see `NetworkConfig.free_ranges`.
    """

    noise: tuple[ScatteredNoise, ...]
    positions: Positions
    phases: NDArray[np.uint8]
    free: tuple[float, ...] = ()

    def replace_noise(self, values: Tensor, scale: int, window: Window) -> Tensor:
        """Return the noise ``(c, *window.shape)`` of a stage in a window with the noise of the overlay in its place."""
        for part in self.noise:
            if part.scale == scale:
                chosen, places = locate(part.positions, window)
                if len(chosen):
                    given = torch.from_numpy(part.values[:, chosen]).to(values.device)
                    values = _with(values, places, given)
        return values

    def set_known(self, values: Tensor, window: Window) -> Tensor:
        """Return the values ``(c, *window.shape)`` that are segmented, with certain ones for the known voxels."""
        chosen, places = locate(self.positions, window)
        if not len(chosen):
            return values
        numbers = np.arange(len(values))[:, None]  # of two phases, a single channel stands for the first
        given = np.where(self.phases[chosen] == numbers, _CERTAIN, -_CERTAIN).astype(np.float32)
        return _with(values, places, torch.from_numpy(given).to(values.device))

    def tensors(self) -> dict[str, Tensor]:
        """Return the arrays by name, as a model file stores them."""
        arrays: dict[str, NDArray[Any]] = {"overlay.positions": self.positions, "overlay.phases": self.phases}
        for part in self.noise:
            arrays[f"overlay.noise{part.scale}.positions"] = part.positions
            arrays[f"overlay.noise{part.scale}.values"] = part.values
        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}

    def as_json(self) -> dict[str, Any]:
        """Return everything but the arrays, as JSON-compatible values."""
        return {
            "n_known": len(self.positions),
            "n_noise": {str(part.scale): len(part.positions) for part in self.noise},
            "free": list(self.free),
        }


def parse_overlay(entries: Mapping[str, Any], network: NetworkConfig) -> Overlay:
    """Return the overlay of a header for a network, with arrays of the stated sizes that hold no memory.

    Raises
    ------
    ValueError
        If an entry is missing, or contradicts the network.
    """

    def size(value: Any, name: str) -> int:
        return fields.whole(value, name, 0, _MOST_VOXELS)

    def empty(dtype: Any, *shape: int) -> NDArray[Any]:
        return np.broadcast_to(np.zeros((), dtype), shape)

    d = network.dimension
    channels = {str(stage.scale): stage.n_noise_channels for stage in network.stages}
    numbers = fields.record(fields.field(entries, "n_noise"), "the noise of the overlay")
    if not set(numbers) <= set(channels):
        raise ValueError("the overlay must have noise of stages of the network only")
    noise = []
    for scale, value in numbers.items():
        n = size(value, "the number of voxels of the overlay")
        noise.append(ScatteredNoise(int(scale), empty(np.int32, n, d), empty(np.float32, channels[scale], n)))
    n_known = size(fields.field(entries, "n_known"), "the number of known voxels")
    n_free = len(network.free_ranges)
    listed = fields.items(fields.field(entries, "free"), "the fractions of the overlay", low=n_free, high=n_free)
    free = tuple(fields.number(value, "a fraction of the overlay", 0, 1) for value in listed)
    return Overlay(tuple(noise), empty(np.int32, n_known, d), empty(np.uint8, n_known), free)


def described_tensors(stated: Overlay) -> Iterator[tuple[str, str, list[int]]]:
    """Yield name, data type in the terms of safetensors and shape of each array of an overlay."""
    yield "overlay.positions", _FILE_TYPES[stated.positions.dtype], list(stated.positions.shape)
    yield "overlay.phases", _FILE_TYPES[stated.phases.dtype], list(stated.phases.shape)
    for part in stated.noise:
        prefix = f"overlay.noise{part.scale}"
        yield f"{prefix}.positions", _FILE_TYPES[part.positions.dtype], list(part.positions.shape)
        yield f"{prefix}.values", _FILE_TYPES[part.values.dtype], list(part.values.shape)


def fill_overlay(stated: Overlay, tensors: Mapping[str, Tensor], n_phases: int) -> Overlay:
    """Return the overlay with the arrays of a file.

    Raises
    ------
    ValueError
        If a value lies outside its range.
    """
    noise = []
    for part in stated.noise:
        prefix = f"overlay.noise{part.scale}"
        values = tensors[f"{prefix}.values"].numpy()
        if not (np.abs(values) <= _LARGEST_NOISE).all():
            raise ValueError("the noise of the overlay must be finite and of usual size")
        noise.append(ScatteredNoise(part.scale, _checked(tensors[f"{prefix}.positions"].numpy()), values))
    phases = tensors["overlay.phases"].numpy()
    if (phases >= n_phases).any():
        raise ValueError(f"the known voxels of the overlay must have one of {n_phases} phases")
    positions = _checked(tensors["overlay.positions"].numpy())
    return replace(stated, noise=tuple(noise), positions=positions, phases=phases)


def locate(positions: Positions, window: Window) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the indices ``(m,)`` of the positions inside a window, and their places ``(m,)`` in its flat array."""
    inside = ((positions >= window.start) & (positions < window.stop)).all(axis=1)
    chosen = np.flatnonzero(inside)
    offsets = positions[chosen].astype(np.int64) - np.array(window.start)
    return chosen, np.ravel_multi_index(tuple(offsets.T), window.shape).astype(np.int64)


def _checked(positions: Positions) -> Positions:
    if (np.abs(positions.astype(np.int64)) > _FARTHEST).any():
        raise ValueError("the positions of the overlay must lie within the largest volume")
    return positions


def _with(values: Tensor, places: NDArray[np.int64], given: Tensor) -> Tensor:
    """Return a copy of `values` ``(c, *shape)`` with the given ones ``(c, m)`` at places of the flat arrays."""
    flat = values.flatten(1).clone()
    flat[:, torch.from_numpy(places).to(values.device)] = given
    return flat.view(values.shape)
