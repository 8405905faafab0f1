"""Composition of structures of several models in the regions of a global structure, in memory, lazily or on disk."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from napari_swnn._steps import drain
from napari_swnn._types import Labels, Path, Shape
from napari_swnn.core.volume.assembly import GenerationStep
from napari_swnn.core.volume.composed_volume import ComposedVolume
from napari_swnn.core.volume.composition import Composition, Filling
from napari_swnn.core.volume.describe_composition import describe_composition
from napari_swnn.core.volume.lazy import as_dask
from napari_swnn.io.volumes import open_volumes
from napari_swnn.runs._destination import iter_to_memory_or_disk

if TYPE_CHECKING:
    import dask.array as da


def compose(
    parts: Mapping[int, Filling],
    shape: Shape,
    *,
    regions: Any,
    seed: int = 0,
    periodic: bool | Sequence[bool] = False,
    out: Path | None = None,
    resume: bool = False,
    client: Any = None,
    device: str = "auto",
    progress: Callable[[GenerationStep], None] | None = None,
) -> Labels | FilePath:
    """Compose a volume: the structure of one model in each region of a global structure.

    Parameters
    ----------
    parts : mapping
        For each label of the regions, what fills it: a `Part`, a model, or a label for a region that is all of one
        phase.
    shape : tuple of int
        Number of voxels along each axis, ``(z, y, x)``, or ``(y, x)`` for 2-D models.
    regions : array_like, dask array, path or GeneratedRegions
        Global structure: labels of any size, in memory, lazy or in a file, which are stretched over the volume so that
        each voxel takes the nearest entry; or a model that generates it. A 2-D array is repeated in every plane.
    seed : int
        Seed of the composition. A voxel depends only on the models, this seed, the regions and its position.
    periodic : bool or sequence of bool
        Periodic boundary conditions: one flag for all axes, or one per axis. Regions from an array repeat with the
        volume.
    out, resume, client, device, progress
        As for `napari_swnn.generate`.

    Returns
    -------
    numpy.ndarray or pathlib.Path
        Labels of all parts, or `out`.

    Raises
    ------
    TypeError
        If `parts` is no mapping, or the regions are no labels.
    ValueError
        If a region has no part, a model cannot generate its part, the voxel sizes of models differ, two phases of one
        label have different names, or the volume does not fit into memory.
    OSError
        If `out` exists or may not fit on the disk.
    """
    composition = Composition(parts, shape, regions=regions, seed=seed, periodic=periodic)
    steps = iter_composition(composition, out=out, resume=resume, client=client, device=device)
    return drain(steps, progress)


def compose_lazy(
    parts: Mapping[int, Filling],
    shape: Shape,
    *,
    regions: Any,
    seed: int = 0,
    periodic: bool | Sequence[bool] = False,
    chunks: int | None = None,
    device: str = "auto",
) -> da.Array:
    """Return a lazy composition as a dask array; only the parts that are read are computed.

    Parameters
    ----------
    parts, shape, regions, seed, periodic, device
        As for `napari_swnn.compose`; the volume may be larger than memory.
    chunks : int, optional
        Edge length of the dask chunks in voxels, as for `napari_swnn.generate_lazy`.

    Returns
    -------
    dask.array.Array
        Labels identical to those of `napari_swnn.compose` with the same seed.

    Raises
    ------
    TypeError, ValueError
        As for `napari_swnn.compose`, except that any size is allowed. Regions of a dask array are checked when they are
        read.
    """
    composition = Composition(parts, shape, regions=regions, seed=seed, periodic=periodic)
    return as_dask(_describe(composition, device), chunks)


def iter_composition(
    composition: Composition,
    *,
    out: Path | None = None,
    resume: bool = False,
    client: Any = None,
    device: str = "auto",
) -> Generator[GenerationStep, None, Labels | FilePath]:
    """Compose step by step, as `compose` does.

    Invalid input raises an error at the call. If the generator is closed, it stops within one block and leaves an
    unfinished file, which can be resumed.

    Parameters
    ----------
    composition : Composition
        Parts, regions, shape, seed and periodicity.
    out, resume, client, device
        As for `compose`.

    Yields
    ------
    GenerationStep
        Progress after each block.

    Returns
    -------
    numpy.ndarray or pathlib.Path
        As for `compose`.
    """
    opened = _with_open_regions(composition)

    def describe(where: str) -> list[ComposedVolume]:
        return [describe_composition(opened, device=where)]

    return iter_to_memory_or_disk(describe, out=out, resume=resume, client=client, device=device)


def _describe(composition: Composition, device: str) -> ComposedVolume:
    return describe_composition(_with_open_regions(composition), device=device)


def _with_open_regions(composition: Composition) -> Composition:
    """Return the composition with the regions of a file as an array that is read where it is needed.

    Raises
    ------
    ValueError
        If the file holds several volumes.
    """
    regions: Any = composition.regions
    if not isinstance(regions, str | PathLike):
        return composition
    volumes = open_volumes(regions)
    if len(volumes) > 1:
        raise ValueError(f"regions must be one volume, got {len(volumes)} in {regions}; pass one of them as an array")
    return replace(composition, regions=volumes[0])
