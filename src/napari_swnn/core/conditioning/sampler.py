"""Noise around known voxels, drawn given these voxels by Langevin dynamics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, exp, log2, sin, sqrt

import numpy as np
import torch
from torch import Tensor

from napari_swnn.core.conditioning.calibration import Calibration, fit_calibration
from napari_swnn.core.conditioning.evidence import Evidence
from napari_swnn.core.conditioning.known_voxels import KnownVoxels
from napari_swnn.core.conditioning.noise_variables import NoiseVariables
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.model import Model
from napari_swnn.core.model.overlay import locate
from napari_swnn.core.network.cascade import NoiseSource, run_stages, upsample
from napari_swnn.core.network.evaluation import make_noise_source
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.determinism import deterministic_convolutions
from napari_swnn.core.numerics.device import convolutions_in, generation_precision

_WEIGHTS = (0.5, 16.0)
"""Weight of the misfit in the first and the last step of the finest stage, between which it grows by a constant factor.

At coarser stages it is divided by a power of the scale, since pixels in the same coarse voxel are hardly independent.
"""
_DEPENDENCE = 3
"""This power; with it, planes next to a section are as similar to it as those of unconstrained volumes."""
_LARGEST_DIVISOR = 64
"""Divisor at the coarsest of three or more stages, which would hardly follow a section with a smaller weight."""
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
_SAMPLE_SEED = 0
"""Seed of the unconstrained volumes from which calibrations are learned."""
_SAMPLE_SIDE = 96
"""Side of the planes of these volumes, in voxels."""
_N_SAMPLES = 4
"""Number of these planes."""
_STREAM = 1
"""Number that tells the random numbers of the dynamics from others of the same seed."""


@dataclass(frozen=True, eq=False, slots=True)
class _Region:
    """Known voxels inside a window: their places in its flat array and their phases."""

    window: Window
    places: Tensor
    phases: Tensor


@dataclass(frozen=True, eq=False, slots=True)
class _Level:
    """Stage whose noise is drawn, with all coarser ones, and the known voxels."""

    stages: tuple[Stage, ...]
    regions: tuple[_Region, ...]
    calibration: Calibration | None

    @property
    def scale(self) -> int:
        return self.stages[-1].config.scale


class NoiseSampler:
    """Sampler of the noise given known voxels, which starts from the noise of a seed.

    The noise is drawn stage by stage, coarsest first, as the network generates. That of a stage has a density
    proportional to ``exp(-|noise|² / 2 - weight * misfit)``, given the coarser volumes that have been drawn; the misfit
    is that of its own output to the known voxels, with the probabilities that unconstrained volumes have given such an
    output. All stages at once would not do: coarse volumes are close to their bounds nearly everywhere, where the
    misfit of the finest stage has hardly any gradient.

    Langevin dynamics with inertia draws from this density: the misfit accelerates the noise, friction damps its
    velocity, and random changes restore the variance of the velocity. The Gaussian part rotates noise and velocity into
    each other, which is solved exactly (as in preconditioned Crank-Nicolson methods [1]_). So noise that the voxels do
    not determine has the distribution of all other noise after any number of steps, which a minimiser of the same sum
    would shift. The weight of the misfit grows from step to step (annealing).

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
        self._precision = generation_precision(device, bounded=model.network.stages[-1].bounded)
        self._evidence = Evidence(model, free)
        stages = _stages_at(model.to(device), free)
        regions = tuple(_region(known, window, device) for window in known.windows)
        self._levels = [
            _Level(stages[:n], regions, calibration) for n, calibration in enumerate(self._calibrations(stages), 1)
        ]
        n_doublings = max(len(stages) - 1, 1)
        self._dependence = min(_DEPENDENCE, log2(_LARGEST_DIVISOR) / n_doublings)
        self._n_seen = sum(len(region.phases) for region in self._levels[-1].regions)
        self.variables = NoiseVariables(model.network, known.windows, seed, device)
        self._random = np.random.default_rng([seed, _STREAM])
        self._velocities = {scale: self._draw(noise) for scale, noise in self.variables.values.items()}
        self._shortening = 1.0

    def step(self, progress: float) -> float:
        """Move the noise of one stage by one step.

        Parameters
        ----------
        progress : float
            Part of the steps that are done, from 0 in the first step to 1 in the last one. Each stage has as many.

        Returns
        -------
        float
            Fraction of the known voxels that this stage puts into another phase.
        """
        position = progress * self.n_stages
        index = min(int(position), self.n_stages - 1)
        level = self._levels[index]
        first, last = (weight / level.scale**self._dependence for weight in _WEIGHTS)
        weight = first * (last / first) ** (position - index)
        length = self._shortening * min(_LONGEST_STEP, 2 / sqrt(_STIFFNESS * weight))
        self._rotate(level.scale, length)
        wrong = self._kick(level, length * weight)
        self._randomise(level.scale, exp(-_FRICTION * length))
        if _is_heating(self._velocities[level.scale]):
            self._shortening *= _SHORTER
        return wrong

    @property
    def n_stages(self) -> int:
        """Number of stages."""
        return len(self._levels)

    @torch.no_grad()
    def wrong_share(self) -> float:
        """Return the fraction of the known voxels that the network puts into another phase."""
        return sum(_n_wrong(odds) for odds in self._log_odds(self._levels[-1])) / self._n_seen

    @torch.no_grad()
    def misfit(self, stage: int) -> float:
        """Return the misfit of the output of a stage, counted from the coarsest, to the known voxels."""
        return float(sum(map(self._evidence.misfit, self._log_odds(self._levels[stage]))))

    @torch.no_grad()
    def _rotate(self, scale: int, angle: float) -> None:
        """Move noise and velocity under the force of the Gaussian density alone."""
        noise, velocity = self.variables.values[scale], self._velocities[scale]
        turned = noise * cos(angle) + velocity * sin(angle)
        velocity.mul_(cos(angle)).sub_(noise, alpha=sin(angle))
        noise.copy_(turned)

    def _kick(self, level: _Level, impulse: float) -> float:
        """Change the velocity by the force of the misfit; return the fraction of wrong voxels."""
        n_wrong = 0
        noise = self.variables.values[level.scale].requires_grad_(True)
        with deterministic_convolutions(self._device):
            for odds in self._log_odds(level):
                n_wrong += _n_wrong(odds)
                self._evidence.misfit(odds).backward()  # type: ignore[no-untyped-call]  # window by window, for memory
        assert noise.grad is not None
        self._velocities[level.scale].sub_(noise.grad, alpha=impulse)
        noise.requires_grad_(False).grad = None
        return n_wrong / self._n_seen

    def _randomise(self, scale: int, kept: float) -> None:
        """Replace a part of the velocity by new random values of the same variance."""
        velocity = self._velocities[scale]
        velocity.mul_(kept).add_(self._draw(velocity), alpha=sqrt(1 - kept**2))

    def _draw(self, like: Tensor) -> Tensor:
        return torch.from_numpy(self._random.standard_normal(like.shape, np.float32)).to(self._device)

    def _log_odds(self, level: _Level) -> Iterator[Tensor]:
        noise = self.variables.source()
        for region in level.regions:
            with convolutions_in(self._precision, self._device):
                grey = _interpolated(level.stages, region.window, 1, noise)
            yield self._evidence.log_odds(grey[0].flatten(1)[:, region.places], region.phases, level.calibration)

    @torch.no_grad()
    def _calibrations(self, stages: Sequence[Stage]) -> list[Calibration | None]:
        """Return the calibration of each stage, coarsest first, from planes of unconstrained volumes."""
        noise = make_noise_source(_SAMPLE_SEED, self._device)
        phases: list[Tensor] = []
        coarser: list[list[Tensor]] = [[] for _ in stages[1:]]
        for window in _sample_windows(self.model.dimension):
            with convolutions_in(self._precision, self._device):
                grey = [_interpolated(stages[:n], window, 1, noise)[0] for n in range(1, len(stages) + 1)]
            phases.append(self._evidence.classify(grey.pop()).flatten())
            for found, each in zip(coarser, grey, strict=True):
                found.append(self._evidence.scores(each.flatten(1)))
        own = torch.cat(phases).to(self._device, torch.int64)
        return [*(fit_calibration(torch.cat(found, dim=1), own) for found in coarser), None]


def _sample_windows(dimension: int) -> list[Window]:
    """Return planes, or pieces of a plane, at different positions in the coarse voxels."""
    shape = (1,) * (dimension - 2) + (_SAMPLE_SIDE,) * 2
    starts = [(k * (2 * _SAMPLE_SIDE + 1),) + (0,) * (dimension - 1) for k in range(_N_SAMPLES)]
    return [Window(start, tuple(a + n for a, n in zip(start, shape, strict=True))) for start in starts]


def _is_heating(velocity: Tensor) -> bool:
    """Return whether velocities are larger than random ones, as they get when a step is too long to be stable."""
    return float(velocity.square().mean()) > 1 + _HEATING + 3 * sqrt(2 / velocity.numel())


def _interpolated(stages: Sequence[Stage], window: Window, scale: int, noise: NoiseSource) -> Tensor:
    """Return the grey values of the last stage in a window of a grid of this scale, as the next stage gets them."""
    if stages[-1].config.scale == scale:
        return run_stages(stages, window, noise)[0].float()
    source = window.coarser()
    return upsample(_interpolated(stages, source, 2 * scale, noise), source, window)


def _n_wrong(log_odds: Tensor) -> int:
    return int((log_odds < 0).sum())


def _stages_at(stages: Sequence[Stage], free: tuple[float, ...]) -> tuple[Stage, ...]:
    """Return stages without modulation, for uniform free fractions."""
    return tuple(stage.at(free) if stage.free_ranges else stage for stage in stages)


def _region(known: KnownVoxels, window: Window, device: torch.device) -> _Region:
    chosen, places = locate(known.positions, window)
    phases = torch.from_numpy(known.phases[chosen]).to(device, torch.int64)
    return _Region(window, torch.from_numpy(places).to(device), phases)
