"""Progress of long work: the record that every step shares, and the clock that estimates the time left."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Progress of long work; the steps of trainings, generations, solves and validations derive from it.

    Attributes
    ----------
    fraction : float
        Fraction of the work that is done, in [0, 1].
    elapsed : float
        Time since the start, in seconds.
    time_left : float or None
        Estimated time to the end, in seconds; None where it cannot be estimated.
    activity : str
        Present activity, without a capital letter or a full stop, as in ``"finding the threshold"``.
    note : str
        Message to the user, for example that the loss diverged; usually empty.
    """

    fraction: float
    elapsed: float = 0.0
    time_left: float | None = None
    activity: str = ""
    note: str = ""


class WorkClock:
    """Clock that measures the pace of counted work and estimates the time left.

    Parameters
    ----------
    total : float
        Amount of work, in any unit: blocks, steps, arithmetic.
    done : float
        Amount that an earlier run has done.
    warm_up : bool
        If True, the first amount, which may also load and compile, does not count for the pace once there is a second.
    """

    def __init__(self, total: float, done: float = 0.0, *, warm_up: bool = False) -> None:
        self.total = total
        self.done = done
        self._start = perf_counter()
        # Elapsed times and amounts done between which the pace is measured.
        self._marks = [(0.0, done)]
        self._skip = 1 if warm_up else 0

    def advance(self, amount: float) -> None:
        """Count work that has been done."""
        if amount == 0:
            return
        self.done += amount
        self._marks.append((self.elapsed, self.done))
        if len(self._marks) > 2 + self._skip:
            del self._marks[1 + self._skip]

    @property
    def elapsed(self) -> float:
        """Time since the start, in seconds."""
        return perf_counter() - self._start

    @property
    def fraction(self) -> float:
        """Fraction of the work that is done, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 1.0

    @property
    def time_left(self) -> float | None:
        """Estimated time to the end at the pace so far, in seconds; None before any work has been counted."""
        if len(self._marks) == 1:
            return None
        first = self._marks[min(self._skip, len(self._marks) - 2)]
        last = self._marks[-1]
        pace = (last[0] - first[0]) / (last[1] - first[1])
        return max(0.0, pace * (self.total - self.done))


def format_duration(seconds: float) -> str:
    """Return a time span as text, rounded to what a reader needs: ``"40 s"``, ``"12 min"``, ``"2.5 h"``."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def format_time_left(seconds: float | None) -> str:
    """Return an estimated time left as text, as in ``"12 min left"``; empty if it is unknown."""
    return "" if seconds is None else f"{format_duration(seconds)} left"


def describe_progress(step: Progress) -> str:
    """Return the activity, the percentage done and the time left as one line."""
    parts = (step.activity, f"{100 * step.fraction:.0f} %", format_time_left(step.time_left))
    return " · ".join(part for part in parts if part)
