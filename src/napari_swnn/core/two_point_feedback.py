"""What patterns are too small to see: how far the structure is correlated, held to the reference's."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_swnn.core.autocovariance import autocovariance, chance_deviation, reference_autocovariance
from napari_swnn.core.control import TargetFamily
from napari_swnn.core.pattern_loss import sections_normal_to
from napari_swnn.core.patterns import largest_window, windows_inside
from napari_swnn.core.reference import Reference, evenly_thinned

_MAX_REACH = 16
"""Largest lag, in voxels of the scale."""
_SECTION = 3
"""A section, or its region of interest, holds so many times the reach."""
_MEMORY = 0.95
"""Share of the average that a step keeps: it spans some twenty steps."""


class TwoPointFeedback:
    """Pulls the autocovariance of the volumes of a stage towards that of the reference.

    It descends ``‖E[C] - C_ref‖``, where ``C`` is the autocovariance of sections at all lags up to the reach. A single
    window is too small to know ``E[C]``, and to ask each for ``C_ref`` would teach a network to be uniform. So the
    deviation is averaged over recent steps, and a window only goes against that average, by however much it has of it
    itself. What a section of the reference's size is off by chance is the measure of a deviation: much larger ones all
    count alike, smaller ones less and less.

    The form of ``C`` is the reference's whatever the porosity; its height is the variance of the patterns that the
    control strategy has for that porosity.

    Parameters
    ----------
    reference : Reference
        Its directions each have an autocovariance of their own.
    families : sequence of TargetFamily
        The target patterns of this scale, for each direction of the reference.
    porosity : float
        That the volumes are asked for.
    scale : int
        Pixels of the reference per voxel of the stage.
    side : int
        Of the training volumes, in voxels of the stage.
    """

    def __init__(
        self, reference: Reference, families: Sequence[TargetFamily], porosity: float, scale: int, side: int
    ) -> None:
        least = _SECTION * scale  # a pattern has at least three voxels a side, so each direction has such a section
        directions = [
            evenly_thinned([section for section in sections if windows_inside(section.inside, least).any()])
            for sections in reference.directions
        ]
        room = min(map(largest_window, directions))
        self._reach = min(_MAX_REACH, side // 2, room // least)
        self._mean = 2 * porosity - 1  # of grey values, which run from -1 to 1
        self._variances = [4 * family.near(porosity).variance for family in families]
        self._forms, self._chance = [], []
        for sections in directions:
            covariance = reference_autocovariance(sections, reference.porosity, self._reach, scale=scale)
            form, n_pixels = covariance / covariance[0, 0], sum(int(section.inside.sum()) for section in sections)
            self._forms.append(torch.from_numpy(form))
            self._chance.append(chance_deviation(form, n_pixels / scale**2))
        self._average: dict[int, Tensor] = {}
        self._weight: dict[int, float] = {}

    def __call__(self, volumes: Tensor, axes: Sequence[int]) -> Tensor:
        """Return what to add to the loss: its gradient matters, its value says nothing.

        Parameters
        ----------
        volumes : torch.Tensor
            ``(n, 1, *spatial)`` grey values in [-1, 1].
        axes : sequence of int
            Directions whose sections count.
        """
        return torch.stack([self._of_sections(sections_normal_to(volumes, axis), axis) for axis in axes]).mean()

    def forget(self) -> None:
        """Start anew, where what was seen of late is not what the network makes any more."""
        self._average.clear()
        self._weight.clear()

    def _of_sections(self, sections: Tensor, axis: int) -> Tensor:
        which = axis % len(self._forms)
        variance = self._variances[which]
        covariance = autocovariance(sections[:, 0].float() - self._mean, self._reach)
        deviation = self._remember(axis, covariance.detach() / variance - self._forms[which].to(sections.device))
        size = deviation.square().mean().sqrt()
        return (deviation / (size + self._chance[which]) * covariance).mean()

    def _remember(self, axis: int, deviation: Tensor) -> Tensor:
        """Take a deviation into the average of its direction, and return that."""
        before, weight = self._average.get(axis, torch.zeros_like(deviation)), self._weight.get(axis, 0.0)
        self._average[axis] = _MEMORY * before + (1 - _MEMORY) * deviation
        self._weight[axis] = _MEMORY * weight + (1 - _MEMORY)
        return self._average[axis] / self._weight[axis]
