"""Short measurements of the time that work takes, for estimates of whole runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from time import perf_counter
from typing import Any


def time_of(work: Callable[[], Any]) -> float:
    """Return the time of a call in seconds."""
    start = perf_counter()
    work()
    return perf_counter() - start


def time_per_item(items: Iterable[Any], n: int) -> float:
    """Return the time in which an iterator gives each of its next `n` items, or of all if there are fewer, in seconds.

    If items are computed in parallel, this is less than the time to compute one.
    """
    found: list[Any] = []
    spent = time_of(lambda: found.extend(islice(items, n)))
    return spent / max(1, len(found))
