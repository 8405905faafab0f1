"""Work on a volume slab by slab: a few layers at a time, which stay in the cache, side by side on the cores.

The slabs depend on the shape alone, so the result does not depend on the number of threads.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from napari_swnn._types import Shape

_SLAB = 1 << 17
"""Number of voxels of a slab, whose five arrays of double precision take 5 MiB."""


class SlabPool:
    """Threads that work on slabs of arrays.

    Attributes
    ----------
    n : int
        Number of threads.
    """

    def __init__(self) -> None:
        self.n = n_threads()
        self._pool: ThreadPoolExecutor | None = None

    def for_each(self, work: Callable[[slice], object], shape: Shape, *, axis: int = 0) -> None:
        """Call `work` with the range of each slab of an array of `shape`, cut across `axis`.

        Calls run in parallel, so each must write to its own slab only.
        """
        length = shape[axis]
        thickness = max(1, _SLAB * length // math.prod(shape))
        slabs = [slice(start, min(start + thickness, length)) for start in range(0, length, thickness)]
        if self.n == 1 or len(slabs) == 1:
            for slab in slabs:
                work(slab)
            return
        self._pool = self._pool or ThreadPoolExecutor(self.n, "slab")
        for _ in self._pool.map(work, slabs):
            pass


def n_threads() -> int:
    """Return the number of threads of torch if it is in use, otherwise that of OpenMP or of the cores."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return int(torch.get_num_threads())
    requested = os.environ.get("OMP_NUM_THREADS", "")
    if requested.isdecimal() and int(requested) > 0:
        return int(requested)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
