"""Generation: volumes of any size, put together from blocks of one fixed grid."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_swnn._checks import check_memory, check_seed, check_shape, check_whole
from napari_swnn._steps import drain
from napari_swnn._types import Labels, Shape
from napari_swnn.core.device import pick_device
from napari_swnn.core.grey import BLOCK_SIDE, grey_window
from napari_swnn.core.model import Model
from napari_swnn.core.windows import Window, plan_blocks

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
    shape = _check(model, shape, seed)
    check_memory(shape, model.labels.dtype.itemsize)
    stages = model.to(pick_device(device))
    return _iter_blocks(model, stages, Window.of_shape(shape), seed)


def _iter_blocks(model: Model, stages: Any, window: Window, seed: int) -> Generator[GenerationStep, None, Labels]:
    labels = np.empty(window.shape, model.labels.dtype)
    blocks, start = plan_blocks(window, BLOCK_SIDE[model.dimension]), perf_counter()
    for i, block in enumerate(blocks, start=1):
        grey = grey_window(stages, block.window, seed=seed)[0].numpy()[block.source()]
        labels[block.destination(window.start)] = model.labels.paint(grey >= model.threshold)
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

    shape = _check(model, shape, seed)
    check_whole(chunks, name="chunks")
    volume = VirtualVolume(model, shape, seed, pick_device(device))
    return da.from_array(volume, chunks=chunks, name=False, asarray=False, meta=np.empty((), model.labels.dtype))


@dataclass(frozen=True, eq=False, slots=True)
class VirtualVolume:
    """An array-like volume that is computed where it is sliced."""

    model: Model
    shape: Shape
    seed: int
    device: torch.device

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the labels."""
        return self.model.labels.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> Labels:
        entries = index if isinstance(index, tuple) else (index,)
        entries = (*entries, *[slice(None)] * (self.ndim - len(entries)))
        spans = [_span(entry, extent) for entry, extent in zip(entries, self.shape, strict=True)]
        # The least box that holds what is asked for; steps and single planes are then cut out of it.
        window = Window(
            tuple(min(span, default=0) for span in spans), tuple(max(span, default=-1) + 1 for span in spans)
        )
        box = drain(_iter_blocks(self.model, self.model.to(self.device), window, self.seed))
        cut = (slice(None, None, e.step) if isinstance(e, slice) else 0 for e in entries)
        labels: Labels = box[tuple(cut)]
        return labels


def _span(entry: Any, extent: int) -> range:
    if isinstance(entry, slice):
        return range(*entry.indices(extent))
    position = int(entry) + (extent if entry < 0 else 0)
    return range(position, position + 1)


def _check(model: Model, shape: Shape, seed: int) -> Shape:
    check_seed(seed)
    return check_shape(shape, ndim=(model.dimension,))
