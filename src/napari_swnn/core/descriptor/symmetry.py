"""Symmetries of a material, as far as its sections show them: which mirror images of a section are as likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.section import Section, thin_evenly

_MAX_REACH = 24
"""Largest lag that is compared, in pixels."""
_TOLERANCE = 2.0
"""Asymmetry above which a symmetry is rejected, in multiples of the sampling noise."""


@dataclass(frozen=True, slots=True)
class Symmetries:
    """Changes that turn a section into another one that the material is as likely to have.

    Attributes
    ----------
    flips : bool
        True if rows and columns may be reversed.
    transposition : bool
        True if rows and columns may be exchanged.
    """

    flips: bool
    transposition: bool

    def vary(self, windows: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return square windows ``(n, phases, t, t)``, each replaced at random by one of its mirror images."""
        varied = windows.copy()
        if self.flips:
            for axis in (2, 3):
                chosen = rng.random(len(varied)) < 0.5
                varied[chosen] = np.flip(varied[chosen], axis)
        if self.transposition:
            chosen = rng.random(len(varied)) < 0.5
            varied[chosen] = varied[chosen].swapaxes(2, 3)
        return varied


def find_symmetries(reference: Reference) -> Symmetries:
    """Return the symmetries of the two-point statistics of all phases of a reference, within their sampling noise.

    A reference with different sections for each direction is taken to have none, because a volume has many sections
    and needs no mirror images.
    """
    if len(reference.directions) > 1:
        return Symmetries(flips=False, transposition=False)
    sections = thin_evenly([section for section in reference.sections if section.inside.any()])
    reach = min(_MAX_REACH, min(min(section.image.shape) for section in sections) // 4)
    found = [_find_symmetries(*_autocorrelation(sections, i, mean, reach)) for i, mean in enumerate(reference.means)]
    return Symmetries(flips=all(one.flips for one in found), transposition=all(one.transposition for one in found))


def _find_symmetries(rho: FloatArray, n: int) -> Symmetries:
    noise = float(np.sqrt(np.sum(rho**2) / n))

    def agrees(mirrored: FloatArray) -> bool:
        """Compare with the difference that two independent measurements would have."""
        difference = float(np.sqrt(np.mean((rho - mirrored) ** 2)))
        return difference < _TOLERANCE * 2**0.5 * noise

    return Symmetries(flips=agrees(rho[:, ::-1]), transposition=agrees(rho.T))


def _autocorrelation(sections: Sequence[Section], phase: int, mean: float, reach: int) -> tuple[FloatArray, int]:
    """Return the autocorrelation ``(2 * reach + 1, 2 * reach + 1)`` at lags of both signs, and the number of pixels."""
    pairs: FloatArray = np.zeros((2 * reach + 1,) * 2)
    products: FloatArray = np.zeros_like(pairs)
    for section in sections:
        pairs += _lagged_products(section.inside.astype(np.float64), reach)
        products += _lagged_products(section.inside * (section.indicator(phase) - mean), reach)
    covariance = products / np.maximum(pairs, 1)
    n = sum(int(section.inside.sum()) for section in sections)
    return covariance / covariance[reach, reach], n


def _lagged_products(plane: FloatArray, reach: int) -> FloatArray:
    shape = tuple(extent + reach for extent in plane.shape)  # zero padding prevents wrap-around
    products = np.fft.irfft2(np.abs(np.fft.rfft2(plane, shape)) ** 2, shape)
    lags = np.arange(-reach, reach + 1)
    lagged: FloatArray = products[np.ix_(lags, lags)]
    return lagged
