"""Option for sections that volumes pass through, as in z:64:section.tif."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn._types import AXES

if TYPE_CHECKING:
    from napari_swnn.core.conditioning import ConstraintStep


def add_through_option(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--through",
        action="append",
        metavar="AXIS:POSITION:IMAGE",
        help="make the volume pass through a segmented section at a position along its normal axis, for example "
        "z:64:section.tif; repeat the option for several. The noise around them is drawn first",
    )


def read_sections(entries: Sequence[str] | None) -> dict[str, list[tuple[int, Any]]] | None:
    """Read the sections of each axis; None if there are none.

    Raises
    ------
    ValueError
        If an entry does not consist of an axis, a position and an image.
    """
    from napari_swnn.io import read_labels

    sections: dict[str, list[tuple[int, Any]]] = {}
    for entry in entries or ():
        axis, _, rest = entry.partition(":")
        position, _, image = rest.partition(":")
        if axis not in AXES or not position.isdecimal() or not image:
            raise ValueError(
                f"--through must be an axis, a position in voxels and an image, such as z:64:section.tif, got {entry!r}"
            )
        sections.setdefault(axis, []).append((int(position), read_labels(Path(image))))
    return sections or None


def describe_draw(step: ConstraintStep) -> str:
    """Return the progress of the draw as text."""
    from napari_swnn._progress import format_time_left

    return (
        f"drawing noise  step {step.iteration}/{step.n_iterations}  {step.wrong:.1%} of the known voxels differ  "
        f"{format_time_left(step.time_left)}"
    )
