"""Training: fit a cascade to a reference, one stage after another (Eq. 19-21 of the paper)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from math import cos, pi
from time import perf_counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_swnn._steps import drain
from napari_swnn._types import Labels
from napari_swnn.core.calibration import calibration_blocks, threshold_of
from napari_swnn.core.config import TrainingConfig, name_of
from napari_swnn.core.control import TargetFamily
from napari_swnn.core.device import describe_device, training_precision
from napari_swnn.core.model import Model, PhaseLabels
from napari_swnn.core.network import Stage, StageConfig, run_stages
from napari_swnn.core.pattern_loss import PatternLoss
from napari_swnn.core.plan import TrainingPlan, plan_training
from napari_swnn.core.reference import Reference
from napari_swnn.core.windows import Window

WARM_UP = 10
"""Steps over which the learning rate rises to its full value."""
_FEW_BLOCKS = 8
"""Blocks of the calibration when a training was stopped early."""
_N_USUAL = 16
"""Fresh volumes from which the usual porosity of the coarser stages is taken."""
N_NORM_CUBES = 8
"""Fresh volumes from which the statistics of batch norm are taken at the end of a stage."""


@dataclass(frozen=True, eq=False, slots=True)
class TrainingStep:
    """What one step of a training did.

    Attributes
    ----------
    iteration, n_iterations : int
        Steps done, of all stages together, and steps planned.
    scale : int
        Scale of the stage in training: the side of its voxels in voxels of the result.
    loss : float
        Sliced Wasserstein distance of the step's sections to the target.
    porosity : float
        Fraction of the phase of interest in the step's volume, in [0, 1].
    preview : numpy.ndarray
        Labels of the step's volume, at the stage's scale.
    elapsed, time_left : float
        Seconds.
    activity : str
        What is being done: ``"training"``, or ``"finding the threshold"`` after the last iteration.
    """

    iteration: int
    n_iterations: int
    scale: int
    loss: float
    porosity: float
    preview: Labels
    elapsed: float
    time_left: float
    activity: str = "training"


def train(
    reference: Reference,
    *,
    porosity: float | None = None,
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
    porosity : float, optional
        Volume fraction of the phase of interest in the volumes, in [0, 1]; the reference's own if not given.
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
    steps = iter_training(
        reference, porosity=porosity, preset=preset, config=config, dimension=dimension, seed=seed, device=device
    )
    return drain(steps, progress)


def iter_training(
    reference: Reference,
    *,
    porosity: float | None = None,
    preset: str = "standard",
    config: TrainingConfig | None = None,
    dimension: int = 3,
    seed: int = 0,
    device: str = "auto",
    should_stop: Callable[[], bool] = lambda: False,
) -> Generator[TrainingStep, None, Model]:
    """Train step by step.

    Bad input is refused by the call itself, before the first step.

    Parameters
    ----------
    reference, porosity, preset, config, dimension, seed, device
        As for `train`.
    should_stop : callable
        Asked after each step. When it says yes, the model as trained so far is finished and returned; stages that
        were not reached pass the coarser volume on, interpolated.

    Returns
    -------
    generator
        Yields a `TrainingStep` for each step; its return value is the `Model`.
    """
    plan = plan_training(
        reference, porosity=porosity, preset=preset, config=config, dimension=dimension, seed=seed, device=device
    )
    return iter_plan(plan, should_stop=should_stop)


def iter_plan(
    plan: TrainingPlan, *, should_stop: Callable[[], bool] = lambda: False
) -> Generator[TrainingStep, None, Model]:
    """Carry out a plan; see `iter_training`."""
    source = _Randomness(plan.seed, plan.device)
    clock = _Clock(plan)
    finished: list[Stage] = []
    losses: list[float] = []
    for config, targets in zip(plan.stages, plan.targets, strict=True):
        stage = _new_stage(plan, config, source.generator)
        if not clock.stopped:
            for loss, grey in _iter_stage(plan, stage, finished, targets, source):
                losses.append(loss)
                yield clock.step(config, loss, _as_labels(plan.reference, grey))
                if should_stop():
                    clock.stopped = True
                    break
        else:
            nn.init.zeros_(stage.head.weight)  # pass the coarser volume on
        _settle_norms(plan, stage, finished, source)
        finished.append(stage.folded())
    threshold = yield from _iter_threshold(plan, finished, clock, should_stop)
    return _assemble(plan, finished, threshold, losses, stopped=clock.stopped)


def _iter_threshold(
    plan: TrainingPlan, stages: Sequence[Stage], clock: _Clock, should_stop: Callable[[], bool]
) -> Generator[TrainingStep, None, float]:
    """Calibrate the threshold; a user who wants to stop gets it from fewer blocks."""
    wanted = plan.config.n_calibration_blocks
    hurried = clock.stopped
    n_blocks = min(wanted, _FEW_BLOCKS) if hurried else wanted
    clock.cost = clock.spent + n_blocks * plan.block_cost  # the steps that a stop left out will not come
    values = []
    for block in calibration_blocks(stages, n_blocks=n_blocks, seed=plan.seed):
        values.append(block)
        yield clock.calibration_step()
        if not hurried and should_stop():
            clock.stopped = True
            break
    return threshold_of(values, plan.porosity)


class _Randomness:
    """All random draws of a training come from here."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.device = device

    def noise(self, config: StageConfig, window: Window) -> Tensor:
        return torch.randn(1, config.n_noise_channels, *window.shape, generator=self.generator).to(self.device)


class _Clock:
    """Counts steps over all stages and foretells the end from the arithmetic that is left."""

    def __init__(self, plan: TrainingPlan) -> None:
        self.plan, self.start, self.iteration, self.stopped = plan, perf_counter(), 0, False
        self.total = sum(plan.n_steps(stage) for stage in plan.stages)
        self.cost = sum(plan.n_steps(stage) * plan.cost(stage) for stage in plan.stages)
        self.cost += plan.config.n_calibration_blocks * plan.block_cost
        self.spent = 0.0
        self.warm: tuple[float, float] | None = None
        self.last: TrainingStep

    def step(self, stage: StageConfig, loss: float, preview: Labels) -> TrainingStep:
        self.iteration += 1
        self.spent += self.plan.cost(stage)
        porosity = float((preview == self.plan.reference.phase).mean())
        self.last = TrainingStep(self.iteration, self.total, stage.scale, loss, porosity, preview, *self._times())
        return self.last

    def calibration_step(self) -> TrainingStep:
        self.spent += self.plan.block_cost
        elapsed, left = self._times()
        return replace(self.last, elapsed=elapsed, time_left=left, activity="finding the threshold")

    def _times(self) -> tuple[float, float]:
        elapsed = perf_counter() - self.start
        if self.warm is None:  # the first step loads and compiles: it foretells nothing
            self.warm = (elapsed, self.spent)
            return elapsed, elapsed * (self.cost / self.spent - 1)
        pace = (elapsed - self.warm[0]) / (self.spent - self.warm[1])
        return elapsed, max(0.0, pace * (self.cost - self.spent))


def _new_stage(plan: TrainingPlan, config: StageConfig, generator: torch.Generator) -> Stage:
    network = plan.choice.network
    stage = Stage(
        config,
        conditioned=config is not network.stages[0],
        dimension=network.dimension,
        n_phase_channels=network.n_phase_channels,
        normalised=True,
        generator=generator,
    )
    return stage.to(plan.device)


def _iter_stage(
    plan: TrainingPlan,
    stage: Stage,
    finished: Sequence[Stage],
    targets: Sequence[TargetFamily],
    source: _Randomness,
) -> Iterator[tuple[float, Tensor]]:
    """Fit one stage, the coarser ones being finished; yields the distance and the grey volume of each step."""
    config, n_steps = plan.config, plan.n_steps(stage.config)
    usual = _usual_porosity(plan, stage, finished, source)
    optimiser = torch.optim.Adam(stage.parameters(), lr=config.learning_rate, betas=(0.9, 0.99))
    for i in range(n_steps):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * _rate(config, i, n_steps)
        optimiser.zero_grad()
        total = 0.0
        samples = plan.samples(stage.config)
        for window, axes in samples:
            grey, coarse = _generate(plan, [*finished, stage], window, source)
            # A coarser volume fixes how much of the phase this window holds. Its patterns are compared with those of
            # that porosity: to ask for the mean in every window would teach the stage to be uniform.
            excess = 0.0 if coarse is None else _porosity(coarse) - usual
            distance = PatternLoss(
                [family.near(plan.porosity + excess) for family in targets],
                config.n_projections,
                config.max_patterns,
                config.p,
                config.local_directions,
            )
            loss = distance(grey, axes, generator=source.generator, rng=source.rng)
            total += float(loss.detach()) / len(samples)
            if coarse is not None:
                loss = loss + config.consistency * disagreement(grey, coarse)
            (loss / len(samples)).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        yield total, grey.detach()


@torch.no_grad()
def _usual_porosity(plan: TrainingPlan, stage: Stage, finished: Sequence[Stage], source: _Randomness) -> float:
    """Mean porosity of what the coarser stages hand on; the target's if there are none."""
    if not finished:
        return plan.porosity
    windows = [window for window, _ in plan.samples(stage.config)] * _N_USUAL
    coarse = [_generate(plan, [*finished, stage], window, source)[1] for window in windows]
    return float(np.mean([_porosity(volume) for volume in coarse if volume is not None]))


def _porosity(grey: Tensor) -> float:
    """Porosity that grey values from -1 to 1 stand for."""
    return float(grey.mean()) / 2 + 0.5


def _rate(config: TrainingConfig, step: int, n_steps: int) -> float:
    """Factor of the learning rate: a short rise, then half a cosine down to a fiftieth."""
    if config.schedule == "constant":
        return 1.0
    return min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.49 * (1 + cos(pi * step / n_steps)))


def _generate(
    plan: TrainingPlan, stages: Sequence[Stage], window: Window, source: _Randomness
) -> tuple[Tensor, Tensor | None]:
    precision = training_precision(plan.device)
    with torch.autocast(plan.device.type, dtype=precision, enabled=precision != torch.float32):
        return run_stages(stages, window, source.noise)


def disagreement(grey: Tensor, coarse: Tensor) -> Tensor:
    """Mean squared difference of the block averages of a grey volume and of the coarser one it refines."""
    pool = F.avg_pool3d if grey.ndim == 5 else F.avg_pool2d
    return (pool(grey, 4, 2) - pool(coarse, 4, 2)).pow(2).mean()


@torch.no_grad()
def _settle_norms(plan: TrainingPlan, stage: Stage, finished: Sequence[Stage], source: _Randomness) -> None:
    """Take the statistics of batch norm over fresh volumes, with the weights as they are ("precise" batch norm)."""
    norms = [module for module in stage.modules() if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative average
    for _ in range(N_NORM_CUBES):
        for window, _axes in plan.samples(stage.config):
            run_stages([*finished, stage], window, source.noise)


def _as_labels(reference: Reference, grey: Tensor) -> Labels:
    labels = PhaseLabels.of(reference)
    return labels.paint(grey[0, 0].cpu().numpy() >= 0)


def _assemble(
    plan: TrainingPlan, stages: Sequence[Stage], threshold: float, losses: Sequence[float], *, stopped: bool
) -> Model:
    reference = plan.reference
    return Model(
        network=plan.choice.network,
        stages=tuple(stage.cpu() for stage in stages),
        threshold=threshold,
        porosity=plan.porosity,
        reachable=plan.reachable,
        labels=PhaseLabels.of(reference),
        voxel_size=reference.voxel_size,
        unit=reference.unit,
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
