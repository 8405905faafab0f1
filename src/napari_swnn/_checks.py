"""Validation of arguments, with one error message for each kind of invalid input.

Every function returns the value in the form that the package uses, or raises an error that states the requirement, the
value received and a fix. Code called after these checks relies on its arguments being valid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from napari_swnn._axes import spatial_labels
from napari_swnn._label_values import HIGHEST_LABEL, LOWEST_LABEL, to_labels, to_region
from napari_swnn._phases import list_labels
from napari_swnn._types import BoolArray, Labels, Shape

_FRACTIONS = ("porosit", "fraction")
"""Beginnings of the names of arguments that are fractions, which many people give in per cent."""


def check_labels(
    labels: Any, *, name: str = "labels", ndim: Sequence[int] = (2, 3), planar: bool = False, axes: Any = None
) -> Labels:
    """Return `labels` as an integer array with spatial axes only and an allowed number of them.

    Parameters
    ----------
    labels : array_like
        Booleans, integers or whole floats, which become integers; equal colour channels become one.
    name : str
        Name of the argument in the error message.
    ndim : sequence of int
        Allowed numbers of dimensions.
    planar : bool
        True if ``(3, y, x)`` may also be a colour image.
    axes : sequence of str, optional
        Names of the axes; see `napari_swnn._axes`.

    Raises
    ------
    TypeError
        If the values are neither booleans nor whole numbers.
    ValueError
        If the number of dimensions is not allowed, the array is empty, channels differ, or pixels are masked or NaN.
    """
    given = to_labels(labels, name=name)
    if given.size == 0:
        raise ValueError(f"{name} must hold at least one pixel, got an array of shape {given.shape}")
    array: Labels = spatial_labels(given, axes, name=name, planar=planar)
    if array.ndim not in ndim:
        allowed = " or ".join(f"{n}-D" for n in ndim)
        colours = ", with colour channels along its last axis" if array.ndim < given.ndim else ""
        raise ValueError(
            f"{name} must be {allowed}, got an array of shape {given.shape}{colours}; pick one channel, section or "
            "point of time"
        )
    return array


def check_region(region: Any, shape: Shape, *, name: str = "roi", of: str = "labels") -> BoolArray:
    """Return a region of interest of a given shape as booleans.

    Parameters
    ----------
    region : array_like
        Booleans, or numbers that are not 0 inside; equal colour channels become one.
    shape : tuple of int
        Required shape.
    name, of : str
        Names of the region and of the array that it belongs to, in the error message.

    Raises
    ------
    TypeError
        If the values are not numbers.
    ValueError
        If the shape differs, or pixels are masked or NaN.
    """
    array = to_region(region, name=name)
    if array.shape != shape:
        array = spatial_labels(array, name=name, planar=True)
    if array.shape != shape:
        raise ValueError(
            f"{name} must have the shape of {of}, {shape}, got {array.shape}; draw it on the same image, or crop it"
        )
    return array


def check_phase_present(labels: Labels, phase: int, *, name: str = "labels") -> None:
    """Raise an error if `labels` lack `phase` or contain no other phase.

    Raises
    ------
    ValueError
        If there is only one phase, or `phase` is not one of the values.
    """
    values = np.unique(labels)
    if len(values) == 1:
        raise ValueError(
            f"{name} must hold at least two phases, got the single value {values[0]}; "
            "paint or threshold the other phase"
        )
    if phase not in values:
        raise ValueError(f"phase must be one of the values of {name} ({list_labels(values)}), got {phase}")


def check_shape(shape: Any, *, ndim: Sequence[int] = (2, 3), name: str = "shape") -> Shape:
    """Return `shape` as a tuple of positive integers.

    Raises
    ------
    ValueError
        If the number of entries is not allowed or an entry is not a positive whole number.
    """
    entries = tuple(shape) if _has_entries(shape) else (shape,)
    if len(entries) not in ndim or not all(isinstance(n, int | np.integer) and int(n) > 0 for n in entries):
        allowed = " or ".join(map(str, ndim))
        raise ValueError(f"{name} must be {allowed} whole numbers above 0, in voxels, got {shape!r}")
    return tuple(int(n) for n in entries)


def check_in_range(
    value: Any, low: float, high: float, *, name: str, hint: str = "", open_low: bool = False, open_high: bool = False
) -> float:
    """Return `value` as a float in ``[low, high]``; open ends are excluded.

    Raises
    ------
    ValueError
        If `value` is not a finite number or is out of range.
    """
    number = float(value) if isinstance(value, Real) else float("nan")
    inside = (low < number if open_low else low <= number) and (number < high if open_high else number <= high)
    if not inside:  # also for NaN, for which every comparison is False
        if high <= 1 < number <= 100 and name.startswith(_FRACTIONS):
            hint = f"it is a fraction, not per cent: {number / 100:g}"
        brackets = ("(" if open_low else "[") + f"{low:g}, {high:g}" + (")" if open_high else "]")
        raise ValueError(f"{name} must lie in {brackets}, got {value!r}" + (f"; {hint}" if hint else ""))
    return number


def check_whole(value: Any, *, name: str, low: int = 1, high: int | None = None) -> int:
    """Return `value` as an int between `low` and `high`, inclusive.

    Raises
    ------
    ValueError
        If `value` is not a whole number or is out of range.
    """
    least = f" of at least {low}" if low > LOWEST_LABEL else ""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or int(value) < low:
        raise ValueError(f"{name} must be a whole number{least}, got {value!r}")
    if high is not None and int(value) > high:
        raise ValueError(f"{name} must be a whole number of at most {high}, got {value!r}")
    return int(value)


def check_label(value: Any, *, name: str = "phase") -> int:
    """Return a label as an int; booleans and whole floats, as NumPy returns for the values of an image, are allowed.

    Raises
    ------
    ValueError
        If `value` is no whole number, or model files cannot store it.
    """
    if isinstance(value, bool | np.bool_) or (isinstance(value, float | np.floating) and float(value).is_integer()):
        value = int(value)
    return check_whole(value, name=name, low=LOWEST_LABEL, high=HIGHEST_LABEL)


def check_axis_flags(flags: Any, ndim: int, *, name: str) -> tuple[bool, ...]:
    """Return one flag per axis.

    Parameters
    ----------
    flags : bool or sequence of bool
        One flag for all axes, or one per axis.
    ndim : int
        Number of axes.
    name : str
        Name of the argument in the error message.

    Raises
    ------
    ValueError
        If the number of flags differs from the number of axes, or a flag is not a bool.
    """
    each = tuple(flags) if _has_entries(flags) else (flags,) * ndim
    if len(each) != ndim or not all(isinstance(flag, bool | np.bool_) for flag in each):
        raise ValueError(f"{name} must be True, False, or one of them for each of the {ndim} axes, got {flags!r}")
    return tuple(map(bool, each))


def _has_entries(value: Any) -> bool:
    """Return whether a value is a sequence or an array with axes, not a single number or flag."""
    return isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim > 0)


def check_mapping(value: Any, *, name: str, maps: str) -> Mapping[Any, Any]:
    """Return `value` if it is a mapping; `maps` describes one in the error message, such as ``"labels to fractions"``.

    Raises
    ------
    TypeError
        If `value` is no mapping.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must map {maps}, got {type(value).__name__}")
    return value


def check_flag(value: Any, *, name: str) -> bool:
    """Return `value` as a bool.

    Raises
    ------
    ValueError
        If `value` is neither True nor False.
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def is_lazy(array: Any) -> bool:
    """Return True for a dask array, without importing dask."""
    return hasattr(array, "__dask_graph__")


def check_seed(seed: Any) -> int:
    """Return `seed` as an int from 0 to 2**63 - 1; larger seeds are reserved for calibration.

    Raises
    ------
    ValueError
        If `seed` is not a whole number or is out of range.
    """
    return check_whole(seed, name="seed", low=0, high=2**63 - 1)


def check_choice(value: Any, choices: Sequence[str], *, name: str) -> str:
    """Return `value` if it is one of `choices`.

    Raises
    ------
    ValueError
        If `value` is not one of `choices`.
    """
    if not isinstance(value, str) or value not in choices:
        shown = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {shown}, got {value!r}")
    return str(value)
