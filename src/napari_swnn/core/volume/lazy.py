"""Lazy volumes as dask arrays, computed when read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, prod
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._checks import check_whole
from napari_swnn._types import BoolArray, FloatArray, Shape
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.core.volume.coarse_scan import CoarseScan
from napari_swnn.core.volume.fraction_map import FractionMap
from napari_swnn.core.volume.noise_gradient import NoiseGradient
from napari_swnn.core.volume.porosity_map import PorosityMap
from napari_swnn.core.volume.spatial_mask import SpatialMask
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

if TYPE_CHECKING:
    import dask.array as da

_MAX_CHUNKS = 2**15
"""Number of chunks that dask can enumerate in about a second."""


def generate_lazy(
    model: Model,
    shape: Shape,
    *,
    seed: int = 0,
    porosity: float | FloatArray | PorosityMap | None = None,
    fractions: Mapping[int, float | FloatArray] | FractionMap | None = None,
    mask: BoolArray | SpatialMask | None = None,
    periodic: bool | Sequence[bool] = False,
    noise: NoiseGradient | None = None,
    scale: int = 1,
    coarse: FloatArray | CoarseScan | None = None,
    chunks: int | None = None,
    device: str = "auto",
) -> da.Array:
    """Return a lazy volume as a dask array; only the parts that are read are computed.

    Parameters
    ----------
    model, shape, seed, porosity, fractions, mask, periodic, noise, scale, coarse, device
        As for `napari_swnn.generate`; the volume may be larger than memory.
    chunks : int, optional
        Edge length of the dask chunks in voxels, preferably a multiple of 64. By default 128, doubled for large volumes
        to limit the number of chunks, because dask enumerates all of them even for a small read. Larger chunks do not
        slow down the reading of a small window.

    Returns
    -------
    dask.array.Array
        Labels identical to those of `napari_swnn.generate` with the same seed.

    Raises
    ------
    TypeError, ValueError
        As for `napari_swnn.generate`, except that any size is allowed.
    """
    spec = VolumeSpec(shape, seed, porosity, mask, periodic, noise, fractions=fractions, scale=scale, coarse=coarse)
    return as_dask(describe_volume(model, spec, device=device), chunks)


def as_dask(volume: BlockVolume, chunks: int | None = None) -> da.Array:
    """Return a volume as a dask array that computes what is read.

    Parameters
    ----------
    volume : BlockVolume
        Volume of any size.
    chunks : int, optional
        Edge length of the dask chunks in voxels, as for `generate_lazy`.
    """
    import dask.array as da

    if chunks is not None:
        check_whole(chunks, name="chunks")
    side = _chunk_side(volume.shape) if chunks is None else chunks
    return da.from_array(volume, chunks=side, name=False, asarray=False, meta=np.empty((), volume.dtype))


def _chunk_side(shape: Shape) -> int:
    side = 128
    while prod(ceil(extent / side) for extent in shape) > _MAX_CHUNKS:
        side *= 2
    return side
