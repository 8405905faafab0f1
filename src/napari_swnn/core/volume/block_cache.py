"""Cache of recently used blocks, which avoids recomputing them for neighbouring views of a volume."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock

from napari_swnn._types import Labels


class BlockCache:
    """Thread-safe cache of the most recently used arrays, limited by their total size.

    Parameters
    ----------
    max_bytes : int
        Maximum total size of the arrays in bytes. A larger array is returned but not cached.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = Lock()
        self._arrays: OrderedDict[Hashable, Labels] = OrderedDict()
        self._in_progress: dict[Hashable, Future[Labels]] = {}
        self._n_bytes = 0

    def __len__(self) -> int:
        """Return the number of arrays."""
        return len(self._arrays)

    def find(self, key: Hashable) -> Labels | None:
        """Return the read-only array of a key, or None if it is not cached."""
        with self._lock:
            return self._find(key)

    def get(self, key: Hashable, compute: Callable[[], Labels]) -> Labels:
        """Return the read-only array of a key, computing it if it is not cached.

        If another thread is already computing the array, wait for its result.
        """
        with self._lock:
            array = self._find(key)
            if array is not None:
                return array
            future = self._in_progress.get(key)
            is_ours = future is None
            if future is None:
                future = self._in_progress[key] = Future()
        return self._compute(key, compute, future) if is_ours else future.result()

    def clear(self) -> None:
        """Remove all arrays."""
        with self._lock:
            self._arrays.clear()
            self._n_bytes = 0

    def _find(self, key: Hashable) -> Labels | None:
        array = self._arrays.get(key)
        if array is not None:
            self._arrays.move_to_end(key)
        return array

    def _compute(self, key: Hashable, compute: Callable[[], Labels], future: Future[Labels]) -> Labels:
        try:
            array = compute()
        except BaseException as error:
            with self._lock:
                del self._in_progress[key]
            future.set_exception(error)  # waiting threads raise the same error; the next request tries again
            raise
        array.flags.writeable = False
        with self._lock:
            del self._in_progress[key]
            self._keep(key, array)
        future.set_result(array)
        return array

    def _keep(self, key: Hashable, array: Labels) -> None:
        if array.nbytes > self.max_bytes:
            return
        self._arrays[key] = array
        self._n_bytes += array.nbytes
        while self._n_bytes > self.max_bytes:
            _, oldest = self._arrays.popitem(last=False)
            self._n_bytes -= oldest.nbytes
