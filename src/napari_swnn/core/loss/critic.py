"""Critic of sections: a convolutional network that learns to tell generated sections from those of the reference."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_WIDTH = 32
"""Number of features of each layer."""
_LAYERS = ((5, 1), (3, 2), (3, 1), (3, 2))
"""Side of the kernel and stride of each layer."""
_SLOPE = 0.1


class SectionCritic(nn.Module):
    """Convolutional network that scores each neighbourhood of a section: high for the reference, low for generated.

    Patterns of seven pixels hold no bottlenecks that are longer than a pattern. A critic sees twice as far, and looks
    for whatever still distinguishes generated sections.

    Parameters
    ----------
    n_inputs : int
        Number of channels of the sections, including those that describe the direction or the porosity.
    generator : torch.Generator
        Random generator for the initial weights.
    """

    def __init__(self, n_inputs: int, generator: torch.Generator) -> None:
        super().__init__()
        layers = []
        for side, stride in _LAYERS:
            layers.append(_convolution(n_inputs, _WIDTH, side, stride, generator))
            n_inputs = _WIDTH
        self.layers = nn.ModuleList(layers)
        self.head = _convolution(_WIDTH, 1, 1, 1, generator)

    def forward(self, sections: Tensor) -> Tensor:
        """Return the scores ``(n, 1, h', w')`` of sections ``(n, channels, h, w)`` of at least `sight` pixels."""
        features = sections
        for layer in self.layers:
            features = F.leaky_relu(layer(features), _SLOPE)
        scores: Tensor = self.head(features).float()
        return scores


def as_segmented(grey: Tensor) -> Tensor:
    """Return grey volumes with each voxel at the value of its phase, but with the gradient of the grey values.

    Sections of a reference are segmented. A critic that is shown grey ones tells them apart by their grey voxels, and
    the stage escapes by forcing these to one of both ends, which leaves specks of single voxels.

    Parameters
    ----------
    grey : torch.Tensor
        ``(n, phases, *spatial)`` grey values in [-1, 1].
    """
    if grey.shape[1] == 1:
        segmented = torch.where(grey >= 0, 1.0, -1.0)
    else:
        segmented = 2.0 * F.one_hot(grey.argmax(1), grey.shape[1]).movedim(-1, 1) - 1
    # The value of the sum is that of the segmented volumes; its gradient passes through (Bengio et al. 2013).
    return grey + (segmented - grey).detach()


def sight() -> int:
    """Return the side of the neighbourhood that a score depends on, in pixels."""
    reach = 1
    step = 1
    for side, stride in _LAYERS:
        reach += (side - 1) * step
        step *= stride
    return reach


def critic_arithmetic(n_pixels: float, n_inputs: int = 1) -> float:
    """Return the number of multiplications with which the critic scores `n_pixels` pixels."""
    total = 0.0
    for side, stride in _LAYERS:
        n_pixels /= stride**2
        total += n_pixels * side**2 * n_inputs * _WIDTH
        n_inputs = _WIDTH
    return total


def hinge_loss(real: Tensor, generated: Tensor) -> Tensor:
    """Return the loss of the critic: scores of the reference shall exceed 1, those of generated sections fall below -1.

    Scores beyond these limits earn nothing, so the critic keeps to the sections that are hard to tell apart (Lim and Ye
    2017, Geometric GAN).
    """
    return F.relu(1 - real).mean() + F.relu(1 + generated).mean()


def _convolution(n_inputs: int, n_outputs: int, side: int, stride: int, generator: torch.Generator) -> nn.Conv2d:
    # The default initialisation would draw from the global generator.
    layer = nn.utils.skip_init(nn.Conv2d, n_inputs, n_outputs, side, stride=stride)  # type: ignore[no-untyped-call]
    nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=generator)
    nn.init.zeros_(layer.bias)
    assert isinstance(layer, nn.Conv2d)
    return layer
