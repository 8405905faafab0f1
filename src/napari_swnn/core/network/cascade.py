"""Evaluation of a cascade of stages within a window, coarsest stage first."""

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
        Window of `coarse` on the coarser grid, such as `target.coarser()`.
    target : Window
        Output window, on the grid that is twice as fine.

    Returns
    -------
    torch.Tensor
        ``(n, phases, *target.shape)``.
    """
    mode = "trilinear" if coarse.ndim == 5 else "bilinear"
    fine = F.interpolate(coarse, scale_factor=2, mode=mode, align_corners=False)
    return fine[:, :, *target.slices(tuple(2 * a for a in source.start))]


NoiseSource = Callable[[StageConfig, Window], Tensor]
"""Function that returns the noise ``(n, n_noise_channels, *window.shape)`` of a stage in a window of its grid."""
FractionSource = Callable[[StageConfig, Window], Tensor | float | tuple[float, ...]]
"""Function that returns the free fractions ``(n, m, *window.shape)`` in a window of a stage, or numbers if uniform.

The free fraction of two phases is the porosity, ``m = 1``; see `NetworkConfig.free_ranges`.
"""


CoarseSource = Callable[[Window], Tensor]
"""Function that returns a given coarser volume ``(1, phases, *window.shape)`` in a window of its grid."""


def run_stages(
    stages: Sequence[Stage],
    window: Window,
    noise: NoiseSource,
    fractions: FractionSource | None = None,
    given: CoarseSource | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Evaluate a cascade for one window of its finest grid.

    The global coordinates of `window` determine all coarser windows, so adjacent windows match at their boundary.

    Parameters
    ----------
    stages : sequence of Stage
        Stages, coarsest first.
    window : Window
        Window to compute, in voxels of the last stage.
    noise : callable
        Function that returns the noise of a stage in a window.
    fractions : callable, optional
        Function that returns the free fractions of a modulated stage in a window.
    given : callable, optional
        Function that returns the coarser volume that the first stage refines, instead of that of a coarser stage.

    Returns
    -------
    grey : torch.Tensor
        ``(n, phases, *window.shape)``.
    coarse : torch.Tensor or None
        Coarser volume that the last stage refined, interpolated to the same voxels; None for a single stage.
    """
    last = stages[-1]
    source = window.grown(last.margin)
    coarse = None
    if len(stages) > 1:
        below, _ = run_stages(stages[:-1], source.coarser(), noise, fractions, given)
        coarse = upsample(below, source.coarser(), source)
    elif given is not None:
        coarse = upsample(given(source.coarser()), source.coarser(), source)
    local = None if fractions is None else fractions(last.config, source)
    if isinstance(local, float | tuple):
        last = last.at(local)
        local = None
    grey = last(noise(last.config, source), coarse, local)
    return grey, None if coarse is None else crop(coarse, last.margin)
