"""The threshold that turns grey values into phases, as a function of the porosity asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np

from napari_swnn._types import FloatArray


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Thresholds at some porosities, linear between them and constant beyond.

    Attributes
    ----------
    porosities : tuple of float
        Increasing, in [0, 1].
    values : tuple of float
        Grey values.
    """

    porosities: tuple[float, ...]
    values: tuple[float, ...]

    @classmethod
    def constant(cls, value: float) -> ThresholdCurve:
        """The same threshold at any porosity."""
        return cls((0.0,), (value,))

    @overload
    def at(self, porosity: float) -> float: ...

    @overload
    def at(self, porosity: FloatArray) -> FloatArray: ...

    def at(self, porosity: float | FloatArray) -> float | FloatArray:
        """Threshold at a porosity; of an array, voxel by voxel as float32."""
        values = np.interp(porosity, self.porosities, self.values)
        return float(values) if np.ndim(porosity) == 0 else np.asarray(values, np.float32)
