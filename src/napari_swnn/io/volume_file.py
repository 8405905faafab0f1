"""Volume file that is written in pieces: the common part of OME-Zarr and TIFF."""

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
"""Key of the labels' meaning and provenance in the metadata of a file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Shape, type and scale of a volume file.

    Attributes
    ----------
    shape : tuple of int
        Voxels along each axis, ``(z, y, x)`` or ``(y, x)``.
    dtype : str
        Type of the labels, as NumPy names it.
    block : int
        Edge length in voxels of the blocks, which are computed as a whole.
    n : int
        Number of realisations; more than one lie along a leading axis.
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
        """Size of a voxel in bytes."""
        return np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a file that is computed and written as a whole.

    Attributes
    ----------
    level : int
        Level of resolution: 0 is the volume, level ``k`` holds every ``2**k``-th voxel of it.
    realisation : int
        Index of the realisation.
    window : Window
        Position and shape of the piece, in voxels of the level.
    """

    level: int
    realisation: int
    window: Window


@dataclass(frozen=True)
class VolumeFile(ABC):
    """File or folder that is written piece by piece under a temporary name, and renamed when it is complete.

    It can be pickled: other processes then write to the same file.

    Parameters
    ----------
    out : pathlib.Path
        Path of the finished file.
    layout : Layout
        Description of the volume.
    """

    out: FilePath
    layout: Layout

    @property
    def partial(self) -> FilePath:
        """Path of the unfinished file."""
        return self.out.with_name(self.out.name + UNFINISHED)

    @property
    @abstractmethod
    def n_levels(self) -> int:
        """Number of resolutions."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Upper bound of the file size in bytes."""

    @abstractmethod
    def create(self, provenance: Mapping[str, Any]) -> None:
        """Create the unfinished file, atomically."""

    @abstractmethod
    def provenance(self, path: FilePath) -> dict[str, Any]:
        """Return the provenance stored in the file at a path; empty for files of another origin."""

    @abstractmethod
    def pieces(self, level: int) -> list[Piece]:
        """Return all pieces of a level, in the best order for writing."""

    @abstractmethod
    def is_written(self, piece: Piece) -> bool:
        """Return True if a piece is complete."""

    @abstractmethod
    def write(self, piece: Piece, labels: Labels) -> None:
        """Write a piece of level 0; if the process is killed, the piece does not count as written."""

    @abstractmethod
    def coarsen(self, piece: Piece) -> None:
        """Write a piece of a coarser level from the next finer level, which must be complete."""

    @abstractmethod
    def finish(self) -> None:
        """Rename the complete file to its final name."""


def check_free_space(file: VolumeFile) -> None:
    """Raise an error if a file may not fit on the disk.

    Parameters
    ----------
    file : VolumeFile
        The file; parts of it that exist already are taken into account.

    Raises
    ------
    OSError
        If the free space is smaller than the largest size of the file.
    """
    needed = file.size - _size_on_disk(file.partial)
    free = shutil.disk_usage(file.out.parent).free
    if needed > free:
        raise OSError(
            f"the disk must have space for {file.out}, got {free / 2**30:.1f} GiB free where it may take "
            f"{needed / 2**30:.1f} GiB more; choose a smaller volume, or another disk"
        )


def _size_on_disk(path: FilePath) -> int:
    paths = path.rglob("*") if path.is_dir() else [path] if path.exists() else []
    stats = [p.stat() for p in paths if p.is_file()]
    # Sparse parts of a file take no blocks; Windows does not report blocks.
    return sum(512 * s.st_blocks if hasattr(s, "st_blocks") else s.st_size for s in stats)
