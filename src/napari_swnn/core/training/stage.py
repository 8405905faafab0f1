"""Fit one stage of the cascade, the coarser ones being finished (Eq. 19-21 of the paper)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import cos, isfinite, pi
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.loss.autocovariance_loss import TwoPointFeedback
from napari_swnn.core.loss.pattern_loss import PatternLoss
from napari_swnn.core.network.cascade import upsampled
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.stage import Stage, cropped
from napari_swnn.core.numerics.determinism import repeatable
from napari_swnn.core.numerics.device import convolutions_in, training_precision
from napari_swnn.core.training.coarse_bank import CoarseBank
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.core.training.optimiser import Optimiser
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness, constant_porosity
from napari_swnn.core.training.weight_average import WeightAverage

WARM_UP = 10
"""Steps over which the learning rate rises to its full value."""
N_NORM_CUBES = 8
"""Fresh volumes from which the statistics of batch norm are taken at the end of a stage."""
_MEMORY = 0.4
"""Steps over which the mean of the weights runs, as a share of those that are averaged."""
_SAVE_EVERY = 20
"""Steps between the states that a training can go back to."""
_DIVERGED = 5.0
"""A loss this many times the usual one of late is not the ordinary noise of small samples."""
_MAX_RESTARTS = 6


@dataclass(frozen=True, eq=False, slots=True)
class StageStep:
    """What one step did.

    Attributes
    ----------
    loss : float
        Sliced Wasserstein distance to the target.
    grey : torch.Tensor
        ``(n, phases, *spatial)`` the volumes of the step.
    note : str
        What the user should know; usually empty.
    """

    loss: float
    grey: Tensor
    note: str = ""


def new_stage(plan: TrainingPlan, config: StageConfig, generator: torch.Generator) -> Stage:
    """A stage with random weights."""
    network = plan.choice.network
    stage = Stage(
        config,
        conditioned=config is not network.stages[0],
        dimension=network.dimension,
        n_phase_channels=network.n_phase_channels,
        porosity_range=network.porosity_range,
        normalised=True,
        generator=generator,
    )
    return stage.to(plan.device)


def iter_stage(
    plan: TrainingPlan,
    stage: Stage,
    finished: Sequence[Stage],
    targets: Sequence[TargetFamily],
    source: Randomness,
) -> Generator[StageStep, None, None]:
    """Fit one stage step by step.

    Raises
    ------
    RuntimeError
        If the loss diverges time and again.
    """
    config, n_steps = plan.config, plan.n_steps(stage.config)
    bank, feedback = CoarseBank(plan, finished, source), _feedback(plan, stage, targets)
    optimiser = Optimiser(stage.parameters(), config.learning_rate, muon=config.optimiser == "muon")
    guard = _DivergenceGuard(stage, optimiser)
    n_averaged = config.weight_average * n_steps
    average = WeightAverage(stage, memory=_MEMORY * n_averaged)
    try:
        for i in range(n_steps):
            # In a window's own statistics its mean cannot be seen, and windows scatter in porosity; but the last steps
            # see it. Of a refining stage the coarser volume holds the mean.
            if not stage.conditioned and i >= (1 - config.moving_statistics) * n_steps and not stage.moving_statistics:
                stage.moving_statistics = True
                guard.forget()
            # In its own statistics a window's mean is always the same, and so is part of its autocovariance.
            heeded = feedback if i >= WARM_UP and (stage.conditioned or stage.moving_statistics) else None
            stage.zero_grad()
            loss, grey = _accumulate(plan, stage, bank, targets, heeded, source)
            note = guard.check(i, loss)
            if not note:
                if i >= n_steps - n_averaged:
                    average.add()
                optimiser.step(guard.rate * _rate(config, i, n_steps))
            elif feedback is not None:
                feedback.forget()
            yield StageStep(loss, grey, note)
    finally:  # a user who stops gets the mean so far
        average.put_in_place()


def _feedback(plan: TrainingPlan, stage: Stage, targets: Sequence[TargetFamily]) -> TwoPointFeedback | None:
    if plan.two_point(stage.config) == 0:
        return None
    scale, side = stage.config.scale, plan.side(stage.config)
    return TwoPointFeedback(plan.reference, targets, plan.porosity, scale, side, coarsest=not stage.conditioned)


def _accumulate(
    plan: TrainingPlan,
    stage: Stage,
    bank: CoarseBank,
    targets: Sequence[TargetFamily],
    feedback: TwoPointFeedback | None,
    source: Randomness,
) -> tuple[float, Tensor]:
    """Add up the gradients of one step; returns the distance and the volumes."""
    config, total, samples = plan.config, 0.0, plan.samples(stage.config)
    for window, axes in samples:
        porosities, grey, coarse = _generate(plan, stage, bank, window, source)
        losses = []
        for k, porosity in enumerate(porosities):
            # A coarser volume fixes how much of the phase this window holds. Its patterns are compared with those of
            # that porosity: to ask for the mean in every window would teach the stage to be uniform.
            excess = bank.excess(porosity, None if coarse is None else coarse[k])
            distance = PatternLoss(
                [family.near(porosity + excess) for family in targets],
                n_projections=config.n_projections,
                max_patterns=config.max_patterns,
                p=config.p,
                local_directions=config.local_directions,
                whitened_directions=config.whitened_directions,
                whitenings=[family.whitening for family in targets],
                period=2 if stage.conditioned else 1,
            )
            losses.append(distance(grey[k : k + 1], axes, generator=source.generator, rng=source.rng))
        loss = torch.stack(losses).mean()
        total += float(loss.detach()) / len(samples)
        if coarse is not None:
            loss = loss + plan.consistency * disagreement(grey, coarse)
        if feedback is not None:
            loss = loss + plan.two_point(stage.config) * feedback(grey, axes)
        with repeatable(plan.device):
            (loss / len(samples)).backward()  # type: ignore[no-untyped-call]
    return total, grey.detach()


def _generate(
    plan: TrainingPlan, stage: Stage, bank: CoarseBank, window: Window, source: Randomness
) -> tuple[tuple[float, ...], Tensor, Tensor | None]:
    """Porosities, grey volumes, and the coarser volumes that they refine, on the same voxels."""
    porosities, below, place = bank.take(window.grown(stage.margin))
    noise = source.noise(len(porosities))(stage.config, place)
    local = constant_porosity(porosities, stage.dimension, plan.device)(stage.config, place)
    coarse = None if below is None else upsampled(below, place.coarser(), place)
    with convolutions_in(training_precision(plan.device), plan.device):
        grey = stage(noise, coarse, local)
    return porosities, grey, None if coarse is None else cropped(coarse, stage.margin)


def _rate(config: TrainingConfig, step: int, n_steps: int) -> float:
    """Factor of the learning rate: a short rise, then half a cosine down to its last value."""
    if config.schedule == "constant":
        return 1.0
    last = 0.3 if config.weight_average else 0.02  # a mean of weights goes on learning and yet comes to rest
    return min(1.0, (step + 1) / WARM_UP) * (last + (1 - last) / 2 * (1 + cos(pi * step / n_steps)))


def disagreement(grey: Tensor, coarse: Tensor) -> Tensor:
    """Mean squared difference of the averages of a grey volume and of the coarser one over blocks of 4, 2 apart."""
    pool = F.avg_pool3d if grey.ndim == 5 else F.avg_pool2d
    averages = pool(grey - coarse, 2)
    for axis in range(2, grey.ndim):  # of blocks that overlap, a GPU would add up gradients in a random order
        n = averages.shape[axis] - 1
        averages = (averages.narrow(axis, 0, n) + averages.narrow(axis, 1, n)) / 2
    return averages.pow(2).mean()


@torch.no_grad()
def settle_norms(plan: TrainingPlan, stage: Stage, finished: Sequence[Stage], source: Randomness) -> None:
    """Take the statistics of batch norm over fresh volumes, with the weights as they are ("precise" batch norm)."""
    stage.moving_statistics = False
    norms = [module for module in stage.modules() if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative average
    bank = CoarseBank(plan, finished, source)
    for _ in range(N_NORM_CUBES):
        for window, _axes in plan.samples(stage.config):
            _generate(plan, stage, bank, window, source)


class _DivergenceGuard:
    """Goes back to the last good state when the loss is no number any more, or far above what it was.

    Attributes
    ----------
    rate : float
        Factor of the learning rate: halved with every return.
    """

    def __init__(self, stage: Stage, optimiser: Optimiser) -> None:
        self._stage, self._optimiser = stage, optimiser
        self._recent: list[float] = []
        self._restarts = 0
        self.rate = 1.0
        self._save(0)

    def check(self, step: int, loss: float) -> str:
        """Look at a loss before its step is taken; returns what to tell the user if the state was set back."""
        usual = float(np.median(self._recent)) if len(self._recent) >= WARM_UP else float("inf")
        if isfinite(loss) and loss < _DIVERGED * usual:
            self._recent = [*self._recent[-_SAVE_EVERY:], loss]
            if step % _SAVE_EVERY == 0:
                self._save(step)
            return ""
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            raise RuntimeError(
                f"the training must converge, but its loss diverged {self._restarts} times (last at step {step}); "
                "choose a lower learning_rate"
            )
        self.rate /= 2
        self._stage.load_state_dict(self._good[0])
        self._optimiser.load_state_dict(self._good[1])
        return (
            f"the loss diverged ({loss:.3g}); went back to step {self._saved_at} of this scale, at {self.rate:g} times "
            "the learning rate"
        )

    def forget(self) -> None:
        """Start anew to learn what the loss usually is."""
        self._recent.clear()

    def _save(self, step: int) -> None:
        self._good: tuple[dict[str, Any], Sequence[dict[str, Any]]] = deepcopy(
            (self._stage.state_dict(), self._optimiser.state_dict())
        )
        self._saved_at = step
