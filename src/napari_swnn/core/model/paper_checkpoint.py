"""Import of checkpoints from the authors of the paper."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import cast

import torch
from torch import Tensor, nn

from napari_swnn._types import Path
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
        If the file is not a checkpoint of the authors' network.
    """
    path = FilePath(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must name a checkpoint, got {path}, which does not exist")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return _as_stage(state)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        LookupError,
        AttributeError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(
            f"path must name a state dict of the authors' network (cb1_1 ... last_conv), got {path}, "
            "which contains something else"
        ) from error


def _as_stage(state: Mapping[str, Tensor]) -> tuple[NetworkConfig, Stage]:
    n_blocks = sum(name.endswith("conv.weight") for name in state if name.startswith("cb"))
    width, n_noise = state["cb1_1.conv.weight"].shape[:2]
    config = StageConfig(1, 7, n_blocks, width, n_noise, bounded=False)
    stage = Stage(config, conditioned=False)
    for i, module in enumerate(stage.convolutions, start=1):
        convolution = cast(nn.Conv3d, module)
        weight = state[f"cb{i}_1.conv.weight"]
        bias = state[f"cb{i}_1.conv.bias"]
        if f"cb{i}_1.bn.weight" in state:
            weight, bias = _folded(weight, bias, state, f"cb{i}_1.bn")
        with torch.no_grad():
            convolution.weight.copy_(weight)
            cast(Tensor, convolution.bias).copy_(bias)
    stage.head.load_state_dict({"weight": state["last_conv.weight"].flatten(1), "bias": state["last_conv.bias"]})
    return NetworkConfig((config,)), stage.eval().requires_grad_(False)


def _folded(weight: Tensor, bias: Tensor, state: Mapping[str, Tensor], norm: str) -> tuple[Tensor, Tensor]:
    gain = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + _EPSILON)
    return weight * gain.view(-1, 1, 1, 1, 1), state[f"{norm}.bias"] + (bias - state[f"{norm}.running_mean"]) * gain
