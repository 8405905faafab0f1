"""Misfit of a grey volume at known voxels, through the segmentation rule of the model."""

from __future__ import annotations

from math import atanh

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_swnn.core.conditioning.calibration import Calibration
from napari_swnn.core.model.model import Model
from napari_swnn.core.model.offset_surface import OffsetSurface
from napari_swnn.core.model.segmentation import ThresholdCurve
from napari_swnn.core.network.evaluation import segmentation_values
from napari_swnn.core.network.stage import Stage

_NEAREST = 1 - 1e-6
"""Largest bounded grey value, relative to the bound, whose logarithm of the odds is computed."""


class Evidence:
    """Misfit of grey values to known phases.

    The odds of the known phase against all others follow from the segmentation rule: from the distance to the threshold
    for two phases, and from the scores and offsets for more. Bounded grey values are first mapped back to the unbounded
    ones, so that a voxel that is safely in the wrong phase has a gradient too.

    Parameters
    ----------
    model : Model
        Model with its segmentation rule.
    free : tuple of float
        Free fractions of the volume.
    """

    def __init__(self, model: Model, free: tuple[float, ...]) -> None:
        self._stage = model.stages[-1]
        self._bounded = self._stage.config.bounded
        self._rule = rule = model.segmentation
        self._free = free
        self._porosity = free[0] if free else model.porosity
        if isinstance(rule, ThresholdCurve):
            self._level = rule.at(self._porosity)
            if self._bounded:
                self._level = atanh(max(-_NEAREST, min(_NEAREST, self._level / Stage.CEILING)))
        elif isinstance(rule, OffsetSurface):
            self._offsets = torch.from_numpy(rule.at(free))
        else:
            self._offsets = torch.from_numpy(rule.at(self._porosity))

    def scores(self, grey: Tensor) -> Tensor:
        """Return the scores ``(c, n)`` of the phases at grey values: the highest one is that of the phase."""
        if len(grey) == 1:
            values = grey[0]
            if self._bounded:
                values = torch.atanh((values / Stage.CEILING).clamp(-_NEAREST, _NEAREST))
            # A grey value of tanh(y) stands for two phases whose scores differ by 2 y.
            return torch.stack([values - self._level, self._level - values])
        return segmentation_values(grey, self._stage) + self._offsets.to(grey.device)[:, None]

    def log_odds(self, grey: Tensor, phases: Tensor, calibration: Calibration | None = None) -> Tensor:
        """Return the logarithm of the odds of the known phases, positive where the voxel has it.

        Parameters
        ----------
        grey : torch.Tensor
            ``(c, n)`` grey values of the known voxels.
        phases : torch.Tensor
            ``(n,)`` int64 phases, as positions in the order of the labels.
        calibration : Calibration, optional
            Calibration of the scores, for grey values of a coarser stage.
        """
        scores = self.scores(grey)
        if calibration is not None:
            scores = calibration(scores)
        own = scores.gather(0, phases[None])[0]
        others = scores.scatter(0, phases[None], -torch.inf)
        return own - torch.logsumexp(others, dim=0)

    def classify(self, grey: Tensor) -> Tensor:
        """Return the positions ``(*spatial)`` of the phases of grey values ``(c, *spatial)``."""
        values = segmentation_values(grey, self._stage)
        if isinstance(self._rule, OffsetSurface):
            return self._rule.classify(values, self._free)
        return self._rule.classify(values, self._porosity)

    def misfit(self, log_odds: Tensor) -> Tensor:
        """Return minus the logarithm of the probability of the known phases, with these odds."""
        return F.softplus(-log_odds).sum()
