"""Writers that napari offers in *File > Save Selected Layers…* for a Labels layer, one for each format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from types import SimpleNamespace
from typing import Any

import numpy as np

from napari_swnn._checks import is_lazy
from napari_swnn._layer_style import METADATA_KEY, OWN_COLOURS, OWN_TYPE, colours_as_json, read_names, read_phase
from napari_swnn._types import Path
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn.io import save_surface, save_volume

MOST_COMPUTED = 2**28
"""Number of voxels of a lazy layer up to which napari's own Save computes them, which it cannot stop."""
LABELS_TIFF = ".labels.tif"
"""Ending of a TIFF that this plugin opens as labels; napari opens other TIFF files as images."""


def write_tiff(path: Path, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write a TIFF for ImageJ and napari."""
    return _write(_ending(path, (".tif", ".tiff"), LABELS_TIFF), data, attributes)


def write_ome_zarr(path: Path, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write an OME-Zarr 0.5."""
    return _write(_ending(path, (".zarr",), ".ome.zarr"), data, attributes)


def write_ome_zarr_04(path: Path, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write an OME-Zarr 0.4."""
    return _write(_ending(path, (".zarr",), ".ome.zarr"), data, attributes, ome_zarr_version="0.4")


def write_nrrd(path: Path, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write an NRRD file."""
    return _write(_ending(path, (".nrrd",)), data, attributes)


def write_meta_image(path: Path, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write a MetaImage: one file, or a header with a raw file."""
    return _write(_ending(path, (".mha", ".mhd")), data, attributes)


def write_vti(path: Path, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write a VTK image."""
    return _write(_ending(path, (".vti",)), data, attributes)


def write_surface(path: Path, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write the surface of the phase of interest: that of the reconstruction, otherwise 1, otherwise the highest label.

    Raises
    ------
    ValueError
        If the layer is not a volume, is too large to be computed here, or its voxels are not cubes.
    """
    out = _ending(path, (".stl", ".ply", ".obj"))
    _check_computable(data, attributes)
    labels, facts = read_layer(data, attributes)
    labels = np.asarray(labels)
    phase = read_phase(SimpleNamespace(metadata=attributes.get("metadata", {})))
    if phase is None:
        phase = 1 if (labels == 1).any() else int(labels.max())
    save_surface(out, labels, phase, voxel_size=cubic_side(facts))
    return [str(out)]


def cubic_side(facts: Mapping[str, Any]) -> float:
    """Return the edge length of a voxel from the facts of `read_layer`.

    Raises
    ------
    ValueError
        If the voxels are not cubes.
    """
    lengths: list[float] = facts["voxel_size"]
    VoxelSides(tuple(lengths), (facts["unit"],) * len(lengths)).cubic("the layer")
    return lengths[-1]


def read_layer(data: Any, attributes: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the labels of a layer, and the arguments with which `save_volume` keeps its voxel size and names.

    They are those that 2-D shows: the layer may hold a copy with larger numbers while it is shown in 3-D.

    Parameters
    ----------
    data : array_like or sequence of array_like
        Labels, or their resolution levels.
    attributes : mapping
        Attributes of the layer, as `Layer.as_layer_data_tuple` returns them.
    """
    own = dict(attributes.get("metadata", {}).get(METADATA_KEY) or {})
    labels = data[0] if attributes.get("multiscale") else data
    if OWN_TYPE in own:
        labels = labels.astype(own.pop(OWN_TYPE))
    if not isinstance(labels, np.ndarray) and not is_lazy(labels):
        import dask.array as da

        labels = da.from_array(labels)
    scale = [abs(float(step)) for step in attributes.get("scale", (1.0,) * labels.ndim)]
    units = [str(unit) for unit in attributes.get("units") or ("pixel",) * labels.ndim]
    while labels.ndim > 2 and labels.shape[0] == 1:
        labels, scale, units = labels[0], scale[1:], units[1:]
    n = min(labels.ndim, 3)
    sides = VoxelSides(tuple(scale[-n:]), tuple(units[-n:])).in_one_unit("the layer")
    layer = SimpleNamespace(metadata=attributes.get("metadata", {}), features=attributes.get("features", {}))
    return labels, {
        "voxel_size": [1.0 if length is None else length for length in sides.lengths],
        "unit": sides.units[-1],
        "names": read_names(layer),
        "provenance": {
            "layer": attributes.get("name", ""),
            "colours": own.pop(OWN_COLOURS, _colours(attributes.get("colormap"))),
            **own,
        },
    }


def _colours(colormap: Any) -> dict[str, str]:
    """Return the colours that a layer gives to its labels as JSON-compatible values; empty for napari's own."""
    chosen = getattr(colormap, "color_dict", None) or {}
    return colours_as_json({label: colour for label, colour in chosen.items() if label is not None})


def _check_computable(data: Any, attributes: Mapping[str, Any]) -> None:
    """Refuse a large layer whose tiles would be computed one by one while napari waits."""
    finest = data[0] if attributes.get("multiscale") else data
    if hasattr(finest, "tiles") and finest.size > MOST_COMPUTED:
        raise ValueError(
            f"“{attributes.get('name', '')}” has {finest.size:.2g} voxels that are computed as they are saved, which "
            "napari's own Save cannot stop. Use Save volume… in the SWNN reconstruction panel: it shows the time left, "
            "and can be stopped and resumed."
        )


def _write(out: FilePath, data: Any, attributes: Mapping[str, Any], **options: Any) -> list[str]:
    _check_computable(data, attributes)
    labels, facts = read_layer(data, attributes)
    save_volume(out, labels, **facts, **options)
    return [str(out)]


def _ending(path: Path, allowed: tuple[str, ...], default: str = "") -> FilePath:
    """Return the path, with the default ending if it has none of those allowed."""
    out = FilePath(path)
    return out if out.suffix.lower() in allowed else out.with_name(out.name + (default or allowed[0]))
