"""Printed progress of long-running work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from napari_swnn._progress import format_duration, format_time_left
from napari_swnn._steps import drain

if TYPE_CHECKING:
    from napari_swnn.core.volume.assembly import GenerationStep

Result = TypeVar("Result")


def run_with_progress(steps: Generator[Any, None, Result], describe: Callable[[Any], str]) -> Result:
    """Run a generator to completion and return its result.

    On a terminal, progress updates a single line; otherwise, a new line is printed every ten seconds.
    """
    terminal = sys.stdout.isatty()
    start = perf_counter()
    printed_at = float("-inf")
    text = ""

    def show(step: Any) -> None:
        nonlocal printed_at, text
        if note := getattr(step, "note", ""):
            print("\r" + f"Note: {note}".ljust(len(text)) if terminal else f"Note: {note}", flush=True)
        text = describe(step).ljust(len(text) if terminal else 0)  # overwrites a longer line
        if perf_counter() - printed_at >= (0.2 if terminal else 10):
            print("\r" + text if terminal else text, end="" if terminal else "\n", flush=True)
            printed_at = perf_counter()

    result = drain(steps, show)
    done = f"{text.rstrip()}  done in {format_duration(perf_counter() - start)}"
    print("\r" + done.ljust(len(text)) if terminal else done, flush=True)
    return result


def describe_generation(step: GenerationStep) -> str:
    """Return the progress of a generation as text."""
    return f"generating  block {step.block}/{step.n_blocks}  {format_time_left(step.time_left)}"
