"""Import of checkpoints from the authors of the paper."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path as FilePath

import torch
from torch import Tensor

from napari_swnn._types import Path
from napari_swnn.core.model.weights import build_stages, check_described
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.stage import Stage

_EPSILON = 1e-5
"""Epsilon of their batch norm (torch's default)."""


def load_checkpoint(path: Path) -> tuple[NetworkConfig, Stage]:
    """Load a state dict of the authors' network as a single stage with folded batch norm.

    In contrast to Eq. 13-14 of the paper, the first block and the last layer have no batch norm; the other blocks
    consist of convolution, batch norm and leaky ReLU, in this order. The input has 3 noise channels and the threshold
    is 0.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file is not a checkpoint of the authors' network, is damaged, or has weights that are not finite.
    """
    path = FilePath(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must name a checkpoint, got {path}, which does not exist")
    content = path.read_bytes()
    try:
        weights = _folded_weights(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
        network = NetworkConfig((_architecture(weights),))
        described = {name: {"dtype": "F32", "shape": list(weight.shape)} for name, weight in weights.items()}
        check_described(described, network)
        (stage,) = build_stages(network, weights)
    except Exception as error:  # a damaged file raises errors of many types
        reason = f" ({error})" if type(error) is ValueError else ""
        raise ValueError(
            f"path must name a state dict of the authors' network (cb1_1 ... last_conv), got {path}, "
            f"which contains something else{reason}"
        ) from error
    return network, stage


def _folded_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights by their names in a model file, with batch norm folded into the convolutions."""
    n_blocks = sum(name.endswith("conv.weight") for name in state if name.startswith("cb"))
    weights = {}
    for i in range(1, n_blocks + 1):
        weight = _stored(state, f"cb{i}_1.conv.weight")
        bias = _stored(state, f"cb{i}_1.conv.bias")
        if f"cb{i}_1.bn.weight" in state:
            weight, bias = _folded(weight, bias, state, f"cb{i}_1.bn")
        weights[f"stage0.convolutions.{i - 1}.weight"] = weight
        weights[f"stage0.convolutions.{i - 1}.bias"] = bias
    weights["stage0.head.weight"] = _stored(state, "last_conv.weight").flatten(1)
    weights["stage0.head.bias"] = _stored(state, "last_conv.bias")
    return weights


def _stored(state: Mapping[str, Tensor], name: str) -> Tensor:
    """Return a tensor of which the file holds every value; one that repeats a few could imply any size."""
    tensor = state[name]
    if tensor.dtype != torch.float32 or not tensor.is_contiguous() or tensor.numel() == 0:
        raise ValueError(f"the tensor {name} must be float32, contiguous and not empty")
    return tensor


def _architecture(weights: Mapping[str, Tensor]) -> StageConfig:
    n_blocks = sum(name.endswith("weight") for name in weights) - 1
    width, n_noise = weights["stage0.convolutions.0.weight"].shape[:2]
    return StageConfig(1, 7, n_blocks, width, n_noise, bounded=False)


def _folded(weight: Tensor, bias: Tensor, state: Mapping[str, Tensor], norm: str) -> tuple[Tensor, Tensor]:
    gain = _stored(state, f"{norm}.weight") / torch.sqrt(_stored(state, f"{norm}.running_var") + _EPSILON)
    shift = _stored(state, f"{norm}.bias") + (bias - _stored(state, f"{norm}.running_mean")) * gain
    return weight * gain.view(-1, 1, 1, 1, 1), shift
