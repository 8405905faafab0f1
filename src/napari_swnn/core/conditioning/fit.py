"""Fit of the noise around known voxels by a quasi-Newton method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from napari_swnn.core.conditioning.evidence import Evidence
from napari_swnn.core.conditioning.known_voxels import KnownVoxels
from napari_swnn.core.conditioning.noise_variables import NoiseVariables
from napari_swnn.core.conditioning.slab import SlabPrior
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.model import Model
from napari_swnn.core.model.overlay import locate
from napari_swnn.core.network.cascade import run_stages
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.determinism import deterministic_convolutions
from napari_swnn.core.numerics.device import convolutions_in
from napari_swnn.core.numerics.quasi_newton import QuasiNewton, flatten

MISFIT_WEIGHT = 4.0
"""Weight of the misfit against the distance of the noise from that of the seed."""
MEMORY = 12
"""Number of past steps from which the curvature is estimated."""
EVALUATIONS_PER_ITERATION = 1.1
"""Usual number of evaluations in an iteration, including the line search."""


@dataclass(frozen=True, eq=False, slots=True)
class _Region:
    """Known voxels inside a window: their places in its flat array and their phases."""

    window: Window
    places: Tensor
    phases: Tensor


class NoiseFit:
    """Fit of the noise to known voxels, starting from the noise of a seed.

    Minimises the misfit at the known voxels plus half the squared distance from the noise of the seed. If grey values
    depended linearly on the noise, the minimum would be a sample of the noise given the known voxels, with the right
    mean and variance (randomised maximum likelihood [1]_): where nothing is known the noise stays as drawn, and where
    something is known it moves no further than it must.

    Parameters
    ----------
    model : Model
        Trained model.
    known : KnownVoxels
        Known voxels.
    free : tuple of float
        Free fractions of the volume.
    seed : int
        Seed of the noise field.
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
    .. [1] Oliver, He and Reynolds (1996), Conditioning permeability fields to pressure data.
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
        self._slabs = SlabPrior(model.network, self._stages, self.variables, device)
        for region in self._regions:
            self._add_slab(region)
        self._minimiser: QuasiNewton | None = None

    def iterate(self, n: int) -> None:
        """Run a number of iterations; fewer if no better noise is found."""
        if self._minimiser is None:
            start = flatten(list(self.variables.drawn.values()))
            self._minimiser = QuasiNewton(self.evaluate, start, memory=MEMORY)
        for _ in range(n):
            if not self._minimiser.step():
                break
        self.variables.assign(self._minimiser.point)

    @torch.no_grad()
    def wrong_share(self) -> float:
        """Return the fraction of known voxels that have another phase."""
        wrong = sum(int((odds < 0).sum()) for odds in self._log_odds(self._regions))
        return wrong / self._n_seen

    def evaluate(self, noise: Tensor) -> tuple[float, Tensor]:
        """Return the objective and its gradient for the noise of all stages, one after another."""
        self.variables.assign(noise)
        distance = noise - flatten(list(self.variables.drawn.values()))
        value = float(distance.square().sum()) / 2
        with deterministic_convolutions(self._device):
            for odds in self._log_odds(self._regions):
                misfit = MISFIT_WEIGHT * self._evidence.misfit(odds)
                misfit.backward()  # type: ignore[no-untyped-call]  # one window at a time, to save memory
                value += float(misfit.detach())
            for i in range(len(self._slabs)):
                penalty = self._slabs.penalty(i)
                penalty.backward()  # type: ignore[no-untyped-call]
                value += float(penalty.detach())
        return value, distance + self.variables.gradient()

    @torch.no_grad()
    def _add_slab(self, region: _Region) -> None:
        """Add the planes next to a part of a section; nothing for a window that is no such part."""
        shape = region.window.shape
        thin = [axis for axis, extent in enumerate(shape) if extent == 1]
        if len(shape) < 3 or len(thin) != 1 or len(region.phases) < prod(shape):
            return
        grey, _ = run_stages(self._stages, region.window, self.variables.drawn_source())
        found = self._evidence.classify(grey[0]).to(torch.int64)
        wanted = torch.zeros_like(found).flatten().index_put((region.places,), region.phases).view(shape)
        numbers = torch.arange(len(grey[0]), device=self._device).view(-1, 1, 1, 1)
        excess = 2 * ((wanted == numbers).float() - (found == numbers).float())
        self._slabs.add(region.window, thin[0], excess.squeeze(thin[0] + 1))

    def _log_odds(self, regions: Sequence[_Region]) -> Iterator[Tensor]:
        noise = self.variables.source()
        for region in regions:
            with convolutions_in(torch.float32, self._device):
                grey, _ = run_stages(self._stages, region.window, noise)
            yield self._evidence.log_odds(grey[0].flatten(1)[:, region.places], region.phases)


def _stages_at(stages: Sequence[Stage], free: tuple[float, ...]) -> tuple[Stage, ...]:
    """Return stages without modulation, for uniform free fractions."""
    return tuple(stage.at(free) if stage.free_ranges else stage for stage in stages)


def _region(known: KnownVoxels, window: Window, device: torch.device) -> _Region:
    chosen, places = locate(known.positions, window)
    phases = torch.from_numpy(known.phases[chosen]).to(device, torch.int64)
    return _Region(window, torch.from_numpy(places).to(device), phases)
