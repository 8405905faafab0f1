"""Segmentation threshold of the grey values as a function of the target porosity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np

from napari_swnn._types import FloatArray


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Segmentation threshold as a piecewise linear function of porosity, constant beyond its ends.

    Attributes
    ----------
    porosities : tuple of float
        Increasing porosities, in [0, 1].
    values : tuple of float
        Thresholds at these porosities, as grey values.
    """

    porosities: tuple[float, ...]
    values: tuple[float, ...]

    @classmethod
    def constant(cls, value: float) -> ThresholdCurve:
        """Return a curve with the same threshold at all porosities."""
        return cls((0.0,), (value,))

    @overload
    def at(self, porosity: float) -> float: ...

    @overload
    def at(self, porosity: FloatArray) -> FloatArray: ...

    def at(self, porosity: float | FloatArray) -> float | FloatArray:
        """Return the threshold at a porosity, or float32 thresholds for an array of porosities."""
        values = np.interp(porosity, self.porosities, self.values)
        return float(values) if np.ndim(porosity) == 0 else np.asarray(values, np.float32)
