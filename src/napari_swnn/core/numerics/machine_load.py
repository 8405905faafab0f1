"""Load of the machine: how many times longer work takes now than on a free machine."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from time import perf_counter, thread_time

import numpy as np
import torch

from napari_swnn.core.numerics.parallel import n_threads

_DURATION = 0.2
"""Seconds of work; the turns that an operating system gives to a process last some hundredths of a second."""
_LARGEST = 10.0
"""Load that is stated at most: a thread that hardly had a turn in that time says little about the minutes to come."""
_REMEMBERED = 600.0
"""Seconds for which a measurement counts."""
_CHUNK = 200_000
"""Numbers to compute at a time: enough for threads not to wait for each other in Python."""

Clock = Callable[[], float]


class LoadMeter:
    """Mean load of the machine over the last minutes; that of a single moment says little about a long run."""

    def __init__(self) -> None:
        self._measured: deque[tuple[float, float]] = deque()
        self._lock = Lock()

    def add(self, load: float, now: float) -> float:
        """Add a measurement at a time in seconds, and return the load to which the mean speed corresponds."""
        with self._lock:
            self._measured.append((now, 1 / load))
            while now - self._measured[0][0] > _REMEMBERED:
                self._measured.popleft()
            return len(self._measured) / sum(speed for _, speed in self._measured)


METER = LoadMeter()
"""Measurements of this process."""


def present_load(device: torch.device) -> float:
    """Return the mean load of the last minutes for work on a device; 1 on a GPU, where it is not measured."""
    return METER.add(measure_load(n_threads()), perf_counter()) if device.type == "cpu" else 1.0


def measure_load(n_threads: int, *, wall: Clock = perf_counter, busy: Clock = thread_time) -> float:
    """Return how many times longer threads take than on a free machine, from 1 to 10.

    Threads compute for a short time; the longer they have to wait for a processor, the larger is the load.

    Parameters
    ----------
    n_threads : int
        Number of threads of the work to come.
    wall, busy : callable
        Functions that return the time, and the processor time of a thread, in seconds.
    """
    with ThreadPoolExecutor(n_threads) as pool:
        shares = list(pool.map(lambda spin: spin(), [partial(_spin, wall, busy)] * n_threads))
    return max(1.0, n_threads / max(float(sum(shares)), n_threads / _LARGEST))


def _spin(wall: Clock, busy: Clock) -> float:
    """Compute for `_DURATION`, and return the share of the time that a processor spent on it."""
    values = np.linspace(1, 2, _CHUNK)
    start, begun = wall(), busy()
    while wall() - start < _DURATION:
        np.sqrt(values, out=values)
    return (busy() - begun) / (wall() - start)
