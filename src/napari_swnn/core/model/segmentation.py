"""Segmentation of the grey values into phases, as a function of the target porosity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, overload

import numpy as np
import torch
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.model.classification import add_offsets, classify_by_offsets
from napari_swnn.core.model.offset_surface import OffsetSurface


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Segmentation threshold of two phases as a piecewise linear function of porosity, constant beyond its ends.

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
    def at(self, porosity: float | None) -> float: ...

    @overload
    def at(self, porosity: FloatArray) -> FloatArray: ...

    def at(self, porosity: float | FloatArray | None) -> float | FloatArray:
        """Return the threshold at a porosity, or float32 thresholds for an array of porosities.

        None stands for the first porosity, the only one of a model trained for a single porosity.
        """
        if porosity is None:
            return self.values[0]
        values = np.interp(porosity, self.porosities, self.values)
        return float(values) if np.ndim(porosity) == 0 else np.asarray(values, np.float32)

    def classify(self, grey: Tensor, porosity: float | FloatArray | None = None) -> Tensor:
        """Return the position of the phase of each voxel: 0 at or above the threshold, 1 below.

        Parameters
        ----------
        grey : torch.Tensor
            ``(1, *spatial)`` grey values.
        porosity : float or numpy.ndarray, optional
            Local porosity, a number or ``(*spatial)`` with an extent of 1 along uniform axes.

        Returns
        -------
        torch.Tensor
            ``(*spatial)`` positions in the order of the phases, uint8, on the device of `grey`.
        """
        return (~(grey[0] >= self._limit(grey, porosity))).to(torch.uint8)

    def scores(self, grey: Tensor, porosity: float | FloatArray | None = None) -> Tensor:
        """Return scores ``(2, *spatial)`` of the two phases, of which the larger one decides."""
        above = grey[0] - self._limit(grey, porosity)
        return torch.stack([above, torch.zeros_like(above)])

    def _limit(self, grey: Tensor, porosity: float | FloatArray | None) -> Tensor | float:
        threshold = self.at(porosity)
        return threshold if isinstance(threshold, float) else torch.from_numpy(threshold).to(grey.device)


@dataclass(frozen=True, slots=True)
class OffsetCurve:
    """Offsets of the grey channels of several phases, piecewise linear in porosity and constant beyond its ends.

    The phase of a voxel is the one whose grey value plus offset is the largest.

    Attributes
    ----------
    porosities : tuple of float
        Increasing porosities, in [0, 1].
    values : tuple of tuple of float
        Offsets at these porosities, as grey values, one for each phase; the first one is 0.
    """

    porosities: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]

    @classmethod
    def constant(cls, offsets: tuple[float, ...]) -> OffsetCurve:
        """Return a curve with the same offsets at all porosities."""
        return cls((0.0,), (offsets,))

    def at(self, porosity: float | FloatArray | None) -> FloatArray:
        """Return the offsets at a porosity, float32 ``(c,)``, or ``(c, *shape)`` for an array of porosities.

        None stands for the first porosity, the only one of a model trained for a single porosity.
        """
        if porosity is None:
            return np.array(self.values[0], np.float32)
        channels = zip(*self.values, strict=True)
        return np.array([np.interp(porosity, self.porosities, values) for values in channels], np.float32)

    def classify(self, grey: Tensor, porosity: float | FloatArray | None = None) -> Tensor:
        """Return the position of the phase of each voxel, the one with the largest sum of grey value and offset.

        Parameters
        ----------
        grey : torch.Tensor
            ``(c, *spatial)`` grey values.
        porosity : float or numpy.ndarray, optional
            Local porosity, a number or ``(*spatial)`` with an extent of 1 along uniform axes.

        Returns
        -------
        torch.Tensor
            ``(*spatial)`` positions in the order of the phases, uint8, on the device of `grey`. Of equal sums, the
            first counts.
        """
        return classify_by_offsets(grey, self.at(porosity))

    def scores(self, grey: Tensor, porosity: float | FloatArray | None = None) -> Tensor:
        """Return scores ``(c, *spatial)`` of the phases, of which the largest one decides."""
        return add_offsets(grey, self.at(porosity))


CurveSegmentation: TypeAlias = ThresholdCurve | OffsetCurve
"""Segmentation as a function of the target porosity, or for a single composition."""
Segmentation: TypeAlias = CurveSegmentation | OffsetSurface
"""Rule that assigns a phase to each voxel from its grey values and the target porosity or fractions."""


def neutral_segmentation(n_channels: int) -> CurveSegmentation:
    """Return the segmentation of an uncalibrated network: a threshold of 0, or offsets of 0 for several phases."""
    return ThresholdCurve.constant(0.0) if n_channels == 1 else OffsetCurve.constant((0.0,) * n_channels)
