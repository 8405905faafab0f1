"""The layers that a property adds to the viewer, in the place of its source."""

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._layer_style import METADATA_KEY
from napari_swnn._types import FloatArray
from napari_swnn.widgets.properties.work import Fields, PropertyRun

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_swnn.physics.streamlines import FlowLine

_POTENTIAL_MAP, _FLOW_MAP, _LINE_MAP = "inferno", "viridis", "turbo"
_WIDTH = 0.4
"""Of a flow line, in voxels."""
_OVER = "translucent_no_depth"
"""What is inside a volume can be seen through its surface."""


def add_layers(viewer: "Viewer", run: PropertyRun, place: dict[str, Any]) -> list[Any]:
    """Add fields and flow lines of a run; the choice of layer and the view stay as they are.

    Parameters
    ----------
    viewer : napari.Viewer
        Where to add them.
    run : PropertyRun
        What was computed.
    place : dict
        Scale, units and all else that says where the source is.

    Returns
    -------
    list of napari.layers.Layer
        The new layers.
    """
    chosen = viewer.layers.selection.active
    added: list[Any] = []
    for i, fields in enumerate(run.fields):
        added += _add(viewer, run, fields, {**place, "visible": i == 0})  # the others would lie over the first
    if chosen is not None:  # the user may be painting
        viewer.layers.selection.active = chosen
    return added


def _add(viewer: "Viewer", run: PropertyRun, fields: Fields, options: dict[str, Any]) -> list[Any]:
    potential, flow = run.job.field_names
    name = f"{{}} {fields.axis} · {run.job.name}"
    facts = {METADATA_KEY: {**run.job.settings(), "axis": fields.axis}}
    added = []
    if fields.flow is not None:
        look = {"colormap": _FLOW_MAP, "contrast_limits": (0.0, _bright(fields.flow))}
        title = f"{name.format(flow)} ({fields.flow_unit})"
        hidden = {"visible": False} if fields.potential is not None else {}  # one field at a time can be seen
        added.append(_add_field(viewer, fields.flow, fields.axis, title, facts, {**options, **hidden, **look}))
    if fields.potential is not None:
        look = {"colormap": _POTENTIAL_MAP, "contrast_limits": (0.0, 1.0)}
        title = name.format(potential)
        added.append(_add_field(viewer, fields.potential, fields.axis, title, facts, {**options, **look}))
    if fields.lines:
        added.append(_add_lines(viewer, fields.lines, name.format("flow lines"), facts, options))
    return added


def _add_field(
    viewer: "Viewer", values: FloatArray, axis: str, name: str, facts: dict[str, Any], options: dict[str, Any]
) -> Any:
    """In 3-D only a plane through the middle is shown, along the flow: all of it would hide all else."""
    layer = viewer.add_image(values, name=name, opacity=0.8, blending=_OVER, metadata=facts, **options)
    if values.ndim == 3:
        layer.depiction = "plane"
        layer.plane.position = [n / 2 - 0.5 for n in values.shape]
        layer.plane.normal = [0, 1, 0] if axis == "x" else [0, 0, 1]
        layer.plane.thickness = 1
    return layer


def _add_lines(
    viewer: "Viewer", lines: "tuple[FlowLine, ...]", name: str, facts: dict[str, Any], options: dict[str, Any]
) -> Any:
    vectors, speed = segments(lines)
    return viewer.add_vectors(
        vectors,
        name=name,
        features={"speed": speed},
        edge_color="speed",
        edge_colormap=_LINE_MAP,
        edge_contrast_limits=(0.0, _bright(speed)),
        edge_width=_WIDTH,
        length=1,
        vector_style="line",
        opacity=1.0,
        blending=_OVER,
        metadata=facts,
        **options,
    )


def segments(lines: "tuple[FlowLine, ...]") -> tuple[FloatArray, FloatArray]:
    """Lines as pieces: ``(n, 2, ndim)`` start and way of each, and the speed at their starts."""
    starts = np.concatenate([line.points[:-1] for line in lines])
    ways = np.concatenate([np.diff(line.points, axis=0) for line in lines])
    return np.stack([starts, ways], axis=1), np.concatenate([line.speed[:-1] for line in lines])


def _bright(values: FloatArray) -> float:
    """Where colours end: few voxels are far faster than the rest."""
    flowing = values[values > 0]
    return float(np.quantile(flowing, 0.99)) if flowing.size else 1.0
