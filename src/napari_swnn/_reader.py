"""Volumes on disk as layers of the viewer: nothing is read before it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_swnn._layer_style import METADATA_KEY, layer_data, phase_colours
from napari_swnn._types import Path
from napari_swnn.io import OmeZarr, is_ome_zarr, open_ome_zarr

LayerData = tuple[Any, dict[str, Any], str]


def volume_reader(path: Path | list[Path]) -> Callable[[Path], list[LayerData]] | None:
    """Return what opens a path, or None for what other readers may know.

    Parameters
    ----------
    path : path-like
        OME-Zarr folder of labels. Intensities and images of several channels are left to others, and so is a list.

    Returns
    -------
    callable or None
        Gives one lazy Labels layer in all resolutions, in its place and with the size of its voxels. Realisations on a
        leading axis come as a slider.
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
