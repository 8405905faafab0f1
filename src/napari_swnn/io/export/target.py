"""Check of the file to write, before any work is done for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath

from napari_swnn._types import Path


def check_target(path: Path, endings: Sequence[str]) -> FilePath:
    """Return the path of a file to write.

    Raises
    ------
    ValueError
        If the path has none of the endings.
    FileNotFoundError
        If its folder does not exist.
    """
    out = FilePath(path)
    if out.suffix.lower() not in endings:
        raise ValueError(f"path must end in one of {', '.join(endings)}, got {out.name!r}; rename it")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"path must lie in an existing folder, got {out}; create {out.parent} first")
    return out
