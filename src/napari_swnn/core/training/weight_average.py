"""A training ends with the mean of its late weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class WeightAverage:
    """Mean of a network's weights over the steps of late (Polyak and Juditsky 1992).

    Each step sees other windows and other directions, and pulls the weights about. A low rate at the end lets them come
    to rest; their mean does so too, while they go on learning at a higher rate.

    Parameters
    ----------
    network : torch.nn.Module
        Whose parameters change from step to step.
    memory : float
        Steps over which the mean runs: older ones count less and less.
    """

    def __init__(self, network: nn.Module, memory: float) -> None:
        def moved(mean: Tensor, weight: Tensor, n_averaged: int | Tensor) -> Tensor:
            return mean.lerp(weight, max(1 / (1 + int(n_averaged)), min(1.0, 1 / memory)))

        self._network, self._mean = network, AveragedModel(network, avg_fn=moved)

    def add(self) -> None:
        """Take the weights as they are now into the mean."""
        self._mean.update_parameters(self._network)

    @torch.no_grad()
    def put_in_place(self) -> None:
        """Give the network the mean of what was added; without any, it is left as it is."""
        if self._mean.n_averaged > 0:
            for weight, mean in zip(self._network.parameters(), self._mean.parameters(), strict=True):
                weight.copy_(mean)
