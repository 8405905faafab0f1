"""Axes of an array: which are z, y and x, and which holds colour channels.

The only place that decides this, for arrays with named axes (from files and layers) and without.

==========================================  ===========================================================================
`(y, x, n)`, `(z, y, x, n)`, n from 2 to 4  the last axis is the channel axis
`(n, y, x)`, n 3 or 4                       a channel axis if all channels are equal or one of several is uniform;
                                            otherwise z: a thin volume
`(y, x, 1)`, `(1, y, x)`                    a section
other 3-D arrays                            a volume
==========================================  ===========================================================================

An array without names is a colour image only if its section has at least `LEAST_SIDE` pixels along both sides. A volume
of two to four planes is passed with these planes along z, its first axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

LEAST_SIDE = 16
"""Smallest side of a colour image without named axes, in pixels; smaller arrays are volumes."""

_SPACE = ("z", "y", "x")
_CHANNELS = ("c", "s")
"""Names of a channel axis: channels, and the samples of a pixel."""
_MOST_CHANNELS = 4
_FEW = 16
"""Number of values up to which a transparency is compared with them."""


def spatial_labels(array: Any, axes: Sequence[str] | None = None, *, name: str = "labels", planar: bool = True) -> Any:
    """Return labels with spatial axes only: ``(y, x)`` or ``(z, y, x)``.

    Equal colour channels become one; an opaque alpha channel is dropped, and so are axes of length 1 beyond y and x.

    Parameters
    ----------
    array : numpy or dask array
        Labels with any number of axes. A dask array stays lazy, but is computed if its channels must be compared.
    axes : sequence of str, optional
        Names of all axes in order, such as ``("z", "c", "y", "x")`` or ``"ZCYX"``: z, y and x for space, c or s for
        channels, t for time; any other axis is taken for z if there is no z. Without names, see the module.
    name : str
        Name of the array in error messages.
    planar : bool
        False if ``(n, y, x)`` without names is always a volume, never a colour image or a single section.

    Returns
    -------
    numpy or dask array
        Labels. An array that cannot be reduced to three axes is returned with its further axes.

    Raises
    ------
    ValueError
        If the channels differ, several points of time are given, or the names do not suit the array.
    """
    if 0 in array.shape:
        return array  # has no channels to compare, and is refused for its size
    if axes is None:
        return _without_names(array, name, planar=planar)
    names = _check_names(axes, array.ndim, name)
    channels = [i for i, axis in enumerate(names) if axis in _CHANNELS]
    for i in reversed(channels):
        array = collapse_channels(array, i, name=name)
        names.pop(i)
    for i in reversed(range(len(names))):
        if names[i] not in ("y", "x") and array.shape[i] == 1:
            array = array[(slice(None),) * i + (0,)]
            names.pop(i)
    further = [axis for axis in names if axis not in _SPACE]
    if "t" in further:
        raise ValueError(
            f"{name} must be one image, got {array.shape[names.index('t')]} points of time along axis "
            f"{names.index('t')} (t); pass one of them, or a list of sections if they are independent"
        )
    if len(further) == 1 and "z" not in names:
        names[names.index(further[0])] = "z"
    elif further:
        raise ValueError(f"{name} must have the axes z, y and x, got {', '.join(names)}; pick one image of the others")
    return array.transpose([names.index(axis) for axis in _SPACE if axis in names])


def collapse_channels(array: Any, axis: int, *, name: str = "labels") -> Any:
    """Return one channel of an array whose channels are equal, apart from an opaque alpha channel.

    Parameters
    ----------
    array : numpy or dask array
        Array with a channel axis.
    axis : int
        Channel axis.
    name : str
        Name of the array in error messages.

    Raises
    ------
    ValueError
        If the channels differ.
    """
    axis %= array.ndim
    channels = [array[(slice(None),) * axis + (i,)] for i in range(array.shape[axis])]
    has_alpha = len(channels) in (2, 4) and not _equal(channels[0], channels[-1])
    colours = channels[:-1] if has_alpha else channels
    shape = tuple(array.shape)
    where = f"{name} must have one channel, got the shape {shape} with different channels along axis {axis}"
    if not all(_equal(channels[0], channel) for channel in colours):
        raise ValueError(f"{where}; pass one channel, or a thin volume with its shortest axis first, (z, y, x)")
    is_rgba = len(channels) == 4
    if has_alpha and not _is_uniform(channels[-1]) and not (is_rgba and _is_masked(channels[0], channels[-1])):
        raise ValueError(
            f"{where}: the last one, usually transparency, varies; pass the channel that holds the labels, and mark "
            "transparent pixels as outside the region of interest"
        )
    return channels[0]


def find_channel_axis(shape: Sequence[int]) -> int | None:
    """Return the last axis if an array of this shape, without named axes, has its channels there; otherwise None."""
    if len(shape) < 3 or not 1 <= shape[-1] <= _MOST_CHANNELS:
        return None
    return len(shape) - 1 if min(shape[-3:-1]) >= LEAST_SIDE else None


def _without_names(array: Any, name: str, *, planar: bool) -> Any:
    channel = find_channel_axis(array.shape)
    if channel is not None:
        array = collapse_channels(array, channel, name=name)
    while array.ndim > 3 and 1 in array.shape[:-2]:
        array = array[(slice(None),) * array.shape.index(1) + (0,)]
    if array.ndim == 4 and min(array.shape[:2]) <= _MOST_CHANNELS:
        array = _first_of_equal(array, int(np.argmin(array.shape[:2])), name)
    if array.ndim == 3 and planar and min(array.shape[1:]) >= LEAST_SIDE:
        if array.shape[0] == 1:
            return array[0]
        if is_planar(array):
            return collapse_channels(array, 0, name=name)
    return array


def _first_of_equal(array: Any, axis: int, name: str) -> Any:
    parts = [array[(slice(None),) * axis + (i,)] for i in range(array.shape[axis])]
    if not all(_equal(parts[0], part) for part in parts):
        raise ValueError(
            f"{name} must be one section or volume, got the shape {tuple(array.shape)} with different channels, points "
            f"of time or realisations along axis {axis}; pass one of them"
        )
    return parts[0]


def is_planar(array: Any) -> bool:
    """Return True if the planes of an array ``(3 or 4, y, x)`` are colours: all equal, or some but not all uniform.

    Neither occurs in planes cut through a material.
    """
    if array.ndim != 3 or array.shape[0] not in (3, 4) or min(array.shape[1:]) < LEAST_SIDE:
        return False
    n_uniform = sum(_is_uniform(plane) for plane in array)
    if 0 < n_uniform < len(array):
        return True
    return n_uniform == 0 and all(_equal(array[0], plane) for plane in array)


def _equal(one: Any, other: Any) -> bool:
    return bool((one == other).all())


def _is_masked(values: Any, alpha: Any) -> bool:
    """Return True if whole phases, of a few, are transparent."""
    return 1 < len(np.unique(np.asarray(values))) <= _FEW and follows_values(alpha, values)


def follows_values(alpha: Any, values: Any) -> bool:
    """Return True if all pixels of the same value are equally transparent, so that transparency hides no label.

    Parameters
    ----------
    alpha : numpy or dask array
        Opacity of each pixel.
    values : numpy or dask array
        Value of each pixel.
    """
    alpha = np.asarray(alpha).ravel()
    levels, where = np.unique(np.asarray(values), return_inverse=True)
    lowest, highest = (np.full(len(levels), start, alpha.dtype) for start in (alpha.max(), alpha.min()))
    np.minimum.at(lowest, where.ravel(), alpha)
    np.maximum.at(highest, where.ravel(), alpha)
    return bool((lowest == highest).all())


def _is_uniform(plane: Any) -> bool:
    return bool((plane == plane[(0,) * plane.ndim]).all())


def _check_names(axes: Sequence[str], ndim: int, name: str) -> list[str]:
    names = [str(axis).lower() for axis in axes]
    if len(names) != ndim or len(set(names)) != ndim or not {"y", "x"} <= set(names):
        raise ValueError(
            f"axes of {name} must be {ndim} different names with y and x among them, got {', '.join(names) or 'none'}"
        )
    return names
