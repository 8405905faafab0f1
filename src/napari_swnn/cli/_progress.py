"""Saying how far long work is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from napari_swnn._steps import drain

if TYPE_CHECKING:
    from napari_swnn.core.volume.generation import GenerationStep

Result = TypeVar("Result")


def followed(steps: Generator[Any, None, Result], describe: Callable[[Any], str]) -> Result:
    """Drain a generator, saying how far it is: in place on a terminal, else a line every ten seconds."""
    terminal, start, said, text = sys.stdout.isatty(), perf_counter(), float("-inf"), ""

    def say(step: Any) -> None:
        nonlocal said, text
        if note := getattr(step, "note", ""):
            print("\r" + f"Note: {note}".ljust(len(text)) if terminal else f"Note: {note}", flush=True)
        text = describe(step).ljust(len(text) if terminal else 0)  # what is longer on the line would stay there
        if perf_counter() - said >= (0.2 if terminal else 10):
            print("\r" + text if terminal else text, end="" if terminal else "\n", flush=True)
            said = perf_counter()

    result = drain(steps, say)
    done = f"{text.rstrip()}  done in {as_time(perf_counter() - start)}"
    print("\r" + done.ljust(len(text)) if terminal else done, flush=True)
    return result


def describe_generation(step: GenerationStep) -> str:
    """How far a generation is."""
    return f"generating  block {step.block}/{step.n_blocks}  {as_time(step.time_left)} left"


def as_time(seconds: float) -> str:
    """Seconds, as a user says them."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
