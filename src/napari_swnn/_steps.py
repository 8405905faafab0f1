"""Helpers for generators that yield progress and return a result."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

Step = TypeVar("Step")
OuterStep = TypeVar("OuterStep")
Result = TypeVar("Result")


def drain(steps: Generator[Step, None, Result], progress: Callable[[Step], None] | None = None) -> Result:
    """Exhaust a generator and return its result, calling `progress` with each step."""
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
    """Run a nested generator: yield each of its steps after conversion, and return its result.

    Parameters
    ----------
    steps : generator
        The nested generator.
    convert : callable
        Converts a step of the nested generator to a step of the outer one.
    """
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        yield convert(step)
