"""Legendre polynomials of several fractions, and their products: smooth functions of the composition of a volume."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import combinations_with_replacement
from operator import mul
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

    from napari_swnn._types import FloatArray

Values = TypeVar("Values", "FloatArray", "Tensor")
_MAX_CUBIC = 2
"""Largest number of fractions whose functions are of the third order; of more fractions they are of the second."""


def legendre_products(fractions: Sequence[Values], ranges: Sequence[tuple[float, float]], order: int) -> list[Values]:
    """Return the Legendre polynomials of each fraction from order 1 on, and their products up to the same order.

    Parameters
    ----------
    fractions : sequence of numpy.ndarray or torch.Tensor
        Values of each fraction, all of one shape.
    ranges : sequence of tuple of float
        Lowest and highest value of each fraction, mapped to -1 and 1.
    order : int
        Highest order, at most 3.
    """
    polynomials = []
    for values, (low, high) in zip(fractions, ranges, strict=True):
        u = 2 * (values - low) / (high - low) - 1
        polynomials.append([u, 1.5 * u**2 - 0.5, 2.5 * u**3 - 1.5 * u])
    products: list[Values] = []
    for orders in _orders(len(ranges), order):
        first, *others = (polynomials[k][n - 1] for k, n in enumerate(orders) if n)
        products.append(reduce(mul, others, first))
    return products


def n_products(n_fractions: int, order: int) -> int:
    """Return the number of functions of a number of fractions."""
    return len(_orders(n_fractions, order))


def highest_order(n_fractions: int) -> int:
    """Return the order of the functions that describe a network of a number of fractions."""
    return 3 if n_fractions <= _MAX_CUBIC else 2


def _orders(n_fractions: int, order: int) -> list[tuple[int, ...]]:
    """Return the order of each fraction's polynomial in each product."""
    chosen = (
        factors for total in range(1, order + 1) for factors in combinations_with_replacement(range(n_fractions), total)
    )
    return [tuple(factors.count(k) for k in range(n_fractions)) for factors in chosen]
