"""TIFF volumes of any size, written strip by strip with little memory."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path as FilePath
from typing import Any
from xml.etree import ElementTree

import numpy as np

from napari_swnn._files import move_to_new, sync_file, sync_folder
from napari_swnn._types import AXES, Labels, Shape
from napari_swnn.core.grid.windows import Window, iter_boxes
from napari_swnn.io.stored_image import ImageError
from napari_swnn.io.strip_journal import StripJournal
from napari_swnn.io.tiff import LARGEST_IMAGEJ, imagej_options, ome_options
from napari_swnn.io.volume_file import PROVENANCE_KEY, Piece, VolumeFile

_PER_PAGE = 512
"""Upper bound of the size of a page without its voxels, in bytes."""
_PAGE_OF_MEMORY = 4096
_DAMAGE = (
    *(OSError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, AssertionError, RuntimeError),
    *(ElementTree.ParseError, struct.error),
)
"""Errors that a damaged header raises."""


@dataclass(frozen=True)
class TiffFile(VolumeFile):
    """Uncompressed TIFF for writing; see `VolumeFile`.

    The whole file is allocated at the start, with its planes in sequence. A piece is a strip with the depth and height
    of one block and the full width of the volume. A small journal next to the file counts the complete strips.
    """

    @property
    def n_levels(self) -> int:
        """Number of resolution levels, always one."""
        return 1

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return self._n_bytes + _PER_PAGE * prod(self._full_shape[:-2]) + 2**16

    @property
    def journal(self) -> StripJournal:
        """Journal that counts the complete strips during writing."""
        return StripJournal(self.out.with_name(f"{self.out.name}.progress"))

    def create(self, provenance: Mapping[str, Any]) -> None:
        """Allocate a sparse file filled with zeros."""
        import tifffile

        self.journal.remove()  # left by a run whose file was deleted
        sync_folder(self.out.parent)
        new = self.new_name()
        text = json.dumps({PROVENANCE_KEY: dict(provenance)})
        tifffile.imwrite(
            new,
            data=None,
            shape=self._full_shape,
            dtype=self.layout.dtype,
            align=_PAGE_OF_MEMORY,
            returnoffset=True,
            **(self._imagej(text) if self._n_bytes <= LARGEST_IMAGEJ else self._bigtiff(text)),
        )
        sync_file(new)
        move_to_new(new, self.partial)
        sync_folder(self.out.parent)

    def provenance(self, path: FilePath) -> dict[str, Any]:
        """Return the provenance stored by `create`."""
        return tiff_provenance(path)

    def pieces(self, level: int) -> list[Piece]:
        """Return all strips in file order."""
        return [Piece(level, i, window) for i in range(self.layout.n) for window in self._strips]

    def is_written(self, piece: Piece) -> bool:
        """Return True if the strip is complete."""
        return self._number(piece) < self.journal.count()

    def write(self, piece: Piece, labels: Labels) -> None:
        """Write a strip; all preceding strips must be complete."""
        rows = piece.window
        stored = np.ascontiguousarray(labels, self.layout.dtype)
        planes = stored.reshape(-1, *stored.shape[-2:])
        first = rows.start[0] if len(rows.start) == 3 else 0
        per_volume = self.layout.shape[0] if len(rows.start) == 3 else 1
        with self.partial.open("r+b") as file:
            begin = self._first_offset()
            for i, plane in enumerate(planes):
                row = (piece.realisation * per_volume + first + i) * self.layout.shape[-2] + rows.start[-2]
                file.seek(begin + row * self.layout.shape[-1] * self.layout.itemsize)
                file.write(plane.tobytes())
            file.flush()
            os.fsync(file.fileno())
        self.journal.record(self._number(piece) + 1)

    def coarsen(self, piece: Piece) -> None:
        """Raise an error, because a TIFF has no coarser levels."""
        raise NotImplementedError

    def finish(self) -> None:
        """Rename the file to its final name, unless that exists."""
        self.check_free()
        move_to_new(self.partial, self.out)
        sync_folder(self.out.parent)
        self.discard_remains()

    def discard_remains(self) -> None:
        """Remove the journal, with what killed processes left of it, if the file has been renamed."""
        if not self.partial.exists():
            self.journal.remove()

    def discard_damaged(self) -> None:
        """Remove an unfinished file that is shorter than it was created, as a power failure may leave it."""
        if self.partial.is_file() and self.partial.stat().st_size < self._first_offset() + self._n_bytes:
            self.journal.remove()
            self.partial.unlink()

    @property
    def _full_shape(self) -> Shape:
        return self.layout.shape if self.layout.n == 1 else (self.layout.n, *self.layout.shape)

    @property
    def _n_bytes(self) -> int:
        return prod(self._full_shape) * self.layout.itemsize

    @property
    def _axes(self) -> str:
        # Realisations use the time axis: neither ImageJ nor OME has an axis for them.
        return ("" if self.layout.n == 1 else "T") + "".join(AXES[-len(self.layout.shape) :]).upper()

    @property
    def _strips(self) -> list[Window]:
        side, shape = self.layout.block, self.layout.shape
        lines = Window.of_shape(shape[:-1])
        cuts = [box.intersection(lines) for _, box in iter_boxes(lines, side)]
        return [Window((*cut.start, 0), (*cut.stop, shape[-1])) for cut in cuts]

    def _number(self, piece: Piece) -> int:
        side, shape, number = self.layout.block, self.layout.shape, piece.realisation
        for start, extent in zip(piece.window.start[:-1], shape[:-1], strict=True):
            number = number * -(-extent // side) + start // side
        return number

    def _first_offset(self) -> int:
        """Return the byte offset of the first voxel."""
        import tifffile

        with tifffile.TiffFile(self.partial) as file:
            return int(file.pages[0].dataoffsets[0])

    def _imagej(self, text: str) -> dict[str, Any]:
        options = imagej_options(self._axes, self.layout.voxel)
        options["metadata"]["Info"] = text
        return options

    def _bigtiff(self, text: str) -> dict[str, Any]:
        voxel = self.layout.voxel
        unit = voxel.unit if voxel.length_unit is None else voxel.length_unit.symbol
        lengths = (voxel.value,) * len(self.layout.shape)
        return ome_options(self._axes, text, lengths, "" if unit == "voxel" else unit)


def tiff_provenance(path: FilePath) -> dict[str, Any]:
    """Return the provenance stored in a TIFF by `TiffFile.create`; empty for other files."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            return provenance_in(file)
    except _DAMAGE:
        return {}


def provenance_in(file: Any) -> dict[str, Any]:
    """Return the provenance stored in an open `tifffile.TiffFile`; see `tiff_provenance`."""
    try:
        return dict(json.loads(_description(file))[PROVENANCE_KEY])
    except _DAMAGE:
        return {}


def check_tiff_shape(provenance: Mapping[str, Any], shape: Sequence[int], path: FilePath) -> None:
    """Raise an error if a TIFF of napari-swnn does not have the shape that its provenance states.

    Raises
    ------
    ImageError
        If the shapes differ, since the file is damaged.
    """
    request = provenance.get("request")
    if not isinstance(request, Mapping) or "shape" not in request:
        return
    requested = request["shape"]
    expected = [request.get("n", 1), *(requested if isinstance(requested, list) else [requested])]
    if [n for n in shape if n != 1] != [n for n in expected if n != 1]:
        raise ImageError(
            f"{path} must hold {' × '.join(map(str, expected))} voxels, as its provenance states, got "
            f"{' × '.join(map(str, shape))}; the file is damaged: copy it again, or generate it again"
        )


def _description(file: Any) -> str:
    if file.imagej_metadata is not None:
        return str(file.imagej_metadata["Info"])
    root = ElementTree.fromstring(file.ome_metadata)
    described = (element.text for element in root.iter() if element.tag.endswith("}Description"))
    return str(next(described, ""))
