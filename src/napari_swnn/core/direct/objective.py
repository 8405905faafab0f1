"""Loss of the sections of a volume at all scales of a plan, as a function of the voxels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_swnn.core.loss.autocovariance_loss import AutocovarianceFeedback
from napari_swnn.core.loss.pattern_loss import take_sections
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.section_loss import make_section_loss
from napari_swnn.core.training.target import channel_means


class ScaledLoss:
    """Loss of the sections, and autocovariance feedback, of a volume at all scales of a training plan.

    At a scale, the sections of a volume are averaged over blocks of pixels, as the patterns of the reference are.

    Parameters
    ----------
    plan : TrainingPlan
        Plan with the target distributions, for a single composition.
    side : int
        Shortest side of the volume, in voxels.
    source : Randomness
        Source of random numbers.
    """

    def __init__(self, plan: TrainingPlan, side: int, source: Randomness) -> None:
        self._source = source
        self._dimension = plan.network.dimension
        self._means = means = channel_means(plan.target.fractions)
        self._parts = []
        for i, (families, schedule) in enumerate(zip(plan.families, plan.schedules, strict=True)):
            if side // schedule.scale < 2 * plan.network.stages[i].template_size and schedule.scale > 1:
                continue  # too few patterns
            distance = make_section_loss(plan, i, side // schedule.scale)
            feedback = None
            if schedule.autocovariance_weight > 0:
                feedback = AutocovarianceFeedback(
                    plan.reference, families, means, scale=schedule.scale, side=side // schedule.scale, coarsest=i == 0
                )
            self._parts.append((schedule, distance, feedback))

    def __call__(self, grey: Tensor) -> tuple[Tensor, float]:
        """Return the loss of a volume ``(1, c, *shape)``, and its distance from the target."""
        total = grey.new_zeros(())
        distances = []
        for schedule, distance, feedback in self._parts:
            of_axes = []
            for axis in range(3) if self._dimension == 3 else (0,):
                sections = self._averaged(take_sections(grey, axis), schedule.scale)
                of_axes.append(distance(sections, self._means, (axis,), self._source))
                if feedback is not None:
                    weight = schedule.autocovariance_weight / self._dimension
                    total = total + weight * feedback(sections, (axis,))
            distances.append(torch.stack(of_axes).mean())
        return total + torch.stack(distances).sum(), float(torch.stack(distances).mean().detach())

    def _averaged(self, sections: Tensor, scale: int) -> Tensor:
        """Return sections averaged over blocks, whose grid has another origin in each call."""
        if scale == 1:
            return sections
        y, x = self._source.position([min(scale - 1, extent % scale) for extent in sections.shape[2:]])
        return F.avg_pool2d(sections[:, :, y:, x:], scale)
