"""Average of the network weights over the last steps of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from napari_swnn.core.numerics.state import capture, restore


class WeightAverage:
    """Exponential moving average of the weights of a network (Polyak and Juditsky 1992).

    Windows and projections differ between steps, so the weights fluctuate. Averaging reduces these fluctuations like a
    low final learning rate, while the weights continue to learn at a higher rate.

    Parameters
    ----------
    network : torch.nn.Module
        Network in training.
    memory : float
        Memory of the average, in steps; the contribution of older weights decays exponentially.
    """

    def __init__(self, network: nn.Module, memory: float) -> None:
        def moved(mean: Tensor, weight: Tensor, n_averaged: int | Tensor) -> Tensor:
            return mean.lerp(weight, max(1 / (1 + int(n_averaged)), min(1.0, 1 / memory)))

        self._network = network
        self._mean = AveragedModel(network, avg_fn=moved)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on."""
        return capture(self, ("_mean",))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state returned by `state_dict`."""
        restore(self, state)

    def add(self) -> None:
        """Add the current weights to the average."""
        self._mean.update_parameters(self._network)

    @torch.no_grad()
    def apply(self) -> None:
        """Set the weights of the network to their average; do nothing if no weights were added."""
        if self._mean.n_averaged > 0:
            for weight, mean in zip(self._network.parameters(), self._mean.parameters(), strict=True):
                weight.copy_(mean)
