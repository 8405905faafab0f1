"""Blocks done, and the time that the rest will take."""

from __future__ import annotations

from time import perf_counter

from napari_swnn.core.generation import GenerationStep


class Progress:
    """Counts the blocks of a run that may have been begun earlier.

    Parameters
    ----------
    n_blocks : int
        Blocks there are.
    done : int
        Of these, blocks that an earlier run has left.
    """

    def __init__(self, n_blocks: int, done: int = 0) -> None:
        self._n_blocks, self._before, self._now = n_blocks, done, 0
        self._start = perf_counter()

    def step(self, n_blocks: int = 0) -> GenerationStep:
        """Count further blocks."""
        self._now += n_blocks
        elapsed, done = perf_counter() - self._start, self._before + self._now
        left = elapsed / self._now * (self._n_blocks - done) if self._now else 0.0
        return GenerationStep(done, self._n_blocks, elapsed, left)
