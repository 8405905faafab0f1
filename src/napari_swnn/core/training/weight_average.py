"""Average of the weights over the last steps of a training."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class WeightAverage:
    """Exponential moving average of the weights of a network (Polyak and Juditsky 1992).

    Each step sees other windows and projections, so that weights fluctuate. A low learning rate at the end lets them
    come to rest; their average does so too, while they continue to learn at a higher rate.

    Parameters
    ----------
    network : torch.nn.Module
        Network in training.
    memory : float
        Memory of the average, in steps: older weights count less and less.
    """

    def __init__(self, network: nn.Module, memory: float) -> None:
        def moved(mean: Tensor, weight: Tensor, n_averaged: int | Tensor) -> Tensor:
            return mean.lerp(weight, max(1 / (1 + int(n_averaged)), min(1.0, 1 / memory)))

        self._network = network
        self._mean = AveragedModel(network, avg_fn=moved)

    def add(self) -> None:
        """Add the present weights to the average."""
        self._mean.update_parameters(self._network)

    @torch.no_grad()
    def apply(self) -> None:
        """Set the weights of the network to their average; does nothing if none were added."""
        if self._mean.n_averaged > 0:
            for weight, mean in zip(self._network.parameters(), self._mean.parameters(), strict=True):
                weight.copy_(mean)
