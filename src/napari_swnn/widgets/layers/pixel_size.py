"""Pixel size of layers: what a file said, and a size entered by the user."""

import os
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._layer_style import METADATA_KEY, read_metadata
from napari_swnn._voxel_size import VoxelSize, find_length_unit
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.placement_change import MOST_STEPS, change_together, count_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Layer

_BEFORE = "pixel_size_before"
"""Key of the scale and units that a layer had before the user entered a pixel size."""


def write_pixel_size(layer: "Layer", voxel: VoxelSize, layers: "Iterable[Layer]" = ()) -> "list[Layer]":
    """Give a layer a pixel size, as well as the layers with pixels of the same size that belong to it.

    They are those that cover the same area, the marks drawn on it, and the segmentations made from it.

    All lengths are scaled by one factor, so that the layers still cover each other. The scale and units that each layer
    had at first are kept in its metadata; see `read_given_size`.

    Parameters
    ----------
    layer : napari.layers.Layer
        Layer whose last axis gets this pixel size; the ratio of its axes is kept.
    voxel : VoxelSize
        Pixel size; the unit ``"voxel"`` removes the unit.
    layers : iterable of napari.layers.Layer
        Layers of the viewer.

    Returns
    -------
    list of napari.layers.Layer
        Changed layers.

    Raises
    ------
    BadInputError
        If the viewer cannot show a pixel of this size together with those of the other layers.
    """
    others = [other for other in layers if other is not layer]
    changed = [layer, *(other for other in others if _belongs(layer, other))]
    shown = [layer, *others]
    before = [(each.scale, each.translate, each.affine, each.units) for each in changed]
    n_steps = count_steps(shown)
    with change_together(changed):
        _resize(layer, voxel, changed)
        if count_steps(shown) > max(MOST_STEPS, n_steps):
            for each, place in zip(changed, before, strict=True):
                each.scale, each.translate, each.affine, each.units = place
            raise BadInputError("pixel_size", _describe_mismatch(voxel, [o for o in others if o not in changed]))
    for each, (scale, _, _, units) in zip(changed, before, strict=True):
        facts = {"scale": [float(side) for side in scale], "units": [str(unit) for unit in units]}
        each.metadata.setdefault(METADATA_KEY, {}).setdefault(_BEFORE, facts)
    return changed


def _describe_mismatch(voxel: VoxelSize, others: "Sequence[Layer]") -> str:
    own = voxel.length_unit
    far = max(others, key=lambda other: abs(np.log(_read_length(other) / (voxel.value * (own.metres if own else 1)))))
    unit = find_length_unit(str(far.units[-1]))
    size = VoxelSize(abs(float(far.scale[-1])), "voxel" if unit is None else unit.symbol)
    return (
        f"The viewer cannot show pixels of {voxel} together with those of “{far.name}”, which measure {size}. Correct "
        "the number or the unit, or remove that layer first."
    )


def _read_length(layer: "Layer") -> float:
    unit = find_length_unit(str(layer.units[-1]))
    return abs(float(layer.scale[-1])) * (1.0 if unit is None else unit.metres)


def _resize(layer: "Layer", voxel: VoxelSize, changed: "Sequence[Layer]") -> None:
    numbers = in_one_unit(layer)
    factor = voxel.value / float(numbers[-1])
    unit = find_length_unit(voxel.unit)
    for each in changed:
        ratio = factor * in_one_unit(each) / np.abs(np.asarray(each.scale, float))
        affine = np.array(each.affine.affine_matrix, float)
        affine[:-1, -1] *= ratio
        translate = np.asarray(each.translate, float) * ratio
        each.scale = [float(f"{side:.12g}") for side in np.asarray(each.scale, float) * ratio]
        each.translate = translate
        each.affine = affine
        each.units = ("pixel" if unit is None else unit.name,) * each.ndim


def read_given_size(layer: "Layer") -> VoxelSize | None:
    """Return the pixel size that a layer had before the user entered another one; None if it was not changed."""
    before = read_metadata(layer).get(_BEFORE)
    if before is None:
        return None
    unit = find_length_unit(before["units"][-1])
    return VoxelSize(abs(before["scale"][-1]), "voxel" if unit is None else unit.symbol)


def read_stored_size(layer: "Layer") -> VoxelSize | None:
    """Return the pixel size that the file of a layer states, if the reader of the file did not give it to the layer."""
    path = layer.source.path
    if path is None or find_length_unit(str(layer.units[-1])) is not None:
        return None
    try:
        return _size_in_file(path, os.stat(path).st_mtime_ns)
    except OSError:  # moved since it was opened
        return None


@lru_cache(maxsize=64)
def _size_in_file(path: str, _changed: int) -> VoxelSize | None:
    from napari_swnn.io import read_voxel_sides

    try:
        voxel = read_voxel_sides(path).take([-2, -1]).cubic(path)
    except (OSError, ValueError):
        return None
    return None if voxel.length_unit is None else VoxelSize(voxel.value, voxel.length_unit.symbol)


def in_one_unit(layer: "Layer") -> np.ndarray:
    """Return the absolute scale of each axis in the unit of the last one."""
    units = [find_length_unit(str(unit)) for unit in layer.units]
    scale = np.abs(np.asarray(layer.scale, float))
    if units[-1] is None:
        return scale
    factors = [1.0 if unit is None else float(f"{unit.metres / units[-1].metres:.15g}") for unit in units]
    return scale * factors


def notify_resized(changed: "Sequence[Layer]", voxel: VoxelSize) -> None:
    """Name the layers that `write_pixel_size` changed beside the one that the user chose."""
    from napari.utils.notifications import show_info

    if len(changed) > 1:
        others = " and ".join(f"“{layer.name}”" for layer in changed[1:])
        show_info(f"“{changed[0].name}” has a pixel size of {voxel} now, and so has what belongs to it: {others}.")


def _belongs(layer: "Layer", other: "Layer") -> bool:
    """Return True if a layer has pixels of the same size as another one, and lies where that one does.

    Images that merely overlap do not belong together: without a pixel size, all of them begin at one corner.
    """
    from napari.layers import Points, Shapes

    facts = read_metadata(other)
    if "seed" in facts or layer.units[-1] != other.units[-1]:  # a reconstruction has the voxel size of its model
        return False
    if not np.isclose(abs(layer.scale[-1]), abs(other.scale[-1]), rtol=1e-6):
        return False
    (low, high), (other_low, other_high) = (np.asarray(each.extent.world)[:, -2:] for each in (layer, other))
    near = 1.5 * abs(layer.scale[-1])  # marks reach half a pixel beyond
    if isinstance(other, Shapes | Points):
        return bool((low - near <= other_low).all() and (other_high <= high + near).all())
    if _is_made_from(layer, other) or _is_made_from(other, layer):
        return bool((low <= other_high).all() and (other_low <= high).all())
    return bool(np.allclose([low, high], [other_low, other_high], rtol=0, atol=near / 3))


def _is_made_from(layer: "Layer", image: "Layer") -> bool:
    """Return True for a segmentation that the panel *SWNN prepare* made from an image."""
    return read_metadata(layer).get("image") == image.name
