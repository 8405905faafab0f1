"""Checks of arguments: one sentence for each kind of bad input.

Every function returns the value in the form that the package works with, or raises an error that names the requirement,
the value received and a remedy. Code behind these checks trusts its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from napari_swnn._types import Labels, Shape


def check_labels(labels: Any, *, name: str = "labels", ndim: Sequence[int] = (2, 3)) -> Labels:
    """Return `labels` as an integer array of an allowed dimension.

    Parameters
    ----------
    labels : array_like
        Integers or booleans; a boolean array becomes 0 and 1.
    name : str
        Name of the argument, for the message.
    ndim : sequence of int
        Dimensions that are allowed.

    Raises
    ------
    TypeError
        If the values are neither integers nor booleans.
    ValueError
        If the dimension is not allowed or the array is empty.
    """
    array = np.asarray(labels)
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one pixel, got an array of shape {array.shape}")
    if array.dtype == bool:
        array = array.view(np.uint8)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(
            f"{name} must hold integers, one value for each phase, got {array.dtype}; "
            "segment the image first, for example with a threshold"
        )
    if array.ndim not in ndim:
        allowed = " or ".join(f"{n}-D" for n in ndim)
        raise ValueError(f"{name} must be {allowed}, got an array of shape {array.shape}; pick one channel or section")
    return array


def check_phase_present(labels: Labels, phase: int, *, name: str = "labels") -> None:
    """Refuse labels that lack `phase` or hold no other phase.

    Raises
    ------
    ValueError
        If there is a single phase, or `phase` is not among the values.
    """
    values = np.unique(labels)
    if len(values) == 1:
        raise ValueError(
            f"{name} must hold at least two phases, got the single value {values[0]}; "
            "paint or threshold the other phase"
        )
    if phase not in values:
        shown = ", ".join(map(str, values[:8])) + (", …" if len(values) > 8 else "")
        raise ValueError(f"phase must be one of the values of {name} ({shown}), got {phase}")


def check_shape(shape: Any, *, ndim: Sequence[int] = (2, 3), name: str = "shape") -> Shape:
    """Return `shape` as a tuple of positive integers.

    Raises
    ------
    ValueError
        If the number of entries is not allowed or an entry is not a positive whole number.
    """
    entries = tuple(shape) if isinstance(shape, Sequence | np.ndarray) else (shape,)
    if len(entries) not in ndim or not all(isinstance(n, int | np.integer) and int(n) > 0 for n in entries):
        allowed = " or ".join(map(str, ndim))
        raise ValueError(f"{name} must be {allowed} whole numbers above 0, in voxels, got {shape!r}")
    return tuple(int(n) for n in entries)


def check_in_range(
    value: Any, low: float, high: float, *, name: str, hint: str = "", open_low: bool = False, open_high: bool = False
) -> float:
    """Return `value` as a float within ``[low, high]``, with either end excluded if it is open.

    Raises
    ------
    ValueError
        If `value` is not a finite number or lies outside.
    """
    number = float(value) if isinstance(value, Real) else float("nan")
    inside = (low < number if open_low else low <= number) and (number < high if open_high else number <= high)
    if not inside:  # also if it is not a number, for which every comparison is False
        brackets = ("(" if open_low else "[") + f"{low:g}, {high:g}" + (")" if open_high else "]")
        raise ValueError(f"{name} must lie in {brackets}, got {value!r}" + (f"; {hint}" if hint else ""))
    return number


def check_whole(value: Any, *, name: str, low: int = 1, high: int | None = None) -> int:
    """Return `value` as an int from `low` to `high`.

    Raises
    ------
    ValueError
        If `value` is not a whole number or lies outside.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or int(value) < low:
        raise ValueError(f"{name} must be a whole number of at least {low}, got {value!r}")
    if high is not None and int(value) > high:
        raise ValueError(f"{name} must be a whole number of at most {high}, got {value!r}")
    return int(value)


def check_axis_flags(flags: Any, ndim: int, *, name: str) -> tuple[bool, ...]:
    """Return one flag for each axis.

    Parameters
    ----------
    flags : bool or sequence of bool
        One flag for all axes, or one for each.
    ndim : int
        Number of axes.
    name : str
        Name of the argument, for the message.

    Raises
    ------
    ValueError
        If the number of flags is not that of the axes, or one of them is not a truth value.
    """
    each = tuple(flags) if isinstance(flags, Sequence | np.ndarray) else (flags,) * ndim
    if len(each) != ndim or not all(isinstance(flag, bool | np.bool_) for flag in each):
        raise ValueError(f"{name} must be True, False, or one of them for each of the {ndim} axes, got {flags!r}")
    return tuple(map(bool, each))


def is_lazy(array: Any) -> bool:
    """Tell a dask array, whose values are still to be computed, from anything else, without importing dask."""
    return hasattr(array, "__dask_graph__")


def check_seed(seed: Any) -> int:
    """Return `seed` as an int from 0 to 2**63 - 1; larger seeds are reserved for the calibration.

    Raises
    ------
    ValueError
        If it is not a whole number or lies outside.
    """
    return check_whole(seed, name="seed", low=0, high=2**63 - 1)


def check_choice(value: Any, choices: Sequence[str], *, name: str) -> str:
    """Return `value` as one of `choices`.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if value not in choices:
        shown = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {shown}, got {value!r}")
    return str(value)
