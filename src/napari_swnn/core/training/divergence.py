"""Recovery from a diverging loss."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from math import isfinite
from typing import Any

import numpy as np

from napari_swnn.core.network.stage import Stage
from napari_swnn.core.training.optimiser import Optimiser

MAX_RESTARTS = 6
"""Number of times that a stage may diverge before the training gives up."""
_DIVERGED = 5.0
"""Ratio to the recent median loss above which training has diverged: more than the noise of small samples."""
_MIN_RECENT = 10
"""Number of losses from which that median is taken."""
_SAVE_EVERY = 20
"""Steps between the states that a training can return to."""


class DivergenceGuard:
    """Guard that returns a stage to its last good state when the loss diverges.

    Parameters
    ----------
    stage : Stage
        Stage in training.
    optimiser : Optimiser
        Its optimiser.

    Attributes
    ----------
    rate : float
        Factor of the learning rate: halved with every return.
    """

    def __init__(self, stage: Stage, optimiser: Optimiser) -> None:
        self._stage = stage
        self._optimiser = optimiser
        self._recent: list[float] = []
        self._n_restarts = 0
        self.rate = 1.0
        self._save(0)

    def check(self, step: int, loss: float) -> str:
        """Check a loss before its step is taken.

        Returns
        -------
        str
            Note to the user if the loss diverged and the stage was set back; empty otherwise.

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

    def forget(self) -> None:
        """Forget recent losses, which a change of the loss has made incomparable."""
        self._recent.clear()

    def _save(self, step: int) -> None:
        self._good_stage: dict[str, Any] = deepcopy(self._stage.state_dict())
        self._good_optimiser: Sequence[dict[str, Any]] = deepcopy(self._optimiser.state_dict())
        self._saved_at = step
