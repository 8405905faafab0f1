"""Options that describe the reference: images, phase and region of interest, and voxel size."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn.cli._pairs import parse_pairs
from napari_swnn.cli._planes import (
    add_plane_options,
    check_images,
    describe_check,
    group_by_plane,
    images_by_plane,
)
from napari_swnn.cli._voxel_size import add_voxel_options, choose_voxel_size

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.io import StoredImage

IMAGES = "segmented section or volume: TIFF, PNG, BMP, .npy or OME-Zarr with one label for each phase"


def add_image_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for one or more images of the same material."""
    parser.add_argument(
        "image", type=Path, nargs="*", help=f"{IMAGES}; several sections of one material are used together"
    )


def add_reference_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe an image: planes, phase, region of interest, pages, voxel size and unit."""
    add_plane_options(parser)
    phase = parser.add_mutually_exclusive_group()
    phase.add_argument(
        "--phase", type=int, help="label of the phase of interest (default: 1 if it is present, otherwise the highest)"
    )
    phase.add_argument(
        "--all-but",
        type=int,
        metavar="LABEL",
        help="label of the background: everything else is the phase of interest, for images of numbered objects",
    )
    parser.add_argument(
        "--merge",
        action="store_true",
        help="make one background of all labels but the phase of interest (default: each label is a phase)",
    )
    parser.add_argument(
        "--names", nargs="+", metavar="LABEL=NAME", help="names of phases, for example 0=NMC 1=pore 2=binder"
    )
    parser.add_argument(
        "--roi",
        type=Path,
        nargs="+",
        metavar="MASK",
        help="mask image for each image, of the same size, non-zero inside the region of interest; of images by plane, "
        "those of xy come first, then xz, then yz",
    )
    parser.add_argument(
        "--stack",
        choices=("volume", "sections"),
        help="meaning of several pages in a file: planes of a volume, or sections (default: as the file states)",
    )
    add_voxel_options(parser)
    parser.add_argument(
        "--resample", action="store_true", help="resample voxels that are not cubes, by nearest neighbour"
    )


def read_reference(options: argparse.Namespace) -> Reference:
    """Read the images and return them as a reference; print its phase and voxel size."""
    from napari_swnn import Reference

    planes = images_by_plane(options)
    paths = options.image if isinstance(options.image, list) else [options.image, *options.further]
    check_images(paths, planes)
    parts = [_read_sections(path, options) for path in paths or [path for own in planes.values() for path in own]]
    images = [section for part in parts for section in part]
    for note in dict.fromkeys(note for image in images for note in image.notes):
        print(f"Note: {note}.")
    _check_sections(images)
    voxel = choose_voxel_size(images, options.voxel_size, options.unit)
    counts = _count_by_plane(planes, [len(part) for part in parts])
    labels = _arrange([_labels(image) for image in images], counts)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        reference = Reference(
            labels,
            phase=options.phase,
            merge=options.merge,
            names=parse_pairs(options.names, str, "--names"),
            rest_of=options.all_but,
            roi=_read_regions(options, len(parts), counts),
            voxel_size=voxel.value,
            unit=voxel.unit,
            symmetry_axis=options.symmetry_axis,
        )
    for warning in caught:
        print(f"Note: {str(warning.message).rstrip('.')}.")
    print(*describe_check(reference), f"Reference: {reference.choice.describe()}; voxel size {voxel}.", sep="\n")
    return reference


def _check_sections(images: Sequence[StoredImage]) -> None:
    """Raise an error for a volume beside other images."""
    volume = next((image for image in images if "z" in image.axes), None)
    if volume is not None and len(images) > 1:
        raise ValueError(
            f"several images must all be sections, got the volume {volume.source} among them; pass it alone, or add "
            "--stack sections if its planes are separate sections"
        )


def _read_sections(path: Path, options: argparse.Namespace) -> list[StoredImage]:
    """Return the sections, or the volume, of a file."""
    from napari_swnn.io import read_image
    from napari_swnn.io.resampling import resample_to_cubes
    from napari_swnn.io.stored_image import split_pages, stack_pages

    image = read_image(path)
    if options.stack == "volume":
        image = replace(stack_pages(image), notes=())
    pages = split_pages(image) if options.stack == "sections" else [image]
    return [resample_to_cubes(page) for page in pages] if options.resample else pages


def _read_regions(options: argparse.Namespace, n_images: int, counts: Mapping[str, int]) -> Any:
    """Return the region of interest of each section, or None."""
    if options.roi is None:
        return None
    if len(options.roi) != n_images:
        each = "the image" if n_images == 1 else f"each of the {n_images} images"
        raise ValueError(f"--roi must name one mask for {each}, got {len(options.roi)}; pass them in the same order")
    masks = [section for path in options.roi for section in _read_sections(path, options)]
    return _arrange([_labels(mask) != 0 for mask in masks], counts)


def _labels(image: StoredImage) -> Any:
    """Return the labels of an image, whose voxel size is checked apart."""
    from napari_swnn.io.images import FramesError, labels_of

    try:
        return labels_of(replace(image, sides=image.sides.unknown(len(image.sides.lengths))))
    except FramesError as error:
        raise ValueError(f"{error}; or add --stack sections or --stack volume") from error


def _count_by_plane(planes: Mapping[str, Sequence[Path]], n_sections: Sequence[int]) -> dict[str, int]:
    """Return the number of sections of each plane, for the number of sections in each file."""
    following = iter(n_sections)
    return {plane: sum(next(following) for _ in paths) for plane, paths in planes.items()}


def _arrange(arrays: Sequence[Any], counts: Mapping[str, int]) -> Any:
    """Return arrays as a reference takes them: a single one, a list, or a mapping from planes."""
    if counts:
        return group_by_plane(arrays, counts)
    return arrays[0] if len(arrays) == 1 else list(arrays)
