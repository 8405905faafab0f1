"""Recovery from a diverging loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from math import isfinite
from typing import Any

import numpy as np

from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.state import capture, restore
from napari_swnn.core.training.optimiser import Optimiser

MAX_RESTARTS = 6
"""Maximum number of restarts of a stage before the training fails."""
_DIVERGED = 5.0
"""Ratio to the median recent loss above which training counts as diverged; well above sampling noise."""
_MIN_RECENT = 10
"""Minimum number of losses for computing the median."""
_SAVE_EVERY = 20
"""Number of steps between saved states to which a training can return."""
_STATE = ("_recent", "_n_restarts", "rate", "_good_stage", "_good_optimiser", "_saved_at")


class DivergenceGuard:
    """Guard that restores the last good state of a stage when the loss diverges.

    Parameters
    ----------
    stage : Stage
        Stage in training.
    optimiser : Optimiser
        Optimiser of the stage.

    Attributes
    ----------
    rate : float
        Factor applied to the learning rate, halved at every restart.
    """

    def __init__(self, stage: Stage, optimiser: Optimiser) -> None:
        self._stage = stage
        self._optimiser = optimiser
        self._recent: list[float] = []
        self._n_restarts = 0
        self.rate = 1.0
        self._save(0)

    def check(self, step: int, loss: float) -> str:
        """Check the loss of a step before the weights are updated.

        Returns
        -------
        str
            Message to the user if the loss diverged and the stage was restored; otherwise empty.

        Raises
        ------
        RuntimeError
            If the loss has diverged more than `MAX_RESTARTS` times.
        """
        usual = float(np.median(self._recent)) if len(self._recent) >= _MIN_RECENT else float("inf")
        if isfinite(loss) and loss < _DIVERGED * usual:
            self._recent = [*self._recent[-_SAVE_EVERY:], loss]
            if step % _SAVE_EVERY == 0:
                self._save(step)
            return ""
        self._n_restarts += 1
        if self._n_restarts > MAX_RESTARTS:
            raise RuntimeError(
                f"the training must converge, but its loss diverged {self._n_restarts} times (last at step {step}); "
                "choose a lower learning_rate"
            )
        self.rate /= 2
        self._stage.load_state_dict(self._good_stage)
        self._optimiser.load_state_dict(self._good_optimiser)
        return (
            f"the loss diverged ({loss:.3g}); went back to step {self._saved_at} of this scale, at {self.rate:g} times "
            "the learning rate"
        )

    def state_dict(self) -> dict[str, Any]:
        """Return everything that later steps depend on."""
        return capture(self, _STATE)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state returned by `state_dict`."""
        restore(self, state)

    def forget(self) -> None:
        """Discard recent losses after a change that makes them incomparable with later ones."""
        self._recent.clear()

    def _save(self, step: int) -> None:
        self._good_stage: dict[str, Any] = deepcopy(self._stage.state_dict())
        self._good_optimiser: Sequence[dict[str, Any]] = deepcopy(self._optimiser.state_dict())
        self._saved_at = step
