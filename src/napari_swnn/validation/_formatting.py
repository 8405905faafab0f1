"""Formatting of numbers: values with uncertainties, bounds, and values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._voxel_size import format_number

if TYPE_CHECKING:
    from napari_swnn.physics import Bounds

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_with_error(value: float, error: float) -> str:
    """Return a number with its uncertainty, rounded to two significant digits of the uncertainty.

    Parameters
    ----------
    value : float
        Number to format; an unknown number, NaN, becomes a dash.
    error : float
        Uncertainty of the number. If it is not finite, only the number is returned, with four significant digits.
    """
    if not np.isfinite(value):
        return "–" if np.isnan(value) else "∞"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        power = int(np.floor(np.log10(abs(value))))
        scaled = format_with_error(value / 10.0**power, error / 10.0**power)
        return (f"({scaled})" if "±" in scaled else scaled) + " × 10" + str(power).translate(_SUPERSCRIPTS)
    if not np.isfinite(error):
        return format_number(value)
    decimals = int(np.clip(1 - np.floor(np.log10(error)), 0, 6)) if error > 0 else 4
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def format_bounds(bounds: Bounds) -> str:
    """Return a lower and an upper bound as text."""
    return f"{bounds.lower:.3g} to {bounds.upper:.3g}"


def to_json(values: Any) -> Any:
    """Return a number, or an array as nested lists, with eight digits; numbers that are not finite become None."""
    if isinstance(values, np.ndarray):
        return [to_json(value) for value in values]
    return float(f"{values:.8g}") if np.isfinite(values) else None
