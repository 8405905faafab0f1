"""Volumes as dask arrays, of which only what is read is computed."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._checks import check_whole
from napari_swnn._types import BoolArray, FloatArray, Shape
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.noise_gradient import NoiseGradient
from napari_swnn.core.volume.porosity_map import PorosityMap
from napari_swnn.core.volume.spatial_mask import SpatialMask
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

if TYPE_CHECKING:
    import dask.array as da

_MAX_CHUNKS = 2**15
"""Number of chunks that dask lists in about a second."""


def generate_lazy(
    model: Model,
    shape: Shape,
    *,
    seed: int = 0,
    porosity: float | FloatArray | PorosityMap | None = None,
    mask: BoolArray | SpatialMask | None = None,
    periodic: bool | Sequence[bool] = False,
    noise: NoiseGradient | None = None,
    chunks: int | None = None,
    device: str = "auto",
) -> da.Array:
    """Describe a volume of which only what is read is computed.

    Parameters
    ----------
    model, shape, seed, porosity, mask, periodic, noise, device
        As for `napari_swnn.generate`; the shape may exceed any memory.
    chunks : int, optional
        Side of dask's chunks in voxels, best a multiple of 64. If not given, 128, doubled until there are few enough
        of them: dask lists all chunks, however little is read. A window takes no longer in a larger chunk.

    Returns
    -------
    dask.array.Array
        Equal, voxel for voxel, to `napari_swnn.generate` with the same seed.

    Raises
    ------
    TypeError, ValueError
        As for `napari_swnn.generate`, except that any size is allowed.
    """
    import dask.array as da

    if chunks is not None:
        check_whole(chunks, name="chunks")
    spec = VolumeSpec(shape, seed, porosity, mask, periodic, noise)
    volume = describe_volume(model, spec, device=device)
    side = _chunk_side(volume.shape) if chunks is None else chunks
    return da.from_array(volume, chunks=side, name=False, asarray=False, meta=np.empty((), volume.dtype))


def _chunk_side(shape: Shape) -> int:
    side = 128
    while prod(ceil(extent / side) for extent in shape) > _MAX_CHUNKS:
        side *= 2
    return side
