"""Offsets of several phases as polynomials of fractions that may be chosen for each volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.model.classification import add_offsets, classify_by_offsets
from napari_swnn.core.network.legendre import highest_order, legendre_products, n_products

_NODES_PER_COEFFICIENT = 2
"""Number of calibrated offsets for each coefficient, so that their errors average out."""


@dataclass(frozen=True, slots=True)
class OffsetSurface:
    """Offsets of the grey channels of several phases, as polynomials of the free fractions of a network.

    The phase of a voxel is the one whose grey value plus offset is the largest.

    Attributes
    ----------
    ranges : tuple of tuple of float
        Lowest and highest value of each free fraction.
    values : tuple of tuple of float
        Coefficients ``(n, c)`` of the constant and of each product of Legendre polynomials; those of the first phase
        are 0.
    """

    ranges: tuple[tuple[float, float], ...]
    values: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(
        cls,
        ranges: tuple[tuple[float, float], ...],
        nodes: Sequence[Sequence[float]],
        offsets: Sequence[Sequence[float]],
    ) -> OffsetSurface:
        """Fit the polynomials to the offsets ``(k, c)`` at free fractions ``(k, m)`` by least squares."""
        terms = _terms(np.array(nodes).T, ranges)
        coefficients, *_ = np.linalg.lstsq(terms.T, np.array(offsets))
        return cls(ranges, tuple(tuple(map(float, row)) for row in coefficients))

    def at(self, free: FloatArray | Sequence[float]) -> FloatArray:
        """Return the offsets ``(c, *shape)``, float32, at free fractions ``(m, *shape)``."""
        return np.asarray(np.tensordot(np.array(self.values).T, self.terms(free), axes=1), np.float32)

    def terms(self, free: FloatArray | Sequence[float]) -> FloatArray:
        """Return the constant and the products of polynomials ``(n, *shape)`` at free fractions ``(m, *shape)``."""
        return _terms(np.asarray(free, np.float64), self.ranges)

    def classify(self, grey: Tensor, free: FloatArray | Sequence[float]) -> Tensor:
        """Return the position of the phase of each voxel, the one with the largest sum of grey value and offset.

        Parameters
        ----------
        grey : torch.Tensor
            ``(c, *spatial)`` grey values.
        free : numpy.ndarray or sequence of float
            Free fractions, ``(m,)`` or ``(m, *spatial)`` with an extent of 1 along uniform axes.

        Returns
        -------
        torch.Tensor
            ``(*spatial)`` positions in the order of the phases, uint8, on the device of `grey`.
        """
        return classify_by_offsets(grey, self.at(free))

    def scores(self, grey: Tensor, free: FloatArray | Sequence[float]) -> Tensor:
        """Return scores ``(c, *spatial)`` of the phases, of which the largest one decides."""
        return add_offsets(grey, self.at(free))


def n_offset_nodes(n_fractions: int) -> int:
    """Return the number of free fractions at which offsets are to be calibrated for a fit."""
    return _NODES_PER_COEFFICIENT * (1 + n_products(n_fractions, highest_order(n_fractions)))


def _terms(free: FloatArray, ranges: Sequence[tuple[float, float]]) -> FloatArray:
    """Return the constant and the products of polynomials, ``(n, *shape)``."""
    columns = list(free)
    return np.stack([np.ones_like(columns[0]), *legendre_products(columns, ranges, highest_order(len(ranges)))])
