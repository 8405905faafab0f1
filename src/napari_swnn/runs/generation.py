"""Volumes in memory or on disk, one realisation or several."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch

from napari_swnn._checks import check_memory, check_seed, check_whole
from napari_swnn._steps import drain, retell
from napari_swnn._types import BoolArray, FloatArray, Labels, Path, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.model.model import Model, PhaseLabels
from napari_swnn.core.network.evaluation import BLOCK_SIDE
from napari_swnn.core.volume.exact_porosity import exact_target, iter_exact
from napari_swnn.core.volume.generation import GenerationStep, Progress, iter_generate
from napari_swnn.core.volume.noise_gradient import NoiseGradient
from napari_swnn.core.volume.porosity_map import PorosityMap
from napari_swnn.core.volume.spatial_mask import SpatialMask
from napari_swnn.core.volume.virtual_volume import VirtualVolume, describe_volume
from napari_swnn.io.ome_zarr import OmeZarrFile, is_ome_zarr
from napari_swnn.io.tiff import check_tiff_labels
from napari_swnn.io.tiff_stream import TiffFile
from napari_swnn.io.volume_file import Layout, Piece, VolumeFile, check_free_space
from napari_swnn.runs._cluster import client_in_scope, iter_cluster, workers_device
from napari_swnn.runs._local import iter_local
from napari_swnn.runs._request import Request, check_same, plain, volume_request

SUFFIXES = (".zarr", ".tif", ".tiff")
"""Of files that volumes are written to."""


def generate(
    model: Model,
    shape: Shape,
    *,
    seed: int = 0,
    porosity: float | FloatArray | PorosityMap | None = None,
    mask: BoolArray | SpatialMask | None = None,
    periodic: bool | Sequence[bool] = False,
    noise: NoiseGradient | None = None,
    exact: bool = False,
    n: int = 1,
    out: Path | None = None,
    resume: bool = False,
    client: Any = None,
    device: str = "auto",
    progress: Callable[[GenerationStep], None] | None = None,
) -> Labels | FilePath:
    """Generate one volume or several, in memory or on disk.

    Parameters
    ----------
    model : Model
        A trained model.
    shape : tuple of int
        Voxels along each axis, ``(z, y, x)``, or ``(y, x)`` for a 2-D model.
    seed : int
        Another seed, another realisation. On one kind of device a voxel depends on the model, the seed, its position
        and the porosity and mask there only: volumes of different shapes and the same seed agree where they overlap.
    porosity : float, array_like or PorosityMap, optional
        For a model trained for a range of porosities: one value in the range, or a map of them, ``(z, y, x)`` of any
        size, or ``(y, x)``, the same in every plane. By default the porosity of the reference.
    mask : array_like or SpatialMask, optional
        Where there is structure, booleans ``(z, y, x)`` of any size, or ``(y, x)``, the same in every plane. Voxels
        outside are background; `SpatialMask` has other ways.
    periodic : bool or sequence of bool
        Whether the volume repeats without a seam, along all axes or each.
    noise : NoiseGradient, optional
        For a model of one scale: graded mean and spread of its input, the paper's way to a continuous variation.
    exact : bool
        Give each volume a threshold of its own, so that it has just the porosity asked for, in twice the time. By
        default volumes scatter around it, as pieces of the material do, and are pieces of larger ones.
    n : int
        Realisations, with the seeds ``seed`` to ``seed + n - 1``. More than one take a leading axis.
    out : path-like, optional
        File to write to, block by block: ``.zarr`` for OME-Zarr, ``.tif`` for TIFF. While unfinished it has
        ``.partial`` after its name. A file that exists is never written over.
    resume : bool
        Go on with the unfinished run of this request that `out` may have; what it left is kept, and the bytes are
        those of an uninterrupted one.
    client : distributed.Client, optional
        Whose workers compute and write, for a ``.zarr`` they can all reach; by default the current one, if any. Exact
        volumes are computed here.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute.
    progress : callable, optional
        Called with a `GenerationStep` after each block; with a client, after each group of them.

    Returns
    -------
    numpy.ndarray or pathlib.Path
        Labels of the given shape, with the values of the reference; or `out`.

    Raises
    ------
    TypeError
        If a map or mask holds the wrong kind of values.
    ValueError
        If the shape does not fit the model's dimension or the periodic axes, the model cannot make the porosity, the
        volume does not fit into memory, `exact` has no single porosity to meet, or `resume` finds another request.
    OSError
        If `out` exists, or may not fit on the disk.
    """
    steps = iter_generation(
        model,
        shape,
        seed=seed,
        porosity=porosity,
        mask=mask,
        periodic=periodic,
        noise=noise,
        exact=exact,
        n=n,
        out=out,
        resume=resume,
        client=client,
        device=device,
    )
    return drain(steps, progress)


def iter_generation(
    model: Model,
    shape: Shape,
    *,
    seed: int = 0,
    porosity: float | FloatArray | PorosityMap | None = None,
    mask: BoolArray | SpatialMask | None = None,
    periodic: bool | Sequence[bool] = False,
    noise: NoiseGradient | None = None,
    exact: bool = False,
    n: int = 1,
    out: Path | None = None,
    resume: bool = False,
    client: Any = None,
    device: str = "auto",
) -> Generator[GenerationStep, None, Labels | FilePath]:
    """Generate step by step, as `generate` does.

    Bad input is refused by the call itself. The generator yields a `GenerationStep` after each block, and again for
    each piece of the coarser levels, with no time left; closing it leaves an unfinished file to resume.
    """
    seeds = _seeds(seed, n)
    given: dict[str, Any] = {"porosity": porosity, "mask": mask, "periodic": periodic, "noise": noise}
    if out is not None:
        return _iter_to_disk(
            model, shape, seeds, given, FilePath(out), exact=exact, resume=resume, client=client, device=device
        )
    for name, value in (("resume", resume), ("client", client)):
        if value:
            raise ValueError(f"{name} needs a file to write to, got out=None; give out")
    return _iter_to_memory(model, shape, seeds, {**given, "device": device}, exact=exact)


def _seeds(seed: int, n: int) -> range:
    for name, value in (("seed", seed), ("n", n)):
        if isinstance(value, Sequence | np.ndarray):
            raise ValueError(f"{name} must be one whole number, got {value!r}; n=3 takes seed, seed + 1 and seed + 2")
    first, count = check_seed(seed), check_whole(n, name="n")
    check_seed(first + count - 1)
    return range(first, first + count)


def _iter_to_memory(
    model: Model, shape: Shape, seeds: range, given: dict[str, Any], *, exact: bool
) -> Generator[GenerationStep, None, Labels | FilePath]:
    if len(seeds) == 1:
        return iter_generate(model, shape, seed=seeds[0], exact=exact, **given)
    described = describe_volume(model, shape, seed=seeds[0], **given)
    # Each volume is made by itself and then takes its place.
    check_memory((len(seeds) + 1, *described.shape), described.dtype.itemsize)
    runs = [iter_generate(model, shape, seed=seed, exact=exact, **given) for seed in seeds]
    return _iter_several(described, runs, n_blocks=len(seeds) * (1 + exact) * len(described.blocks()))


def _iter_several(
    described: VirtualVolume, runs: Sequence[Generator[GenerationStep, None, Labels]], *, n_blocks: int
) -> Generator[GenerationStep, None, Labels]:
    volumes = np.empty((len(runs), *described.shape), described.dtype)
    progress = Progress(n_blocks)
    for i, run in enumerate(runs):
        volumes[i] = yield from retell(run, lambda _: progress.step(1))
    return volumes


def _iter_to_disk(
    model: Model,
    shape: Shape,
    seeds: range,
    given: dict[str, Any],
    out: FilePath,
    *,
    exact: bool,
    resume: bool,
    client: Any,
    device: str,
) -> Generator[GenerationStep, None, FilePath]:
    client = _checked_client(client, out, exact=exact)
    # With a client it is the workers that need the device; this process computes nothing.
    here = device if client is None else "cpu"
    volumes = [describe_volume(model, shape, seed=seed, device=here, **given) for seed in seeds]
    if client is not None:
        there = torch.device(workers_device(client, device))
        volumes = [replace(volume, device=there) for volume in volumes]
    file, request = _file(out, volumes), volume_request(volumes)
    if exact:
        exact_target(volumes[0])  # refuses what has none
        request["exact"] = True  # the thresholds follow from it
    finished = _find(file, request, resume=resume)
    if not finished:
        check_free_space(file)
    return _iter_write(file, volumes, request, client, finished=finished)


def _checked_client(client: Any, out: FilePath, *, exact: bool) -> Any:
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(f"out must end in {', '.join(SUFFIXES)}, got {out}")
    if not out.absolute().parent.is_dir():
        raise FileNotFoundError(f"the folder of {out} must exist, got {out.parent}; make it first")
    if exact:
        if client is not None:
            raise ValueError("exact needs all of a volume before its first block, got a client; leave one of them out")
        return None  # one that is merely in scope was not asked for
    if is_ome_zarr(out):
        return client_in_scope() if client is None else client
    if client is not None:
        raise ValueError(f"client needs out to end in .zarr, which many can write to at once, got {out}")
    return None


def file_at(out: FilePath, layout: Layout) -> VolumeFile:
    """The file at a path, of the kind that its name says; nothing is written."""
    out = out.absolute()  # workers may have other folders to start from
    return OmeZarrFile(out, layout) if is_ome_zarr(out) else TiffFile(out, layout)


def layout_to_come(reference: Reference, shape: Shape, n: int) -> Layout:
    """Of volumes of a model that is yet to be trained on a reference."""
    return Layout(shape, PhaseLabels.of(reference).dtype.name, BLOCK_SIDE[len(shape)], n=n)


def _file(out: FilePath, volumes: Sequence[VirtualVolume]) -> VolumeFile:
    first, model = volumes[0], volumes[0].model
    layout = Layout(
        shape=first.shape,
        dtype=first.dtype.name,
        block=BLOCK_SIDE[first.ndim],
        n=len(volumes),
        voxel=model.voxel,
    )
    if not is_ome_zarr(out):
        outside = [] if first.mask is None or first.mask.outside is None else [first.mask.outside]
        check_tiff_labels(model.labels.phase, model.labels.background, *outside)
    return file_at(out, layout)


def _find(file: VolumeFile, request: Request, *, resume: bool) -> bool:
    """Whether the file is finished; refuses what may not be touched."""
    for path in (file.out, file.partial):
        if not path.exists():
            continue
        if not resume:
            what = "already there" if path == file.out else "that of an unfinished run"
            raise FileExistsError(
                f"out must be the name of a new file, got {path}, which is {what}; "
                "choose another name, or resume the run if it is of the same request"
            )
        check_same(request, file.provenance(path).get("request", {}), path)
        return path == file.out
    return False


def _iter_write(
    file: VolumeFile, volumes: Sequence[VirtualVolume], request: Request, client: Any, *, finished: bool
) -> Generator[GenerationStep, None, FilePath]:
    if finished:
        return file.out
    if not file.partial.exists():
        file.create(_provenance(volumes[0].model, request))
    pieces = file.pieces(0)
    missing = [piece for piece in pieces if not file.is_written(piece)]
    n_blocks, n_missing = _n_blocks(volumes[0], pieces), _n_blocks(volumes[0], missing)
    n_before = len(volumes) * len(volumes[0].blocks()) if "exact" in request and missing else 0
    progress = Progress(n_before + n_blocks, n_blocks - n_missing)
    if n_before:
        volumes = yield from _iter_exact(volumes, progress)
    if client is None:
        yield from iter_local(file, volumes, missing, progress)
    else:
        yield from iter_cluster(file, volumes, missing, progress, client)
    file.finish()
    return file.out


def _iter_exact(
    volumes: Sequence[VirtualVolume], progress: Progress
) -> Generator[GenerationStep, None, Sequence[VirtualVolume]]:
    exact = []
    for volume in volumes:
        exact.append((yield from retell(iter_exact(volume), lambda _: progress.step(1))))
    return exact


def _n_blocks(volume: VirtualVolume, pieces: Sequence[Piece]) -> int:
    return sum(len(volume.blocks(piece.window)) for piece in pieces)


def _provenance(model: Model, request: Request) -> dict[str, Any]:
    labels = {"phase": model.labels.phase, "background": model.labels.background}
    return {"request": request, "labels": labels, "model": plain(model.provenance)}
