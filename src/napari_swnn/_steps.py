"""Long work is a generator that yields its progress and returns its result; here one is run to the end, or retold."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

Step = TypeVar("Step")
Told = TypeVar("Told")
Result = TypeVar("Result")


def drain(steps: Generator[Step, None, Result], progress: Callable[[Step], None] | None = None) -> Result:
    """Run `steps` to the end and return what they return; `progress` is called with each."""
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        if progress is not None:
            progress(step)


def retell(steps: Generator[Step, None, Result], tell: Callable[[Step], Told]) -> Generator[Told, None, Result]:
    """Run `steps` as a part of longer work: yield `tell(step)` for each, and return what they return."""
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        yield tell(step)
