"""Generation: volumes of any size, put together from blocks of one fixed grid."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._checks import check_memory, check_whole
from napari_swnn._steps import drain
from napari_swnn._types import Labels, Shape
from napari_swnn.core.model import Model
from napari_swnn.core.virtual_volume import VirtualVolume, describe_volume

if TYPE_CHECKING:
    import dask.array as da


@dataclass(frozen=True, slots=True)
class GenerationStep:
    """Progress of a generation.

    Attributes
    ----------
    block, n_blocks : int
        Blocks done and planned.
    elapsed, time_left : float
        Seconds.
    """

    block: int
    n_blocks: int
    elapsed: float
    time_left: float


def generate(
    model: Model,
    shape: Shape,
    *,
    seed: int = 0,
    device: str = "auto",
    progress: Callable[[GenerationStep], None] | None = None,
) -> Labels:
    """Generate a volume.

    Parameters
    ----------
    model : Model
        A trained model.
    shape : tuple of int
        Voxels along each axis, ``(z, y, x)``, or ``(y, x)`` for a 2-D model.
    seed : int
        Another seed, another realisation. On one kind of device a voxel depends on the model, the seed and its
        position only: volumes of different shapes and the same seed agree where they overlap.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute.
    progress : callable, optional
        Called with a `GenerationStep` after each block.

    Returns
    -------
    numpy.ndarray
        Labels of the given shape, with the values of the reference.

    Raises
    ------
    ValueError
        If the shape does not fit the model's dimension, or the volume does not fit into memory.
    """
    return drain(iter_generate(model, shape, seed=seed, device=device), progress)


def iter_generate(
    model: Model, shape: Shape, *, seed: int = 0, device: str = "auto"
) -> Generator[GenerationStep, None, Labels]:
    """Generate block by block; yields progress, returns the volume. Arguments as for `generate`."""
    volume = describe_volume(model, shape, seed=seed, device=device)
    check_memory(volume.shape, volume.dtype.itemsize)
    return _iter_blocks(volume)


def _iter_blocks(volume: VirtualVolume) -> Generator[GenerationStep, None, Labels]:
    labels = np.empty(volume.shape, volume.dtype)
    blocks, start = volume.blocks(), perf_counter()
    origin = (0,) * volume.ndim
    for i, block in enumerate(blocks, start=1):
        labels[block.destination(origin)] = volume.labels(block)
        elapsed = perf_counter() - start
        yield GenerationStep(i, len(blocks), elapsed, elapsed / i * (len(blocks) - i))
    return labels


def generate_lazy(model: Model, shape: Shape, *, seed: int = 0, chunks: int = 128, device: str = "auto") -> da.Array:
    """Describe a volume of which only what is looked at is computed.

    Parameters
    ----------
    model, shape, seed, device
        As for `generate`; the shape may exceed any memory.
    chunks : int
        Side of dask's chunks in voxels, best a multiple of 64.

    Returns
    -------
    dask.array.Array
        Equal, voxel for voxel, to `generate` with the same seed.

    Raises
    ------
    ValueError
        If the shape does not fit the model's dimension.
    """
    import dask.array as da

    check_whole(chunks, name="chunks")
    volume = describe_volume(model, shape, seed=seed, device=device)
    return da.from_array(volume, chunks=chunks, name=False, asarray=False, meta=np.empty((), volume.dtype))
