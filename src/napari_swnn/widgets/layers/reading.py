"""Readers of the labels, voxel sizes and positions of layers."""

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import is_lazy
from napari_swnn._layer_style import PHASE_COLOUR
from napari_swnn._types import AXES
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_shape

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer

    from napari_swnn._phases import PhaseChoice

MOST_LAZY = 2**27
"""Maximum number of voxels that are read from a lazy layer (512³)."""


def read_values(layer: "LabelsLayer | Image", control: str) -> Any:
    """Return the values of a layer, ``(y, x)`` or ``(z, y, x)``, without copying or computing them.

    Parameters
    ----------
    layer : napari.layers.Labels or napari.layers.Image
        Layer to read; leading axes of length 1 are omitted.
    control : str
        Key of the control that a problem belongs to.

    Returns
    -------
    numpy.ndarray or dask array
        Values, which must not be modified.

    Raises
    ------
    BadInputError
        If the layer is neither a section nor a volume.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    if not isinstance(data, np.ndarray) and not is_lazy(data):
        import dask.array  # for zarr and similar arrays, where dropping an axis would read the whole volume

        data = dask.array.from_array(data)
    while data.ndim > 2 and data.shape[0] == 1:
        data = data[0]
    if data.ndim not in (2, 3):
        raise BadInputError(control, f"“{layer.name}” has {data.ndim} axes; pick one 2-D section or one 3-D volume.")
    if 0 in data.shape:
        raise BadInputError(control, f"“{layer.name}” contains no pixels.")
    return data


def copy_values(layer: "LabelsLayer | Image", control: str) -> np.ndarray:
    """Return a copy of the values of a layer, ``(y, x)`` or ``(z, y, x)``, in memory.

    Raises
    ------
    BadInputError
        If the layer is unsuitable; see `read_values` and `check_readable`.
    """
    values = read_values(layer, control)
    check_readable(layer, values, control)
    return np.array(values)


def check_readable(layer: "LabelsLayer | Image", values: Any, control: str) -> None:
    """Check that the values are in memory or few, as reading many lazy values could take hours.

    Raises
    ------
    BadInputError
        If the layer should be cropped first.
    """
    in_memory = isinstance(values, np.ndarray) and not isinstance(values, np.memmap)
    if not in_memory and values.size > MOST_LAZY:
        raise BadInputError(
            control,
            f"“{layer.name}” is read on demand and has {format_shape(values.shape)} voxels; crop the part that you "
            "need into a new layer.",
        )


def read_placement(layer: "LabelsLayer", ndim: int) -> dict[str, Any]:
    """Return arguments that place a new layer with `ndim` axes at the position of another layer."""
    place: dict[str, Any] = {name: tuple(getattr(layer, name))[-ndim:] for name in ("scale", "translate", "units")}
    place["axis_labels"] = AXES[-ndim:]
    if layer.ndim == ndim:  # otherwise, they also transform the dropped axes
        place |= {"rotate": layer.rotate, "shear": layer.shear, "affine": layer.affine}
    return place


def read_colour(layer: "LabelsLayer", label: int) -> Any:
    """Return the colour of a label in the viewer, or None if it is transparent.

    napari's own `get_color` reports no colour for label 0, even if the layer gives it one.
    """
    colour = layer.get_color(label)
    if colour is None:
        colour = getattr(layer.colormap, "color_dict", {}).get(label)
    return None if colour is None or colour[3] == 0 else colour


def read_colours(layer: "LabelsLayer", choice: "PhaseChoice") -> dict[int, Any]:
    """Return the colours of the labels of a reconstruction, ``"transparent"`` for hidden ones, as in its reference.

    With two phases, one of them is transparent, so that the structure can be seen in 3-D: the background, unless the
    reference shows the phase of interest as transparent, as napari does with label 0.

    Parameters
    ----------
    layer : napari.layers.Labels
        Reference.
    choice : PhaseChoice
        Its phase of interest and background.
    """
    if choice.background is None:
        found = {label: read_colour(layer, label) for label in choice.phases}
        return {label: "transparent" if colour is None else colour for label, colour in found.items()}
    own = read_colour(layer, choice.phase)
    if own is not None:
        return dict(zip(choice.phases, (own, "transparent"), strict=True))
    others = (read_colour(layer, label) for label in choice.others)
    seen = [colour for colour in others if colour is not None]
    return dict(zip(choice.phases, ("transparent", seen[0]) if seen else (PHASE_COLOUR, "transparent"), strict=True))
