"""Format and layout of volume files, with checks before any work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath

from napari_swnn._types import Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.network.evaluation import BLOCK_SIDE
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.io.ome_zarr import OmeZarrFile
from napari_swnn.io.ome_zarr_image import is_ome_zarr
from napari_swnn.io.tiff import check_tiff_labels
from napari_swnn.io.tiff_stream import TiffFile
from napari_swnn.io.volume_file import Layout, VolumeFile

SUFFIXES = (".zarr", ".tif", ".tiff")
"""Supported suffixes of volume files."""


def check_name(out: FilePath) -> None:
    """Raise an error if a file has an unknown format, or its folder does not exist.

    Raises
    ------
    ValueError
        If the suffix of the name is not supported.
    FileNotFoundError
        If the folder does not exist.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(f"out must end in {', '.join(SUFFIXES)}, got {out}")
    if not out.absolute().parent.is_dir():
        raise FileNotFoundError(f"the folder of {out} must exist, got {out.parent}; create it first")


def file_at(out: FilePath, layout: Layout) -> VolumeFile:
    """Return a file object in the format that the suffix of the path selects, without writing anything."""
    out = out.absolute()  # workers may have another working directory
    return OmeZarrFile(out, layout) if is_ome_zarr(out) else TiffFile(out, layout)


def planned_layout(reference: Reference, shape: Shape, n: int) -> Layout:
    """Return the layout of `n` volumes of a model that will be trained on a reference."""
    return Layout(shape, PhaseLabels.of(reference).dtype.name, BLOCK_SIDE[len(shape)], n=n)


def file_of_volumes(out: FilePath, volumes: Sequence[BlockVolume]) -> VolumeFile:
    """Return the file object for realisations of one description, without writing anything.

    Raises
    ------
    ValueError
        If a TIFF cannot store the labels.
    """
    first = volumes[0]
    layout = Layout(
        shape=first.shape,
        dtype=first.dtype.name,
        block=BLOCK_SIDE[first.ndim] if is_ome_zarr(out) else first.block_side,
        n=len(volumes),
        voxel=first.voxel,
    )
    if not is_ome_zarr(out):
        outside = [] if first.outside is None else [first.outside]
        check_tiff_labels(*first.phase_labels.phases, *outside)
    return file_at(out, layout)
