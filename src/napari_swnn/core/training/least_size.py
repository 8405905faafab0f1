"""Least sizes of references and training volumes: enough patterns to describe a structure, and room for one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_swnn.core.descriptor.patterns import count_patterns, largest_window, too_small_message
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.section import Section
from napari_swnn.core.training.architecture import LARGE_TEMPLATE, NetworkChoice
from napari_swnn.core.training.config import TrainingConfig

MIN_PATTERNS = 100
"""Minimum effective number of patterns for a target distribution to describe the structure."""


def check_patterns(reference: Reference, choice: NetworkChoice, config: TrainingConfig) -> int:
    """Return the side of the largest square in a section of every direction, if each holds enough patterns.

    Raises
    ------
    ValueError
        If no pattern of the coarsest scale fits, or the finest scale has fewer than `MIN_PATTERNS`.
    """
    side = max(stage.template_size * stage.scale for stage in choice.network.stages)
    wanted = config.template_size or LARGE_TEMPLATE
    largest = [largest_window(direction) for direction in reference.directions]
    for direction, width in zip(reference.directions, largest, strict=True):
        if width < side:
            raise ValueError(too_small_message(direction, side))
        _check_number(direction, choice.network.stages[-1].template_size, wanted)
    return min(largest)


def check_volumes(choice: NetworkChoice, config: TrainingConfig) -> None:
    """Check that training volumes hold a pattern of each stage.

    Raises
    ------
    ValueError
        If a volume is too small.
    """
    for stage in choice.network.stages:
        name = "cube_size" if stage.scale == 1 else "coarse_cube_size"
        side = getattr(config, name)
        least = max(stage.template_size, 4)  # volumes are compared with coarser ones over blocks of 4 voxels
        if side < least:
            raise ValueError(f"{name} must be at least {least}, to hold a pattern of that stage, got {side}")


def _check_number(sections: Sequence[Section], template: int, wanted: int) -> None:
    found = count_patterns(sections, template)
    if found < MIN_PATTERNS:
        least = wanted + math.isqrt(MIN_PATTERNS - 1)
        raise ValueError(
            f"the reference and its region of interest must hold at least {MIN_PATTERNS} patterns of {template} × "
            f"{template} pixels, got {found}; use a larger image or region, of at least {least} × {least} pixels"
        )
