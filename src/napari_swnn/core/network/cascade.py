"""Evaluation of a cascade of stages in a window, coarsest stage first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch.nn.functional as F
from torch import Tensor

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.stage import Stage, crop


def upsample(coarse: Tensor, source: Window, target: Window) -> Tensor:
    """Interpolate a volume linearly to voxels half the size.

    Parameters
    ----------
    coarse : torch.Tensor
        ``(n, phases, *source.shape)``.
    source : Window
        Window of `coarse` on its own grid: `target.coarser()`.
    target : Window
        Window to fill, on the grid twice as fine.

    Returns
    -------
    torch.Tensor
        ``(n, phases, *target.shape)``.
    """
    mode = "trilinear" if coarse.ndim == 5 else "bilinear"
    fine = F.interpolate(coarse, scale_factor=2, mode=mode, align_corners=False)
    return fine[:, :, *target.slices(tuple(2 * a for a in source.start))]


NoiseSource = Callable[[StageConfig, Window], Tensor]
"""Noise ``(n, n_noise_channels, *window.shape)`` of a stage in a window of its grid."""
PorositySource = Callable[[StageConfig, Window], Tensor | float]
"""Porosity ``(n, 1, *window.shape)`` in a window of the grid of a stage; a number where it is uniform."""


def run_stages(
    stages: Sequence[Stage], window: Window, noise: NoiseSource, porosity: PorositySource | None = None
) -> tuple[Tensor, Tensor | None]:
    """Run a cascade for one window of its finest grid.

    All coarser windows follow from the global coordinates of `window`, so adjacent windows agree where they meet.

    Parameters
    ----------
    stages : sequence of Stage
        Stages, coarsest first.
    window : Window
        Window to compute, in voxels of the last stage.
    noise : callable
        Source of the noise of a stage in a window.
    porosity : callable, optional
        Source of the porosity of a modulated stage in a window.

    Returns
    -------
    grey : torch.Tensor
        ``(n, phases, *window.shape)``.
    coarse : torch.Tensor or None
        Coarser volume that the last stage refined, on the same voxels; None if there is one stage only.
    """
    last = stages[-1]
    source = window.grown(last.margin)
    coarse = None
    if len(stages) > 1:
        below, _ = run_stages(stages[:-1], source.coarser(), noise, porosity)
        coarse = upsample(below, source.coarser(), source)
    local = None if porosity is None else porosity(last.config, source)
    if isinstance(local, float):
        last = last.at(local)
        local = None
    grey = last(noise(last.config, source), coarse, local)
    return grey, None if coarse is None else crop(coarse, last.margin)
