"""Conversion of values to labels and to regions of interest: booleans, integers and whole floats, nothing else."""

from __future__ import annotations

import re
from os import PathLike
from typing import Any

import numpy as np

from napari_swnn._types import BoolArray, Labels

LOWEST_LABEL, HIGHEST_LABEL = -(2**31), 2**32 - 1
"""Range of the labels that model files store."""
_LARGEST_FLOAT = 2**53
"""Largest absolute value up to which every integer is a float."""
_VARIABLE = re.compile(r"[A-Za-z_]\w*(\[\d+\])?")
"""Name of a variable, or of an entry of a list."""


def to_labels(values: Any, *, name: str = "labels") -> Labels:
    """Return values as integers in the byte order of this machine; booleans become 0 and 1.

    Parameters
    ----------
    values : array_like
        Booleans, integers or whole floats.
    name : str
        Name of the argument in error messages.

    Raises
    ------
    TypeError
        If the values are not numbers, or not whole.
    ValueError
        If pixels are masked or not finite, or the array is ragged.
    """
    array = _plain_array(values, name)
    if array.dtype == bool:
        return _to_bool(array).view(np.uint8)
    if array.dtype.kind == "f":
        return _whole(array, name)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, one value for each phase, got {_describe(array)}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def to_label(value: Any) -> int | None:
    """Return a label that metadata state as a number or as text; None for anything else, as in damaged files."""
    try:
        label = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return label if LOWEST_LABEL <= label <= HIGHEST_LABEL else None


def to_region(values: Any, *, name: str = "roi") -> BoolArray:
    """Return a region of interest as booleans: ``True`` where the value is not 0.

    Parameters
    ----------
    values : array_like
        Booleans, integers or whole floats.
    name : str
        Name of the argument in error messages.

    Raises
    ------
    TypeError
        If the values are not numbers, or not whole.
    ValueError
        If pixels are masked or NaN, or the array is ragged.
    """
    array = _plain_array(values, name)
    if array.dtype == bool:
        return _to_bool(array)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold booleans, True inside the region of interest, got {_describe(array)}")
    if array.dtype.kind == "f":
        if np.isnan(array).any():
            raise ValueError(
                f"{name} must say for every pixel if it is inside, got NaN; use np.nan_to_num({name}) != 0"
            )
        if (array != np.floor(array)).any():
            raise TypeError(f"{name} must hold booleans or whole numbers, got grey levels; threshold it first")
    inside: BoolArray = array != 0
    return inside


def _plain_array(values: Any, name: str) -> np.ndarray:
    if hasattr(values, "__dask_graph__"):
        values = values.compute()  # np.asarray would drop the mask of its chunks
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        n_masked, variable = int(np.ma.getmaskarray(values).sum()), _variable(name)
        raise ValueError(
            f"{name} must not have masked pixels, got {n_masked}; pass {variable}.data, and exclude these pixels with "
            f"roi=~{variable}.mask (mask=~{variable}.mask for a statistic)"
        )
    if hasattr(values, "detach"):
        values = values.detach().cpu()  # a torch tensor that may have gradients or lie on a GPU
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be one array, got parts of different shapes: {error}") from error
    except TypeError as error:  # types and devices that NumPy lacks
        raise TypeError(
            f"{name} must be an array that NumPy can read, got {_type_of(values)}: {error}; convert it to integers"
        ) from error


def _to_bool(array: np.ndarray) -> BoolArray:
    """Return booleans stored as 0 and 1; Pillow and others store True as the byte 255, which compares as neither."""
    flags: BoolArray = array.view(np.uint8) != 0
    return flags


def _whole(array: np.ndarray, name: str) -> Labels:
    if array.size == 0:
        return array.astype(np.uint8)
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        n_bad, variable = int(np.count_nonzero(~np.isfinite(array))), _variable(name)
        raise ValueError(
            f"{name} must be finite, got {n_bad} values that are NaN or infinite; replace them, for example by "
            f"np.nan_to_num({variable}), and exclude these pixels with roi=np.isfinite({variable}) (mask= for a "
            "statistic)"
        )
    if (array != np.floor(array)).any() or max(-low, high) > _LARGEST_FLOAT:
        raise TypeError(
            f"{name} must hold integers, one value for each phase, got grey levels from {low:g} to {high:g} "
            f"({array.dtype}); segment the image first, for example with a threshold, {_variable(name)} > "
            f"{(low + high) / 2:g}, or with napari_swnn.prepare"
        )
    return array.astype(np.result_type(np.min_scalar_type(int(low)), np.min_scalar_type(int(high))))


def _describe(array: np.ndarray) -> str:
    if array.dtype.kind in "US" and array.ndim == 0:
        return f"the text {str(array)!r}; read a file with napari_swnn.io.read_labels"
    if array.dtype.kind in "US":
        return f"{array.dtype}, which is text; convert it to integers, or read files with napari_swnn.io.read_labels"
    if array.dtype.kind == "O" and array.ndim == 0:
        value = array.item()
        if isinstance(value, PathLike):
            return f"the path {value}; read the file with napari_swnn.io.read_labels"
        return f"{_type_of(value)}; convert it to an array of integers"
    if array.dtype.kind == "O":
        return "objects; convert them to an array of integers, or pass sections as a list of 2-D arrays"
    return f"{array.dtype}; convert them to integers"


def _type_of(value: Any) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _variable(name: str) -> str:
    """Return a name as it stands in Python, and ``labels`` for a path or a description."""
    return name if _VARIABLE.fullmatch(name) else "labels"
