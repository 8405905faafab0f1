"""Critic in training beside a stage: its weights, its optimiser and the sections of the reference that it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_swnn.core.descriptor.section_windows import SectionWindows
from napari_swnn.core.loss.critic import SectionCritic, as_segmented, hinge_loss, sight
from napari_swnn.core.loss.pattern_loss import take_sections
from napari_swnn.core.numerics.determinism import deterministic_convolutions
from napari_swnn.core.numerics.device import convolutions_in, training_precision
from napari_swnn.core.numerics.state import capture, restore
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.target import channel_means

_BETAS = (0.5, 0.9)
"""Moments of Adam; a short memory, because the generated sections change."""
_INPUT_NOISE = 0.1
"""Standard deviation of the noise on the sections, whose grey values are at -1 and 1 in a reference."""


class StageCritic:
    """Critic of the sections of one stage, trained along with it.

    Each call trains the critic for one step. It is shown windows of the reference drawn with the weights of the control
    strategy, ``∝ exp(λ·means)``, such that they have the porosity or fractions that the generated volume should have.
    Otherwise it would pull the volumes to those of the reference. For a range, they are a further input; for a
    reference with sections for each direction, so is the direction.

    Parameters
    ----------
    plan : TrainingPlan
        Training plan.
    index : int
        Index of the stage.
    source : Randomness
        Source of all random numbers.
    """

    def __init__(self, plan: TrainingPlan, index: int, source: Randomness) -> None:
        self._schedule = schedule = plan.schedules[index]
        self._device = plan.device
        self._source = source
        self._range: tuple[float, float] | None = None
        if plan.network.free_ranges:
            self._range = plan.porosity_range or (0.0, 1.0)
        self._windows = SectionWindows(
            plan.reference,
            [channel_means(fractions) for fractions in plan.target.ends],
            scale=schedule.scale,
            side=schedule.critic_window,
            least_side=sight(),
        )
        n_directions = len(self._windows.directions)
        n_phases = plan.network.n_phase_channels
        n_of_range = 0 if self._range is None else max(1, n_phases - 1)
        self._n_inputs = n_phases + n_of_range + n_directions * (n_directions > 1)
        self.restart()

    def restart(self) -> None:
        """Replace the critic by a new one, which knows nothing yet."""
        self._critic = SectionCritic(self._n_inputs, self._source.generator).to(self._device)
        self._optimiser = torch.optim.Adam(self._critic.parameters(), self._schedule.critic_learning_rate, betas=_BETAS)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on."""
        return capture(self, ("_critic", "_optimiser"))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state returned by `state_dict`."""
        restore(self, state)

    def __call__(self, volumes: Tensor, means: Sequence[Sequence[float]], axes: Sequence[int]) -> Tensor:
        """Train the critic for one step, and return the mean score of the volumes, to be maximised by the stage.

        Parameters
        ----------
        volumes : torch.Tensor
            ``(n, phases, *spatial)`` grey values in [-1, 1].
        means : sequence of sequence of float
            Mean of each channel that each volume should have: the porosity for two phases, otherwise all fractions.
        axes : sequence of int
            Axes normal to the sections.
        """
        if self._schedule.scale == 1:
            volumes = as_segmented(volumes)
        real = []
        generated = []
        for axis in axes:
            for k, of_volume in enumerate(means):
                sections = self._choose(take_sections(volumes[k : k + 1], axis), len(means))
                generated.append(self._with_conditions(sections, of_volume, axis))
                windows = self._draw(max(2, len(sections)), of_volume, axis)
                real.append(self._with_conditions(windows, of_volume, axis))
        shown = torch.cat(generated)
        self._learn(torch.cat(real), shown.detach())
        self._critic.requires_grad_(False)
        score = self._score(shown).mean()
        self._critic.requires_grad_(True)
        return score

    def _learn(self, real: Tensor, generated: Tensor) -> None:
        self._optimiser.zero_grad()
        loss = hinge_loss(self._score(self._with_noise(real)), self._score(self._with_noise(generated)))
        with deterministic_convolutions(self._device):
            loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def _score(self, sections: Tensor) -> Tensor:
        with convolutions_in(training_precision(self._device), self._device):
            scores: Tensor = self._critic(sections)
        return scores

    def _choose(self, sections: Tensor, n_volumes: int) -> Tensor:
        """Choose some of the sections of a volume at random."""
        n = max(1, self._schedule.critic_sections // n_volumes)
        if len(sections) <= n:
            return sections
        chosen = np.sort(self._source.rng.choice(len(sections), n, replace=False))
        return sections[torch.from_numpy(chosen).to(sections.device)]

    def _draw(self, n: int, means: Sequence[float], axis: int) -> Tensor:
        """Draw windows of the reference with given means of the channels, as grey values."""
        windows = self._windows.draw(n, means, axis, self._source.rng)
        return torch.from_numpy(2 * windows - 1).to(self._device)

    def _with_conditions(self, sections: Tensor, means: Sequence[float], axis: int) -> Tensor:
        """Append a uniform channel for each independent fraction in a range and for each direction of the reference."""
        values = []
        if self._range is not None:
            low, high = self._range
            values.append((2 * means[0] - low - high) / (high - low))
            values += [2 * mean - 1 for mean in means[1:-1]]
        n_directions = len(self._windows.directions)
        if n_directions > 1:
            values += [float(axis % n_directions == direction) for direction in range(n_directions)]
        if not values:
            return sections
        n, _, h, w = sections.shape
        channels = torch.tensor(values, dtype=sections.dtype, device=sections.device).view(1, -1, 1, 1)
        return torch.cat([sections, channels.expand(n, -1, h, w)], 1)

    def _with_noise(self, sections: Tensor) -> Tensor:
        noise = torch.randn(sections.shape, generator=self._source.generator)
        return sections + _INPUT_NOISE * noise.to(sections.device)
