"""Writing of pieces in threads while further pieces are computed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from napari_swnn._types import Labels
from napari_swnn.io.volume_file import Piece, VolumeFile


class PieceWriter:
    """Context manager that writes pieces in threads; at its end, all pieces are written.

    A GPU computes pieces faster than one thread compresses them.

    Parameters
    ----------
    file : VolumeFile
        File to write to.
    n : int
        Number of threads; 0 writes in the calling thread.
    """

    def __init__(self, file: VolumeFile, n: int) -> None:
        self._file = file
        self._n = n
        self._pool = ThreadPoolExecutor(max(1, n), "writing")
        self._pending: deque[Future[None]] = deque()

    def write(self, piece: Piece, labels: Labels) -> None:
        """Write a piece, or begin to write it; wait if many pieces are waiting already.

        Raises
        ------
        OSError
            If this piece or an earlier one cannot be written.
        """
        if self._n == 0:
            self._file.write(piece, labels)
            return
        self._pending.append(self._pool.submit(self._file.write, piece, labels))
        while len(self._pending) > 2 * self._n:
            self._pending.popleft().result()

    def __enter__(self) -> PieceWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown()  # waits for the pieces, also after an error: they are valid and will be resumed from
        if error is None:
            for future in self._pending:
                future.result()
