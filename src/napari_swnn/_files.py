"""Atomic writing: a file is either complete or absent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".partial"
"""Suffix of an unfinished volume file."""


@contextmanager
def replaced_when_complete(path: Path) -> Iterator[Path]:
    """Yield a temporary file in the folder of `path`, and rename it to `path` when the ``with`` block succeeds."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o666 & ~_umask())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def move_to_new(path: Path, target: Path) -> None:
    """Rename a file to a name that must not exist; unlike plain renaming, an existing file is never replaced.

    Raises
    ------
    FileExistsError
        If the target exists.
    """
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except OSError as error:  # a file system without links
        if target.exists():
            raise FileExistsError(f"{target} must be a new name") from error
        path.rename(target)
    else:
        path.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
