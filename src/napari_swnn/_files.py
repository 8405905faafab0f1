"""Atomic and durable writing: a file is either complete or absent, and complete files survive a power failure."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

UNFINISHED = ".partial"
"""Suffix of an unfinished volume file."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskFullError(OSError):
    """The disk is full; the message names the file and states what is kept."""

    @classmethod
    def of(cls, error: OSError, path: Path, kept: str) -> DiskFullError:
        """Return an error with the number of the original one."""
        full = cls(f"the disk is full: {path} could not be written; {kept}")
        full.errno = error.errno
        return full


def is_full(error: OSError) -> bool:
    """Return True if an error states that the disk, or the quota of the user, is full."""
    return error.errno in _FULL


@contextmanager
def replaced_when_complete(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path`, and rename it to `path` when the ``with`` block succeeds.

    An old file stays intact until the new one is complete and on the disk. If the path is a symbolic link, the file
    that it names is replaced. The temporary file has the suffix of the path, which selects the format in some programs.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    OSError
        If the path is a folder, device or pipe, or the disk is full.
    """
    target = _target(path)
    if target.exists() and not target.is_file():
        kind = "folder" if target.is_dir() else "device or pipe"
        raise OSError(f"the output must be a file, got the {kind} {path}; choose another name")
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(f"the folder of {path} must exist, got {target.parent}; create it first")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=target.suffix)
    os.close(handle)
    partial = Path(name)
    try:
        with _full_disk_explained(path):
            yield partial
            sync_file(partial)
            partial.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
            partial.replace(target)
            sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def folder_replaced_when_complete(path: Path) -> Iterator[Path]:
    """Yield the name of a new folder beside `path`, and rename it to `path` when the ``with`` block succeeds.

    An old folder is kept until the new one is complete and on the disk, and put back if the new one cannot take its
    place. If the path is a symbolic link, the folder that it names is replaced.

    Raises
    ------
    OSError
        If the disk is full.
    """
    target = _target(path)
    partial = target.with_name(f".{target.name}.{uuid4().hex}")
    previous = target.with_name(f".{target.name}.{uuid4().hex}.previous")
    try:
        with _full_disk_explained(path):
            yield partial
            sync_tree(partial)
            if target.exists():
                target.rename(previous)
            try:
                partial.rename(target)
            except OSError:
                if previous.exists():
                    previous.rename(target)
                raise
            sync_folder(target.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(previous, ignore_errors=True)


def _target(path: Path) -> Path:
    """Return the path to replace: that which a symbolic link names, so that the link stays."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


@contextmanager
def _full_disk_explained(path: Path) -> Iterator[None]:
    """Turn the error of a full disk into one that names `path` and states what is kept."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        kept = "the old file is unchanged" if path.exists() else "free some space, or choose another folder"
        raise DiskFullError.of(error, path, kept) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, which is either complete or absent."""
    with replaced_when_complete(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, value: Any) -> None:
    """Write numbers and texts as a JSON file for people and programs; all numbers must be finite."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False))


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a table as a CSV file in UTF-8, which is either complete or absent."""
    with replaced_when_complete(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


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


def sync_file(path: Path) -> None:
    """Wait until the content of a file is on the disk."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk; does nothing where a folder cannot be opened, as on Windows."""
    if sys.platform == "win32":
        return
    with suppress(OSError):  # a file system that cannot synchronise folders
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(path: Path) -> None:
    """Wait until all files and folders below a folder, and its own name, are on the disk."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            sync_file(Path(folder, name))
        sync_folder(Path(folder))
    sync_folder(path.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
