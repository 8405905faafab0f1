"""What patterns are too small to see: how far the structure is correlated, held to the reference's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from napari_swnn.core.autocovariance import autocovariance, reference_autocovariance
from napari_swnn.core.control import TargetFamily
from napari_swnn.core.pattern_loss import sections_normal_to
from napari_swnn.core.patterns import largest_window
from napari_swnn.core.reference import Reference

MAX_REACH = 16
"""Largest lag, in voxels of the scale."""
_MEMORY = 0.95
"""Share of the average that a step keeps: it spans some twenty steps."""
_SMALL = 0.01
"""Of the variance: deviations under this are hardly corrected any more."""
_MAX_SECTIONS = 48


class TwoPointFeedback:
    """Pulls the autocovariance of the volumes of a stage towards that of the reference.

    It descends ``‖E[C] - C_ref‖``, where ``C`` is the autocovariance of sections at all lags up to the reach. A single
    window is too small to know ``E[C]``, and to ask each for ``C_ref`` would teach a network to be uniform. So the
    deviation is averaged over recent steps, and a window only goes against that average, by however much it has of it
    itself.

    The form of ``C`` is the reference's at every porosity; its height is the variance of the patterns that the control
    strategy has for that porosity.

    Parameters
    ----------
    reference : Reference
        Its directions each have an autocovariance of their own.
    families : sequence of TargetFamily
        The target patterns of this scale, for each direction of the reference.
    scale : int
        Pixels of the reference per voxel of the stage.
    side : int
        Shortest extent of the training volumes, in voxels of the stage.
    """

    def __init__(self, reference: Reference, families: Sequence[TargetFamily], scale: int, side: int) -> None:
        room = min(map(largest_window, reference.directions))
        reach = max(1, min(MAX_REACH, side // 2, room // (3 * scale)))
        self._reach, self._forms = reach, []
        for sections in reference.directions:
            thinned = sections[:: max(1, len(sections) // _MAX_SECTIONS)]
            covariance = reference_autocovariance(thinned, reference.porosity, reach, scale=scale)
            self._forms.append(torch.from_numpy(covariance / covariance[0, 0]))
        # Of grey values, which run from -1 to 1.
        self._variance = cache(lambda which, near: 4 * families[which].near(near).variance)
        self._average: dict[int, Tensor] = {}
        self._weight: dict[int, float] = {}

    def __call__(self, volumes: Tensor, axes: Sequence[int], porosity: float) -> Tensor:
        """Return what to add to the loss: its gradient matters, its value says nothing.

        Parameters
        ----------
        volumes : torch.Tensor
            ``(n, 1, *spatial)`` grey values in [-1, 1].
        axes : sequence of int
            Directions whose sections count.
        porosity : float
            That the volumes were asked for.
        """
        each = [self._of_sections(sections_normal_to(volumes, axis), axis, porosity) for axis in axes]
        return torch.stack(each).mean()

    def forget(self) -> None:
        """Start anew, where what was seen of late is not what the network makes any more."""
        self._average.clear()
        self._weight.clear()

    def _of_sections(self, sections: Tensor, axis: int, porosity: float) -> Tensor:
        which = axis % len(self._forms)
        variance = self._variance(which, round(porosity, 3))
        covariance = autocovariance(sections[:, 0].float() - (2 * porosity - 1), self._reach)
        deviation = self._remember(axis, covariance.detach() / variance - self._forms[which].to(sections.device))
        size = deviation.square().mean().sqrt()
        return (deviation / (size + _SMALL) * covariance).mean()

    def _remember(self, axis: int, deviation: Tensor) -> Tensor:
        """Take a deviation into the average of its direction, and return that."""
        before, weight = self._average.get(axis, torch.zeros_like(deviation)), self._weight.get(axis, 0.0)
        self._average[axis] = _MEMORY * before + (1 - _MEMORY) * deviation
        self._weight[axis] = _MEMORY * weight + (1 - _MEMORY)
        return self._average[axis] / self._weight[axis]
