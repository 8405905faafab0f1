"""Evaluate a cascade of stages in a window, coarsest stage first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch.nn.functional as F
from torch import Tensor

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.stage import Stage, cropped


def upsampled(coarse: Tensor, source: Window, target: Window) -> Tensor:
    """Interpolate a volume linearly to voxels half the size.

    Parameters
    ----------
    coarse : torch.Tensor
        ``(n, phases, *source.shape)``.
    source : Window
        Where `coarse` lies on its own grid: `target.coarser()`.
    target : Window
        The window to fill, on the grid twice as fine.

    Returns
    -------
    torch.Tensor
        ``(n, phases, *target.shape)``.
    """
    mode = "trilinear" if coarse.ndim == 5 else "bilinear"
    fine = F.interpolate(coarse, scale_factor=2, mode=mode, align_corners=False)
    return fine[:, :, *target.slices(tuple(2 * a for a in source.start))]


NoiseSource = Callable[[StageConfig, Window], Tensor]
"""Noise ``(n, n_noise_channels, *window.shape)`` of a stage, in a window of its own grid."""
PorositySource = Callable[[StageConfig, Window], Tensor | float]
"""Porosity ``(n, 1, *window.shape)`` in a window of a stage's own grid; a number where it is the same everywhere."""


def run_stages(
    stages: Sequence[Stage], window: Window, noise: NoiseSource, porosity: PorositySource | None = None
) -> tuple[Tensor, Tensor | None]:
    """Run a cascade for one window of its finest grid.

    All coarser windows follow from the global coordinates of `window`, so windows that meet agree where they meet.

    Parameters
    ----------
    stages : sequence of Stage
        Coarsest first.
    window : Window
        What to compute, in voxels of the last stage.
    noise : callable
        Gives the noise of a stage in a window.
    porosity : callable, optional
        Gives the porosity of a modulated stage in a window.

    Returns
    -------
    grey : torch.Tensor
        ``(n, phases, *window.shape)``.
    coarse : torch.Tensor or None
        What the last stage was given by the one before, on the same voxels; None if it is the only one.
    """
    last = stages[-1]
    source = window.grown(last.margin)
    coarse = None
    if len(stages) > 1:
        below, _ = run_stages(stages[:-1], source.coarser(), noise, porosity)
        coarse = upsampled(below, source.coarser(), source)
    local = None if porosity is None else porosity(last.config, source)
    if isinstance(local, float):
        last, local = last.at(local), None
    grey = last(noise(last.config, source), coarse, local)
    return grey, None if coarse is None else cropped(coarse, last.margin)
