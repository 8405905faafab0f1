"""Segmentation threshold of the grey values as a function of the target porosity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np

from napari_swnn._types import FloatArray


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Segmentation thresholds at some porosities, linear between them and constant beyond.

    Attributes
    ----------
    porosities : tuple of float
        Increasing, in [0, 1].
    values : tuple of float
        Thresholds at these porosities, grey values.
    """

    porosities: tuple[float, ...]
    values: tuple[float, ...]

    @classmethod
    def constant(cls, value: float) -> ThresholdCurve:
        """Return a curve with one threshold for all porosities."""
        return cls((0.0,), (value,))

    @overload
    def at(self, porosity: float) -> float: ...

    @overload
    def at(self, porosity: FloatArray) -> FloatArray: ...

    def at(self, porosity: float | FloatArray) -> float | FloatArray:
        """Return the threshold at a porosity; for an array, voxel by voxel as float32."""
        values = np.interp(porosity, self.porosities, self.values)
        return float(values) if np.ndim(porosity) == 0 else np.asarray(values, np.float32)
