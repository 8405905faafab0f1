"""Loss of the sections of a stage: the distance between patterns of the paper, or one of the baselines beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.descriptor.section_windows import SectionWindows
from napari_swnn.core.loss.autocorrelation import autocorrelation
from napari_swnn.core.loss.descriptor_loss import DescriptorLoss
from napari_swnn.core.loss.pattern_loss import PatternLoss, RandomSource
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.stage_schedule import StageSchedule
from napari_swnn.core.training.target import channel_means

_AUTOCORRELATION_SECTIONS = 24
_FILTER_SECTIONS = 4
"""Number of sections of each direction in a step; those shown to a filter network take most of the time."""


class SectionLoss(Protocol):
    """Distance of the sections of volumes from a target with given means of the channels."""

    def __call__(self, volumes: Tensor, means: tuple[float, ...], axes: Sequence[int], source: RandomSource) -> Tensor:
        """Return the distance of volumes ``(n, phases, *spatial)``, averaged over the axes normal to sections."""


@dataclass(frozen=True, eq=False)
class _Patterns:
    """Pattern loss of the distributions near given means."""

    distance: PatternLoss
    families: Sequence[TargetFamily]

    def __call__(self, volumes: Tensor, means: tuple[float, ...], axes: Sequence[int], source: RandomSource) -> Tensor:
        return self.distance(volumes, [family.near(means) for family in self.families], axes, source)


def make_section_loss(plan: TrainingPlan, index: int, side: int, *, period: int = 1) -> SectionLoss:
    """Return the loss of a stage that the settings name.

    Parameters
    ----------
    plan : TrainingPlan
        Training plan.
    index : int
        Index of the stage.
    side : int
        Side of the volumes, in voxels of the stage.
    period : int
        See `PatternLoss`.
    """
    if plan.config.loss == "patterns":
        return _pattern_loss(plan, index, period)
    schedule = plan.schedules[index]
    windows = SectionWindows(
        plan.reference,
        [channel_means(fractions) for fractions in plan.target.ends],
        scale=schedule.scale,
        side=min(side, plan.section_side // schedule.scale),
        least_side=plan.network.stages[index].template_size,
    )
    means = channel_means(plan.target.fractions)
    if plan.filters is None:
        return DescriptorLoss(autocorrelation, windows, means, _AUTOCORRELATION_SECTIONS)
    return DescriptorLoss(plan.filters, windows, means, _FILTER_SECTIONS)


def filtered_pixels(schedule: StageSchedule) -> int:
    """Return the number of pixels of the sections that are shown to a filter network in a step."""
    return schedule.n_volumes * schedule.n_shown_pixels(_FILTER_SECTIONS)


def _pattern_loss(plan: TrainingPlan, index: int, period: int) -> _Patterns:
    schedule = plan.schedules[index]
    families = plan.families[index]
    distance = PatternLoss(
        n_projections=schedule.n_projections,
        max_patterns=schedule.max_patterns,
        p=schedule.p,
        local_share=schedule.local_share,
        whitened_share=schedule.whitened_share,
        whitenings=[family.whitening for family in families] if schedule.whitened_share > 0 else (),
        period=period,
    )
    return _Patterns(distance, families)
