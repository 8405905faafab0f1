"""Autocovariance loss: deviation from the autocovariance of the reference, up to lags larger than a pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.autocovariance import (
    autocovariance,
    box_weights,
    reference_autocovariance,
    sampling_noise,
    shrink_noise,
    shrink_slant,
)
from napari_swnn.core.descriptor.patterns import largest_window, windows_inside
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.resampling import TargetDistribution, TargetFamily
from napari_swnn.core.descriptor.section import Section, thin_evenly
from napari_swnn.core.loss.pattern_loss import take_sections
from napari_swnn.core.numerics.state import capture, restore

PhaseGroup = tuple[int, ...]
"""Positions of phases that are taken together."""
_MAX_REACH = 16
"""Largest lag, in voxels of the scale."""
_MIN_SECTION = 3
"""Minimum side of the region of interest of a section, as a multiple of the largest lag."""
_MEMORY = 0.95
"""Weight of the previous average in each step; the average spans about twenty steps."""
_BOX_WEIGHT = 0.01
"""Weight of the variance of box averages, relative to the weight of the lags."""


@dataclass(frozen=True, eq=False, slots=True)
class _Target:
    """Target autocorrelation of a group of phases in the sections of one direction.

    Attributes
    ----------
    autocorrelation : torch.Tensor
        ``(2, reach + 1, reach + 1)``, 1 at lag 0; see `reference_autocovariance`.
    noise : float
        Sampling noise of the autocorrelation at large lags (standard deviation).
    box_variance : float
        Variance of averages over boxes of side ``reach + 1``, relative to the variance of a pixel.
    box_noise : float
        Relative sampling noise of `box_variance`.
    variance : float
        Variance of the grey values.
    """

    autocorrelation: Tensor
    noise: float
    box_variance: float
    box_noise: float
    variance: float

    @classmethod
    def of(cls, autocorrelation: FloatArray, n: float, variance: float, *, coarsest: bool) -> _Target:
        """Return the target for an autocorrelation measured on `n` voxels in total."""
        side = autocorrelation.shape[-1]
        box_variance = float(np.sum(box_weights(side) * autocorrelation))
        target = shrink_slant(autocorrelation, n)
        return cls(
            autocorrelation=torch.from_numpy(shrink_noise(target, n) if coarsest else target),
            noise=sampling_noise(autocorrelation, n),
            # Lower limit: in a periodic lattice, the least variable structure, only the edge of a box varies.
            box_variance=max(box_variance, side**-3),
            box_noise=(2 * side**2 / n) ** 0.5,  # for the number of boxes that fit side by side
            variance=variance,
        )


class AutocovarianceFeedback:
    """Feedback that drives the autocovariance of generated volumes towards the autocovariance of the reference.

    It minimises ``‖E[C] - C_ref‖``, where ``C`` is the autocovariance of sections at all lags up to the reach. A single
    window is too small to estimate ``E[C]``, and fitting each window to ``C_ref`` would make the volumes too uniform.
    The deviation is therefore averaged over recent steps, and the gradient of each window reduces the average.
    Deviations are scaled relative to the sampling noise of the reference: the gradient saturates for deviations well
    above the noise and vanishes for those well below it.

    The part of a deviation that is opposite at lags ``(i, j)`` and ``(i, -j)``, the slant of the structure, is scaled
    separately. In the reference it is reduced to what exceeds the sampling noise (`shrink_slant`). It counts for
    sections of several directions and for more than two phases.

    The target autocorrelation is measured on the reference for every porosity. It is multiplied by the variance of the
    patterns resampled to the target porosity.

    With several phases, the feedback is the mean over the phases. The autocovariances of three phases determine their
    cross-covariances, because the indicators of all phases add up to 1. Those of more phases do not: from four phases
    on, each pair of phases taken together counts as a further phase (`phase_groups`).

    Only the coarsest stage creates large-scale structure. Its target is shrunk to the statistically significant part
    (`shrink_noise`), because sampling noise at large lags would make the porosity fluctuate. In addition, its porosity
    variance over boxes of side ``reach + 1`` is driven towards the variance of the reference: this variance is a sum
    over many lags, in which small excesses add up.

    Parameters
    ----------
    reference : Reference
        Reference; each of its directions has a separate autocovariance.
    families : sequence of TargetFamily
        Target patterns of this scale, for each direction of the reference.
    means : sequence of float
        Target mean of each channel of the volumes: the porosity for two phases, otherwise the fraction of each phase.
    scale : int
        Side of a voxel of the stage, in pixels of the reference.
    side : int
        Side of the training volumes, in voxels of the stage.
    coarsest : bool
        True for the coarsest stage.
    """

    def __init__(
        self,
        reference: Reference,
        families: Sequence[TargetFamily],
        means: Sequence[float],
        *,
        scale: int,
        side: int,
        coarsest: bool,
    ) -> None:
        least = _MIN_SECTION * scale  # every direction has such a section: patterns are at least three voxels wide
        directions = [
            thin_evenly([section for section in sections if windows_inside(section.inside, least).any()])
            for sections in reference.directions
        ]
        width = min(map(largest_window, directions))
        self._reach = min(_MAX_REACH, side // 2, width // least)
        self._coarsest = coarsest
        # The accuracy of two phases from one set of sections was measured without.
        self._holds_slant = len(reference.directions) > 1 or len(means) > 1
        self._means = [2 * mean - 1 for mean in means]  # of grey values, which run from -1 to 1
        self._box_weights = torch.from_numpy(box_weights(self._reach + 1))
        own = list(reference.fractions.values())
        self._targets: list[dict[PhaseGroup, _Target]] = []  # for each direction
        for sections, family in zip(directions, families, strict=True):
            n = sum(int(section.inside.sum()) for section in sections) / scale**2
            patterns = family.near(means)
            of_direction = {}
            for group in phase_groups(len(means)):
                variance = 4 * _merge(patterns, group).variance
                if len(means) > 1 and not variance > 0:
                    continue  # absent from these sections
                merged = [Section.of_phase(np.isin(section.positions, group), section.inside) for section in sections]
                mean = sum(own[phase] for phase in group)
                covariance = reference_autocovariance(merged, mean, self._reach, scale=scale)
                of_direction[group] = _Target.of(covariance / covariance[0, 0, 0], n, variance, coarsest=coarsest)
            self._targets.append(of_direction)
        self._average: dict[tuple[int, PhaseGroup], Tensor] = {}
        self._weight: dict[tuple[int, PhaseGroup], float] = {}

    def __call__(self, volumes: Tensor, axes: Sequence[int]) -> Tensor:
        """Return a loss term whose gradient is the feedback; its value is meaningless.

        Parameters
        ----------
        volumes : torch.Tensor
            ``(n, phases, *spatial)`` grey values in [-1, 1].
        axes : sequence of int
            Axes normal to the sections.
        """
        return torch.stack([self._term(take_sections(volumes, axis), axis) for axis in axes]).mean()

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on."""
        return capture(self, ("_average", "_weight"))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state returned by `state_dict`."""
        restore(self, state)

    def forget(self) -> None:
        """Discard the averages, which no longer describe the network after a restart."""
        self._average.clear()
        self._weight.clear()

    def _term(self, sections: Tensor, axis: int) -> Tensor:
        deviations = [sections[:, phase].float() - mean for phase, mean in enumerate(self._means)]
        terms = []
        for group, target in self._targets[axis % len(self._targets)].items():
            of_group = reduce(torch.add, [deviations[phase] for phase in group])
            terms.append(self._term_of_group(of_group, target, (axis, group)))
        return torch.stack(terms).mean()

    def _term_of_group(self, deviations: Tensor, target: _Target, key: tuple[int, PhaseGroup]) -> Tensor:
        correlation = autocovariance(deviations, self._reach) / target.variance
        average = self._update_average(key, correlation.detach())
        # The average determines direction and size of the step; the gradient flows through the current correlation.
        deviation = average - target.autocorrelation.to(correlation.device)
        slant = (deviation - deviation.flip(0)) / 2
        direction = _relative_to_noise(deviation - slant, target.noise)
        if self._holds_slant:
            # Slant is small beside the deviations of an early network, and would hardly count without its own scale.
            direction = direction + _relative_to_noise(slant, target.noise)
        lags = target.variance * (direction * correlation).mean()
        if not self._coarsest:
            return lags
        weights = self._box_weights.to(correlation.device)
        excess = (weights * average).sum() / target.box_variance - 1
        pull = excess / (excess.abs() + target.box_noise)
        return lags + _BOX_WEIGHT * pull * (weights * correlation).sum() / target.box_variance

    def _update_average(self, key: tuple[int, PhaseGroup], correlation: Tensor) -> Tensor:
        """Add a correlation to the moving average of its direction and group of phases, and return the average."""
        average = self._average.get(key, torch.zeros_like(correlation))
        weight = self._weight.get(key, 0.0)
        self._average[key] = _MEMORY * average + (1 - _MEMORY) * correlation
        self._weight[key] = _MEMORY * weight + (1 - _MEMORY)
        return self._average[key] / self._weight[key]


def _relative_to_noise(deviation: Tensor, noise: float) -> Tensor:
    return deviation / (deviation.square().mean().sqrt() + noise)


def phase_groups(n_channels: int) -> tuple[PhaseGroup, ...]:
    """Return groups of phases whose autocovariances determine all two-point correlations.

    These are the single phases, and from four phases on also pairs, taken together: the autocovariance of a pair is
    that of both phases plus twice their cross-covariance. Of four phases, three pairs are enough, as the others are
    their complements.
    """
    single: tuple[PhaseGroup, ...] = tuple((phase,) for phase in range(n_channels))
    if n_channels < 4:
        return single
    pairs: tuple[PhaseGroup, ...] = tuple(combinations(range(n_channels), 2))
    return single + (pairs[:3] if n_channels == 4 else pairs)


def _merge(distribution: TargetDistribution, group: Sequence[int]) -> TargetDistribution:
    """Return the distribution with the area fraction of a group of phases as the single channel."""
    merged = distribution.patterns[:, list(group)].sum(axis=1, keepdims=True)
    return TargetDistribution(merged, distribution.weights)
