"""Long work as generators, which yield their progress and return their result."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

Step = TypeVar("Step")
OuterStep = TypeVar("OuterStep")
Result = TypeVar("Result")


def drain(steps: Generator[Step, None, Result], progress: Callable[[Step], None] | None = None) -> Result:
    """Run a generator to its end and return its result; `progress` is called with each step."""
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        if progress is not None:
            progress(step)


def forward_steps(
    steps: Generator[Step, None, Result], convert: Callable[[Step], OuterStep]
) -> Generator[OuterStep, None, Result]:
    """Run a generator as a part of longer work: yield each of its steps, converted, and return its result.

    Parameters
    ----------
    steps : generator
        The inner work.
    convert : callable
        Takes a step of the inner work and returns the step of the longer work.
    """
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        yield convert(step)
