"""Checks of what is to be written, before hours of work."""

from __future__ import annotations

import os
from pathlib import Path


def check_writable(path: Path) -> None:
    """Refuse now what would fail after hours of work."""
    if path.is_dir():
        raise ValueError(f"a file is to be written, got the folder {path}; add a file name")
    if not path.parent.is_dir():
        raise ValueError(f"the folder of {path} must exist, got {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"the folder of {path} must be writable, got {path.parent}; choose another")
    if path.exists() and not os.access(path, os.W_OK):
        raise ValueError(f"the file {path} must be writable, got one that is not; choose another name")


def check_new(path: Path, option: str, *, overwrite: bool) -> None:
    """Refuse now to replace a file unasked."""
    if path.exists() and not overwrite:
        raise ValueError(f"{option} must write a new file, got {path}, which is there; add --overwrite to replace it")


def check_folder(path: Path) -> None:
    """Refuse now a folder that could not be made or written to after hours of work."""
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise ValueError(f"--figures must name a folder, got {path}, where {there} is a file; choose another")
    if not os.access(there, os.W_OK):
        raise ValueError(f"--figures must lie in a folder that is writable, got {path} in {there}; choose another")
