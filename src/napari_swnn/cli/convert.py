"""``napari-swnn convert``: volumes and surfaces in the formats of other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn.cli._command import add_command
from napari_swnn.cli._pairs import parse_pairs
from napari_swnn.cli._paths import check_new
from napari_swnn.cli._voxel_size import add_voxel_options

if TYPE_CHECKING:
    from napari_swnn._voxel_size import VoxelSize
    from napari_swnn.io import VolumeSet


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    text = "Convert labels to TIFF, OME-Zarr, NRRD, MetaImage, VTK image or the surface of a phase (STL, PLY, OBJ)."
    parser = add_command(commands, "convert", run, text, example="rock.ome.zarr pore.stl --phase 1")
    parser.add_argument("input", type=Path, help="labels: TIFF, OME-Zarr, PNG or .npy; images with grey values too")
    parser.add_argument(
        "output", type=Path, help="new file; .tif, .ome.zarr, .nrrd, .mha, .mhd, .vti, .stl, .ply or .obj"
    )
    add_voxel_options(parser)
    parser.add_argument(
        "--name", action="append", metavar="LABEL=NAME", help="name of a phase, such as 0=pore; repeat for more"
    )
    parser.add_argument("--realisation", type=int, help="number of one realisation, from 0 (default: all)")
    parser.add_argument("--ome-zarr", choices=["0.5", "0.4"], default="0.5", help="version of OME-Zarr")
    parser.add_argument("--phase", type=int, help="label of the phase whose surface is written (default: 1)")
    parser.add_argument("--smoothing", type=float, default=0.7, help="width of the smoothing of a surface in voxels")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


def run(options: argparse.Namespace) -> None:
    """Read the labels, write them, and print a line."""
    from napari_swnn._voxel_size import format_units
    from napari_swnn.io import open_volume_set, save_surface, save_volume
    from napari_swnn.io.export.surface import SURFACE_ENDINGS
    from napari_swnn.io.phase_names import names_in

    check_new(options.output, "OUTPUT", overwrite=options.overwrite)
    is_surface = options.output.suffix.lower() in SURFACE_ENDINGS
    _check_options(options, is_surface=is_surface)
    volumes = open_volume_set(options.input)
    for note in volumes.notes:
        print(f"Note: {note}.")
    labels = _choose(volumes, options.realisation, is_surface=is_surface)
    voxel = _voxel(volumes, options.voxel_size, options.unit)
    if is_surface:
        phase = 1 if options.phase is None else options.phase
        surface = save_surface(options.output, labels, phase, voxel_size=voxel.value, smoothing=options.smoothing)
        print(f"Wrote {options.output}: {len(surface.triangles)} triangles, coordinates in {format_units(voxel.unit)}")
        return
    names = names_in(volumes.provenance) | (parse_pairs(options.name, str, "--name") or {})
    save_volume(
        options.output,
        labels,
        voxel_size=voxel.value,
        unit=voxel.unit,
        names=names,
        provenance={"converted from": str(options.input)},
        ome_zarr_version=options.ome_zarr,
    )
    print(f"Wrote {options.output}: {' × '.join(map(str, labels.shape))}, voxels of {voxel}")


def _check_options(options: argparse.Namespace, *, is_surface: bool) -> None:
    """Raise an error for options that the format of the output ignores."""
    given = {"--phase": options.phase is not None} if not is_surface else {"--name": options.name is not None}
    useless = [name for name, is_given in given.items() if is_given]
    if useless:
        kind = "a surface, which stores no names" if is_surface else "a volume; .stl is the surface of a phase"
        raise ValueError(f"{useless[0]} must be left out for {options.output}, {kind}")


def _choose(volumes: VolumeSet, number: int | None, *, is_surface: bool) -> Any:
    """Return one realisation, or all of them along a leading axis."""
    import dask.array as da

    found = volumes.volumes
    if number is None and len(found) > 1 and not is_surface:
        return da.stack([da.asarray(volume) for volume in found])
    if number is None and len(found) > 1:
        raise ValueError(f"a surface must be that of one volume, got {len(found)} realisations; add --realisation 0")
    if not 0 <= (number or 0) < len(found):
        raise ValueError(f"--realisation must lie between 0 and {len(found) - 1}, got {number}")
    return found[number or 0]


def _voxel(volumes: VolumeSet, size: float | None, unit: str | None) -> VoxelSize:
    """Return the voxel size of the command line, otherwise that of the file in the unit of the command line."""
    from napari_swnn._voxel_size import VoxelSize

    stored = volumes.voxel
    if size is not None:
        return VoxelSize(size, unit or stored.unit)
    if unit is None or stored.length_unit is None:
        return VoxelSize(stored.value, unit or stored.unit)
    return VoxelSize(stored.in_unit(unit), unit)
