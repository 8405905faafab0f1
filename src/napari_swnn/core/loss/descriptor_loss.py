"""Loss of a descriptor other than patterns: its relative error between sections and windows of the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from napari_swnn.core.descriptor.section_windows import SectionWindows
from napari_swnn.core.loss.pattern_loss import RandomSource, take_sections

Descriptor = Callable[[Tensor], list[Tensor]]
"""Function of sections ``(n, phases, h, w)`` of area fractions that returns their mean statistics, in several parts."""


_STEP = 0.01
"""Step of the means for which the statistics of the reference are computed; they change slowly with the means."""
_N_WINDOWS = 24
"""Number of windows over which the statistics of the reference are averaged."""


class DescriptorLoss:
    """Distance between the mean statistics of generated sections and those of windows of the reference.

    The windows have the size of the sections, so that both are affected by their borders in the same way. They are
    drawn with the means of the volume, in steps from the means of the target, and with a fixed seed: they describe the
    reference.

    Parameters
    ----------
    descriptor : callable
        Statistics that are compared.
    windows : SectionWindows
        Windows of the reference.
    means : sequence of float
        Mean of each channel of the target.
    n_sections : int
        Maximum number of sections of each direction that are compared in a call.
    """

    def __init__(
        self, descriptor: Descriptor, windows: SectionWindows, means: Sequence[float], n_sections: int
    ) -> None:
        self._descriptor = descriptor
        self._windows = windows
        self._means = tuple(means)
        self._n_sections = n_sections
        self._known: dict[tuple[int, ...], list[Tensor]] = {}

    def __call__(self, volumes: Tensor, means: Sequence[float], axes: Sequence[int], source: RandomSource) -> Tensor:
        """Return the relative error of the statistics, averaged over their parts and the axes.

        Parameters
        ----------
        volumes : torch.Tensor
            ``(n, phases, *spatial)`` grey values in [-1, 1].
        means : sequence of float
            Mean of each channel that the volumes should have.
        axes : sequence of int
            Axes normal to the sections.
        source : RandomSource
            Random generators.
        """
        errors = []
        for axis in axes:
            sections = self._choose(take_sections(volumes, axis), axis, source.rng)
            errors.append(relative_error(self._descriptor((sections + 1) / 2), self._wanted(means, axis, volumes)))
        return torch.stack(errors).mean()

    def _wanted(self, means: Sequence[float], axis: int, volumes: Tensor) -> list[Tensor]:
        """Return the statistics of the reference at means near the given ones, on the device of the volumes."""
        steps = tuple(round((mean - own) / _STEP) for mean, own in zip(means, self._means, strict=True))
        direction = axis % len(self._windows.directions)
        key = (direction, *steps)
        if key not in self._known:
            near = [own + step * _STEP for own, step in zip(self._means, steps, strict=True)]
            drawn = self._windows.draw(_N_WINDOWS, near, direction, np.random.default_rng(0))
            with torch.no_grad():
                self._known[key] = self._descriptor(torch.from_numpy(drawn).to(volumes.device))
        return self._known[key]

    def _choose(self, sections: Tensor, axis: int, rng: np.random.Generator) -> Tensor:
        """Choose sections at random, and a square of the side of the windows in them."""
        side = self._windows.directions[axis % len(self._windows.directions)].patterns.shape[-1]
        n = min(self._n_sections, len(sections))
        chosen = torch.from_numpy(np.sort(rng.choice(len(sections), n, replace=False))).to(sections.device)
        y, x = (int(rng.integers(extent - side + 1)) for extent in sections.shape[2:])
        return sections[chosen, :, y : y + side, x : x + side]


def relative_error(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Return the norm of the difference of each part, relative to the norm wanted, averaged over the parts."""
    errors = [
        torch.linalg.vector_norm(part - goal) / torch.linalg.vector_norm(goal)
        for part, goal in zip(found, wanted, strict=True)
    ]
    return torch.stack(errors).mean()
