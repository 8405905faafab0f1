"""Options for sections of several directions: images of the planes xy, xz and yz."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference

PLANES = {"xy": ("y", "x"), "xz": ("z", "x"), "yz": ("z", "y")}
"""Axes of the image of each plane: of its rows and of its columns."""


def add_plane_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for the images of each plane, and the axis of symmetry."""
    for plane, (rows, columns) in PLANES.items():
        parser.add_argument(
            f"--{plane}",
            type=Path,
            action="append",
            metavar="IMAGE",
            help=f"section of the plane {plane} instead of IMAGE, with {rows} downwards and {columns} to the right; "
            "repeat the option for several",
        )
    parser.add_argument(
        "--symmetry-axis",
        choices=("z", "y", "x"),
        help="axis about which the material is the same in all directions: one section across it and one along it are "
        "enough",
    )


def images_by_plane(options: argparse.Namespace) -> dict[str, list[Path]]:
    """Return the paths of the images of each plane; empty if none are given."""
    found = {plane: getattr(options, plane, None) for plane in PLANES}
    return {plane: paths for plane, paths in found.items() if paths}


def check_images(images: Sequence[Path], planes: Mapping[str, Sequence[Path]]) -> None:
    """Raise an error unless there are either images or images by plane.

    Raises
    ------
    ValueError
        If there are both, or neither.
    """
    if bool(images) == bool(planes):
        got = "both" if images else "neither"
        raise ValueError(f"pass either images, or images by plane with --xy, --xz and --yz, got {got}")


def group_by_plane(items: Sequence[Any], counts: Mapping[str, int]) -> dict[str, Any]:
    """Return a mapping from planes to one item, or to a list of them, that are given in the order of the planes."""
    following = iter(items)
    groups = {plane: [next(following) for _ in range(n)] for plane, n in counts.items()}
    return {plane: group[0] if len(group) == 1 else group for plane, group in groups.items()}


def describe_check(reference: Reference) -> Iterator[str]:
    """Yield a line for each pair of planes that agree; those that do not are warnings of the reference."""
    if reference.orientation is not None:
        for verdict in reference.orientation.check.verdicts:
            if verdict.agrees:
                yield f"Check: {verdict.describe()}."
