"""Base class of volume files that are written piece by piece: OME-Zarr and TIFF."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from glob import escape
from pathlib import Path as FilePath
from typing import Any
from uuid import uuid4

import numpy as np

from napari_swnn._files import UNFINISHED
from napari_swnn._memory import format_memory
from napari_swnn._types import Labels, Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.grid.windows import Window

PROVENANCE_KEY = "napari-swnn"
"""Key of the label description and provenance in the metadata of a file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Shape, data type and voxel size of a volume file.

    Attributes
    ----------
    shape : tuple of int
        Number of voxels along each axis, ``(z, y, x)`` or ``(y, x)``.
    dtype : str
        Data type of the labels, as named in NumPy.
    block : int
        Edge length of a block, the unit of computation, in voxels.
    n : int
        Number of realisations; several realisations are stacked along a leading axis.
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
        Resolution level: level 0 is the volume, and level ``k`` contains every ``2**k``-th voxel along each axis.
    realisation : int
        Index of the realisation.
    window : Window
        Position and shape of the piece in voxels of its level.
    """

    level: int
    realisation: int
    window: Window


@dataclass(frozen=True)
class VolumeFile(ABC):
    """File or folder that is written piece by piece under a temporary name, and renamed when it is complete.

    It can be pickled, so that several processes can write to the same file.

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

    def new_name(self) -> FilePath:
        """Return a temporary name for creating the file, after removing the leftovers of killed processes."""
        for left in self.out.parent.glob(f".{escape(self.out.name)}.{'[0-9a-f]' * 32}"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        return self.out.with_name(f".{self.out.name}.{uuid4().hex}")

    def check_free(self) -> None:
        """Raise an error if the final name has been taken during the run.

        Raises
        ------
        FileExistsError
            If the final name exists; the volume keeps its temporary name.
        """
        if self.out.exists():
            raise FileExistsError(
                f"out must stay free during the run, but another program has created {self.out}; the finished volume "
                f"is kept as {self.partial}: rename it, or remove the other file and resume"
            )

    @property
    def has_separate_pieces(self) -> bool:
        """True if pieces can be written in any order and at the same time."""
        return False

    @property
    @abstractmethod
    def n_levels(self) -> int:
        """Number of resolution levels."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Upper bound of the file size in bytes."""

    @abstractmethod
    def create(self, provenance: Mapping[str, Any]) -> None:
        """Create the unfinished file atomically; the caller holds the lock of the target."""

    @abstractmethod
    def provenance(self, path: FilePath) -> dict[str, Any]:
        """Return the provenance stored in the file at a path; empty for files not written by napari-swnn."""

    @abstractmethod
    def pieces(self, level: int) -> list[Piece]:
        """Return all pieces of a level, in the best order for writing."""

    @abstractmethod
    def is_written(self, piece: Piece) -> bool:
        """Return True if a piece is complete and can be read."""

    @abstractmethod
    def write(self, piece: Piece, labels: Labels) -> None:
        """Write a piece of level 0 to the disk; if the process is killed before, it does not count as written."""

    @abstractmethod
    def coarsen(self, piece: Piece) -> None:
        """Write a piece of a coarser level from the next finer level, which must be complete."""

    @abstractmethod
    def finish(self) -> None:
        """Rename the complete file to its final name, which is never written over."""

    @abstractmethod
    def discard_damaged(self) -> None:
        """Remove an unfinished file that has lost more than single pieces, so that it is made again."""

    @abstractmethod
    def discard_remains(self) -> None:
        """Remove what a run has left beside a file that another run has finished."""


def check_free_space(file: VolumeFile) -> None:
    """Raise an error if a file may not fit on the disk.

    Parameters
    ----------
    file : VolumeFile
        File to check; parts that already exist are taken into account.

    Raises
    ------
    OSError
        If the free space is smaller than the maximum remaining size of the file.
    """
    needed = file.size - _size_on_disk(file.partial)
    free = shutil.disk_usage(file.out.parent).free
    if needed > free:
        raise OSError(
            f"the disk must have space for {file.out}, got {format_memory(free)} free, but it may need "
            f"{format_memory(needed)} more; choose a smaller volume, or another disk"
        )


def _size_on_disk(path: FilePath) -> int:
    paths = path.rglob("*") if path.is_dir() else [path] if path.exists() else []
    stats = [p.stat() for p in paths if p.is_file()]
    # Sparse parts of a file occupy no blocks; Windows does not report blocks.
    return sum(512 * s.st_blocks if hasattr(s, "st_blocks") else s.st_size for s in stats)
