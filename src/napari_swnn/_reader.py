"""Reader that opens volumes on disk as lazy napari layers."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np

from napari_swnn._layer_style import METADATA_KEY, layer_data, phase_colours
from napari_swnn._phases import MOST_PHASES
from napari_swnn._types import Path
from napari_swnn.io import OmeZarr, is_ome_zarr, open_ome_zarr

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
    return lambda _: [_layer(stored)]


def _holds_labels(stored: OmeZarr) -> bool:
    """Return True if the metadata state labels, or the coarsest level has as few integer values as phases."""
    coarsest = stored.levels[-1]
    if coarsest.dtype.kind not in "iub":
        return False
    if stored.states_labels or coarsest.dtype == bool:
        return True
    return coarsest.size <= MOST_INSPECTED and len(np.unique(coarsest.compute())) <= MOST_PHASES


def _layer(stored: OmeZarr) -> LayerData:
    levels = [level.astype(np.uint8) if level.dtype == bool else level for level in stored.levels]
    data, multiscale = layer_data(levels)
    scale = tuple(step if isfinite(step) and step != 0 else 1.0 for step in stored.scale)  # napari inverts it
    translation = tuple(step if isfinite(step) else 0.0 for step in stored.translation)
    if not _holds_labels(stored):
        place = {"scale": scale, "translate": translation, "units": stored.units}
        return data, {"multiscale": multiscale, "axis_labels": stored.axes, **place}, "image"
    attributes: dict[str, Any] = {
        "multiscale": multiscale,
        "opacity": 1.0,
        "scale": scale,
        "translate": translation,
        "units": stored.units,
        "axis_labels": stored.axes,
        "metadata": {METADATA_KEY: stored.provenance},
    }
    labels = stored.provenance.get("labels", {})
    if labels.get("background"):
        attributes["colormap"] = phase_colours(labels["phase"], labels["background"])
    return data, attributes, "labels"
