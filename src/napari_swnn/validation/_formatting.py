"""Numbers as text: values with their uncertainty, ranges, and plain values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari_swnn.physics import Bounds

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_with_error(value: float, error: float) -> str:
    """Return a number and its uncertainty, rounded to two digits of the uncertainty.

    Parameters
    ----------
    value : float
        The number; a dash stands for one that is not finite.
    error : float
        Its uncertainty. If this is not finite, the number alone is given, to four digits.
    """
    if not np.isfinite(value):
        return "–"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        power = int(np.floor(np.log10(abs(value))))
        scaled = format_with_error(value / 10.0**power, error / 10.0**power)
        return (f"({scaled})" if "±" in scaled else scaled) + " × 10" + str(power).translate(_SUPERSCRIPTS)
    if not np.isfinite(error):
        return f"{value:.4g}"
    decimals = int(np.clip(1 - np.floor(np.log10(error)), 0, 6)) if error > 0 else 4
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def format_bounds(bounds: Bounds) -> str:
    """Return a lower and an upper bound as text."""
    return f"{bounds.lower:.3g} to {bounds.upper:.3g}"


def to_json(values: Any) -> Any:
    """Return numbers, or nested lists of an array, for JSON: eight digits, and None for a number that is not finite."""
    if isinstance(values, np.ndarray):
        return [to_json(value) for value in values]
    return float(f"{values:.8g}") if np.isfinite(values) else None
