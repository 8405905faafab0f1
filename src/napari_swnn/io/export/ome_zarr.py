"""OME-Zarr 0.5 and 0.4 in several resolutions, with the names of the phases as properties of labels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from napari_swnn._types import AXES, Shape
from napari_swnn.io.export.label_volume import REALISATION, LabelVolume
from napari_swnn.io.ome_zarr import compressors, level_shapes
from napari_swnn.io.volume_file import PROVENANCE_KEY

VERSIONS = ("0.5", "0.4")
_CHUNK = {2: 512, 3: 64}
"""Edge length of a chunk in voxels, by dimension."""
_PER_SHARD = 4
"""Number of chunks along each axis that are written at a time, and stored in one file in version 0.5."""


def write_ome_zarr(path: Path, volume: LabelVolume, *, version: str) -> None:
    """Write labels as an OME-Zarr folder that does not exist yet.

    A coarser level contains every second voxel of the finer one along each axis, which keeps all volume fractions.

    Parameters
    ----------
    path : pathlib.Path
        New folder.
    volume : LabelVolume
        Labels.
    version : str
        ``"0.5"`` or ``"0.4"``.
    """
    import zarr

    shapes = level_shapes(volume.shape[-len(volume.lengths) :])
    described = _metadata(volume, len(shapes), version)
    attributes = {"ome": described} if version == "0.5" else described
    group = zarr.create_group(
        path,
        zarr_format=3 if version == "0.5" else 2,
        attributes={**attributes, PROVENANCE_KEY: volume.description},
    )
    source: Any = volume.values
    for level, shape in enumerate(shapes):
        array = _create(group, str(level), (*volume.shape[: -len(shape)], *shape), volume, version)
        step = 1 if level == 0 else 2
        for region in _regions(array.shape, len(shape)):
            covered = tuple(slice(s.start * n, s.stop * n, n) for s, n in zip(region, _steps(array, step), strict=True))
            array[region] = np.asarray(source[covered]).astype(volume.dtype, copy=False)
        source = array


def _steps(array: Any, step: int) -> tuple[int, ...]:
    """Return the step along each axis; realisations are never skipped."""
    return (1, step, step, step) if array.ndim == 4 else (step,) * array.ndim


def _create(group: Any, name: str, shape: Shape, volume: LabelVolume, version: str) -> Any:
    ndim = len(volume.lengths)
    leading = (1,) * (len(shape) - ndim)
    chunks = (*leading, *(_CHUNK[ndim],) * ndim)
    options: dict[str, Any] = {"shape": shape, "dtype": volume.dtype, "chunks": chunks, "fill_value": 0}
    if version == "0.4":
        return group.create_array(name, chunk_key_encoding={"name": "v2", "separator": "/"}, **options)
    options |= {
        "shards": (*leading, *(_PER_SHARD * _CHUNK[ndim],) * ndim),
        "compressors": compressors(),
        "dimension_names": list(volume.axes),
    }
    return group.create_array(name, **options)


def _regions(shape: Shape, ndim: int) -> Iterator[tuple[slice, ...]]:
    side = _PER_SHARD * _CHUNK[ndim]
    sides = (*(1,) * (len(shape) - ndim), *(side,) * ndim)
    starts = (range(0, n, s) for n, s in zip(shape, sides, strict=True))
    for corner in product(*starts):
        yield tuple(slice(a, min(a + s, n)) for a, s, n in zip(corner, sides, shape, strict=True))


def _metadata(volume: LabelVolume, n_levels: int, version: str) -> dict[str, Any]:
    unit = {"unit": volume.unit_name} if volume.unit_name else {}
    leading = [{"name": REALISATION, "type": REALISATION}] if REALISATION in volume.axes else []
    space = [{"name": name, "type": "space", **unit} for name in AXES[-len(volume.lengths) :]]
    one = [1.0] * len(leading)
    # No translation: voxel i of a level is voxel 2**level * i of the volume, at the same position.
    scales = [[*one, *(length * 2**level for length in volume.lengths)] for level in range(n_levels)]
    multiscale = {
        "name": "labels",
        "axes": [*leading, *space],
        "datasets": [
            {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
            for level, scale in enumerate(scales)
        ],
        "type": "every second voxel",
    }
    properties = [{"label-value": label, "name": name} for label, name in volume.names.items()]
    labels = {"version": version, **({"properties": properties} if properties else {})}
    if version == "0.5":
        return {"version": version, "multiscales": [multiscale], "image-label": labels}
    return {"multiscales": [{"version": version, **multiscale}], "image-label": labels}
