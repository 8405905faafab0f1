"""``napari-swnn validate``: comparison of volumes with their reference."""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn.cli._command import add_command
from napari_swnn.cli._pairs import parse_pairs
from napari_swnn.cli._paths import check_folder, check_new, check_writable
from napari_swnn.cli._planes import images_by_plane
from napari_swnn.cli._progress import run_with_progress
from napari_swnn.cli._reference import add_reference_options, read_reference
from napari_swnn.cli._voxel_size import check_volume_voxels

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.validation import ValidationReport

PICTURES = (".png", ".pdf", ".svg")
FIGURES = ("sections", "correlation", "pairs", "distributions", "transport", "fields")
"""Names of the files that `save_figures` can write."""


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(
        commands,
        "validate",
        run,
        "Compare generated volumes with their reference image.",
        example="section.png rock.ome.zarr --html report.html",
    )
    parser.add_argument(
        "image",
        type=Path,
        help="segmented section that the volumes were generated from; left out if --xy, --xz or --yz name it",
    )
    parser.add_argument(
        "volumes",
        type=Path,
        nargs="*",
        help="generated volumes: .ome.zarr, TIFF or .npy; all realisations in each file are used",
    )
    parser.add_argument(
        "--further",
        type=Path,
        nargs="+",
        default=[],
        metavar="IMAGE",
        help="further sections that the volumes were generated from",
    )
    add_reference_options(parser)
    parser.add_argument(
        "--physics",
        action="store_true",
        help="also compute conductivity and permeability, and of more than two phases tortuosity factors (slow)",
    )
    parser.add_argument(
        "--conductivities",
        nargs="+",
        metavar="VALUE",
        help="conductivities in W/(m·K) of the phase of interest and of all other phases, or LABEL=VALUE for "
        "each label (default: air and silica for two phases, none for more)",
    )
    parser.add_argument("--report", type=Path, help="JSON file for all results")
    parser.add_argument("--csv", type=Path, help="CSV file for all results, one value per line")
    parser.add_argument("--html", type=Path, help="HTML report with tables and figures")
    parser.add_argument("--figures", type=Path, help="folder for the figures of the HTML report, as PNG and SVG")
    parser.add_argument("--picture", type=Path, help="PNG, PDF or SVG file showing the first volume and its curves")
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")


def run(options: argparse.Namespace) -> None:
    """Compare volumes with the image, print a summary and write the requested files."""
    from napari_swnn import iter_validate

    _check_outputs(options)
    if options.conductivities is not None and not options.physics:
        raise ValueError("--conductivities needs --physics, which computes with them, got it alone; add --physics")
    if images_by_plane(options):
        options.volumes, options.image = [options.image, *options.volumes], []
    elif not options.volumes:
        raise ValueError("volumes must follow the image, got none; pass the generated volumes after it")
    reference = read_reference(options)
    volumes = [volume for path in options.volumes for volume in _open(path, reference)]
    report = run_with_progress(
        iter_validate(volumes, reference, physics=options.physics, conductivities=_conductivities(options, reference)),
        lambda s: f"validating  {s.index + 1}/{s.n_steps}  {s.activity}",
    )
    _write(report, options, reference, volumes[0])
    print(report.summary())  # after the files, which nothing that happens to the output can prevent


def _open(path: Path, reference: Reference) -> tuple[Any, ...]:
    """Open the volumes of a file, after comparing their voxel size with that of the reference."""
    from napari_swnn.io import open_volume_set

    opened = open_volume_set(path)
    for note in opened.notes:
        print(f"Note: {note}.")
    check_volume_voxels(opened, reference.voxel, path)
    return opened.volumes


def _check_outputs(options: argparse.Namespace) -> None:
    """Raise an error if an output cannot be written, or exists and --overwrite is not set."""
    if options.picture and options.picture.suffix.lower() not in PICTURES:
        raise ValueError(f"--picture must end in {', '.join(PICTURES)}, got {options.picture}")
    for name in ("report", "csv", "html", "picture"):
        if path := getattr(options, name):
            check_writable(path)
            check_new(path, f"--{name}", overwrite=options.overwrite)
    if options.figures:
        check_folder(options.figures)
        for name, ending in product(FIGURES, ("png", "svg")):
            check_new(options.figures / f"{name}.{ending}", "--figures", overwrite=options.overwrite)


def _conductivities(options: argparse.Namespace, reference: Reference) -> dict[int, float] | None:
    texts = options.conductivities
    if texts is None or any("=" in text for text in texts):
        return parse_pairs(texts, float, "--conductivities")
    try:
        phase, rest = map(float, texts)
    except ValueError:
        raise ValueError(
            "--conductivities must hold two numbers, for the phase of interest and the rest, or LABEL=VALUE for each "
            f"label, got {' '.join(texts)}"
        ) from None
    return dict.fromkeys(reference.phases, rest) | {reference.phase: phase}


def _write(report: ValidationReport, options: argparse.Namespace, reference: Reference, volume: Any) -> None:
    import numpy as np

    from napari_swnn._files import write_text
    from napari_swnn.figures import reconstruction_figure, report_html, save_figure, save_figures

    if options.report:
        report.save(options.report)
    if options.csv:
        report.save_csv(options.csv)
    if options.html:
        write_text(options.html, report_html(report))
    if options.figures:
        save_figures(report, options.figures)
    if options.picture:
        save_figure(reconstruction_figure(np.asarray(volume), reference, report), options.picture)
