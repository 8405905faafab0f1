"""Memory that a training needs, checked before its first step."""

from __future__ import annotations

from math import prod

import torch

from napari_swnn._memory import find_free_memory, format_memory
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.numerics.device import training_precision
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.section_loss import filtered_pixels
from napari_swnn.core.training.work import shown_pixels

_CRITIC_BYTES = 512
"""Memory of the features of the critic for each pixel that it is shown, in bytes."""
_FILTER_BYTES = 2500
"""Memory of the features of a filter network for each pixel of a section, in bytes."""


def training_memory(plan: TrainingPlan) -> int:
    """Return the memory of the largest training step in bytes, without the loaded libraries."""
    bytes_each = 2 if training_precision(plan.device) == torch.bfloat16 else 4
    largest = 0
    for stage, schedule in zip(plan.network.stages, plan.schedules, strict=True):
        windows = [Window.of_shape(window.shape).grown(stage.margin) for window in schedule.windows]
        voxels = schedule.n_volumes * sum(prod(window.shape) for window in windows)
        # Autograd stores the output of each convolution, and the results that follow it, in full and half precision.
        features = voxels * stage.n_blocks * stage.n_channels * (4 + 2 * bytes_each)
        compared = schedule.n_projections * schedule.max_patterns * 3
        filtered = 0 if plan.filters is None else filtered_pixels(schedule) * _FILTER_BYTES
        largest = max(largest, features + compared * 32 + shown_pixels(schedule) * _CRITIC_BYTES + filtered)
    return largest


def check_training_memory(plan: TrainingPlan) -> None:
    """Check that a training on the CPU fits into the free memory.

    Raises
    ------
    ValueError
        If there is not enough memory; the message states the required amount.
    """
    needed, free = training_memory(plan), find_free_memory()
    if plan.device.type == "cpu" and needed > free.n_bytes:
        raise ValueError(
            f"a training must fit into memory, got settings that need about {format_memory(needed)} of {free}; choose "
            "the preset 'draft', fewer channels or smaller volumes, or free some memory"
        )
