"""Generation: volumes of any size, put together from blocks of one fixed grid."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, prod
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._checks import check_memory, check_whole
from napari_swnn._steps import retell
from napari_swnn._types import BoolArray, FloatArray, Labels, Shape
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.exact_porosity import exact_target, iter_exact
from napari_swnn.core.volume.noise_gradient import NoiseGradient
from napari_swnn.core.volume.porosity_map import PorosityMap
from napari_swnn.core.volume.spatial_mask import SpatialMask
from napari_swnn.core.volume.virtual_volume import VirtualVolume, describe_volume

if TYPE_CHECKING:
    import dask.array as da


_MOST_CHUNKS = 2**15
"""That dask goes through in about a second."""


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


class Progress:
    """Counts the blocks of a run that may have been begun earlier.

    Parameters
    ----------
    n_blocks : int
        Blocks there are.
    done : int
        Of these, blocks that an earlier run has left.
    """

    def __init__(self, n_blocks: int, done: int = 0) -> None:
        self._n_blocks, self._before, self._now = n_blocks, done, 0
        self._start = perf_counter()

    def step(self, n_blocks: int = 0) -> GenerationStep:
        """Count further blocks."""
        self._now += n_blocks
        elapsed, done = perf_counter() - self._start, self._before + self._now
        left = elapsed / self._now * (self._n_blocks - done) if self._now else 0.0
        return GenerationStep(done, self._n_blocks, elapsed, left)


def iter_generate(
    model: Model,
    shape: Shape,
    *,
    seed: int = 0,
    porosity: float | FloatArray | PorosityMap | None = None,
    mask: BoolArray | SpatialMask | None = None,
    periodic: bool | Sequence[bool] = False,
    noise: NoiseGradient | None = None,
    exact: bool = False,
    device: str = "auto",
) -> Generator[GenerationStep, None, Labels]:
    """Generate one volume in memory, block by block; yields progress, returns the volume.

    Arguments as for `napari_swnn.generate`.
    """
    volume = describe_volume(
        model, shape, seed=seed, porosity=porosity, mask=mask, periodic=periodic, noise=noise, device=device
    )
    check_memory(volume.shape, volume.dtype.itemsize)
    if exact:
        exact_target(volume)  # refuses what has none
    return _iter_blocks(volume, exact=exact)


def _iter_blocks(volume: VirtualVolume, *, exact: bool) -> Generator[GenerationStep, None, Labels]:
    labels = np.empty(volume.shape, volume.dtype)
    progress = Progress((1 + exact) * len(volume.blocks()))
    if exact:
        volume = yield from retell(iter_exact(volume), lambda _: progress.step(1))
    for _ in filling(labels, Window.of_shape(volume.shape), volume):
        yield progress.step(1)
    return labels


def filling(labels: Labels, window: Window, volume: VirtualVolume) -> Iterator[None]:
    """Compute a window of a volume into an array of its shape; yields after each block."""
    for block in volume.blocks(window):
        labels[block.destination(window.start)] = volume.labels(block)
        yield


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
    """Describe a volume of which only what is looked at is computed.

    Parameters
    ----------
    model, shape, seed, porosity, mask, periodic, noise, device
        As for `napari_swnn.generate`; the shape may exceed any memory.
    chunks : int, optional
        Side of dask's chunks in voxels, best a multiple of 64. If not given, 128, doubled until there are few enough
        of them: dask lists them all, however little is looked at, and a window costs no more for lying in a large one.

    Returns
    -------
    dask.array.Array
        Equal, voxel for voxel, to `napari_swnn.generate` with the same seed.

    Raises
    ------
    TypeError, ValueError
        As for `napari_swnn.generate`, but for the memory.
    """
    import dask.array as da

    if chunks is not None:
        check_whole(chunks, name="chunks")
    volume = describe_volume(
        model, shape, seed=seed, porosity=porosity, mask=mask, periodic=periodic, noise=noise, device=device
    )
    side = _chunk_side(volume.shape) if chunks is None else chunks
    return da.from_array(volume, chunks=side, name=False, asarray=False, meta=np.empty((), volume.dtype))


def _chunk_side(shape: Shape) -> int:
    side = 128
    while prod(ceil(extent / side) for extent in shape) > _MOST_CHUNKS:
        side *= 2
    return side
