"""Output that never ends a command: characters that cannot be encoded are replaced, failed output is dropped."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class LenientStream:
    """Text stream whose reader may have gone, as at the end of ``napari-swnn train … | head``.

    Parameters
    ----------
    stream : text stream
        Stream to write to, until it fails.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._failed = False

    def write(self, text: str) -> int:
        """Write a text, unless the stream has failed."""
        if not self._failed:
            try:
                self._stream.write(text)
            except (OSError, ValueError):  # closed by the reader, by the terminal, or in this process
                self._drop()
        return len(text)

    def flush(self) -> None:
        """Flush the stream, unless it has failed."""
        if not self._failed:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._drop()

    def _drop(self) -> None:
        """Send everything that is still buffered, and what follows, to nowhere."""
        self._failed = True
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def lenient_output() -> Iterator[None]:
    """Make standard output and standard error lenient within the ``with`` block."""
    streams = sys.stdout, sys.stderr
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.stdout, sys.stderr = (LenientStream(stream) for stream in streams)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = streams
