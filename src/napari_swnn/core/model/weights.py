"""Weights of a model: their names and shapes, as its settings imply, compared before any is allocated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.network.film import n_features
from napari_swnn.core.network.stage import Stage

_LARGEST = 1e6
"""Limit of a weight; those of trained networks are below 100, and larger ones overflow in the network."""
_NAMES = {"F32": "float32", "I32": "int32", "U8": "uint8"}
"""Data types by their name in safetensors files."""


def check_described(
    described: Mapping[str, Any], network: NetworkConfig, further: Sequence[tuple[str, str, list[int]]] = ()
) -> None:
    """Raise an error if the tensors that a file describes are not those of a network.

    Parameters
    ----------
    described : mapping
        For each name an entry with ``"dtype"`` and ``"shape"``, as in the header of a safetensors file.
    network : NetworkConfig
        Architecture.
    further : sequence of tuple
        Name, data type and shape of other tensors that the file must hold.

    Raises
    ------
    ValueError
        If a tensor is missing, superfluous, or has another shape or data type.
    """
    n_expected = sum(_n_tensors(network, i) for i in range(len(network.stages))) + len(further)
    if len(described) != n_expected:  # first, because the settings may imply very many
        raise ValueError(f"the settings need {n_expected} tensors, got {len(described)}")
    weights = ((name, "F32", list(shape)) for name, shape in expected_shapes(network))
    for name, dtype, shape in (*weights, *further):
        entry = described.get(name)
        if not isinstance(entry, Mapping):
            raise ValueError(f"the tensor {name} is missing")
        if entry.get("dtype") != dtype or entry.get("shape") != shape:
            raise ValueError(
                f"the tensor {name} must be {_NAMES[dtype]} of shape {shape}, got {entry.get('dtype')} of shape "
                f"{str(entry.get('shape'))[:60]}"
            )


def expected_shapes(network: NetworkConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name and shape of each tensor of a network with folded batch norm."""
    n_free = len(network.free_ranges)
    for i, stage in enumerate(network.stages):
        prefix, width = f"stage{i}.", stage.n_channels
        first = stage.n_noise_channels + (i > 0) * network.n_phase_channels
        for k in range(stage.n_blocks):
            yield f"{prefix}convolutions.{k}.weight", (width, width if k else first, *[3] * network.dimension)
            yield f"{prefix}convolutions.{k}.bias", (width,)
            if n_free:
                yield f"{prefix}modulations.{k}.gain", (width, n_features(n_free))
                yield f"{prefix}modulations.{k}.shift", (width, n_features(n_free))
        yield f"{prefix}head.weight", (network.n_phase_channels, width)
        yield f"{prefix}head.bias", (network.n_phase_channels,)
        if n_free:
            yield f"{prefix}head_modulation.gain", (network.n_phase_channels, n_features(n_free))
            yield f"{prefix}head_modulation.shift", (network.n_phase_channels, n_features(n_free))


def _n_tensors(network: NetworkConfig, i: int) -> int:
    return (network.stages[i].n_blocks + 1) * (4 if network.free_ranges else 2)


def build_stages(network: NetworkConfig, tensors: Mapping[str, Tensor]) -> tuple[Stage, ...]:
    """Return the stages of a network with the given weights.

    Raises
    ------
    ValueError
        If a weight is infinite, no number, or larger than any that training produces.
    """
    for name, tensor in tensors.items():
        if not bool((tensor.abs() <= _LARGEST).all()):  # also if it is NaN
            raise ValueError(f"the weights {name} must be finite and of usual size")
    return tuple(folded_stage(network, i, _of_stage(i, tensors)) for i in range(len(network.stages)))


def _of_stage(i: int, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    prefix = f"stage{i}."
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def folded_stage(network: NetworkConfig, i: int, weights: Mapping[str, Tensor]) -> Stage:
    """Return a stage of a network with folded batch norm and the given weights, in evaluation mode."""
    stage = Stage(
        network.stages[i],
        conditioned=i > 0,
        dimension=network.dimension,
        n_phase_channels=network.n_phase_channels,
        free_ranges=network.free_ranges,
    )
    stage.load_state_dict(dict(weights))
    return stage.eval().requires_grad_(False)


def named_tensors(stages: Sequence[Stage]) -> dict[str, Tensor]:
    """Return the weights of stages by name."""
    with torch.no_grad():
        return {
            f"stage{i}.{name}": tensor.contiguous()
            for i, stage in enumerate(stages)
            for name, tensor in stage.state_dict().items()
        }
