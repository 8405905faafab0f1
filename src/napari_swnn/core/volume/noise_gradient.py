"""Noise with graded mean and standard deviation, for continuously varying structures (sect. 3.3, Fig. 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._checks import check_in_range, check_whole
from napari_swnn._types import FloatArray, Shape
from napari_swnn.core.grid.sampled_field import SampledField
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.config import NetworkConfig

Ends = tuple[float, float]
_LARGEST = 1e6
"""Limit of mean and spread, far beyond any that a network can use."""


@dataclass(frozen=True, slots=True)
class NoiseGradient:
    """Mean and standard deviation of the noise of a single-scale network, varying linearly between opposite faces.

    The network was trained on noise with mean 0 and standard deviation 1; other noise changes the structure, but the
    resulting porosity is unknown. To control the porosity, train a model for a range and pass a `PorosityMap`.

    Parameters
    ----------
    mean : float or pair of float
        Mean at the first and last faces; a single number applies everywhere.
    spread : float or pair of float
        Standard deviation at the first and last faces, at least 0; a single number applies everywhere.
    axis : int
        Axis along which mean and standard deviation vary.

    Raises
    ------
    ValueError
        If a value is not a number of usual size, or a spread is negative.
    """

    mean: float | Ends = 0.0
    spread: float | Ends = 1.0
    axis: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", _ends(self.mean, low=-_LARGEST, name="mean"))
        object.__setattr__(self, "spread", _ends(self.spread, low=0, name="spread"))
        object.__setattr__(self, "axis", check_whole(self.axis, name="axis", low=0, high=2))

    def over(self, extents: Shape, periodic: tuple[bool, ...]) -> GradedNoise:
        """Apply the gradient to the extents of a volume.

        Raises
        ------
        ValueError
            If the volume has no such axis.
        """
        check_whole(self.axis, name="axis", low=0, high=len(extents) - 1)
        along = [-1 if axis == self.axis else 1 for axis in range(len(extents))]
        mean, spread = (
            SampledField(np.array(ends, np.float32).reshape(along), "ends", extents, periodic)
            for ends in (self.mean, self.spread)
        )
        return GradedNoise(mean, spread)


@dataclass(frozen=True, eq=False)
class GradedNoise:
    """Noise gradient over a volume."""

    mean: SampledField
    spread: SampledField

    def apply(self, noise: FloatArray, window: Window, *, scale: int) -> FloatArray:
        """Return noise ``(n_channels, *window.shape)`` with its local mean and standard deviation.

        Parameters
        ----------
        noise : numpy.ndarray
            ``(n_channels, *window.shape)``, with mean 0 and standard deviation 1.
        window : Window
            Position of the noise, on the grid of `scale`.
        scale : int
            Edge length of a voxel of the noise, in voxels of the finest scale.
        """
        graded: FloatArray = noise * self.spread.window(window, scale=scale) + self.mean.window(window, scale=scale)
        return graded


def check_noise(noise: Any, network: NetworkConfig) -> None:
    """Raise an error for a noise gradient with a multi-scale network.

    Raises
    ------
    TypeError
        If `noise` is not a `NoiseGradient`.
    ValueError
        If the network has more than one scale.
    """
    if noise is None:
        return
    if not isinstance(noise, NoiseGradient):
        raise TypeError(f"noise must be a NoiseGradient, got {type(noise).__name__}; use NoiseGradient(mean=(-1, 1))")
    if len(network.stages) > 1:
        raise ValueError(
            f"noise must be omitted for a multi-scale model, got {noise}; "
            "to vary the porosity, train a model for a range of porosities and pass a porosity map"
        )


def _ends(value: Any, *, low: float, name: str) -> Ends:
    pair = tuple(value) if np.ndim(value) == 1 and len(value) == 2 else (value, value)
    first, last = (check_in_range(v, low, _LARGEST, name=name) for v in pair)
    return first, last
