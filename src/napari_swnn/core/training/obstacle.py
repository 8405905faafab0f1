"""Differences that keep an unfinished training from going on."""

from dataclasses import dataclass
from enum import StrEnum


class Circumstance(StrEnum):
    """Condition of a training besides its settings, as records name it."""

    PHASE = "phase of interest"
    VERSION = "version"
    DEVICE = "device"
    """Kind of device, which may be missing."""
    THREADS = "device or number of threads"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Difference that keeps a training from going on.

    Attributes
    ----------
    circumstance : Circumstance
        Condition that has changed since the training.
    needed : str
        Condition of the training, such as ``"label 2"``.
    """

    circumstance: Circumstance
    needed: str
