"""Reading of layers: their labels, voxel sizes and positions."""

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import is_lazy
from napari_swnn._types import AXES
from napari_swnn._voxel_size import VoxelSize, find_length_unit
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_shape

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer

MOST_LAZY = 2**27
"""Voxels of a layer computed on demand that are read without confirmation (512³)."""


def read_values(layer: "LabelsLayer | Image", control: str) -> Any:
    """Return the values of a layer, ``(y, x)`` or ``(z, y, x)``, without a copy; lazy ones stay lazy.

    Parameters
    ----------
    layer : napari.layers.Labels or napari.layers.Image
        Its leading axes of length 1 are left out.
    control : str
        Key of the control that a problem belongs to.

    Returns
    -------
    numpy.ndarray or dask array
        The values, which must not be written to.

    Raises
    ------
    BadInputError
        If the layer is neither a section nor a volume.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    if not isinstance(data, np.ndarray) and not is_lazy(data):
        import dask.array  # for zarr and the like, which would read a whole volume to leave out an axis

        data = dask.array.from_array(data)
    while data.ndim > 2 and data.shape[0] == 1:
        data = data[0]
    if data.ndim not in (2, 3):
        raise BadInputError(control, f"“{layer.name}” has {data.ndim} axes; pick one 2-D section or one 3-D volume.")
    if 0 in data.shape:
        raise BadInputError(control, f"“{layer.name}” holds no pixel.")
    return data


def copy_values(layer: "LabelsLayer | Image", control: str) -> np.ndarray:
    """Return a copy of the values of a layer, ``(y, x)`` or ``(z, y, x)``, in memory.

    Raises
    ------
    BadInputError
        See `read_values` and `check_readable`.
    """
    values = read_values(layer, control)
    check_readable(layer, values, control)
    return np.array(values)


def check_readable(layer: "LabelsLayer | Image", values: Any, control: str) -> None:
    """Check that values are in memory, or few: reading many on demand could take hours.

    Raises
    ------
    BadInputError
        If the layer should be cropped first.
    """
    in_memory = isinstance(values, np.ndarray) and not isinstance(values, np.memmap)
    if not in_memory and values.size > MOST_LAZY:
        raise BadInputError(
            control,
            f"“{layer.name}” is read on demand and holds {format_shape(values.shape)} voxels; crop the part that you "
            "need into a new layer.",
        )


def read_voxel_size(layer: "LabelsLayer", ndim: int, control: str) -> VoxelSize:
    """Return the edge length of the voxels of a layer; its unit is ``"voxel"`` where the layer has no length.

    Raises
    ------
    BadInputError
        If the voxels are not cubes.
    """
    scale = [abs(float(side)) for side in layer.scale[-ndim:]]
    if max(scale) > 1.001 * min(scale):
        sides = " × ".join(f"{side:g}" for side in scale)
        raise BadInputError(
            control, f"The pixels of “{layer.name}” measure {sides}; resample it so that all sides are equal."
        )
    unit = find_length_unit(str(layer.units[-1]))
    return VoxelSize(scale[-1], "voxel" if unit is None else unit.symbol)


def read_placement(layer: "LabelsLayer", ndim: int) -> dict[str, Any]:
    """Return the arguments that place a new layer of `ndim` axes where another one is."""
    place: dict[str, Any] = {name: tuple(getattr(layer, name))[-ndim:] for name in ("scale", "translate", "units")}
    place["axis_labels"] = AXES[-ndim:]
    if layer.ndim == ndim:  # else they also turn the axes that are dropped
        place |= {"rotate": layer.rotate, "shear": layer.shear, "affine": layer.affine}
    return place


def read_phase_colour(layer: "LabelsLayer", phase: int) -> Any:
    """Return the colour of a phase in the viewer; None if it is transparent."""
    colour = layer.get_color(phase)
    return None if colour is None or colour[3] == 0 else colour
