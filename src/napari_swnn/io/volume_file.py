"""A volume on disk, as the pieces it is written in: what OME-Zarr and TIFF have in common."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._files import UNFINISHED
from napari_swnn._types import Labels, Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.grid.windows import Window

PROVENANCE_KEY = "napari-swnn"
"""Where a file keeps what its labels are and how they came about."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of a volume before any of it is computed.

    Attributes
    ----------
    shape : tuple of int
        Voxels along each axis, ``(z, y, x)`` or ``(y, x)``.
    dtype : str
        Type of the labels, as NumPy names it.
    block : int
        Side of the blocks that are computed as a whole, in voxels.
    n : int
        Realisations; more than one take a leading axis.
    voxel : VoxelSize
        Edge length of a voxel, with its unit.
    """

    shape: Shape
    dtype: str
    block: int
    n: int = 1
    voxel: VoxelSize = VoxelSize()

    @property
    def itemsize(self) -> int:
        """Bytes of a voxel."""
        return np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Piece:
    """What is computed, written and named done as a whole.

    Attributes
    ----------
    level : int
        0 for the volume itself; level ``k`` holds every ``2**k``-th voxel of it.
    realisation : int
        Which of them.
    window : Window
        Where the piece lies, in voxels of the level.
    """

    level: int
    realisation: int
    window: Window


@dataclass(frozen=True)
class VolumeFile(ABC):
    """A file, or folder, that is written piece by piece under another name and gets its own when it is whole.

    It can be sent to other processes: they write to the same place.

    Parameters
    ----------
    out : pathlib.Path
        Name of the finished file.
    layout : Layout
        What it holds.
    """

    out: FilePath
    layout: Layout

    @property
    def partial(self) -> FilePath:
        """Name under which the file is written."""
        return self.out.with_name(self.out.name + UNFINISHED)

    @property
    @abstractmethod
    def n_levels(self) -> int:
        """Resolutions it holds."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes it takes at most."""

    @abstractmethod
    def create(self, provenance: Mapping[str, Any]) -> None:
        """Begin the unfinished file; it is there as a whole or not at all."""

    @abstractmethod
    def provenance(self, path: FilePath) -> dict[str, Any]:
        """What `create` was given for the file at a path; empty if it is of another origin."""

    @abstractmethod
    def pieces(self, level: int) -> list[Piece]:
        """All pieces of a level, in the order in which they are best written."""

    @abstractmethod
    def is_written(self, piece: Piece) -> bool:
        """Whether a piece is complete."""

    @abstractmethod
    def write(self, piece: Piece, labels: Labels) -> None:
        """Write a piece of level 0; a process that is killed on the way leaves it undone."""

    @abstractmethod
    def coarsen(self, piece: Piece) -> None:
        """Write a piece of another level, from the level before, which must be complete."""

    @abstractmethod
    def finish(self) -> None:
        """Give the complete file its name."""


def check_free_space(file: VolumeFile) -> None:
    """Refuse a file that may not fit on the disk.

    Raises
    ------
    OSError
        The message names what it may take.
    """
    there = _size_on_disk(file.partial)
    needed, free = file.size - there, shutil.disk_usage(file.out.parent).free
    if needed > free:
        raise OSError(
            f"the disk must have room for {file.out}, got {free / 2**30:.1f} GiB free where it may take "
            f"{needed / 2**30:.1f} GiB more; choose a smaller volume, or another disk"
        )


def _size_on_disk(path: FilePath) -> int:
    paths = path.rglob("*") if path.is_dir() else [path] if path.exists() else []
    stats = [p.stat() for p in paths if p.is_file()]
    # What a file was promised but does not hold yet takes no blocks; Windows does not tell of blocks.
    return sum(512 * s.st_blocks if hasattr(s, "st_blocks") else s.st_size for s in stats)
