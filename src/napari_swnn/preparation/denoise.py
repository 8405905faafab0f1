"""Reduction of noise in grey values."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_choice, check_in_range
from napari_swnn.preparation._tiles import Tile, Work, iter_slabs
from napari_swnn.preparation.disc import disc
from napari_swnn.preparation.step import Step

METHODS = ("median", "non_local_means", "total_variation")
_MAX_STRENGTH = 20
_PATCH = 5
"""Edge length of the patches that non-local means compare, in pixels."""
_SEARCH = 7
"""Distance in pixels at which non-local means look for similar patches."""
_ITERATIONS = 40
"""Number of iterations of the total-variation method; each depends on pixels at a distance of two."""


@dataclass(frozen=True)
class Denoise(Step):
    """Reduction of noise.

    Parameters
    ----------
    method : {"median", "non_local_means", "total_variation"}
        ``"median"`` removes single pixels and keeps edges; ``"non_local_means"`` averages similar surroundings and
        keeps fine structure; ``"total_variation"`` gives even areas with sharp edges.
    strength : float
        Radius in pixels for the median; for the other methods, a multiple of the estimated noise of the image.

    Raises
    ------
    ValueError
        If a value is out of range.
    """

    method: str = "median"
    strength: float = 1.0

    name = "denoise"
    kind = ("grey", "grey")

    def __post_init__(self) -> None:
        check_choice(self.method, METHODS, name="method")
        strength = check_in_range(self.strength, 0, _MAX_STRENGTH, name="strength", open_low=True)
        object.__setattr__(self, "strength", strength)

    @property
    def margin(self) -> int:
        """Distance in pixels over which a pixel of the image influences the result."""
        if self.method == "median":
            return ceil(self.strength)
        return 2 * _ITERATIONS if self.method == "total_variation" else _SEARCH + _PATCH

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        return f"denoise ({self.method.replace('_', ' ')}, {self.strength:g})"

    def resolve(self, values: Any) -> Work:
        """Estimate the noise of the whole image; see `Step.resolve`."""
        if self.method == "median":
            return self._median
        noise = estimate_noise(values)
        if noise == 0:
            return lambda grey, tile: grey
        denoise = _non_local_means if self.method == "non_local_means" else _total_variation
        # In units of the noise: then rounding does not depend on the scale of the grey values.
        return lambda grey, tile: denoise(grey / np.float32(noise), self.strength) * np.float32(noise)

    def _median(self, grey: NDArray[Any], tile: Tile) -> NDArray[Any]:
        from scipy import ndimage

        filtered: NDArray[Any] = ndimage.median_filter(grey, footprint=disc(self.strength))
        return filtered


def estimate_noise(values: Any) -> float:
    """Return the standard deviation of the noise between neighbouring pixels.

    The second differences of the image vanish for linear changes of brightness (Immerkær 1996, Computer Vision and
    Image Understanding 64, 300). Their median, rather than their mean, ignores edges.

    Parameters
    ----------
    values : (y, x) or (z, y, x) array
        Grey values.
    """
    medians = [float(np.median(np.abs(differences))) for differences in map(_differences, iter_slabs(values))]
    # The median of |x| of a normal distribution is 0.6745 standard deviations; the weights of the mask add to 6².
    return float(np.median(medians)) / 0.67449 / 6


def _differences(grey: NDArray[Any]) -> NDArray[Any]:
    if min(grey.shape) < 3:
        return np.zeros(1)
    rows = grey[:-2] - 2 * grey[1:-1] + grey[2:]
    differences: NDArray[Any] = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return differences


def _non_local_means(grey: NDArray[Any], strength: float) -> NDArray[Any]:
    from skimage.restoration import denoise_nl_means

    denoised: NDArray[Any] = denoise_nl_means(
        grey, patch_size=_PATCH, patch_distance=_SEARCH, h=0.8 * strength, sigma=1.0, fast_mode=True
    )
    return denoised


def _total_variation(grey: NDArray[Any], strength: float) -> NDArray[Any]:
    from skimage.restoration import denoise_tv_chambolle

    denoised: NDArray[Any] = denoise_tv_chambolle(grey, weight=strength, eps=0, max_num_iter=_ITERATIONS)
    return denoised
