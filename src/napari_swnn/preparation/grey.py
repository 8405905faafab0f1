"""Grey values of an image: colour, alpha, stacks and number types brought to one form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._axes import find_channel_axis, is_planar
from napari_swnn._checks import is_lazy
from napari_swnn._types import AXES

_RED = 0.2126
_BLUE = 0.0722
"""Weights of red and blue in the luminance (ITU-R BT.709); green has the rest."""


def to_grey(image: Any, axes: Sequence[str] | None = None) -> Any:
    """Return the grey values of an image.

    The values keep their scale: an 8-bit image has grey values from 0 to 255. Colours become their luminance, an alpha
    channel is ignored, and booleans become 0 and 1.

    Parameters
    ----------
    image : array_like, or sequence of arrays
        Image or stack of sections, numpy or dask; the first level of a multiscale image is used.
    axes : sequence of "z", "y", "x" and "c", optional
        Names of the axes. By default, a last axis with at most 4 entries is colour if there are at least three axes,
        and so is a first axis with 3 or 4 entries if they are equal.

    Returns
    -------
    (y, x) or (z, y, x) array of float32
        Grey values; a dask array for a dask array.

    Raises
    ------
    TypeError
        If the values are not numbers.
    ValueError
        If the axes do not fit, or values are missing (NaN, masked) or infinite. A dask array is checked as it is read.
    """
    array = first_level(image)
    n_masked = np.count_nonzero(np.ma.getmaskarray(array)) if isinstance(array, np.ma.MaskedArray) else 0
    if n_masked:
        raise ValueError(f"image must have a value at every pixel, got {n_masked} masked pixels; crop or fill them")
    if array.dtype != bool and array.dtype.kind not in "uif":
        raise TypeError(f"image must hold real numbers, got {array.dtype}; convert it first")
    if axes is None and not is_lazy(array) and is_planar(array):
        axes = ("c", "y", "x")
    names = _name_axes(array.shape, axes)
    if 0 in array.shape:
        raise ValueError(f"image must hold at least one pixel, got an array of shape {array.shape}")
    arranged = array.transpose([names.index(name) for name in (*AXES, "c") if name in names])
    grey = _luminance(arranged) if "c" in names else arranged.astype(np.float32)
    return grey.map_blocks(check_finite, dtype=np.float32) if is_lazy(grey) else check_finite(np.asarray(grey))


def first_level(image: Any) -> Any:
    """Return an array: the image itself, or the level of the highest resolution of a multiscale image.

    Raises
    ------
    ValueError
        If the arrays of a list are no levels of one image.
    """
    is_multiscale = isinstance(image, list | tuple) and len(image) > 0 and hasattr(image[0], "shape")
    if is_multiscale and any(max(level.shape) >= max(image[0].shape) for level in image[1:]):
        raise ValueError(
            f"image must be one image, or its levels with the finest first, got a list of {len(image)} images; prepare "
            "each of them, or a stack (z, y, x)"
        )
    array = image[0] if is_multiscale else image
    if hasattr(array, "detach"):
        array = array.detach().cpu()  # a torch tensor that may have gradients or lie on a GPU
    return array if is_lazy(array) or isinstance(array, np.ma.MaskedArray) else np.asarray(array)


def check_finite(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the grey values, or raise an error if some are not finite.

    Raises
    ------
    ValueError
        If values are NaN or infinite.
    """
    finite = np.isfinite(grey)
    if not finite.all():
        raise ValueError(
            f"image must hold finite values, got {np.count_nonzero(~finite)} that are NaN or infinite; "
            "crop them away or replace them first"
        )
    return grey


def _name_axes(shape: tuple[int, ...], axes: Sequence[str] | None) -> tuple[str, ...]:
    if axes is None:
        coloured = find_channel_axis(shape) is not None
        names = AXES[-(len(shape) - coloured) :] + (("c",) if coloured else ())
    else:
        names = tuple(axes)
    allowed = sorted(names) in (["x", "y"], ["x", "y", "z"], ["c", "x", "y"], ["c", "x", "y", "z"])
    if len(names) != len(shape) or not allowed:
        raise ValueError(
            f"image must be a section (y, x) or a stack (z, y, x), with or without colour, got the shape {shape}"
            + (f" with the axes {', '.join(names)}" if axes is not None else "")
            + "; pick one image"
        )
    return names


def _luminance(colour: Any) -> Any:
    """Return the luminance; equal channels give exactly their value."""
    n_channels = colour.shape[-1]
    if n_channels > 4:
        raise ValueError(f"image must have 1 to 4 channels (grey or colour, alpha), got {n_channels}; pick one channel")
    if n_channels < 3:
        return colour[..., 0].astype(np.float32)
    red, green, blue = (colour[..., i].astype(np.float32) for i in range(3))
    return green + np.float32(_RED) * (red - green) + np.float32(_BLUE) * (blue - green)
