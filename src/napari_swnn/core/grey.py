"""Grey volumes of finished stages: a pure function of stages, seed and position."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_swnn.core.network import Stage, StageConfig, run_stages
from napari_swnn.core.noise import NoiseField
from napari_swnn.core.windows import Window

BLOCK_SIDE = {2: 512, 3: 64}
"""Side of the blocks of the fixed global grid, by dimension.

Convolutions on windows of different shapes differ in their last bits, enough to flip a voxel near the threshold. So
every volume, chunk and window is put together from whole blocks of one grid, and has the same bytes.
"""


@torch.inference_mode()
def grey_window(stages: Sequence[Stage], window: Window, *, seed: int) -> Tensor:
    """Grey values of a window.

    Parameters
    ----------
    stages : sequence of Stage
        Coarsest first, in evaluation mode (`Stage.folded`).
    window : Window
        In voxels of the last stage. For bytes that never differ, a box of the fixed grid.
    seed : int
        Of the noise, from 0 to 2**64 - 1.

    Returns
    -------
    torch.Tensor
        ``(phases, *window.shape)`` float32, on the CPU.
    """
    device = stages[-1].head.weight.device

    def noise(config: StageConfig, where: Window) -> Tensor:
        field = NoiseField(seed, config.scale, config.n_noise_channels)
        return torch.from_numpy(field.window(where))[None].to(device)

    grey, _ = run_stages(stages, window, noise)
    return grey[0].cpu()
