"""Readers that open volumes and segmented images as napari layers with their voxel size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._label_values import to_label
from napari_swnn._layer_style import (
    METADATA_KEY,
    colours_in,
    layer_data,
    name_features,
    volume_colours,
)
from napari_swnn._phases import MOST_PHASES
from napari_swnn._types import AXES, Path
from napari_swnn._voxel_size import find_length_unit
from napari_swnn.io import OmeZarr, is_ome_zarr, open_ome_zarr, open_volume_set
from napari_swnn.io.phase_names import names_in, phase_in

MOST_INSPECTED = 2**24
"""Number of voxels of the coarsest level up to which its values are read to tell labels from grey values."""
LayerData = tuple[Any, dict[str, Any], str]


def volume_reader(path: Path | list[Path]) -> Callable[[Path], list[LayerData]] | None:
    """Return a function that opens `path`, or None if this reader does not support it.

    Parameters
    ----------
    path : path-like
        OME-Zarr folder. Lists of paths and multi-channel images are not supported.

    Returns
    -------
    callable or None
        Returns one lazy layer with all resolution levels, its position and its voxel size: Labels if the metadata state
        labels or the image has only a few integer values, and otherwise an Image. A leading axis of realisations is
        displayed as a slider.
    """
    if isinstance(path, list) or not is_ome_zarr(path):
        return None
    try:
        stored = open_ome_zarr(path)
    except (FileNotFoundError, ValueError):
        return None
    channels = [i for i, axis in enumerate(stored.axes) if axis in ("c", "channel")]
    if any(stored.levels[0].shape[i] > 1 for i in channels):
        return None
    name = FilePath(path).name.removesuffix(".zarr").removesuffix(".ome")
    return lambda _: [_layer(stored, name)]


def labels_reader(path: Path | list[Path]) -> Callable[[Path], list[LayerData]] | None:
    """Return a function that opens a segmented image as Labels; None for a list of paths.

    Parameters
    ----------
    path : path-like
        TIFF; see `open_labels`.
    """
    return None if isinstance(path, list) else open_labels


def open_labels(path: Path) -> list[LayerData]:
    """Return the labels of a file as layers with voxel size and names of phases; realisations become layers.

    Parameters
    ----------
    path : path-like
        File that `napari_swnn.io.open_volume_set` reads.

    Raises
    ------
    FileNotFoundError, ValueError
        As for `open_volume_set`, and if the values are not integers.
    """
    stored = open_volume_set(path)
    style = _style(stored.provenance)
    unit = find_length_unit(stored.voxel.unit)
    layers = []
    for i, volume in enumerate(stored.volumes):
        if volume.dtype.kind not in "iub":
            raise ValueError(f"{path} must hold labels, which are integers, got {volume.dtype}; segment it first")
        name = FilePath(path).name.removesuffix(".tif").removesuffix(".labels")
        attributes = {
            "name": name if len(stored.volumes) == 1 else f"{name} · {i + 1}",
            "opacity": 1.0,
            "scale": (stored.voxel.value,) * volume.ndim,
            "units": ("pixel" if unit is None else unit.name,) * volume.ndim,
            "axis_labels": AXES[-volume.ndim :],
            **style,
        }
        layers.append((volume.astype(np.uint8) if volume.dtype == bool else volume, attributes, "labels"))
    return layers


def _style(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a layer: its phase of interest, the names of its phases, and their colours."""
    names, phase = names_in(provenance), phase_in(provenance)
    own = dict(provenance) | ({} if phase is None else {"phase": phase})
    own |= {"phases": {str(label): name for label, name in names.items()}} if names else {}
    attributes: dict[str, Any] = {"metadata": {METADATA_KEY: own}}
    if names:
        attributes["features"] = name_features(names)
    colours = _colours(provenance)
    if colours:
        colormap: dict[int | None, Any] = {None: "transparent"}
        attributes["colormap"] = colormap | colours
    return attributes


def _colours(provenance: Mapping[str, Any]) -> dict[int, Any]:
    """Return the colours of labels: those stated, completed for a generated volume as in the session that made it."""
    own, labels = colours_in(provenance), provenance.get("labels")
    if "request" not in provenance or not isinstance(labels, Mapping):
        return own
    stated = labels.get("phases")
    stated = stated if isinstance(stated, list) else [labels.get("phase"), labels.get("background")]
    phases = [label for label in map(to_label, stated) if label is not None]
    return volume_colours(phases, own) if len(phases) > 1 else own


def _holds_labels(stored: OmeZarr) -> bool:
    """Return True if the metadata state labels, or the coarsest level has as few integer values as phases."""
    coarsest = stored.levels[-1]
    if coarsest.dtype.kind not in "iub":
        return False
    if stored.states_labels or coarsest.dtype == bool:
        return True
    return coarsest.size <= MOST_INSPECTED and len(np.unique(coarsest.compute())) <= MOST_PHASES


def _layer(stored: OmeZarr, name: str) -> LayerData:
    levels = [level.astype(np.uint8) if level.dtype == bool else level for level in stored.levels]
    data, multiscale = layer_data(levels)
    scale = tuple(step if isfinite(step) and step != 0 else 1.0 for step in stored.scale)  # napari inverts it
    translation = tuple(step if isfinite(step) else 0.0 for step in stored.translation)
    if not _holds_labels(stored):
        place = {"scale": scale, "translate": translation, "units": stored.units}
        return data, {"name": name, "multiscale": multiscale, "axis_labels": stored.axes, **place}, "image"
    attributes: dict[str, Any] = {
        "name": name,
        "multiscale": multiscale,
        "opacity": 1.0,
        "scale": scale,
        "translate": translation,
        "units": stored.units,
        "axis_labels": stored.axes,
    }
    attributes |= _style(stored.provenance)
    return data, attributes, "labels"
