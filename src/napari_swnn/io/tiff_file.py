"""Opening of TIFF files, with the complaints of the decoder as errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from threading import get_ident
from typing import Any

from napari_swnn.io.stored_image import ImageError

_DAMAGE = ("invalid page offset", "corrupt", "missing data", "failed to read", "invalid offset", "circular reference")
"""Parts of the messages with which tifffile replaces lost pages silently."""


class _Listener(logging.Handler):
    """Handler that keeps the messages of its own thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []
        self._thread = get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        if record.thread == self._thread:
            self.messages.append(record.getMessage())


@contextmanager
def open_tiff(path: FilePath) -> Iterator[Any]:
    """Open a TIFF; a truncated file raises an error where tifffile would return its first pages.

    Yields
    ------
    tifffile.TiffFile
        The open file.

    Raises
    ------
    ImageError
        At the end, if pages are missing.
    """
    import tifffile

    listener = _Listener()
    logger = logging.getLogger("tifffile")
    logger.addHandler(listener)
    try:
        with tifffile.TiffFile(path) as file:
            yield file
            _ = len(file.pages)  # reads the offsets of all pages
    finally:
        logger.removeHandler(listener)
    if any(sign in message for message in listener.messages for sign in _DAMAGE):
        raise ImageError(f"{path} must be a whole file, got a TIFF without some of its pages; export or copy it again")
