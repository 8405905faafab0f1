"""Direct optimisation of the voxels of a volume, as one call or step by step."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_swnn._checks import check_labels, check_seed, check_shape, check_whole
from napari_swnn._phases import list_labels
from napari_swnn._progress import IterationProgress, WorkClock
from napari_swnn._steps import drain
from napari_swnn._types import FloatArray, Labels, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.direct.objective import ScaledLoss
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.network.stage import Stage, bound_phases, phase_scores
from napari_swnn.core.numerics.memory import check_memory
from napari_swnn.core.numerics.phase_offsets import OffsetProblem, rank_phases, solve_offsets
from napari_swnn.core.training.plan import TrainingPlan, analyse_reference
from napari_swnn.core.training.sampling import Randomness

_RATE = 0.1
"""Learning rate of Adam, for voxels whose grey value is the hyperbolic tangent of the variable."""
_FINAL_RATE = 0.2
"""Final learning rate as a fraction of the first one."""
_START = 0.5
"""Standard deviation of the variables of a random start."""
_CERTAIN = 1.0
"""Variable of a voxel in the phase of interest at the start from a volume."""
_BYTES_PER_VOXEL = 60
"""Memory for each voxel and channel: variables, their gradient and moments, and the sections of a direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimisationStep(IterationProgress):
    """Progress of `optimise`.

    Attributes
    ----------
    loss : float
        Sliced Wasserstein distance to the target, averaged over scales.
    iteration, n_iterations, fraction, elapsed, time_left, activity, note
        As for `IterationProgress`.
    """

    loss: float


def optimise(
    reference: Reference,
    shape: Shape,
    *,
    porosity: float | None = None,
    start: Labels | None = None,
    n_steps: int = 300,
    seed: int = 0,
    progress: Callable[[OptimisationStep], None] | None = None,
) -> Labels:
    """Optimise the voxels of a volume until its sections have the patterns of a reference, without a network.

    The loss is that of training, at the same scales. Each volume takes as long as a training, and memory limits its
    size. So this serves for comparison, and to polish small volumes.

    Parameters
    ----------
    reference : Reference
        Segmented section or sections.
    shape : tuple of int
        Number of voxels along each axis: ``(z, y, x)``, or ``(y, x)`` for a section.
    porosity : float, optional
        Target porosity, which the volume meets exactly; by default that of the reference.
    start : array_like, optional
        Labels to start from; by default noise.
    n_steps : int
        Number of steps.
    seed : int
        Seed of the start and of the projections.
    progress : callable, optional
        Called with an `OptimisationStep` after each step.

    Returns
    -------
    numpy.ndarray
        Labels with the given shape and the values of the reference.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or the volume does not fit into memory.
    """
    dimension = len(check_shape(shape))
    plan = analyse_reference(reference, dimension=dimension).plan(porosity=porosity, seed=check_seed(seed))
    return drain(iter_optimisation(plan, shape, start=start, n_steps=n_steps), progress)


def iter_optimisation(
    plan: TrainingPlan, shape: Shape, *, start: Labels | None = None, n_steps: int = 300
) -> Generator[OptimisationStep, None, Labels]:
    """Optimise step by step, as `optimise` does.

    Invalid input raises an error at the call.

    Parameters
    ----------
    plan : TrainingPlan
        Result of `napari_swnn.plan_training`, for a single composition; its network is not trained.
    shape, start, n_steps
        As for `optimise`.

    Yields
    ------
    OptimisationStep
        Progress after each step.

    Returns
    -------
    numpy.ndarray
        As for `optimise`.
    """
    shape = check_shape(shape, ndim=(plan.network.dimension,))
    check_whole(n_steps, name="n_steps")
    least = 2 * plan.network.stages[-1].template_size
    if min(shape) < least:
        raise ValueError(f"shape must have at least {least} voxels along each axis, got {shape}; choose a larger one")
    if plan.target.box is not None:
        raise ValueError("plan must have a single target, got ranges of fractions; plan with one porosity")
    check_memory(shape, _BYTES_PER_VOXEL * plan.network.n_phase_channels)
    labels = PhaseLabels.of(plan.reference)
    given = None if start is None else _check_start(start, shape, labels)
    return _iterate(plan, shape, given, n_steps, labels)


def _check_start(start: Any, shape: Shape, labels: PhaseLabels) -> Labels:
    found = check_labels(start, name="start", ndim=(len(shape),))
    if found.shape != shape:
        raise ValueError(f"start must have the shape {shape}, got {found.shape}; crop it, or change the shape")
    foreign = np.setdiff1d(found, labels.phases)
    if len(foreign):
        raise ValueError(f"start must have the labels {list_labels(labels.phases)}, got {foreign[0]}; relabel it")
    return found


def _iterate(
    plan: TrainingPlan, shape: Shape, start: Labels | None, n_steps: int, labels: PhaseLabels
) -> Generator[OptimisationStep, None, Labels]:
    source = Randomness(plan.seed, plan.device)
    n_channels = plan.network.n_phase_channels
    if start is None:
        variables = _START * torch.randn((1, n_channels, *shape), generator=source.generator)
    else:
        inside = [start == label for label in labels.phases[:n_channels]]
        variables = torch.from_numpy(np.where(inside, _CERTAIN, -_CERTAIN).astype(np.float32))[None]
    variables = variables.to(plan.device).requires_grad_(True)
    loss_of = ScaledLoss(plan, min(shape), source)
    optimiser = torch.optim.Adam([variables], lr=_RATE)
    clock = WorkClock(n_steps, warm_up=True)
    for step in range(n_steps):
        optimiser.param_groups[0]["lr"] = _RATE * (1 - (1 - _FINAL_RATE) * step / n_steps)
        optimiser.zero_grad()
        loss, distance = loss_of(_grey(variables))
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        clock.advance(1)
        yield OptimisationStep(
            iteration=step + 1,
            n_iterations=n_steps,
            loss=distance,
            fraction=clock.fraction,
            elapsed=clock.elapsed,
            time_left=clock.time_left,
            activity="optimising the voxels",
        )
    with torch.no_grad():
        grey = _grey(variables)[0].cpu()
    return labels.paint(_segment(grey, plan.target.fractions))


def _grey(variables: Tensor) -> Tensor:
    """Return grey values, bounded as those of a network are."""
    if variables.shape[1] == 1:
        return Stage.CEILING * torch.tanh(variables)
    return bound_phases(variables, Stage.CEILING)


def _segment(grey: Tensor, fractions: tuple[float, ...]) -> np.ndarray:
    """Return the positions of the phases, in the fractions of the target as far as grey values differ."""
    shape = grey.shape[1:]
    if len(grey) == 1:
        values = grey[0].numpy().ravel()
        positions = np.ones(values.size, np.uint8)
        n = round(fractions[0] * values.size)
        positions[np.argsort(-values, kind="stable")[:n]] = 0
        return positions.reshape(shape)
    scores: FloatArray = phase_scores(grey, Stage.CEILING).flatten(1).numpy()
    n_voxels = prod(shape)

    def measure(found: np.ndarray) -> FloatArray:
        return np.asarray(np.bincount(found, minlength=len(scores)) / n_voxels)

    problem = OffsetProblem(np.ascontiguousarray(scores), measure, np.array(fractions), 1 / n_voxels)
    offsets = solve_offsets(problem, np.zeros(len(scores)), tolerance=1 / n_voxels)
    return rank_phases(problem.grey, offsets).first.astype(np.uint8).reshape(shape)
