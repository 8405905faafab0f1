"""Schedule of a training stage: the actual numbers, without the rules they follow from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import cos, pi
from typing import Any, Literal

from napari_swnn._types import Shape


@dataclass(frozen=True, slots=True)
class LearningRate:
    """Learning rate schedule of a stage: linear warm-up and half-cosine decay.

    Attributes
    ----------
    peak : float
        Peak learning rate of Adam.
    warm_up : int
        Number of warm-up steps.
    final : float
        Final learning rate as a fraction of the peak; 1 for a constant rate.
    """

    peak: float
    warm_up: int
    final: float

    def fraction(self, step: int, n_steps: int) -> float:
        """Return the learning rate at a step, as a fraction of the peak."""
        rise = min(1.0, (step + 1) / max(1, self.warm_up))
        return rise * (self.final + (1 - self.final) / 2 * (1 + cos(pi * step / n_steps)))


@dataclass(frozen=True, slots=True)
class TrainingWindow:
    """Volume generated in each training step, and the axes normal to the sections that are compared.

    Attributes
    ----------
    shape : tuple of int
        Shape in voxels of the stage.
    section_axes : tuple of int
        Axes normal to the sections; ``(0,)`` for a two-dimensional window, which is a single section.
    """

    shape: Shape
    section_axes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSchedule:
    """Resolved numbers for the training of one stage.

    Attributes
    ----------
    scale : int
        Scale of the stage.
    n_steps : int
        Number of training steps.
    n_volumes : int
        Number of volumes generated per window and step, one for each porosity.
    windows : tuple of TrainingWindow
        Volumes generated in each step.
    optimiser : {"muon", "adam"}
        Muon for the convolutions and Adam for all other parameters, or Adam for all parameters.
    learning_rate : LearningRate
        Learning rate schedule.
    n_averaged_steps : int
        Number of final steps over which the weights are averaged.
    averaging_memory : float
        Memory of the weight average, in steps.
    running_statistics_start : int or None
        First step in which batch norm uses running statistics instead of batch statistics; None for never.
    n_projections : int
        Number of random projections for the sliced Wasserstein distance.
    local_share, whitened_share : float
        Shares of these projections restricted to a part of the pattern and weighted towards fine detail.
    max_patterns : int
        Maximum number of patterns compared per direction.
    p : int
        Order of the Wasserstein distance.
    consistency_weight : float
        Weight of the difference from the coarser volume.
    autocovariance_weight : float
        Weight of the autocovariance loss.
    autocovariance_start : int
        First step that includes the autocovariance loss.
    critic_weight : float
        Weight of the mean score that a critic gives to the sections; 0 for no critic.
    critic_window : int
        Side of the windows of the reference that the critic is shown, in voxels of the stage; smaller ones are used if
        too few have the target porosity.
    critic_sections : int
        Number of generated sections of each direction that the critic is shown in a step.
    critic_warm_up : int
        Number of steps in which the weight of the critic rises to its full value.
    critic_cool_down : int
        Number of final steps in which the weight of the critic falls to zero.
    critic_learning_rate : float
        Learning rate of the critic.
    bank_lifetime : int
        Number of steps after which the coarser volumes are regenerated.
    bank_extent : int
        Extent of the coarser volumes along each axis, as a multiple of the window.
    """

    scale: int
    n_steps: int
    n_volumes: int
    windows: tuple[TrainingWindow, ...]
    optimiser: Literal["muon", "adam"]
    learning_rate: LearningRate
    n_averaged_steps: int
    averaging_memory: float
    running_statistics_start: int | None
    n_projections: int
    local_share: float
    whitened_share: float
    max_patterns: int
    p: int
    consistency_weight: float
    autocovariance_weight: float
    autocovariance_start: int
    critic_weight: float
    critic_window: int
    critic_sections: int
    critic_warm_up: int
    critic_cool_down: int
    critic_learning_rate: float
    bank_lifetime: int
    bank_extent: int

    def critic_weight_at(self, step: int) -> float:
        """Return the weight of the critic at a step."""
        rise = (step + 1) / max(1, self.critic_warm_up)
        fall = (self.n_steps - step) / max(1, self.critic_cool_down)
        return self.critic_weight * min(1.0, rise, fall)

    def n_shown_pixels(self, n_sections: int) -> int:
        """Return the number of pixels in at most `n_sections` sections of each direction of a volume."""
        return sum(
            min(n_sections, max(window.shape)) * len(window.section_axes) * max(window.shape) ** 2
            for window in self.windows
        )

    def as_json(self) -> dict[str, Any]:
        """Return the schedule as JSON-compatible values."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return values
