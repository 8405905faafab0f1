"""Checks of output paths before a long run."""

from __future__ import annotations

import os
from pathlib import Path


def check_writable(path: Path) -> None:
    """Raise an error if `path` cannot be written to."""
    if path.is_dir():
        raise ValueError(f"the output must be a file, got the folder {path}; add a file name")
    if not path.parent.is_dir():
        raise ValueError(f"the folder of {path} must exist, got {path.parent}; create it first")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"the folder of {path} must be writable, got {path.parent}; choose another")
    if path.exists() and not os.access(path, os.W_OK):
        raise ValueError(f"the file {path} must be writable, got a read-only one; choose another name")


def check_new(path: Path, option: str, *, overwrite: bool) -> None:
    """Raise an error if `path` exists, unless it may be overwritten."""
    if path.exists() and not overwrite:
        raise ValueError(f"{option} must write a new file, got {path}, which exists; add --overwrite to replace it")


def check_folder(path: Path) -> None:
    """Raise an error if the folder cannot be created or written to."""
    nearest = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not nearest.is_dir():
        raise ValueError(f"--figures must name a folder, got {path}, where {nearest} is a file; choose another")
    if not os.access(nearest, os.W_OK):
        raise ValueError(f"--figures must lie in a writable folder, got {path} in {nearest}; choose another")
