"""Folders that replace an existing one only when they are complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def folder_replaced_when_complete(path: Path) -> Iterator[Path]:
    """Yield the name of a new folder beside `path`, and rename it to `path` when the ``with`` block succeeds.

    An existing folder is kept until the new one is complete, and put back if the new one cannot take its place.
    """
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    previous = path.with_name(f".{path.name}.{uuid4().hex}.previous")
    try:
        yield partial
        if path.exists():
            path.rename(previous)
        try:
            partial.rename(path)
        except OSError:
            if previous.exists():
                previous.rename(path)
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if previous.is_dir():
        shutil.rmtree(previous, ignore_errors=True)
    else:
        previous.unlink(missing_ok=True)
