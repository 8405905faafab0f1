"""Recent blocks, kept so that neighbouring views of a volume need not compute them again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock

from napari_swnn._types import Labels


class BlockCache:
    """Arrays by key, as many recent ones as fit into a number of bytes; safe to use from several threads.

    Parameters
    ----------
    max_bytes : int
        What is kept at most; a larger array is passed on and not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Labels] = OrderedDict()
        self._under_way: dict[Hashable, Future[Labels]] = {}
        self._n_bytes = 0

    def get(self, key: Hashable, compute: Callable[[], Labels]) -> Labels:
        """Return the array of a key, read-only; compute it if it is not kept.

        A thread that asks for what another one is computing waits for it.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            future = self._under_way.get(key)
            ours = future is None
            if future is None:
                future = self._under_way[key] = Future()
        return self._computed(key, compute, future) if ours else future.result()

    def _computed(self, key: Hashable, compute: Callable[[], Labels], future: Future[Labels]) -> Labels:
        try:
            array = compute()
        except BaseException as error:
            with self._lock:
                del self._under_way[key]
            future.set_exception(error)  # those who wait fail with it; whoever asks next tries again
            raise
        array.flags.writeable = False
        with self._lock:
            del self._under_way[key]
            self._keep(key, array)
        future.set_result(array)
        return array

    def _keep(self, key: Hashable, array: Labels) -> None:
        if array.nbytes > self.max_bytes:
            return
        self._kept[key] = array
        self._n_bytes += array.nbytes
        while self._n_bytes > self.max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._n_bytes -= oldest.nbytes

    def clear(self) -> None:
        """Forget all arrays."""
        with self._lock:
            self._kept.clear()
            self._n_bytes = 0
