"""Training of one stage of the cascade on top of the finished coarser stages (Eq. 19-21 of the paper)."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.loss.autocovariance_loss import AutocovarianceFeedback
from napari_swnn.core.network.cascade import upsample
from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.network.stage import Stage, crop
from napari_swnn.core.numerics.determinism import deterministic_convolutions
from napari_swnn.core.numerics.device import convolutions_in, training_precision
from napari_swnn.core.numerics.state import capture, restore
from napari_swnn.core.training.coarse_bank import CoarseBank, FreeFractions
from napari_swnn.core.training.critic import StageCritic
from napari_swnn.core.training.divergence import DivergenceGuard
from napari_swnn.core.training.optimiser import Optimiser
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness, constant_fractions
from napari_swnn.core.training.schedule import N_NORM_BATCHES
from napari_swnn.core.training.section_loss import make_section_loss
from napari_swnn.core.training.target import channel_means
from napari_swnn.core.training.weight_average import WeightAverage


@dataclass(frozen=True, eq=False, slots=True)
class StageStep:
    """Result of one training step of a stage.

    Attributes
    ----------
    loss : float
        Distance to the target that the settings name: the sliced Wasserstein distance between patterns by default.
    grey : torch.Tensor
        ``(n, phases, *spatial)`` volumes generated in the step.
    note : str
        Message to the user; usually empty.
    """

    loss: float
    grey: Tensor
    note: str = ""


def new_stage(network: NetworkConfig, index: int, generator: torch.Generator) -> Stage:
    """Create a stage of a network with random weights, ready for training."""
    return Stage(
        network.stages[index],
        conditioned=index > 0,
        dimension=network.dimension,
        n_phase_channels=network.n_phase_channels,
        free_ranges=network.free_ranges,
        normalised=True,
        generator=generator,
    )


class StageTrainer:
    """Trainer of one stage.

    Parameters
    ----------
    plan : TrainingPlan
        Training plan.
    index : int
        Index of the stage, 0 for the coarsest.
    finished : sequence of Stage
        Coarser stages, trained and folded.
    source : Randomness
        Source of all random numbers.

    Attributes
    ----------
    stage : Stage
        Stage in training.
    n_done : int
        Number of completed steps.
    """

    def __init__(self, plan: TrainingPlan, index: int, finished: Sequence[Stage], source: Randomness) -> None:
        self.stage = new_stage(plan.network, index, source.generator).to(plan.device)
        self._device = plan.device
        self._source = source
        self._schedule = schedule = plan.schedules[index]
        self._bank = CoarseBank(plan, finished, source)
        self._target = plan.target
        period = 2 if self.stage.conditioned else 1
        self._distance = make_section_loss(plan, index, schedule.windows[0].shape[-1], period=period)
        self._feedback: AutocovarianceFeedback | None = None
        if schedule.autocovariance_weight > 0:
            self._feedback = AutocovarianceFeedback(
                plan.reference,
                plan.families[index],
                channel_means(plan.target.fractions),
                scale=schedule.scale,
                side=schedule.windows[0].shape[-1],
                coarsest=not self.stage.conditioned,
            )
        self._critic = StageCritic(plan, index, source) if schedule.critic_weight > 0 else None
        muon = schedule.optimiser == "muon"
        self._optimiser = Optimiser(self.stage.parameters(), schedule.learning_rate.peak, muon=muon)
        self._guard = DivergenceGuard(self.stage, self._optimiser)
        self._average = WeightAverage(self.stage, memory=schedule.averaging_memory)
        self.n_done = 0

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next steps depend on, after any step."""
        names = ["stage", "n_done", "_optimiser", "_guard", "_average", "_bank", "_source"]
        names += [name for name in ("_feedback", "_critic") if getattr(self, name) is not None]
        return {"running_statistics": self.stage.running_statistics, **capture(self, names)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state returned by `state_dict`, from which training goes on as if it had never ended."""
        self.stage.running_statistics = state["running_statistics"]
        restore(self, {name: value for name, value in state.items() if name != "running_statistics"})
        self._source.load_state_dict(state["_source"])  # last, because others draw while they are restored

    def iter_steps(self) -> Generator[StageStep, None, None]:
        """Train the stage step by step.

        If the generator is closed early, the stage keeps the average of its weights so far.

        Raises
        ------
        RuntimeError
            If the loss diverges repeatedly.
        """
        schedule = self._schedule
        rate = schedule.learning_rate
        guard = self._guard
        try:
            for step in range(self.n_done, schedule.n_steps):
                if step == schedule.running_statistics_start:
                    self.stage.running_statistics = True
                    guard.forget()
                loss, grey = self.accumulate_gradients(step)
                note = guard.check(step, loss)
                if note:
                    self._forget_generated()
                else:
                    if step >= schedule.n_steps - schedule.n_averaged_steps:
                        self._average.add()
                    self._optimiser.step(guard.rate * rate.fraction(step, schedule.n_steps))
                self.n_done = step + 1
                yield StageStep(loss, grey, note)
        finally:
            self._average.apply()

    def accumulate_gradients(self, step: int) -> tuple[float, Tensor]:
        """Generate the volumes of a step and accumulate the gradients of the loss.

        Returns
        -------
        distance : float
            Sliced Wasserstein distance to the target.
        grey : torch.Tensor
            ``(n, phases, *spatial)`` volumes generated for the last window.
        """
        schedule = self._schedule
        self.stage.zero_grad()
        total = 0.0
        for window in schedule.windows:
            fractions, grey, coarse = self._generate(Window.of_shape(window.shape))
            targets = self._local_means(fractions, coarse)
            loss = self._section_distance(targets, grey, window.section_axes)
            total += float(loss.detach()) / len(schedule.windows)
            if coarse is not None:
                loss = loss + schedule.consistency_weight * disagreement(grey, coarse)
            if self._feedback is not None and step >= schedule.autocovariance_start:
                loss = loss + schedule.autocovariance_weight * self._feedback(grey, window.section_axes)
            weight = schedule.critic_weight_at(step)
            if self._critic is not None and weight > 0:
                loss = loss - weight * self._critic(grey, targets, window.section_axes)
            with deterministic_convolutions(self._device):
                (loss / len(schedule.windows)).backward()  # type: ignore[no-untyped-call]
        return total, grey.detach()

    def pass_on(self) -> None:
        """Make the untrained stage return the interpolated coarser volume."""
        nn.init.zeros_(self.stage.head.weight)

    def settle_norms(self) -> Generator[None, None, None]:
        """Recompute the running statistics of batch norm with the final weights, yielding after each batch.

        This is known as "precise" batch norm.
        """
        self.stage.running_statistics = False
        for module in self.stage.modules():
            if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
                module.reset_running_stats()
                module.momentum = None  # cumulative average
        with torch.no_grad():
            self._bank.renew()
        for _ in range(N_NORM_BATCHES):
            for window in self._schedule.windows:
                with torch.no_grad():  # not around the yield, which would switch off the gradients of the caller
                    self._generate(Window.of_shape(window.shape))
            yield

    def _generate(self, window: Window) -> tuple[FreeFractions, Tensor, Tensor | None]:
        """Return free fractions, grey volumes, and the coarser volumes that they refine, on the same voxels."""
        stage = self.stage
        fractions, below, place = self._bank.take(window.grown(stage.margin))
        noise = self._source.noise(len(fractions))(stage.config, place)
        local = constant_fractions(fractions, stage.dimension, self._device)(stage.config, place)
        coarse = None if below is None else upsample(below, place.coarser(), place)
        with convolutions_in(training_precision(self._device), self._device):
            grey = stage(noise, coarse, local)
        return fractions, grey, None if coarse is None else crop(coarse, stage.margin)

    def _local_means(self, fractions: FreeFractions, coarse: Tensor | None) -> list[tuple[float, ...]]:
        """Return the mean of each channel that each window should have.

        The coarser volume determines the fractions of a window, so the target has these local fractions: the same
        target for every window would teach the stage to generate uniform volumes.
        """
        local = []
        for k, free in enumerate(fractions):
            excess = self._bank.excess(free, None if coarse is None else coarse[k])
            local.append(tuple(float(mean) for mean in np.add(self._target.means_of(free), excess)))
        return local

    def _section_distance(
        self, means: Sequence[tuple[float, ...]], grey: Tensor, section_axes: Sequence[int]
    ) -> Tensor:
        distances = [
            self._distance(grey[k : k + 1], target, section_axes, self._source) for k, target in enumerate(means)
        ]
        return torch.stack(distances).mean()

    def _forget_generated(self) -> None:
        """Forget the generated volumes, which no longer describe the stage after it was restored."""
        if self._feedback is not None:
            self._feedback.forget()
        if self._critic is not None:
            self._critic.restart()


def disagreement(grey: Tensor, coarse: Tensor) -> Tensor:
    """Return the mean square of the differences from the coarser volume, each averaged over a block of side 4."""
    pool = F.avg_pool3d if grey.ndim == 5 else F.avg_pool2d
    averages = pool(grey - coarse, 2)
    for axis in range(2, grey.ndim):  # overlapping pooling on a GPU would sum gradients in random order
        n = averages.shape[axis] - 1
        averages = (averages.narrow(axis, 0, n) + averages.narrow(axis, 1, n)) / 2
    return averages.pow(2).mean()
