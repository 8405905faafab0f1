"""Training: fit a cascade to a reference, one stage after another (Eq. 19-21 of the paper)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import torch
from torch import Tensor, nn

from napari_swnn._steps import drain, forward_steps
from napari_swnn._types import Labels
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.model.model import Model, PhaseLabels
from napari_swnn.core.model.threshold import ThresholdCurve
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import describe_device
from napari_swnn.core.training.calibration import (
    LEAST_BLOCKS,
    calibration_blocks,
    iter_threshold,
    usual_coarse_mean,
)
from napari_swnn.core.training.config import TrainingConfig, name_of
from napari_swnn.core.training.plan import TrainingPlan, plan_training
from napari_swnn.core.training.progress import TrainingClock, TrainingStep
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.stage import iter_stage, new_stage, settle_norms

__all__ = ["TrainingStep", "iter_training", "train"]


def train(
    reference: Reference,
    *,
    porosity: float | tuple[float, float] | None = None,
    preset: str = "standard",
    config: TrainingConfig | None = None,
    dimension: int = 3,
    seed: int = 0,
    device: str = "auto",
    progress: Callable[[TrainingStep], None] | None = None,
) -> Model:
    """Train a network to generate volumes with the patterns of a reference.

    Parameters
    ----------
    reference : Reference
        The segmented section(s).
    porosity : float or tuple of float, optional
        Volume fraction of the phase of interest in the volumes, in [0, 1]; the reference's own if not given. A pair
        ``(low, high)`` trains one model that is then asked for any porosity of that range, in three times the time.
    preset : {"standard", "draft", "fine", "paper"}
        Named settings: ``draft`` for a first look, ``fine`` for the best, ``paper`` for the paper's.
    config : TrainingConfig, optional
        Settings in place of a preset.
    dimension : int
        3 for volumes (Eq. 20), 2 for sections (Eq. 19).
    seed : int
        Of all random draws: the same seed gives the same model on the same machine with as many threads.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute; ``"auto"`` takes a GPU if there is one.
    progress : callable, optional
        Called with each `TrainingStep`.

    Returns
    -------
    Model
        Ready to generate.

    Raises
    ------
    TypeError, ValueError
        If the input cannot be used; see `plan_training`.
    """
    plan = plan_training(
        reference, porosity=porosity, preset=preset, config=config, dimension=dimension, seed=seed, device=device
    )
    return drain(iter_training(plan), progress)


def iter_training(
    plan: TrainingPlan, *, should_stop: Callable[[], bool] = lambda: False
) -> Generator[TrainingStep, None, Model]:
    """Carry out a training plan step by step.

    Parameters
    ----------
    plan : TrainingPlan
        Result of `plan_training`.
    should_stop : callable
        Called after each step. Once it returns true, the model as trained so far is finished and returned; stages
        that were not reached pass the coarser volume on, interpolated.

    Returns
    -------
    generator
        Yields a `TrainingStep` for each step and returns the `Model`.
    """
    source = Randomness(plan.seed, plan.device)
    clock = TrainingClock(plan)
    finished: list[Stage] = []
    losses: list[float] = []
    for config, targets in zip(plan.stages, plan.targets, strict=True):
        stage = new_stage(plan, config, source.generator)
        if not clock.stopped:
            with closing(iter_stage(plan, stage, finished, targets, source)) as steps:
                for step in steps:
                    losses.append(step.loss)
                    yield clock.step(config, step, _as_labels(plan.reference, step.grey))
                    if should_stop():
                        clock.stopped = True
                        break
        else:
            nn.init.zeros_(stage.head.weight)  # pass the coarser volume on
        settle_norms(plan, stage, finished, source)
        finished.append(stage.folded())
    thresholds = yield from _iter_thresholds(plan, finished, clock, should_stop)
    return _assemble(plan, finished, thresholds, losses, stopped=clock.stopped)


def _iter_thresholds(
    plan: TrainingPlan, stages: Sequence[Stage], clock: TrainingClock, should_stop: Callable[[], bool]
) -> Generator[TrainingStep, None, ThresholdCurve]:
    """Calibrate the threshold of each porosity; a user who wants to stop gets them from the fewest blocks."""
    nodes, values = plan.porosity_nodes, list[float]()

    def most_blocks() -> int:
        clock.stopped = clock.stopped or should_stop()
        return min(LEAST_BLOCKS, plan.n_calibration_blocks) if clock.stopped else plan.n_calibration_blocks

    for i, node in enumerate(nodes):
        asked = None if plan.porosity_range is None else node
        usual = usual_coarse_mean(stages, seed=plan.seed, porosity=asked)
        samples = calibration_blocks(stages, seed=plan.seed, start=i * plan.n_calibration_blocks, porosity=asked)
        clock.expect_blocks((len(nodes) - i) * most_blocks())
        threshold = yield from forward_steps(
            iter_threshold(samples, node, usual, most_blocks), lambda _: clock.calibration_step()
        )
        values.append(threshold)
    return ThresholdCurve(nodes, tuple(values))


def _as_labels(reference: Reference, grey: Tensor) -> Labels:
    labels = PhaseLabels.of(reference)
    return labels.paint(grey[0, 0].cpu().numpy() >= 0)


def _assemble(
    plan: TrainingPlan, stages: Sequence[Stage], thresholds: ThresholdCurve, losses: Sequence[float], *, stopped: bool
) -> Model:
    reference = plan.reference
    return Model(
        network=plan.choice.network,
        stages=tuple(stage.cpu() for stage in stages),
        thresholds=thresholds,
        porosity=plan.porosity,
        reachable=plan.reachable,
        labels=PhaseLabels.of(reference),
        voxel=reference.voxel,
        provenance={
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "reference_porosity": reference.porosity,
            "reference_shapes": [list(section.image.shape) for section in reference.sections[:8]],
            "preset": name_of(plan.config),
            "training": asdict(plan.config),
            "choice": list(plan.choice.reasons),
            "seed": plan.seed,
            "device": describe_device(plan.device),
            "torch": torch.__version__,
            "n_steps": len(losses),
            "final_loss": float(np.mean(losses[-20:])) if losses else None,
            "stopped_early": stopped,
        },
    )
