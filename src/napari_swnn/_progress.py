"""Progress records of long-running work, and the clock that estimates the remaining time."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import inf
from time import perf_counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Progress of long-running work; base class of the steps of training, generation, solvers and validation.

    Attributes
    ----------
    fraction : float
        Completed fraction of the work, in [0, 1].
    elapsed : float
        Time since the start, in seconds.
    time_left : float or None
        Estimated remaining time, in seconds; None if it cannot be estimated.
    activity : str
        Current activity, in lower case and without a full stop, as in ``"finding the threshold"``.
    note : str
        Message to the user, for example that the loss diverged; usually empty.
    """

    fraction: float
    elapsed: float = 0.0
    time_left: float | None = None
    activity: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationProgress(Progress):
    """Progress of an iterative method.

    Attributes
    ----------
    iteration, n_iterations : int
        Number of finished iterations and total number of iterations.
    fraction, elapsed, time_left, activity, note
        As for `Progress`.
    """

    iteration: int
    n_iterations: int


_TRUSTED = 0.02
"""Share of the work that must be measured to count as much as the expected pace."""


class WorkClock:
    """Clock that measures the rate of work and estimates the remaining time.

    Parameters
    ----------
    total : float
        Total amount of work in any unit, such as blocks, steps or operations.
    done : float
        Amount completed by an earlier run.
    warm_up : bool
        If True, the first amount, which may include loading and compiling, is excluded from the pace.
    pace : float, optional
        Expected time per unit of work, in seconds. What is measured replaces it within the first hundredths of the
        work; without it, the remaining time is unknown until some work has been measured.
    memory : float, optional
        Share of the work after which a measurement counts by half, as other programs make a computer faster or slower.
        By default, all count alike.
    """

    def __init__(
        self,
        total: float,
        done: float = 0.0,
        *,
        warm_up: bool = False,
        pace: float | None = None,
        memory: float | None = None,
    ) -> None:
        self.done = done
        self._total = total
        # Share and amount of the work that were completed when the total was last set.
        self._share, self._origin = 0.0, 0.0
        self._start = perf_counter()
        self._last = 0.0
        self._is_warming_up = warm_up
        self._half_life = inf if memory is None else memory * total
        # Work that the pace is measured on, and the seconds that it took.
        self._measured = 0.0 if pace is None else _TRUSTED * total
        self._seconds = 0.0 if pace is None else pace * self._measured

    def advance(self, amount: float) -> None:
        """Add completed work."""
        if amount == 0:
            return
        self.done += amount
        now = self.elapsed
        if not self._is_warming_up:
            kept = 0.5 ** (amount / self._half_life)
            self._seconds = kept * self._seconds + now - self._last
            self._measured = kept * self._measured + amount
        self._is_warming_up = False
        self._last = now

    @property
    def elapsed(self) -> float:
        """Time since the start, in seconds."""
        return perf_counter() - self._start

    @property
    def total(self) -> float:
        """Total amount of work; once it changes, the fraction grows from its value to 1 with the work that is left."""
        return self._total

    @total.setter
    def total(self, total: float) -> None:
        self._share, self._origin = self.fraction, self.done
        self._total = total

    @property
    def fraction(self) -> float:
        """Completed fraction of the work, in [0, 1]; it never falls."""
        left = self._total - self._origin
        if left <= 0:
            return 1.0
        return min(1.0, self._share + (1 - self._share) * (self.done - self._origin) / left)

    @property
    def time_left(self) -> float | None:
        """Estimated remaining time in seconds; None before the pace is known."""
        if self._measured == 0:
            return None
        since = self.elapsed - self._last
        return max(0.0, self._seconds / self._measured * (self.total - self.done) - since)


_MARKS = (30, 60, 120, 300, 900, 1800, *(3600 * 2**i for i in range(7)))
"""Durations in seconds between which rough ones are stated."""


def format_duration(seconds: float) -> str:
    """Return a duration as rounded text, such as ``"40 s"``, ``"12 min"`` or ``"2.5 h"``."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def format_estimate(seconds: float) -> str:
    """Return an estimated duration as text, rounded to 5 s or 5 min from 10 s or 10 min."""
    for unit in (60, 1):
        if 10 * unit <= seconds < 5400:
            return format_duration(5 * unit * round(seconds / (5 * unit)))
    return format_duration(seconds)


def format_span(seconds: float) -> str:
    """Return a duration that is known roughly as the two usual ones around it, such as ``"1 to 2 h"``."""
    i = bisect_right(_MARKS, seconds)
    if i == 0:
        return f"less than {format_duration(_MARKS[0])}"
    if i == len(_MARKS):
        return f"more than {_format_mark(_MARKS[-1])}"
    low, high = _format_mark(_MARKS[i - 1]), _format_mark(_MARKS[i])
    unit = high.split()[1]
    return f"{low.removesuffix(f' {unit}')} to {high}"


def _format_mark(seconds: float) -> str:
    return f"{seconds / 3600:.0f} h" if seconds >= 3600 else format_duration(seconds)


def format_time_left(seconds: float | None) -> str:
    """Return the remaining time as text, such as ``"12 min left"``; empty if it is unknown."""
    return "" if seconds is None else f"{format_duration(seconds)} left"


def describe_progress(step: Progress) -> str:
    """Return the activity, the percentage completed and the remaining time as one line."""
    parts = (step.activity, f"{100 * step.fraction:.0f} %", format_time_left(step.time_left))
    return " · ".join(part for part in parts if part)
