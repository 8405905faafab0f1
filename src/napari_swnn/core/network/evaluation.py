"""Generation of grey volumes by trained stages: a pure function of stages, noise, fractions and position."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from napari_swnn.core.grid.device_noise import noise_on
from napari_swnn.core.grid.noise import NoiseField
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import FractionSource, Guidance, NoiseSource, run_stages
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.stage import Stage, phase_scores
from napari_swnn.core.numerics.device import convolutions_in
from napari_swnn.core.numerics.parallel import single_threaded

BLOCK_SIDE = {2: 512, 3: 64}
"""Side of the blocks of the fixed global grid on the CPU in voxels, by dimension.

Convolutions on windows of different shapes differ by rounding errors, which can flip a voxel near the threshold.
Every volume, chunk and window is therefore assembled from whole blocks of one grid and is identical byte for byte.
"""
_CPU = torch.device("cpu")
_GPU_BLOCK_SIDE = {2: 2048, 3: 128}
"""Side of the blocks on a GPU, which small blocks would leave idle most of the time."""


def block_side(dimension: int, device: torch.device) -> int:
    """Return the side in voxels of the blocks of the fixed global grid on a device.

    Parameters
    ----------
    dimension : int
        Dimension of the volume: 2 or 3.
    device : torch.device
        Device to compute on. Volumes of different types of devices differ by rounding errors in any case.
    """
    return (BLOCK_SIDE if device.type == "cpu" else _GPU_BLOCK_SIDE)[dimension]


@torch.inference_mode()
def compute_grey_and_coarse(
    stages: Sequence[Stage],
    window: Window,
    noise: NoiseSource,
    fractions: FractionSource | None = None,
    precision: torch.dtype = torch.float32,
    guidance: Guidance | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Compute the grey values of a window and the coarser grey values that they refine.

    Parameters
    ----------
    stages : sequence of Stage
        Stages in evaluation mode (`Stage.fold`), coarsest first.
    window : Window
        Window in voxels of the last stage; must be a block of the fixed grid for byte-identical results.
    noise : callable
        Function that returns the noise of a stage in a window, on any device.
    fractions : callable, optional
        Function that returns the free fractions of a modulated stage in a window, on any device.
    precision : torch.dtype
        Precision of the convolutions; see `napari_swnn.core.numerics.device.generation_precision`.
    guidance : Guidance, optional
        Coarser volume that takes the place of coarser stages, on any device; see `run_stages`.

    Returns
    -------
    grey : torch.Tensor
        ``(phases, *window.shape)`` float32, on the device of the stages.
    coarse : torch.Tensor or None
        Grey values of the preceding stage, on the same voxels; None for a single stage.
    """
    device = stages[-1].head.weight.device

    def noise_there(stage: StageConfig, where: Window) -> Tensor:
        return noise(stage, where).to(device)

    def fractions_there(stage: StageConfig, where: Window) -> Tensor | float | tuple[float, ...]:
        assert fractions is not None
        local = fractions(stage, where)
        return local.to(device) if isinstance(local, Tensor) else local

    # On the CPU, one thread computes an entire block; see `napari_swnn.core.numerics.parallel`.
    one_thread = single_threaded() if device.type == "cpu" else nullcontext()
    with one_thread, convolutions_in(precision, device):
        grey, coarse = run_stages(
            stages,
            window,
            noise_there,
            None if fractions is None else fractions_there,
            guidance,
        )
    return grey[0], None if coarse is None else coarse[0]


def segmentation_values(grey: Tensor, stage: Stage) -> Tensor:
    """Return the values ``(phases, *spatial)`` that decide the phases of a volume: grey values, or scores.

    Parameters
    ----------
    grey : torch.Tensor
        ``(phases, *spatial)`` grey values.
    stage : Stage
        Stage that generated them. Scores decide among several bounded phases, see `phase_scores`.
    """
    return phase_scores(grey, stage.CEILING) if len(grey) > 1 and stage.config.bounded else grey


def make_noise_source(seed: int, device: torch.device = _CPU) -> NoiseSource:
    """Return a function that evaluates the noise of an infinite volume in a window, for a computation on a device."""

    def noise(stage: StageConfig, where: Window) -> Tensor:
        return noise_on(NoiseField(seed, stage.scale, stage.n_noise_channels), where, device)[None]

    return noise


def make_fraction_source(fractions: float | tuple[float, ...] | None) -> FractionSource | None:
    """Return a function for uniform free fractions; None if they are None, for unmodulated stages."""
    return None if fractions is None else lambda *_: fractions
