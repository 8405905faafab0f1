"""Reader that opens volumes on disk as lazy napari layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_swnn._layer_style import METADATA_KEY, layer_data, phase_colours
from napari_swnn._types import Path
from napari_swnn.io import OmeZarr, is_ome_zarr, open_ome_zarr

LayerData = tuple[Any, dict[str, Any], str]


def volume_reader(path: Path | list[Path]) -> Callable[[Path], list[LayerData]] | None:
    """Return a function that opens `path`, or None if this reader does not support it.

    Parameters
    ----------
    path : path-like
        OME-Zarr folder of labels. Lists of paths, intensity images and multi-channel images are not supported.

    Returns
    -------
    callable or None
        Returns one lazy Labels layer with all resolution levels, its position and its voxel size. A leading axis of
        realisations is displayed as a slider.
    """
    if isinstance(path, list) or not is_ome_zarr(path):
        return None
    try:
        stored = open_ome_zarr(path)
    except (FileNotFoundError, ValueError):
        return None
    if stored.levels[0].dtype.kind not in "iu" or {"c", "channel"} & set(stored.axes):
        return None
    return lambda _: [_layer(stored)]


def _layer(stored: OmeZarr) -> LayerData:
    data, multiscale = layer_data(stored.levels)
    attributes: dict[str, Any] = {
        "multiscale": multiscale,
        "opacity": 1.0,
        "scale": stored.scale,
        "translate": stored.translation,
        "units": stored.units,
        "axis_labels": stored.axes,
        "metadata": {METADATA_KEY: stored.provenance},
    }
    labels = stored.provenance.get("labels", {})
    if labels.get("background"):
        attributes["colormap"] = phase_colours(labels["phase"], labels["background"])
    return data, attributes, "labels"
