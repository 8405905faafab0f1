"""Volumes as OME-Zarr 0.5: compressed, in several resolutions, each written piece by piece.

A coarser level holds every second voxel of the one before, along each axis. So it has the porosity and the two-point
correlation of the volume, whatever the size of its features: a phase that is thinner than a coarse voxel looks broken
but stays in proportion. The vote of the eight voxels would look smoother; but it widens the phase that is in the
majority, at every level again, until the thinner one is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from napari_swnn._types import AXES, Labels, Path, Shape
from napari_swnn.core.grid.windows import Window, aligned_boxes
from napari_swnn.io.volume_file import PROVENANCE_KEY, Piece, VolumeFile

if TYPE_CHECKING:
    import dask.array as da

SMALLEST = {2: 1024, 3: 128}
"""Longest side of the coarsest level, by dimension: small enough to show whole."""

_FEW_CHUNKS = 16
"""Chunks along the longest side up to which a file of the store holds 2 along each axis; beyond it holds 4."""
_COMPRESSION = 6
"""Of labels with bits in random order and one bit of information each it is 8; coherent phases reach 20 to 30."""


@dataclass(frozen=True)
class OmeZarrFile(VolumeFile):
    """An OME-Zarr store that is being written; see `VolumeFile`.

    A piece is one file of the store, a shard of some chunks; a chunk is one block of the fixed grid.
    """

    @property
    def shard(self) -> int:
        """Side of a shard, in voxels."""
        return self.layout.block * (2 if max(self.layout.shape) <= _FEW_CHUNKS * self.layout.block else 4)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Of each level, the finest first."""
        shapes = [self.layout.shape]
        while max(shapes[-1]) > SMALLEST[len(shapes[0])]:
            shapes.append(tuple(-(-n // 2) for n in shapes[-1]))
        return tuple(shapes)

    @property
    def n_levels(self) -> int:
        """Resolutions it holds."""
        return len(self.shapes)

    @property
    def size(self) -> int:
        """Bytes it takes at most, unless there are very many labels."""
        side = self.layout.block
        padded = sum(prod(-(-n // side) * side for n in shape) for shape in self.shapes)
        return self.layout.n * padded * self.layout.itemsize // _COMPRESSION + 2**20

    def create(self, provenance: Mapping[str, Any]) -> None:
        """Begin the store."""
        import zarr
        from zarr.codecs import BloscCodec

        begun = self.out.with_name(f".{self.out.name}.{uuid4().hex}")
        attributes = {"ome": self._metadata(), PROVENANCE_KEY: dict(provenance)}
        group = zarr.create_group(begun, zarr_format=3, attributes=attributes)
        leading = () if self.layout.n == 1 else (self.layout.n,)
        for level, shape in enumerate(self.shapes):
            group.create_array(
                str(level),
                shape=(*leading, *shape),
                dtype=self.layout.dtype,
                chunks=(*(1 for _ in leading), *(self.layout.block for _ in shape)),
                shards=(*(1 for _ in leading), *(self.shard for _ in shape)),
                compressors=BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"),
                fill_value=0,
                dimension_names=[axis["name"] for axis in self._axes()],
            )
        begun.rename(self.partial)

    def provenance(self, path: FilePath) -> dict[str, Any]:
        """What `create` was given."""
        import zarr

        try:
            return dict(zarr.open_group(path, mode="r").attrs[PROVENANCE_KEY])
        except (OSError, KeyError, ValueError, TypeError):
            return {}

    def pieces(self, level: int) -> list[Piece]:
        """All shards of a level."""
        whole = Window.of_shape(self.shapes[level])
        windows = [box.intersection(whole) for _, box in aligned_boxes(whole, self.shard)]
        return [Piece(level, i, window) for i in range(self.layout.n) for window in windows]

    def is_written(self, piece: Piece) -> bool:
        """Whether the shard's file is there; it gets its name when it is complete."""
        index = [str(start // self.shard) for start in piece.window.start]
        leading = [] if self.layout.n == 1 else [str(piece.realisation)]
        path = self.partial.joinpath(str(piece.level), "c", *leading, *index)
        return path.is_file() and path.stat().st_size > 0  # after a power failure a file may have a name and no content

    def write(self, piece: Piece, labels: Labels) -> None:
        """Write a shard."""
        self._array(piece.level)[self._index(piece.realisation, piece.window)] = labels

    def coarsen(self, piece: Piece) -> None:
        """Write a shard of every second voxel of the level before."""
        finer, whole = self._array(piece.level - 1), Window.of_shape(self.shapes[piece.level - 1])
        labels = np.empty(piece.window.shape, self.layout.dtype)
        for _, box in aligned_boxes(
            piece.window, self.layout.block
        ):  # never more than the chunks under one chunk in memory
            part = box.intersection(piece.window)
            under = Window(tuple(2 * a for a in part.start), tuple(2 * b for b in part.stop)).intersection(whole)
            every_second = (slice(None, None, 2),) * len(part.shape)
            labels[part.slices(piece.window.start)] = finer[self._index(piece.realisation, under)][every_second]
        self.write(piece, labels)

    def finish(self) -> None:
        """Remove what killed processes left, and give the store its name."""
        for left in self.partial.rglob("*.partial"):
            left.unlink()
        self.partial.rename(self.out)

    def _array(self, level: int) -> Any:
        import zarr

        array = None
        with suppress(FileNotFoundError):
            array = zarr.open_array(self.partial, path=str(level), mode="r+", zarr_format=3)
        if array is None:  # zarr's error is of a kind that a worker of a cluster cannot send, as a context neither
            raise FileNotFoundError(
                f"the unfinished file must stay in its place till the end, got no level {level} of {self.partial}"
            )
        return array.with_config({"write_empty_chunks": True})  # the file of a shard of zeros says that it is done

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
        # No translation: voxel i of a level is voxel 2**level * i of the volume, and where that one is.
        side = self.layout.voxel.value * 2**level
        return [*([] if self.layout.n == 1 else [1.0]), *(side for _ in self.layout.shape)]


@dataclass(frozen=True, eq=False, slots=True)
class OmeZarr:
    """An OME-Zarr image, of which nothing is read before it is looked at.

    Attributes
    ----------
    levels : list of dask.array.Array
        The finest first; napari's ``add_labels`` takes them as they are.
    axes : tuple of str
        Names, as in ``("z", "y", "x")``; a leading ``"realisation"`` if there are several.
    scale : tuple of float
        Side of a voxel of the finest level along each axis, in `units`.
    translation : tuple of float
        Position of its first voxel.
    units : tuple of str
        One for each axis, as napari and pint know them; ``"pixel"`` where none is named.
    provenance : dict
        How the labels came about, if napari-swnn wrote them; else empty.
    """

    levels: list[da.Array]
    axes: tuple[str, ...]
    scale: tuple[float, ...]
    translation: tuple[float, ...]
    units: tuple[str, ...]
    provenance: dict[str, Any]


def is_ome_zarr(path: Path) -> bool:
    """Whether a name is that of an OME-Zarr folder: it ends in ``.zarr``, in small or capital letters."""
    return FilePath(path).suffix.lower() == ".zarr"


def open_ome_zarr(path: Path) -> OmeZarr:
    """Open an OME-Zarr image of format 0.4 or 0.5.

    Parameters
    ----------
    path : path-like
        The folder that usually ends in ``.ome.zarr``.

    Returns
    -------
    OmeZarr
        Lazy arrays of all levels, with what a viewer needs to place them.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If it is not an OME-Zarr image.
    """
    import dask.array as da
    import zarr

    path = FilePath(path)
    if not path.is_dir():
        raise FileNotFoundError(f"path must name an OME-Zarr folder, got {path}, which does not exist")
    try:
        group = zarr.open_group(path, mode="r")
        attributes = dict(group.attrs)
        multiscale = attributes.get("ome", attributes)["multiscales"][0]
        arrays = [group[dataset["path"]] for dataset in multiscale["datasets"]]
        placed = [_placed(d.get("coordinateTransformations", []), arrays[0].ndim) for d in multiscale["datasets"]]
    except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"path must name an OME-Zarr image, got {path}, which is of another kind: {error}") from error
    return OmeZarr(
        # A whole shard at a time: its chunks are in one file, and there are far fewer tasks.
        levels=[da.from_array(array, chunks=array.shards or array.chunks) for array in arrays],
        axes=tuple(axis["name"] for axis in multiscale["axes"]),
        scale=placed[0][0],
        translation=placed[0][1],
        units=tuple(axis.get("unit", "pixel") for axis in multiscale["axes"]),
        provenance=dict(attributes.get(PROVENANCE_KEY, {})),
    )


def _placed(transformations: list[dict[str, Any]], ndim: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    scale, translation = (1.0,) * ndim, (0.0,) * ndim
    for transformation in transformations:
        if transformation["type"] == "scale":
            scale = tuple(map(float, transformation["scale"]))
        if transformation["type"] == "translation":
            translation = tuple(map(float, transformation["translation"]))
    return scale, translation
