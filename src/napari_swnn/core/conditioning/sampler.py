"""Noise around known voxels, drawn given these voxels by Langevin dynamics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, exp, sin, sqrt

import numpy as np
import torch
from torch import Tensor

from napari_swnn.core.conditioning.evidence import Evidence
from napari_swnn.core.conditioning.known_voxels import KnownVoxels
from napari_swnn.core.conditioning.noise_variables import NoiseVariables
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.model import Model
from napari_swnn.core.model.overlay import locate
from napari_swnn.core.network.cascade import run_stages
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.determinism import deterministic_convolutions
from napari_swnn.core.numerics.device import convolutions_in

_WEIGHTS = (0.5, 16.0)
"""Weight of the misfit in the first and the last step, between which it grows by a constant factor."""
_LONGEST_STEP = 0.12
"""Longest step, in radians of the rotation of noise and velocity."""
_STIFFNESS = 100.0
"""Largest curvature of the misfit, for a weight of 1, at which a step is stable."""
_FRICTION = 2.2
"""Rate at which the velocity forgets, in units of 1 / step."""
_HEATING = 0.01
"""Excess of the mean squared velocity that is taken for an unstable step, besides its standard error."""
_SHORTER = 0.8
"""Factor by which an unstable step is shortened."""
_STREAM = 1
"""Number that tells the random numbers of the dynamics from others of the same seed."""


@dataclass(frozen=True, eq=False, slots=True)
class _Region:
    """Known voxels inside a window: their places in its flat array and their phases."""

    window: Window
    places: Tensor
    phases: Tensor


class NoiseSampler:
    """Sampler of the noise given known voxels, which starts from the noise of a seed.

    The density of the noise given the voxels is proportional to ``exp(-|noise|² / 2 - weight * misfit)``. Langevin
    dynamics with inertia draws from it: noise and velocity follow the forces, friction damps the velocity, and random
    changes restore its variance. The force of the Gaussian part only rotates noise and velocity into each other, which
    is solved exactly (as in preconditioned Crank-Nicolson methods [1]_). So noise that the voxels do not determine has
    the distribution of all other noise after any number of steps; a minimiser of the same sum would shift it. The
    weight of the misfit grows from step to step (annealing), so phases settle first where they form large regions.

    Parameters
    ----------
    model : Model
        Trained model.
    known : KnownVoxels
        Known voxels.
    free : tuple of float
        Free fractions of the volume.
    seed : int
        Seed of the noise and of the dynamics.
    device : torch.device
        Device to compute on.

    Attributes
    ----------
    model, known, free
        As given.
    variables : NoiseVariables
        Noise around the known voxels.

    References
    ----------
    .. [1] Cotter, Roberts, Stuart and White (2013), MCMC methods for functions: modifying old algorithms to make them
       faster.
    """

    def __init__(
        self, model: Model, known: KnownVoxels, free: tuple[float, ...], seed: int, device: torch.device
    ) -> None:
        self.model = model
        self.known = known
        self.free = free
        self._device = device
        self._stages = _stages_at(model.to(device), free)
        self._evidence = Evidence(model, free)
        self._regions = [_region(known, window, device) for window in known.windows]
        self._n_seen = sum(len(region.phases) for region in self._regions)
        self.variables = NoiseVariables(model.network, known.windows, seed, device)
        self._random = np.random.default_rng([seed, _STREAM])
        self._velocities = {scale: self._draw(noise) for scale, noise in self.variables.values.items()}
        self._shortening = 1.0

    def step(self, progress: float) -> float:
        """Move the noise by one step.

        Parameters
        ----------
        progress : float
            Part of the steps that are done, from 0 in the first step to 1 in the last one.

        Returns
        -------
        float
            Fraction of the known voxels that the noise puts into another phase.
        """
        first, last = _WEIGHTS
        weight = first * (last / first) ** progress
        length = self._shortening * min(_LONGEST_STEP, 2 / sqrt(_STIFFNESS * weight))
        self._rotate(length)
        wrong = self._kick(length * weight)
        self._randomise(exp(-_FRICTION * length))
        if self._is_heating():
            self._shortening *= _SHORTER
        return wrong

    @torch.no_grad()
    def wrong_share(self) -> float:
        """Return the fraction of the known voxels that the noise puts into another phase."""
        return sum(_n_wrong(odds) for odds in self._log_odds()) / self._n_seen

    @torch.no_grad()
    def _rotate(self, angle: float) -> None:
        """Move noise and velocity under the force of the Gaussian density alone."""
        for scale, noise in self.variables.values.items():
            velocity = self._velocities[scale]
            turned = noise * cos(angle) + velocity * sin(angle)
            velocity.mul_(cos(angle)).sub_(noise, alpha=sin(angle))
            noise.copy_(turned)

    def _kick(self, impulse: float) -> float:
        """Change the velocity by the force of the misfit; return the fraction of wrong voxels."""
        n_wrong = 0
        with deterministic_convolutions(self._device):
            for odds in self._log_odds():
                n_wrong += _n_wrong(odds)
                self._evidence.misfit(odds).backward()  # type: ignore[no-untyped-call]  # window by window, for memory
        for scale, noise in self.variables.values.items():
            if noise.grad is not None:
                self._velocities[scale].sub_(noise.grad, alpha=impulse)
                noise.grad = None
        return n_wrong / self._n_seen

    def _randomise(self, kept: float) -> None:
        """Replace a part of the velocity by new random values of the same variance."""
        for velocity in self._velocities.values():
            velocity.mul_(kept).add_(self._draw(velocity), alpha=sqrt(1 - kept**2))

    def _is_heating(self) -> bool:
        """Return whether velocities are larger than random ones, as they get when a step is too long to be stable."""
        return any(
            float(velocity.square().mean()) > 1 + _HEATING + 3 * sqrt(2 / velocity.numel())
            for velocity in self._velocities.values()
        )

    def _draw(self, like: Tensor) -> Tensor:
        return torch.from_numpy(self._random.standard_normal(like.shape, np.float32)).to(self._device)

    def _log_odds(self) -> Iterator[Tensor]:
        noise = self.variables.source()
        for region in self._regions:
            with convolutions_in(torch.float32, self._device):
                grey, _ = run_stages(self._stages, region.window, noise)
            yield self._evidence.log_odds(grey[0].flatten(1)[:, region.places], region.phases)


def _n_wrong(log_odds: Tensor) -> int:
    return int((log_odds < 0).sum())


def _stages_at(stages: Sequence[Stage], free: tuple[float, ...]) -> tuple[Stage, ...]:
    """Return stages without modulation, for uniform free fractions."""
    return tuple(stage.at(free) if stage.free_ranges else stage for stage in stages)


def _region(known: KnownVoxels, window: Window, device: torch.device) -> _Region:
    chosen, places = locate(known.positions, window)
    phases = torch.from_numpy(known.phases[chosen]).to(device, torch.int64)
    return _Region(window, torch.from_numpy(places).to(device), phases)
