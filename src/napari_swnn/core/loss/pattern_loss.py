"""Pattern loss: sliced Wasserstein distance between the sections of a volume and the target patterns (Eq. 19-20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.resampling import TargetDistribution
from napari_swnn.core.loss.directions import pattern_directions
from napari_swnn.core.loss.sliced_wasserstein import combine_directions, wasserstein_1d


class RandomSource(Protocol):
    """Random generators of a loss."""

    generator: torch.Generator
    """Generator for the projections."""
    rng: np.random.Generator
    """Generator for the choice of patterns and the origin of their grid."""


@dataclass(frozen=True, eq=False)
class PatternLoss:
    """Distance between the patterns of generated sections and those of the reference, averaged over directions.

    Parameters
    ----------
    n_projections : int
        Number of random projections of the sliced Wasserstein distance; new ones are drawn in each call.
    max_patterns : int
        Maximum number of patterns compared per axis; larger sets are thinned to a regular grid with a random origin.
    p : int
        Order of the distance.
    local_share, whitened_share : float
        Shares of the projections restricted to a part of the pattern and weighted towards fine detail; see
        `pattern_directions`.
    whitenings : sequence of numpy.ndarray
        ``(d, d)`` matrix for each target, see `half_whitening`; required if `whitened_share` is positive.
    period : int
        Period of the coarser grid from which the volumes were refined, in voxels. All patterns of a call share one
        position relative to that grid, which varies between calls. If positions were pooled, the patterns could match
        the target overall but at no single position, and the grid would show in the structure.
    """

    n_projections: int = 64
    max_patterns: int = 16_000
    p: int = 1
    local_share: float = 0.0
    whitened_share: float = 0.0
    whitenings: Sequence[FloatArray] = ()
    period: int = 1

    def __call__(
        self, volumes: Tensor, targets: Sequence[TargetDistribution], axes: Sequence[int], source: RandomSource
    ) -> Tensor:
        """Return the loss of a set of volumes, pooled into one sample.

        Parameters
        ----------
        volumes : torch.Tensor
            ``(n, phases, *spatial)`` grey values in [-1, 1].
        targets : sequence of TargetDistribution
            Target for each axis of the volume, or a single target for all axes.
        axes : sequence of int
            Axes normal to the sections. A 2-D volume is a single section for every axis.
        source : RandomSource
            Random generators.
        """
        distances = []
        for axis in axes:
            which = axis % len(targets)
            directions = self._draw_directions(targets[which], which, source.generator)
            distances.append(self._distance(take_sections(volumes, axis), targets[which], directions, source.rng))
        return torch.stack(distances).mean()

    def _distance(
        self, sections: Tensor, target: TargetDistribution, directions: Tensor, rng: np.random.Generator
    ) -> Tensor:
        directions = directions.to(sections.device)
        if sections.shape[1] > 1:  # one channel fewer to project
            directions = directions[:, :-1]
            sections = _relative_to_last(sections)
        projected = project_patterns(sections, directions, self.max_patterns, rng, period=self.period)
        drawn = torch.from_numpy(target.draw(projected.shape[1], rng)).to(sections.device)
        wanted = 2 * drawn - 1  # grey values of the network run from -1 to 1
        if wanted.shape[1] > 1:
            wanted = _relative_to_last(wanted)
        goal = directions.flatten(1) @ wanted.flatten(1).T
        return combine_directions(wasserstein_1d(projected, goal, p=self.p), p=self.p)

    def _draw_directions(self, target: TargetDistribution, which: int, generator: torch.Generator) -> Tensor:
        phases, template_size = target.patterns.shape[1:3]
        return pattern_directions(
            self.n_projections,
            phases,
            template_size,
            local=self.local_share,
            whitened=self.whitened_share,
            whitening=torch.from_numpy(self.whitenings[which]) if self.whitenings else None,
            generator=generator,
        )


def _relative_to_last(grey: Tensor) -> Tensor:
    """Return the differences ``(n, phases - 1, h, w)`` of the first phases from the last one.

    The weights of `pattern_directions` add up to 0 over the phases of a pixel. The weights of the first phases alone
    therefore project these differences to the same values as all weights project all phases.
    """
    return grey[:, :-1] - grey[:, -1:]


def take_sections(volumes: Tensor, axis: int) -> Tensor:
    """Return the sections ``(m, phases, h, w)`` of volumes ``(n, phases, z, y, x)``; return 2-D volumes unchanged."""
    return volumes if volumes.ndim == 4 else volumes.movedim(axis + 2, 1).flatten(0, 1)


def project_patterns(
    sections: Tensor, filters: Tensor, max_patterns: int, rng: np.random.Generator, *, period: int = 1
) -> Tensor:
    """Project the patterns of sections onto filters.

    Parameters
    ----------
    sections : torch.Tensor
        ``(n, phases, h, w)``.
    filters : torch.Tensor
        ``(k, phases, t, t)`` directions of length 1.
    max_patterns : int
        Maximum number of patterns; a larger set is thinned to a regular grid with a random origin.
    rng : numpy.random.Generator
        Random generator for the origin.
    period : int
        Period in voxels; the grid spacing is always a multiple of it, even for few patterns.

    Returns
    -------
    torch.Tensor
        ``(k, m)`` projections of `m` patterns.
    """
    n, _, h, w = sections.shape
    t = filters.shape[-1]
    stride = max(1, int(np.ceil(np.sqrt(n * (h - t + 1) * (w - t + 1) / max_patterns))))
    stride = period * -(-stride // period)
    y, x = (int(rng.integers(min(stride, extent - t + 1))) for extent in (h, w))
    # With a stride, one matrix product with the unfolded patterns is up to ten times faster than a convolution.
    patterns = F.unfold(sections[:, :, y:, x:], t, stride=stride)  # (n, phases * t * t, m)
    return filters.flatten(1) @ patterns.transpose(0, 1).flatten(1)
