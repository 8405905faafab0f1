"""Verification of a volume or a model: every value is read and compared with everything that the file states."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import product
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._files import UNFINISHED
from napari_swnn._progress import Progress, WorkClock
from napari_swnn._steps import drain
from napari_swnn._types import Path
from napari_swnn.io.ome_zarr_image import OmeZarr, is_ome_zarr, is_zarr_folder, open_ome_zarr
from napari_swnn.io.stored_image import ImageError
from napari_swnn.io.stored_labels import check_labels, stored_labels
from napari_swnn.io.volumes import open_volume_set

if TYPE_CHECKING:
    import dask.array as da

MODEL_SUFFIX = ".swnn"
"""Suffix of model files."""
_SLAB = 2**24
"""Number of values of an array without parts that are read at a time."""

Steps = Generator[Progress, None, str]


def verify(path: Path) -> str:
    """Verify a volume or a model as a whole.

    Parameters
    ----------
    path : path-like
        Model file ``.swnn``, or a volume: OME-Zarr, TIFF or another file that `open_volumes` supports.

    Returns
    -------
    str
        Description of the file.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If it is damaged, incomplete or unfinished; the message names the damaged part.
    """
    return drain(iter_verify(path))


def iter_verify(path: Path) -> Steps:
    """Verify a file step by step, as `verify` does.

    Yields
    ------
    Progress
        Progress after each part.

    Returns
    -------
    str
        Description of the file.
    """
    path = FilePath(path)
    if not path.exists():
        raise FileNotFoundError(f"path must name a volume or a model, got {path}, which does not exist")
    if path.name.endswith(UNFINISHED):
        raise ImageError(f"path must name a finished volume, got the unfinished {path}; finish it with --resume")
    if path.suffix.lower() == MODEL_SUFFIX:
        return _verify_model(path)
    if is_ome_zarr(path) or is_zarr_folder(path):
        return _verify_levels(path)
    return _verify_image(path)


def _verify_model(path: FilePath) -> Steps:
    from napari_swnn.core.model.model import Model

    model = Model.load(path)
    yield Progress(fraction=1.0, activity="checking the weights")
    n_weights = sum(tensor.numel() for stage in model.stages for tensor in stage.state_dict().values())
    return f"model of {len(model.stages)} scales in {model.dimension}-D with {n_weights} weights"


def _verify_levels(path: FilePath) -> Steps:
    """Read all parts of all levels, and compare each level with the one from which it was sampled."""
    stored = open_ome_zarr(path)
    clock = WorkClock(sum(level.size for level in stored.levels))
    for number, level in enumerate(stored.levels):
        for box in _boxes(level):
            values = level[box].compute()
            if number and stored.provenance:
                _compare(values, stored, number, box, path)
            clock.advance(values.size)
            yield _progress(clock, f"reading level {number}")
    n_levels = len(stored.levels)
    kind = "volume" if stored.provenance else "image that napari-swnn did not write, without known labels"
    return f"{kind} of {_size(stored.levels[0].shape)} voxels in {n_levels} resolution{'s' * (n_levels > 1)}"


def _compare(values: np.ndarray, stored: OmeZarr, number: int, box: tuple[slice, ...], path: FilePath) -> None:
    sampled = [1 if axis == "realisation" else 2 for axis in stored.axes]
    finer = tuple(slice(step * b.start, step * b.stop, step) for step, b in zip(sampled, box, strict=True))
    expected = stored.levels[number - 1][finer].compute()
    if not np.array_equal(values, expected):
        raise ImageError(
            f"{path} must hold every second voxel of level {number - 1} in level {number}, but they differ at "
            f"{', '.join(str(b.start) for b in box)}; generate the volume again"
        )


def _verify_image(path: FilePath) -> Steps:
    """Read all values of the volumes of a file, and compare them with the labels of its provenance."""
    opened = open_volume_set(path)
    allowed = stored_labels(opened.provenance)
    clock = WorkClock(sum(volume.size for volume in opened.volumes))
    for volume in opened.volumes:
        n_planes = max(1, _SLAB * len(volume) // max(1, volume.size))
        for first in range(0, len(volume), n_planes):
            values = np.asarray(volume[first : first + n_planes])
            check_labels(values, allowed, path)
            clock.advance(values.size)
            yield _progress(clock, "reading the planes")
    n = len(opened.volumes)
    kind = "volume" if allowed else "image without known labels"
    return f"{f'{n} times ' if n > 1 else ''}{kind} of {_size(opened.volumes[0].shape)} voxels"


def _boxes(level: da.Array) -> Iterator[tuple[slice, ...]]:
    edges = [np.cumsum([0, *extents]) for extents in level.chunks]
    for index in product(*(range(len(extents)) for extents in level.chunks)):
        yield tuple(slice(int(edge[i]), int(edge[i + 1])) for edge, i in zip(edges, index, strict=True))


def _progress(clock: WorkClock, activity: str) -> Progress:
    return Progress(fraction=clock.fraction, elapsed=clock.elapsed, time_left=clock.time_left, activity=activity)


def _size(shape: Any) -> str:
    return " × ".join(map(str, shape))
