"""Threads: blocks computed side by side, each by one thread, and NumPy's work shared among the cores.

A library may split a sum between threads, and the last bits of a grey value would then depend on their number. With one
thread for each block they cannot, and no thread waits for another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import torch

from napari_swnn.core.numerics.memory import WORKING_MEMORY, free_memory

T = TypeVar("T")
R = TypeVar("R")

_SETTING = Lock()


def n_threads() -> int:
    """Return the number of threads that torch computes with, when called from this thread."""
    return torch.get_num_threads()


def map_threads(work: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """Return the results of `work` for each part, in their order; for work that releases the interpreter's lock."""
    if n_threads() == 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(n_threads()) as pool:
        return list(pool.map(work, parts))


def pool_size(device: torch.device, *, reserved: int = 0) -> int:
    """Return the number of blocks to compute side by side: as many as torch has threads, if the memory suffices.

    Parameters
    ----------
    device : torch.device
        Device to compute on; a GPU computes one block at a time.
    reserved : int
        Bytes of memory that will be needed beside the blocks.
    """
    if device.type != "cpu":
        return 1
    return max(1, min(n_threads(), (free_memory() - reserved) // WORKING_MEMORY))


def iter_side_by_side(work: Callable[[T], R], items: Iterable[T], n: int) -> Generator[R, None, None]:
    """Compute `n` items at a time, each in a thread of its own.

    Items are taken shortly before they are computed. Closing the iterator, or an error, waits for the items in
    progress and drops the rest: no thread is left.

    Parameters
    ----------
    work : callable
        Computes an item.
    items : iterable
        Arguments of `work`.
    n : int
        Number of threads; 1 computes in the calling thread.

    Yields
    ------
    object
        The results, in the order of the items.
    """
    if n == 1:
        yield from map(work, items)
        return
    # The number of threads is set once for each thread of the pool, not for each item.
    with ThreadPoolExecutor(n, "block", initializer=_set_own_number, initargs=(1,)) as pool:
        pending: deque[Future[R]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                # One item waits for each one in progress, so that no thread is idle while the oldest is awaited.
                if len(pending) == 2 * n:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


@contextmanager
def single_threaded() -> Iterator[None]:
    """Enter a context in which torch computes in the calling thread alone, so that no sum is split between threads.

    Other threads, including those started in the meantime, keep their own number of threads.
    """
    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    _set_own_number(1)
    try:
        yield
    finally:
        _set_own_number(before)


def _set_own_number(n: int) -> None:
    # torch sets the number of the calling thread, and remembers it for threads that are yet to use torch. A thread of
    # the latter kind reads that number before and writes it back after.
    with _SETTING, ThreadPoolExecutor(1) as fresh:
        default = fresh.submit(torch.get_num_threads).result()
        torch.set_num_threads(n)
        fresh.submit(torch.set_num_threads, default).result()
