"""Parts of the OME-Zarr stores of napari-swnn: which files must exist, and reading that refuses damaged ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._types import Shape
from napari_swnn.io.stored_image import ImageError
from napari_swnn.io.stored_labels import StoredLabels, check_labels

if TYPE_CHECKING:
    import dask.array as da

_N_NAMED = 3
_MOST_TASKS = 2**22
_ADVICE = "copy the folder again, or generate the volume again"


@dataclass(frozen=True, eq=False)
class StoredParts:
    """One level of a store, an array whose values are checked when they are read.

    Attributes
    ----------
    array : zarr.Array
        Stored array.
    folder : pathlib.Path
        Folder of the level.
    labels : frozenset of int, optional
        Labels that the values may have.
    """

    array: Any
    folder: FilePath
    labels: StoredLabels | None = None

    @property
    def shape(self) -> Shape:
        """Number of values along each axis."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the values."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def sides(self) -> Shape:
        """Extent of a part, the content of one file."""
        return tuple(self.array.shards or self.array.chunks)

    def lazy(self) -> da.Array:
        """Return a dask array with one task for each part, or for several of very many."""
        import dask.array as da

        chunks = self.sides  # the chunks of a part share a file
        while prod(-(-extent // side) for extent, side in zip(self.shape, chunks, strict=True)) > _MOST_TASKS:
            chunks = tuple(2 * side for side in chunks)
        return da.from_array(self, chunks=chunks, name=False, meta=np.empty((0,) * self.ndim, self.dtype))

    def file(self, index: Shape) -> FilePath:
        """Return the file of a part."""
        return self.folder / str(self.array.metadata.encode_chunk_key(index))

    def check_complete(self) -> None:
        """Raise an error if files are missing or empty; a part that is all zero has a file as well.

        Raises
        ------
        ImageError
            If a file is missing; the message names the first ones.
        """
        present = _non_empty_files(self.folder)
        expected = (self.file(index) for index in product(*map(range, self._n_parts)))
        absent = list(islice((path for path in expected if path not in present), _N_NAMED + 1))
        if absent:
            named = ", ".join(str(path.relative_to(self.folder.parent)) for path in absent[:_N_NAMED])
            raise ImageError(
                f"{self.folder.parent} must hold all parts of the volume, but files are missing or empty: {named}"
                f"{', …' if len(absent) > _N_NAMED else ''}; {_ADVICE}"
            )

    def __getitem__(self, index: tuple[slice | int, ...]) -> np.ndarray:
        """Return values, after checking them."""
        try:
            values = np.asarray(self.array[index])
        except Exception as error:
            raise ImageError(
                f"{self._damaged(index)} must be whole, but its content cannot be read: {error}; {_ADVICE}"
            ) from error
        check_labels(values, self.labels, self.folder.parent)
        return values

    @property
    def _n_parts(self) -> list[int]:
        return [-(-extent // side) for extent, side in zip(self.shape, self.sides, strict=True)]

    def _damaged(self, index: tuple[slice | int, ...]) -> FilePath:
        """Return the first file among those that hold some values which cannot be read."""
        ranges = [
            range((i.start or 0) // side, n if i.stop is None else min(n, -(-i.stop // side)))
            if isinstance(i, slice)
            else range(n)
            for i, side, n in zip(index, self.sides, self._n_parts, strict=True)
        ]
        for part in product(*ranges):
            box = tuple(slice(i * side, (i + 1) * side) for i, side in zip(part, self.sides, strict=True))
            try:
                _ = self.array[box]
            except Exception:  # noqa: BLE001  (any error of the decoders)
                return self.file(part)
        return self.folder


def _non_empty_files(folder: FilePath) -> set[FilePath]:
    found = set()
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    pending.append(FilePath(entry.path))
                elif entry.stat().st_size > 0:
                    found.add(FilePath(entry.path))
    return found
