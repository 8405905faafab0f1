"""Compressed OME-Zarr 0.5 volumes in several resolutions, written piece by piece.

A coarser level contains every second voxel of the finer level along each axis. Sampling preserves the porosity and the
two-point correlation for any feature size: a phase thinner than a coarse voxel looks fragmented but keeps its volume
fraction. A majority filter over eight voxels would look smoother, but would widen the majority phase at every level
until thin features of the other phase disappear.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._files import sync_file, sync_folder, sync_tree
from napari_swnn._types import AXES, Labels, Shape
from napari_swnn.core.grid.windows import Window, iter_boxes
from napari_swnn.io.volume_file import PROVENANCE_KEY, Piece, VolumeFile

SMALLEST = {2: 1024, 3: 128}
"""Maximum extent of the coarsest level in voxels, by dimension; small enough to display as a whole."""

_FEW_CHUNKS = 16
"""Number of chunks along the longest axis above which a shard has 4 chunks along each axis instead of 2."""
_COMPRESSION = 6
"""Assumed compression ratio; random binary labels reach 8, and coherent phases reach 20 to 30."""


def level_shapes(shape: Shape) -> tuple[Shape, ...]:
    """Return the shapes of all levels, finest first; each has every second voxel of the finer one."""
    shapes = [shape]
    while max(shapes[-1]) > SMALLEST[len(shape)]:
        shapes.append(tuple(-(-n // 2) for n in shapes[-1]))
    return tuple(shapes)


def compressors() -> list[Any]:
    """Return the compression of labels, with a checksum."""
    from zarr.codecs import BloscCodec, Crc32cCodec

    # The checksum reveals damage that the decompression would turn into other labels.
    return [BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"), Crc32cCodec()]


@dataclass(frozen=True)
class OmeZarrFile(VolumeFile):
    """OME-Zarr store for writing; see `VolumeFile`.

    A piece is one shard, a file that contains several chunks. A chunk is one block of the fixed grid.
    """

    @property
    def has_separate_pieces(self) -> bool:
        """True, because each shard is a file of its own."""
        return True

    @property
    def shard(self) -> int:
        """Edge length of a shard in voxels."""
        return self.layout.block * (2 if max(self.layout.shape) <= _FEW_CHUNKS * self.layout.block else 4)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Shapes of all levels, finest first."""
        return level_shapes(self.layout.shape)

    @property
    def n_levels(self) -> int:
        """Number of resolutions."""
        return len(self.shapes)

    @property
    def size(self) -> int:
        """Estimated upper bound of the file size in bytes, valid unless the number of labels is very large."""
        side = self.layout.block
        padded = sum(prod(-(-n // side) * side for n in shape) for shape in self.shapes)
        return self.layout.n * padded * self.layout.itemsize // _COMPRESSION + 2**20

    def create(self, provenance: Mapping[str, Any]) -> None:
        """Create the unfinished store."""
        import zarr

        new = self.new_name()
        attributes = {"ome": self._metadata(), PROVENANCE_KEY: dict(provenance)}
        group = zarr.create_group(new, zarr_format=3, attributes=attributes)
        leading = () if self.layout.n == 1 else (self.layout.n,)
        for level, shape in enumerate(self.shapes):
            group.create_array(
                str(level),
                shape=(*leading, *shape),
                dtype=self.layout.dtype,
                chunks=(*(1 for _ in leading), *(self.layout.block for _ in shape)),
                shards=(*(1 for _ in leading), *(self.shard for _ in shape)),
                compressors=compressors(),
                fill_value=0,
                dimension_names=[axis["name"] for axis in self._axes()],
            )
        sync_tree(new)
        try:
            new.rename(self.partial)
            sync_folder(self.partial.parent)
        except OSError:
            shutil.rmtree(new)
            raise

    def provenance(self, path: FilePath) -> dict[str, Any]:
        """Return the provenance stored by `create`."""
        import zarr

        try:
            return dict(zarr.open_group(path, mode="r").attrs[PROVENANCE_KEY])
        except (OSError, KeyError, ValueError, TypeError):
            return {}

    def pieces(self, level: int) -> list[Piece]:
        """Return all shards of a level."""
        whole = Window.of_shape(self.shapes[level])
        windows = [box.intersection(whole) for _, box in iter_boxes(whole, self.shard)]
        return [Piece(level, i, window) for i in range(self.layout.n) for window in windows]

    def is_written(self, piece: Piece) -> bool:
        """Return True if the file of the shard exists and can be read.

        A file is named only when it is complete, but a power failure can leave a name without its content.
        """
        path = self._file(piece)
        if not path.is_file() or path.stat().st_size == 0:
            return False
        try:
            _ = self._array(piece.level)[self._index(piece.realisation, piece.window)]
        except FileNotFoundError:
            raise
        except Exception:  # noqa: BLE001  (any error of the decoders)
            return False
        return True

    def write(self, piece: Piece, labels: Labels) -> None:
        """Write a shard."""
        array = self._array(piece.level)
        path = self._file(piece)
        path.unlink(missing_ok=True)  # damaged, and would be read for the part of it that lies outside the volume
        array[self._index(piece.realisation, piece.window)] = labels
        sync_file(path)
        for folder in path.parents:
            sync_folder(folder)
            if folder.name == "c":
                break
        sync_folder(folder.parent)

    def coarsen(self, piece: Piece) -> None:
        """Write a shard with every second voxel of the finer level."""
        finer = self._array(piece.level - 1)
        whole = Window.of_shape(self.shapes[piece.level - 1])
        labels = np.empty(piece.window.shape, self.layout.dtype)
        # Load only the chunks of the finer level that one coarse chunk covers.
        for _, box in iter_boxes(piece.window, self.layout.block):
            part = box.intersection(piece.window)
            covered = Window(tuple(2 * a for a in part.start), tuple(2 * b for b in part.stop)).intersection(whole)
            every_second = (slice(None, None, 2),) * len(part.shape)
            labels[part.slices(piece.window.start)] = finer[self._index(piece.realisation, covered)][every_second]
        self.write(piece, labels)

    def finish(self) -> None:
        """Remove temporary files of killed processes and rename the store to its final name."""
        for left in self.partial.rglob("*.partial"):
            left.unlink()
        self.check_free()
        self.partial.rename(self.out)  # fails if the target is a folder that is not empty
        sync_folder(self.out.parent)

    def discard_damaged(self) -> None:
        """Do nothing, because each shard is verified on its own."""

    def discard_remains(self) -> None:
        """Remove a folder that a late write has made again, without its metadata."""
        if self.partial.is_dir() and not (self.partial / "zarr.json").exists():
            shutil.rmtree(self.partial, ignore_errors=True)

    def _file(self, piece: Piece) -> FilePath:
        index = [str(start // self.shard) for start in piece.window.start]
        leading = [] if self.layout.n == 1 else [str(piece.realisation)]
        return self.partial.joinpath(str(piece.level), "c", *leading, *index)

    def _array(self, level: int) -> Any:
        import zarr

        array = None
        with suppress(FileNotFoundError):
            array = zarr.open_array(self.partial, path=str(level), mode="r+", zarr_format=3)
        if array is None:  # a cluster worker cannot pickle the zarr error, not even as a context
            raise FileNotFoundError(
                f"the unfinished file must not be moved during the run, got {self.partial} without level {level}"
            )
        return array.with_config({"write_empty_chunks": True})  # the file of an all-zero shard marks it as written

    def _index(self, realisation: int, window: Window) -> tuple[int | slice, ...]:
        within = window.slices((0,) * len(window.start))
        return within if self.layout.n == 1 else (realisation, *within)

    def _axes(self) -> list[dict[str, str]]:
        unit = self.layout.voxel.length_unit
        named = {} if unit is None else {"unit": unit.name}
        space = [{"name": name, "type": "space", **named} for name in AXES[-len(self.layout.shape) :]]
        return space if self.layout.n == 1 else [{"name": "realisation", "type": "realisation"}, *space]

    def _metadata(self) -> dict[str, Any]:
        datasets = [
            {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": self._scale(level)}]}
            for level in range(self.n_levels)
        ]
        multiscale = {
            "name": self.out.name.removesuffix(".zarr").removesuffix(".ome"),
            "axes": self._axes(),
            "datasets": datasets,
            "type": "every second voxel",
        }
        return {"version": "0.5", "multiscales": [multiscale]}

    def _scale(self, level: int) -> list[float]:
        # No translation: voxel i of a level is voxel 2**level * i of the volume, at the same position.
        side = self.layout.voxel.value * 2**level
        return [*([] if self.layout.n == 1 else [1.0]), *(side for _ in self.layout.shape)]
