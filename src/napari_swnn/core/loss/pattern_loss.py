"""The loss: sliced Wasserstein distance from the sections of a volume to the target patterns (Eq. 19-20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.resampling import TargetDistribution
from napari_swnn.core.loss.directions import pattern_directions
from napari_swnn.core.loss.sliced_wasserstein import over_directions, wasserstein_1d


@dataclass(frozen=True, eq=False)
class PatternLoss:
    """Distance of the patterns of generated sections to a target, averaged over directions.

    Parameters
    ----------
    targets : sequence of TargetDistribution
        One for each axis of the volume, or a single one that serves all.
    n_projections : int
        Random directions of the sliced Wasserstein distance, drawn anew at each call.
    max_patterns : int
        Patterns compared for each axis; more are thinned out on a regular grid with a random start.
    p : int
        Order of the distance.
    local_directions : float
        Share of the directions that look at a part of the pattern; see `pattern_directions`.
    whitened_directions : float
        Share of the directions that lean towards the detail of the pattern.
    whitenings : sequence of numpy.ndarray
        One for each target, see `half_whitening`; needed for such directions.
    period : int
        Of the coarser grid that the volumes were refined from, in voxels. The patterns of a call lie alike to it, those
        of another call elsewhere: compared together, they could agree with the target although those at no place do,
        and the grid would show in the structure.
    """

    targets: Sequence[TargetDistribution]
    n_projections: int = 64
    max_patterns: int = 16_000
    p: int = 1
    local_directions: float = 0.0
    whitened_directions: float = 0.0
    whitenings: Sequence[FloatArray] = ()
    period: int = 1

    def __call__(
        self, volumes: Tensor, axes: Sequence[int], *, generator: torch.Generator, rng: np.random.Generator
    ) -> Tensor:
        """Return the loss of volumes, taken together as one sample.

        Parameters
        ----------
        volumes : torch.Tensor
            ``(n, phases, *spatial)`` grey values in [-1, 1].
        axes : sequence of int
            Directions whose sections count. A 2-D volume is a single section whatever the axis.
        generator, rng
            Sources of the projection directions, and of the patterns and the grid's start.
        """
        losses = [
            self._of_sections(sections_normal_to(volumes, axis), axis % len(self.targets), generator, rng)
            for axis in axes
        ]
        return torch.stack(losses).mean()

    def _of_sections(
        self, sections: Tensor, which: int, generator: torch.Generator, rng: np.random.Generator
    ) -> Tensor:
        target = self.targets[which]
        directions = self._directions(which, generator).to(sections.device)
        projected = project_patterns(sections, directions, self.max_patterns, rng, period=self.period)
        drawn = torch.from_numpy(target.draw(projected.shape[1], rng)).to(sections.device)
        goal = directions.flatten(1) @ (2 * drawn.flatten(1) - 1).T  # the network's grey values run from -1 to 1
        return over_directions(wasserstein_1d(projected, goal, p=self.p), p=self.p)

    def _directions(self, which: int, generator: torch.Generator) -> Tensor:
        phases, template_size = self.targets[which].patterns.shape[1:3]
        return pattern_directions(
            self.n_projections,
            phases,
            template_size,
            local=self.local_directions,
            whitened=self.whitened_directions,
            whitening=torch.from_numpy(self.whitenings[which]) if self.whitenings else None,
            generator=generator,
        )


def sections_normal_to(volumes: Tensor, axis: int) -> Tensor:
    """Sections ``(m, phases, h, w)`` of volumes ``(n, phases, z, y, x)``; 2-D ones are their own sections."""
    return volumes if volumes.ndim == 4 else volumes.movedim(axis + 2, 1).flatten(0, 1)


def project_patterns(
    sections: Tensor, filters: Tensor, max_patterns: int, rng: np.random.Generator, *, period: int = 1
) -> Tensor:
    """Project the patterns of the sections on the filters.

    Parameters
    ----------
    sections : torch.Tensor
        ``(n, phases, h, w)``.
    filters : torch.Tensor
        ``(k, phases, t, t)`` unit directions.
    max_patterns : int
        If there are more positions, only those on a regular grid with a random start are taken.
    rng : numpy.random.Generator
        Source of the start.
    period : int
        The spacing of that grid is a multiple of this, however few positions there are.

    Returns
    -------
    torch.Tensor
        ``(k, m)``.
    """
    n, _, h, w = sections.shape
    t = filters.shape[-1]
    stride = max(1, int(np.ceil(np.sqrt(n * (h - t + 1) * (w - t + 1) / max_patterns))))
    stride = period * -(-stride // period)
    y, x = (int(rng.integers(min(stride, extent - t + 1))) for extent in (h, w))
    # With few patterns of a stride, to list them and take one product is up to ten times quicker than a convolution.
    patterns = F.unfold(sections[:, :, y:, x:], t, stride=stride)  # (n, phases * t * t, m)
    return filters.flatten(1) @ patterns.transpose(0, 1).flatten(1)
