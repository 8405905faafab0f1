"""Training of a cascade, one stage after another (Eq. 19-21 of the paper)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime

import numpy as np
import torch
from torch import Tensor

from napari_swnn._checks import check_seed
from napari_swnn._steps import drain, forward_steps
from napari_swnn._types import FloatArray, Labels
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.model.model import Model
from napari_swnn.core.model.segmentation import OffsetCurve, Segmentation, ThresholdCurve, neutral_segmentation
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import describe_device
from napari_swnn.core.training.calibration import (
    LEAST_BLOCKS,
    CalibrationBlock,
    calibration_blocks,
    iter_threshold,
)
from napari_swnn.core.training.checkpoint import Checkpoint
from napari_swnn.core.training.config import TrainingConfig, describe_config, preset_name
from napari_swnn.core.training.expected_means import iter_coarse_means
from napari_swnn.core.training.memory import check_training_memory
from napari_swnn.core.training.offset_calibration import iter_offsets
from napari_swnn.core.training.offset_fit import CalibratedOffsets, fit_offsets
from napari_swnn.core.training.plan import TrainingPlan, analyse_reference
from napari_swnn.core.training.progress import TrainingClock, TrainingStep
from napari_swnn.core.training.resuming import Saves, restore_stages, steps_before
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.trainer import StageTrainer

__all__ = ["TrainingStep", "iter_training", "train"]


def train(
    reference: Reference,
    *,
    porosity: float | tuple[float, float] | None = None,
    fractions: Mapping[int, float | tuple[float, float]] | None = None,
    preset: str = "standard",
    config: TrainingConfig | None = None,
    dimension: int = 3,
    seed: int = 0,
    device: str = "auto",
    resume: bool = False,
    progress: Callable[[TrainingStep], None] | None = None,
) -> Model:
    """Train a network to generate volumes with the patterns of a reference.

    Parameters
    ----------
    reference : Reference
        Segmented section or sections.
    porosity : float or tuple of float, optional
        Target porosity of the volumes, in [0, 1]; by default the porosity of the reference. A pair ``(low, high)``
        trains one model for all porosities in this range, which takes three times as long. With more than two phases,
        the others keep their proportion.
    fractions : mapping, optional
        Instead of `porosity`, the target fraction of each phase by label, such as ``{1: 0.4, 2: 0.5, 3: 0.1}``, or
        ranges, such as ``{1: (0.3, 0.5), 2: (0.2, 0.4)}``, for one model of all fractions in them. Phases that are not
        given share the rest in the proportion of the reference.
    preset : {"standard", "draft", "connected", "fine", "paper"}
        Preset: ``draft`` for a first look, ``connected`` for flow and conduction, ``fine`` for the highest quality,
        ``paper`` for the settings of the paper.
    config : TrainingConfig, optional
        Training settings; override the preset.
    dimension : int
        3 for volumes (Eq. 20), 2 for sections (Eq. 19).
    seed : int
        Random seed; the same seed gives the same model on the same machine with the same number of threads.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on; ``"auto"`` uses a GPU if available.
    resume : bool
        Continue the training of the same reference with the same settings that was interrupted on this machine, from
        its last checkpoint, to the weights of an uninterrupted training. Checkpoints are written to the user's data
        folder every half minute and after each scale, and removed at the end.
    progress : callable, optional
        Function called with each `TrainingStep`.

    Returns
    -------
    Model
        Trained model, ready to generate.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; see `plan_training`.
    """
    seed = check_seed(seed)
    analysis = analyse_reference(reference, preset=preset, config=config, dimension=dimension)
    plan = analysis.plan(porosity=porosity, fractions=fractions, seed=seed, device=device)
    checkpoint = Checkpoint.find(plan, resume=resume)
    model = drain(iter_training(plan, checkpoint=checkpoint), progress)
    if checkpoint is not None:
        checkpoint.remove()
    return model


def iter_training(
    plan: TrainingPlan, *, should_stop: Callable[[], bool] = lambda: False, checkpoint: Checkpoint | None = None
) -> Generator[TrainingStep, None, Model]:
    """Carry out a training plan step by step.

    Parameters
    ----------
    plan : TrainingPlan
        Result of `plan_training`.
    should_stop : callable
        Called after each step. Once it returns True, training stops and the partially trained model is calibrated and
        returned; untrained stages interpolate the coarser volume.
    checkpoint : Checkpoint, optional
        File to which the state of the training is saved every half minute, after each stage, and when it is stopped or
        closed. If it resumes from a stored state, the model is that of an uninterrupted training.

    Returns
    -------
    generator
        Generator that yields a `TrainingStep` for each step and returns the `Model`.
    """
    check_training_memory(plan)
    source = Randomness(plan.seed, plan.device)
    clock = TrainingClock(plan)
    finished: list[Stage] = []
    losses: list[float] = []
    saves = Saves(checkpoint, finished, losses, source)
    state = None if checkpoint is None else checkpoint.load()
    if state is not None:
        finished += restore_stages(plan, state["finished"])
        losses += state["losses"]
        source.load_state_dict(state["source"])
        clock.skip(steps_before(plan, state), losses[-1])
    for index in range(len(finished), len(plan.schedules)):
        trainer = StageTrainer(plan, index, finished, source)
        if state is not None and state["trainer"] is not None and index == len(state["finished"]):
            trainer.load_state_dict(state["trainer"])
        if clock.stopped:
            yield clock.wait()
            trainer.pass_on()
        else:
            with closing(trainer.iter_steps()) as steps:
                for step in steps:
                    losses.append(step.loss)
                    try:
                        yield clock.count_step(index, step, _as_labels(plan.reference, step.grey))
                    except GeneratorExit:  # closed, as by the end of the program
                        saves.save(trainer)
                        raise
                    clock.stopped = should_stop()
                    saves.save(trainer, when_due=not clock.stopped)
                    if clock.stopped:
                        break
        settling = trainer.settle_norms()
        if clock.stopped:  # the user waits, and may lose patience
            clock.expect_end(index)
            yield from forward_steps(settling, lambda _: clock.count_norms())
        else:
            drain(settling)
        finished.append(trainer.stage.fold())
        if not clock.stopped:
            saves.save()
    segmentation = yield from _iter_calibration(plan, finished, clock, should_stop)
    return _assemble(plan, finished, segmentation, losses, stopped=clock.stopped)


def _iter_calibration(
    plan: TrainingPlan, stages: Sequence[Stage], clock: TrainingClock, should_stop: Callable[[], bool]
) -> Generator[TrainingStep, None, Segmentation]:
    """Calibrate the threshold or the offsets at each node, with the minimum number of blocks after a stop."""
    nodes = plan.nodes
    thresholds: list[float] = []
    offsets: list[CalibratedOffsets] = []

    def max_blocks() -> int:
        clock.stopped = clock.stopped or should_stop()
        most = min(LEAST_BLOCKS, plan.n_calibration_blocks) if clock.stopped else plan.n_calibration_blocks
        clock.expect_blocks(most)
        return most

    for i, node in enumerate(nodes):
        free = node if plan.network.free_ranges else None
        clock.begin_threshold(len(nodes) - i, max_blocks())
        expected_coarse: FloatArray = np.zeros(plan.network.n_phase_channels)
        if plan.n_calibration_blocks >= LEAST_BLOCKS:  # fewer blocks are not corrected
            measuring = iter_coarse_means(stages, seed=plan.seed, fractions=free)
            expected_coarse = yield from forward_steps(measuring, lambda _: clock.count_coarse_block())
        start = i * plan.n_calibration_blocks
        with closing(calibration_blocks(stages, seed=plan.seed, start=start, fractions=free)) as samples:
            if plan.network.n_phase_channels == 1:
                search = iter_threshold(samples, node[0], expected_coarse, max_blocks)
                thresholds.append((yield from forward_steps(search, lambda _: clock.count_block())))
            else:
                several = _iter_offsets(plan, node, samples, expected_coarse, max_blocks)
                offsets.append((yield from forward_steps(several, lambda _: clock.count_block())))
    if plan.network.box is not None:
        return fit_offsets(plan.network.free_ranges, offsets)
    porosities = tuple(node[0] for node in nodes)
    if offsets:
        return OffsetCurve(porosities, tuple(result.offsets for result in offsets))
    return ThresholdCurve(porosities, tuple(thresholds))


def _iter_offsets(
    plan: TrainingPlan,
    node: tuple[float, ...],
    samples: Iterator[CalibrationBlock],
    expected_coarse: FloatArray,
    max_blocks: Callable[[], int],
) -> Generator[None, None, CalibratedOffsets]:
    """Calibrate the offsets at a node, and keep some of the voxels for a fit."""
    fractions = plan.target.fractions_of(node)
    offsets, blocks = yield from iter_offsets(samples, fractions, expected_coarse, max_blocks)
    return CalibratedOffsets.of(node, offsets, [block.grey for block in blocks])


def _as_labels(reference: Reference, grey: Tensor) -> Labels:
    positions = neutral_segmentation(grey.shape[1]).classify(grey[0])
    return PhaseLabels.of(reference).paint(positions.cpu().numpy())


def _assemble(
    plan: TrainingPlan, stages: Sequence[Stage], segmentation: Segmentation, losses: Sequence[float], *, stopped: bool
) -> Model:
    reference = plan.reference
    return Model(
        network=plan.network,
        stages=tuple(stage.cpu() for stage in stages),
        segmentation=segmentation,
        porosity=plan.porosity,
        reachable=plan.reachable,
        labels=PhaseLabels.of(reference),
        voxel=reference.voxel,
        provenance={
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "reference_porosity": reference.porosity,
            "reference_shapes": [list(section.image.shape) for section in reference.sections[:8]],
            "preset": preset_name(plan.config),
            "training": describe_config(plan.config),
            "schedules": [schedule.as_json() for schedule in plan.schedules],
            "choice": list(plan.choice.reasons),
            "seed": plan.seed,
            "device": describe_device(plan.device),
            "torch": torch.__version__,
            "n_steps": len(losses),
            "final_loss": float(np.mean(losses[-20:])) if losses else None,
            "stopped_early": stopped,
            **({} if plan.filters is None else {"filters": plan.filters.digest}),
        },
        fractions=None if len(reference.phases) == 2 else plan.target.fractions,
    )
