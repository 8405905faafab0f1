"""What patterns are too small to see: how far the structure is correlated, held to the reference's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.autocovariance import (
    autocovariance,
    beyond_chance,
    box_weights,
    chance_deviation,
    reference_autocovariance,
)
from napari_swnn.core.descriptor.patterns import largest_window, windows_inside
from napari_swnn.core.descriptor.reference import Reference, evenly_thinned
from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.loss.pattern_loss import sections_normal_to

_MAX_REACH = 16
"""Largest lag, in voxels of the scale."""
_SECTION = 3
"""A section, or its region of interest, holds so many times the reach."""
_MEMORY = 0.95
"""Share of the average that a step keeps: it spans some twenty steps."""
_SPREAD = 0.01
"""Weight of the spread over boxes beside the lags."""


@dataclass(frozen=True, eq=False, slots=True)
class _Aim:
    """What the sections of one direction ask for.

    Attributes
    ----------
    form : torch.Tensor
        ``(reach + 1, reach + 1)`` autocorrelation.
    chance : float
        By how much that is off by chance at far lags.
    spread : float
        Variance of the averages over boxes as wide as the lags reach, of a structure whose own variance is 1.
    chance_of_spread : float
        By how much that is off by chance, as a share of it.
    variance : float
        Of grey values.
    """

    form: Tensor
    chance: float
    spread: float
    chance_of_spread: float
    variance: float

    @classmethod
    def of(cls, form: FloatArray, n: float, variance: float, *, coarsest: bool) -> _Aim:
        """What an autocorrelation of planes of `n` voxels asks for."""
        side = len(form)
        return cls(
            form=torch.from_numpy(beyond_chance(form, n) if coarsest else form),
            chance=chance_deviation(form, n),
            # Of a lattice only the rim of a box varies: about the least there is.
            spread=max(float(np.sum(box_weights(side) * form)), side**-3),
            chance_of_spread=(2 * side**2 / n) ** 0.5,  # of as many independent boxes as there is room for
            variance=variance,
        )


class TwoPointFeedback:
    """Pulls the autocovariance of the volumes of a stage towards that of the reference.

    It descends ``‖E[C] - C_ref‖``, where ``C`` is the autocovariance of sections at all lags up to the reach. A single
    window is too small to know ``E[C]``, and to ask each for ``C_ref`` would teach a network to be uniform. So the
    deviation is averaged over recent steps, and a window only goes against that average, by however much it has of it
    itself. What a section of the reference's size is off by chance is the measure of a deviation: much larger ones all
    count alike, smaller ones less and less.

    The form of ``C`` is the reference's whatever the porosity; its height is the variance of the patterns that the
    control strategy has for that porosity.

    The coarsest stage alone makes large structure. Of the form it is asked for no more than sections of that size can
    tell (`beyond_chance`): by their luck at far lags volumes would scatter in porosity. And the porosity of its boxes,
    as wide as the lags reach, is held to the reference's spread: that is a sum of lags, to which each adds so little
    that a small excess at each goes unseen.

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
    coarsest : bool
        Whether no coarser stage comes before.
    """

    def __init__(
        self,
        reference: Reference,
        families: Sequence[TargetFamily],
        porosity: float,
        scale: int,
        side: int,
        *,
        coarsest: bool,
    ) -> None:
        least = _SECTION * scale  # a pattern has at least three voxels a side, so each direction has such a section
        directions = [
            evenly_thinned([section for section in sections if windows_inside(section.inside, least).any()])
            for sections in reference.directions
        ]
        room = min(map(largest_window, directions))
        self._reach = min(_MAX_REACH, side // 2, room // least)
        self._coarsest = coarsest
        self._mean = 2 * porosity - 1  # of grey values, which run from -1 to 1
        self._box = torch.from_numpy(box_weights(self._reach + 1))
        self._aims = []
        for sections, family in zip(directions, families, strict=True):
            covariance = reference_autocovariance(sections, reference.porosity, self._reach, scale=scale)
            n = sum(int(section.inside.sum()) for section in sections) / scale**2
            form, variance = covariance / covariance[0, 0], 4 * family.near(porosity).variance
            self._aims.append(_Aim.of(form, n, variance, coarsest=coarsest))
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
        aim = self._aims[axis % len(self._aims)]
        correlation = autocovariance(sections[:, 0].float() - self._mean, self._reach) / aim.variance
        usual, box = self._remember(axis, correlation.detach()), self._box.to(correlation.device)
        deviation = usual - aim.form.to(correlation.device)
        size = deviation.square().mean().sqrt()
        pull = aim.variance * (deviation / (size + aim.chance) * correlation).mean()
        if not self._coarsest:
            return pull
        excess = (box * usual).sum() / aim.spread - 1
        spread = excess / (excess.abs() + aim.chance_of_spread) * (box * correlation).sum() / aim.spread
        return pull + _SPREAD * spread

    def _remember(self, axis: int, correlation: Tensor) -> Tensor:
        """Take a correlation into the average of its direction, and return that."""
        before, weight = self._average.get(axis, torch.zeros_like(correlation)), self._weight.get(axis, 0.0)
        self._average[axis] = _MEMORY * before + (1 - _MEMORY) * correlation
        self._weight[axis] = _MEMORY * weight + (1 - _MEMORY)
        return self._average[axis] / self._weight[axis]
