"""Parallel computation of blocks, each by one thread, and of NumPy work on several cores.

If a library split a sum between threads, the last bits of a grey value would depend on the number of threads. Computing
each block in one thread avoids this, and no thread waits for another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import torch

from napari_swnn._memory import free_memory
from napari_swnn.core.numerics.memory import WORKING_MEMORY

T = TypeVar("T")
R = TypeVar("R")

_SETTING = Lock()


def n_threads() -> int:
    """Return the number of threads that torch uses when called from this thread."""
    return torch.get_num_threads()


def map_threads(work: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """Return the results of `work` for all parts, in order; `work` should release the global interpreter lock."""
    if n_threads() == 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(n_threads()) as pool:
        return list(pool.map(work, parts))


def pool_size(device: torch.device, *, reserved: int = 0) -> int:
    """Return the number of blocks to compute in parallel: one per torch thread, as far as memory permits.

    Parameters
    ----------
    device : torch.device
        Device to compute on. A GPU computes one block, while the next one is prepared.
    reserved : int
        Memory in bytes that is needed in addition to the blocks.
    """
    if device.type != "cpu":
        return 2
    return max(1, min(n_threads(), (free_memory() - reserved) // WORKING_MEMORY))


def iter_side_by_side(work: Callable[[T], R], items: Iterable[T], n: int) -> Generator[R, None, None]:
    """Compute up to `n` items in parallel, each in a separate thread.

    Items are consumed shortly before they are computed. If the iterator is closed or an error occurs, it waits for the
    items in progress and discards the rest; no thread remains.

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
                # One item is queued for each one in progress, so no thread is idle while the oldest result is awaited.
                if len(pending) == 2 * n:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


@contextmanager
def single_threaded() -> Iterator[None]:
    """Enter a context in which torch uses only the calling thread, so that no sum is split between threads.

    The settings of other threads, including threads started in the meantime, do not change.
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
    # torch sets the number for the calling thread and also stores it as the default for threads that have not used
    # torch yet. A fresh thread therefore reads the default before the change and restores it afterwards.
    with _SETTING, ThreadPoolExecutor(1) as fresh:
        default = fresh.submit(torch.get_num_threads).result()
        torch.set_num_threads(n)
        fresh.submit(torch.set_num_threads, default).result()
