"""Share NumPy's work among the cores: it computes on one, but lets other threads run meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


def n_threads() -> int:
    """As many as torch was given."""
    return torch.get_num_threads()


def in_threads(work: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """Results of `work` for each part, in their order."""
    if n_threads() == 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(n_threads()) as pool:
        return list(pool.map(work, parts))
