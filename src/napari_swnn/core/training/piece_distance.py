"""Distance between two pieces of the reference, the scale by which the loss of a training is judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.patterns import extract_patterns, windows_inside
from napari_swnn.core.descriptor.resampling import TargetFamily, pattern_means
from napari_swnn.core.descriptor.section import Section
from napari_swnn.core.loss.directions import pattern_directions
from napari_swnn.core.loss.sliced_wasserstein import combine_directions, wasserstein_1d
from napari_swnn.core.training.plan import TrainingPlan


def piece_distances(plan: TrainingPlan) -> dict[int, float]:
    """Return the distance between the two halves of the sections of a plan for each scale.

    It is the loss of one half as if it were a generated section, with the other half as the reference. A training that
    comes as near to its reference makes volumes whose patterns differ no more than pieces of the reference do.

    Returns
    -------
    dict of int to float
        Distance by scale; scales whose patterns do not fit into half of a section are left out. It is empty for losses
        other than that of patterns, to which the distance does not compare.
    """
    if plan.config.loss != "patterns":
        return {}
    found = {}
    for index, schedule in enumerate(plan.schedules):
        distances = [
            _distance(plan, index, which, sections) for which, sections in enumerate(plan.reference.directions)
        ]
        known = [distance for distance in distances if distance is not None]
        if known:
            found[schedule.scale] = float(np.mean(known))
    return found


def _distance(plan: TrainingPlan, index: int, which: int, sections: Sequence[Section]) -> float | None:
    """Return the distance of the halves of the sections of one direction; None if the patterns do not fit."""
    schedule, stage = plan.schedules[index], plan.network.stages[index]
    first, second = ([_half(section, i) for section in sections] for i in range(2))
    side = stage.template_size * stage.scale
    if not all(any(windows_inside(half.inside, side).any() for half in halves) for halves in (first, second)):
        return None
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    most = schedule.max_patterns
    own, other = (
        extract_patterns(
            halves,
            stage.template_size,
            scale=stage.scale,
            n_channels=plan.reference.n_channels,
            max_patterns=most,
            rng=rng,
        )
        for halves in (first, second)
    )
    target = TargetFamily(other).near(_mean(own))
    directions = pattern_directions(
        schedule.n_projections,
        own.shape[1],
        stage.template_size,
        local=schedule.local_share,
        whitened=schedule.whitened_share,
        whitening=torch.from_numpy(plan.families[index][which].whitening) if schedule.whitened_share > 0 else None,
        generator=generator,
    ).flatten(1)
    projected, goal = (_project(directions, patterns) for patterns in (own, target.draw(len(own), rng)))
    return float(combine_directions(wasserstein_1d(projected, goal, p=schedule.p), p=schedule.p))


def _half(section: Section, i: int) -> Section:
    """Return the first or second half of a section along its longer side."""
    axis = int(np.argmax(section.inside.shape))
    middle = section.inside.shape[axis] // 2
    part = [slice(None), slice(None)]
    part[axis] = slice(None, middle) if i == 0 else slice(middle, None)
    return Section(section.positions[tuple(part)], section.inside[tuple(part)])


def _mean(patterns: FloatArray) -> tuple[float, ...]:
    return tuple(float(mean) for mean in np.atleast_1d(pattern_means(patterns).mean(axis=0)))


def _project(directions: torch.Tensor, patterns: FloatArray) -> torch.Tensor:
    grey = 2 * torch.from_numpy(np.ascontiguousarray(patterns, np.float32)) - 1  # as the network's, from -1 to 1
    return directions.float() @ grey.flatten(1).T
