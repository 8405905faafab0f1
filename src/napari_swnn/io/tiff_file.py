"""Opening of TIFF files, with the complaints of the decoder as errors."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from threading import get_ident
from typing import Any
from xml.etree import ElementTree

from napari_swnn.io.stored_image import ImageError

_DAMAGE = ("invalid page offset", "corrupt", "missing data", "failed to read", "invalid offset", "circular reference")
"""Parts of the messages with which tifffile replaces lost pages silently."""
_SMALLEST_PAGE = 8
"""Bytes of a file that each page takes at least."""
_LARGEST = 10**18
"""Largest number of pages that a message states; metadata can state any number."""


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
        At the beginning, if the file is too small for the pages that its metadata state; at the end, if pages are
        missing.
    """
    import tifffile

    listener = _Listener()
    logger = logging.getLogger("tifffile")
    logger.addHandler(listener)
    try:
        with tifffile.TiffFile(path) as file:
            _check_stated_pages(file, path)
            yield file
            _ = len(file.pages)  # reads the offsets of all pages
    finally:
        logger.removeHandler(listener)
    if any(sign in message for message in listener.messages for sign in _DAMAGE):
        raise ImageError(f"{path} must be a whole file, got a TIFF without some of its pages; export or copy it again")


def _check_stated_pages(file: Any, path: FilePath) -> None:
    """Raise an error for OME metadata that state more pages than the file has room for; tifffile would list them all.

    Raises
    ------
    ImageError
        If there is not enough room; the message states the number of pages.
    """
    if not file.is_ome:
        return
    n_pages = _stated_pages(file.ome_metadata, file.pages.first.imagewidth * file.pages.first.imagelength)
    n_bytes = path.stat().st_size
    if n_pages > n_bytes // _SMALLEST_PAGE:
        raise ImageError(
            f"{path} must hold its whole image, got OME metadata that state {n_pages:.4g} pages in a file of "
            f"{n_bytes} bytes; export it to a single file"
        )


def _stated_pages(metadata: str, n_pixels: int) -> int:
    """Return the number of pages of `n_pixels` pixels that OME metadata state."""
    try:
        elements = list(ElementTree.fromstring(metadata).iter())
    except ElementTree.ParseError:
        return 0
    stated = [0]
    for element in elements:
        if element.tag.endswith("Pixels"):
            sizes = [_whole(value) for name, value in element.attrib.items() if name.startswith("Size")]
            stated.append(math.prod(sizes) // max(n_pixels, 1))
        if element.tag.endswith("TiffData"):
            stated.extend(_whole(element.attrib.get(name, "0")) for name in ("IFD", "PlaneCount"))
    return min(max(stated), _LARGEST)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0
