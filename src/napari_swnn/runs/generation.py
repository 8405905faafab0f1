"""Generation of one or more realisations in memory or on disk."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, overload

import numpy as np

from napari_swnn._checks import check_seed, check_whole
from napari_swnn._steps import drain
from napari_swnn._types import BoolArray, FloatArray, Labels, Path, Shape
from napari_swnn.core.conditioning.known_voxels import Sections
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.assembly import GenerationStep
from napari_swnn.core.volume.coarse_scan import CoarseScan
from napari_swnn.core.volume.fraction_map import FractionMap
from napari_swnn.core.volume.noise_gradient import NoiseGradient
from napari_swnn.core.volume.porosity_map import PorosityMap
from napari_swnn.core.volume.spatial_mask import SpatialMask
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import VirtualVolume, describe_volume
from napari_swnn.runs._destination import iter_to_memory_or_disk
from napari_swnn.runs.through import iter_through_sections


@overload
def generate(
    model: Model,
    shape: Shape,
    *,
    seed: int = ...,
    porosity: float | FloatArray | PorosityMap | None = ...,
    fractions: Mapping[int, float | FloatArray] | FractionMap | None = ...,
    mask: BoolArray | SpatialMask | None = ...,
    periodic: bool | Sequence[bool] = ...,
    noise: NoiseGradient | None = ...,
    through: Sections | None = ...,
    exact: bool = ...,
    scale: int = ...,
    coarse: FloatArray | CoarseScan | None = ...,
    n: int = ...,
    out: None = ...,
    resume: bool = ...,
    client: Any = ...,
    device: str = ...,
    progress: Callable[[GenerationStep], None] | None = ...,
) -> Labels: ...


@overload
def generate(
    model: Model,
    shape: Shape,
    *,
    seed: int = ...,
    porosity: float | FloatArray | PorosityMap | None = ...,
    fractions: Mapping[int, float | FloatArray] | FractionMap | None = ...,
    mask: BoolArray | SpatialMask | None = ...,
    periodic: bool | Sequence[bool] = ...,
    noise: NoiseGradient | None = ...,
    through: Sections | None = ...,
    exact: bool = ...,
    scale: int = ...,
    coarse: FloatArray | CoarseScan | None = ...,
    n: int = ...,
    out: Path,
    resume: bool = ...,
    client: Any = ...,
    device: str = ...,
    progress: Callable[[GenerationStep], None] | None = ...,
) -> FilePath: ...


def generate(
    model: Model,
    shape: Shape,
    *,
    seed: int = 0,
    porosity: float | FloatArray | PorosityMap | None = None,
    fractions: Mapping[int, float | FloatArray] | FractionMap | None = None,
    mask: BoolArray | SpatialMask | None = None,
    periodic: bool | Sequence[bool] = False,
    noise: NoiseGradient | None = None,
    through: Sections | None = None,
    exact: bool = False,
    scale: int = 1,
    coarse: FloatArray | CoarseScan | None = None,
    n: int = 1,
    out: Path | None = None,
    resume: bool = False,
    client: Any = None,
    device: str = "auto",
    progress: Callable[[GenerationStep], None] | None = None,
) -> Labels | FilePath:
    """Generate one or more volumes in memory or on disk.

    Parameters
    ----------
    model : Model
        A trained model.
    shape : tuple of int
        Number of voxels along each axis, ``(z, y, x)``, or ``(y, x)`` for a 2-D model.
    seed : int
        Seed of the realisation. On one type of device, a voxel depends only on the model, the seed, its position and
        the local porosity and mask: volumes with the same seed and different shapes agree where they overlap.
    porosity : float, array_like or PorosityMap, optional
        Target porosity for a model trained for a range of porosities: one value in the range, or a map of any size,
        ``(z, y, x)`` or ``(y, x)``; a 2-D map is repeated in every plane. By default the porosity of the reference.
    fractions : mapping or FractionMap, optional
        Instead of a porosity, the target fraction of each phase by label, for a model trained for ranges of fractions:
        numbers in the ranges, or maps. Phases that are not given share the rest in the proportion of the model.
    mask : array_like or SpatialMask, optional
        Part of the volume that contains structure: booleans of any size, ``(z, y, x)`` or ``(y, x)``; a 2-D mask is
        repeated in every plane. Voxels outside are background unless a `SpatialMask` specifies otherwise.
    periodic : bool or sequence of bool
        Periodic boundary conditions: one flag for all axes, or one per axis. A periodic volume repeats without a seam.
    noise : NoiseGradient, optional
        Graded mean and standard deviation of the input of a single-scale model, for continuous variation as in the
        paper.
    through : mapping, optional
        Measured sections that are planes of the volume, to the voxel: for an axis, the position of the plane and the
        labels of the section, such as ``{"z": (64, section)}``, or a list of such pairs. The noise around them is
        drawn first; to keep the result for more volumes, see `napari_swnn.constrain`.
    exact : bool
        Match the target porosity exactly by choosing the threshold for each volume, which doubles the run time. By
        default porosities vary around the target, as they do between samples of a material, and a volume is part of
        any larger volume with the same seed.
    scale : int
        Edge length of a voxel, in voxels of the model: 2, 4, … give the same structure at a coarser resolution, the
        output of a coarser stage for the same seed. `shape` counts the larger voxels.
    coarse : array_like or CoarseScan, optional
        Coarse scan of the sample, to which the model adds the detail of its reference: fractions of the phase of
        interest in voxels 2, 4 or 8 times as large, or a `CoarseScan` of grey values or labels.
    n : int
        Number of realisations, with the seeds ``seed`` to ``seed + n - 1``; several realisations are stacked along a
        leading axis.
    out : path-like, optional
        File to write block by block: ``.zarr`` for OME-Zarr, ``.tif`` for TIFF. An unfinished file has the suffix
        ``.partial``. An existing file is never overwritten.
    resume : bool
        Resume an unfinished run with the same request if `out` contains one. Finished blocks are kept, and the result
        is identical to that of an uninterrupted run.
    client : distributed.Client, optional
        Cluster whose workers compute and write a ``.zarr`` that all of them can access. By default the current client,
        if any, is used for a ``.zarr``. Exact volumes are computed in this process.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on.
    progress : callable, optional
        Called with a `GenerationStep` after each block, or after each group of blocks with a client.

    Returns
    -------
    numpy.ndarray or pathlib.Path
        Labels with the given shape and the values of the reference, or `out`.

    Raises
    ------
    TypeError
        If a map or mask contains values of the wrong type.
    ValueError
        If the shape does not fit the model's dimension or the periodic axes, the model cannot generate the porosity,
        the volume does not fit into memory, `exact` has no single target porosity, or the request differs from that of
        the run to resume.
    OSError
        If `out` exists or may not fit on the disk.
    """
    spec = VolumeSpec(shape, seed, porosity, mask, periodic, noise, exact, fractions, scale, coarse)
    if through is not None:
        model = drain(iter_through_sections(model, spec, through, n=n, device=device), progress)
    return drain(iter_generation(model, spec, n=n, out=out, resume=resume, client=client, device=device), progress)


@overload
def iter_generation(
    model: Model,
    spec: VolumeSpec | Shape,
    *,
    n: int = ...,
    out: None = ...,
    resume: bool = ...,
    client: Any = ...,
    device: str = ...,
) -> Generator[GenerationStep, None, Labels]: ...


@overload
def iter_generation(
    model: Model,
    spec: VolumeSpec | Shape,
    *,
    n: int = ...,
    out: Path,
    resume: bool = ...,
    client: Any = ...,
    device: str = ...,
) -> Generator[GenerationStep, None, FilePath]: ...


@overload
def iter_generation(
    model: Model,
    spec: VolumeSpec | Shape,
    *,
    n: int = ...,
    out: Path | None = ...,
    resume: bool = ...,
    client: Any = ...,
    device: str = ...,
) -> Generator[GenerationStep, None, Labels | FilePath]: ...


def iter_generation(
    model: Model,
    spec: VolumeSpec | Shape,
    *,
    n: int = 1,
    out: Path | None = None,
    resume: bool = False,
    client: Any = None,
    device: str = "auto",
) -> Generator[GenerationStep, None, Labels | FilePath]:
    """Generate step by step, as `generate` does.

    Invalid input raises an error at the call. If the generator is closed, it stops within one block and leaves an
    unfinished file, which can be resumed.

    Parameters
    ----------
    model : Model
        A trained model.
    spec : VolumeSpec or tuple of int
        Description of the first realisation, or its shape in voxels; the others have the subsequent seeds.
    n, out, resume, client, device
        As for `generate`.

    Yields
    ------
    GenerationStep
        Progress after each block, and after each piece of the coarser levels of a file, with no time remaining.

    Returns
    -------
    numpy.ndarray or pathlib.Path
        As for `generate`.
    """
    spec = spec if isinstance(spec, VolumeSpec) else VolumeSpec(spec)
    seeds = _seeds(spec.seed, n)

    def describe(where: str) -> list[VirtualVolume]:
        return [describe_volume(model, replace(spec, seed=seed), device=where) for seed in seeds]

    return iter_to_memory_or_disk(
        describe, out=out, n=len(seeds), exact=spec.exact, resume=resume, client=client, device=device
    )


def _seeds(seed: int, n: int) -> range:
    for name, value in (("seed", seed), ("n", n)):
        if isinstance(value, Sequence | np.ndarray):
            raise ValueError(f"{name} must be one whole number, got {value!r}; n=3 uses seed, seed + 1 and seed + 2")
    first = check_seed(seed)
    count = check_whole(n, name="n")
    check_seed(first + count - 1)
    return range(first, first + count)
