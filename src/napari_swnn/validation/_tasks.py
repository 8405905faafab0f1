"""Progress of a validation: its named tasks, and the step that is yielded before each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from napari_swnn._progress import Progress


@dataclass(frozen=True, slots=True)
class ValidationStep(Progress):
    """Progress of a validation.

    Attributes
    ----------
    index : int
        Number of completed tasks.
    n_steps : int
        Total number of tasks. Each solve for a property along an axis is one task and yields many steps.
    fraction, elapsed, time_left, activity, note
        As in `Progress`. Tasks differ too much in duration to estimate the time left.
    """

    index: int
    n_steps: int


class TaskList:
    """Ordered tasks of a validation, which are started by name.

    Parameters
    ----------
    names : sequence of str
        Unique names of the tasks.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._index = {name: i for i, name in enumerate(names)}
        self._start = perf_counter()

    def begin(self, name: str, detail: str = "") -> ValidationStep:
        """Return the step of a task that starts, or that continues with a new detail."""
        index, n_tasks = self._index[name], len(self._index)
        return ValidationStep(
            index,
            n_tasks,
            fraction=index / n_tasks,
            elapsed=perf_counter() - self._start,
            activity=f"{name}, {detail}" if detail else name,
        )

    def prepare(self, activity: str) -> ValidationStep:
        """Return the step of an activity that precedes the first task."""
        return ValidationStep(
            0, len(self._index), fraction=0.0, elapsed=perf_counter() - self._start, activity=activity
        )
