"""Layers for the fields and streamlines of a property, at the position of the source layer."""

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._layer_style import METADATA_KEY
from napari_swnn._types import FloatArray
from napari_swnn.widgets.layers.frame_in_view import bring_into_view
from napari_swnn.widgets.properties.work import Fields, PropertyRun

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_swnn.physics.streamlines import Streamline

_POTENTIAL_MAP = "inferno"
_FLOW_MAP = "viridis"
_LINE_MAP = "turbo"
_WIDTH = 0.4
"""Width of a streamline in voxels."""
_BLENDING = "translucent_no_depth"
"""Blending mode that shows the interior of a volume through its surface."""


def add_layers(viewer: "Viewer", run: PropertyRun, placement: dict[str, Any]) -> list[Any]:
    """Add the fields and streamlines of a run, keeping the selected layer.

    The view is kept too, except in 3-D if a part of them is outside; then, it is fitted to them.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer to which the layers are added.
    run : PropertyRun
        Computed property.
    placement : dict
        Scale, units and transforms of the source layer.

    Returns
    -------
    list of napari.layers.Layer
        Added layers.
    """
    chosen = viewer.layers.selection.active
    added: list[Any] = []
    for i, fields in enumerate(run.fields):
        added += _add(viewer, run, fields, {**placement, "visible": i == 0})  # the others would cover the first
    if chosen is not None:  # the user may be painting
        viewer.layers.selection.active = chosen
    if added:
        bring_into_view(viewer, added[0])
    return added


def _add(viewer: "Viewer", run: PropertyRun, fields: Fields, options: dict[str, Any]) -> list[Any]:
    potential, flow = run.job.choice.field_names
    name = f"{{}} {fields.axis} · {run.job.facts.name}"
    metadata = {METADATA_KEY: {**run.job.to_dict(), "axis": fields.axis}}
    added = []
    if fields.flow is not None:
        look = {"colormap": _FLOW_MAP, "contrast_limits": (0.0, _upper_limit(fields.flow))}
        title = f"{name.format(flow)} ({fields.flow_unit})"
        hidden = {"visible": False} if fields.potential is not None else {}  # only one field is visible at a time
        added.append(_add_field(viewer, fields.flow, fields.axis, title, metadata, {**options, **hidden, **look}))
    if fields.potential is not None:
        look = {"colormap": _POTENTIAL_MAP, "contrast_limits": (0.0, 1.0)}
        title = name.format(potential)
        added.append(_add_field(viewer, fields.potential, fields.axis, title, metadata, {**options, **look}))
    if fields.lines:
        added.append(_add_lines(viewer, fields.lines, name.format("streamlines"), metadata, options))
    return added


def _add_field(
    viewer: "Viewer", values: FloatArray, axis: str, name: str, metadata: dict[str, Any], options: dict[str, Any]
) -> Any:
    """Add a field; in 3-D, as a central plane along the flow, since a volume would hide everything else."""
    layer = viewer.add_image(values, name=name, opacity=0.8, blending=_BLENDING, metadata=metadata, **options)
    if values.ndim == 3:
        layer.depiction = "plane"
        layer.plane.position = [n / 2 - 0.5 for n in values.shape]
        layer.plane.normal = [0, 1, 0] if axis == "x" else [0, 0, 1]
        layer.plane.thickness = 1
    return layer


def _add_lines(
    viewer: "Viewer", lines: "tuple[Streamline, ...]", name: str, metadata: dict[str, Any], options: dict[str, Any]
) -> Any:
    vectors, speed = make_segments(lines)
    return viewer.add_vectors(
        vectors,
        name=name,
        features={"speed": speed},
        edge_color="speed",
        edge_colormap=_LINE_MAP,
        edge_contrast_limits=(0.0, _upper_limit(speed)),
        edge_width=_WIDTH,
        length=1,
        vector_style="line",
        opacity=1.0,
        blending=_BLENDING,
        metadata=metadata,
        **options,
    )


def make_segments(lines: "tuple[Streamline, ...]") -> tuple[FloatArray, FloatArray]:
    """Return the segments of lines as ``(n, 2, ndim)`` start points and vectors, and the speeds at the start points."""
    starts = np.concatenate([line.points[:-1] for line in lines])
    ways = np.concatenate([np.diff(line.points, axis=0) for line in lines])
    return np.stack([starts, ways], axis=1), np.concatenate([line.speed[:-1] for line in lines])


def _upper_limit(values: FloatArray) -> float:
    """Return the upper contrast limit, which ignores the few fastest voxels."""
    flowing = values[values > 0]
    return float(np.quantile(flowing, 0.99)) if flowing.size else 1.0
