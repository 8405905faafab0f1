"""Optimiser: Muon for the convolutions and Adam for all other parameters (Eq. 21)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn

MUON_STEP = 3.0
"""Ratio of the learning rate of Muon to the learning rate of Adam."""
_MOMENTUM = 0.9
_BETAS = (0.9, 0.99)


class Optimiser:
    """Muon for convolution kernels and Adam for gains, shifts and head, or Adam for all parameters.

    Adam scales the gradient of each weight separately. Muon treats a convolution kernel as a matrix, output features by
    input weights, and equalises the singular values of its update [1]_: feature directions with a weak gradient, such
    as those that distinguish a thin channel from a chain of dots, are learned as fast as the others.

    Parameters
    ----------
    parameters : iterable of torch.nn.Parameter
        Parameters of a stage.
    learning_rate : float
        Learning rate of Adam.
    muon : bool
        If True, Muon updates the kernels; otherwise Adam updates everything.

    References
    ----------
    .. [1] Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float, *, muon: bool) -> None:
        everything = list(parameters)
        self._kernels = [p for p in everything if p.ndim > 2] if muon else []
        self._rest = [p for p in everything if p.ndim <= 2] if muon else everything
        # torch's Muon accepts only matrices: it updates copies, which are copied back to the kernels.
        self._matrices = [nn.Parameter(_as_matrix(kernel.detach())) for kernel in self._kernels]
        self._parts: list[tuple[torch.optim.Optimizer, float]] = []  # optimiser and full learning rate
        if self._matrices:
            part = torch.optim.Muon(self._matrices, momentum=_MOMENTUM, weight_decay=0.0)
            self._parts.append((part, MUON_STEP * learning_rate))
        if self._rest:
            self._parts.append((torch.optim.Adam(self._rest, betas=_BETAS), learning_rate))

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Update the parameters, with the learning rates multiplied by `rate`."""
        for kernel, matrix in zip(self._kernels, self._matrices, strict=True):
            matrix.copy_(_as_matrix(kernel))
            assert kernel.grad is not None
            matrix.grad = _as_matrix(kernel.grad)
        for part, length in self._parts:
            for group in part.param_groups:
                group["lr"] = rate * length
            part.step()
        for kernel, matrix in zip(self._kernels, self._matrices, strict=True):
            kernel.copy_(matrix.view_as(kernel))

    def state_dict(self) -> Sequence[dict[str, Any]]:
        """Return the internal state of both optimisers."""
        return [part.state_dict() for part, _ in self._parts]

    def load_state_dict(self, state: Sequence[dict[str, Any]]) -> None:
        """Restore a state returned by `state_dict`."""
        for (part, _), of_part in zip(self._parts, state, strict=True):
            part.load_state_dict(of_part)


def _as_matrix(kernel: torch.Tensor) -> torch.Tensor:
    """Copy a kernel into a matrix ``(out, in * size)``."""
    return kernel.flatten(1).clone(memory_format=torch.contiguous_format)
