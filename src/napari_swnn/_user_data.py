"""Folder for data that must not be lost: checkpoints of trainings, and models that could not be written elsewhere."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import platformdirs

KEPT_DAYS = 30
"""Number of days after which a checkpoint that nothing has changed is removed."""


def data_folder(name: str) -> Path:
    """Return a folder in the data folder of the user, and create it if needed."""
    folder = Path(platformdirs.user_data_dir("napari-swnn", appauthor=False)) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def remove_old(folder: Path, pattern: str) -> None:
    """Remove the files of a folder that have not changed for `KEPT_DAYS` days."""
    for path in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEPT_DAYS * 86400:
                path.unlink()
