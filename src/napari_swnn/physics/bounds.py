"""Bounds on the effective conductivity from the volume fractions alone.

References
----------
.. [1] O. Wiener, "Die Theorie des Mischkörpers für das Feld der stationären Strömung", Abh. Sächs. Akad. Wiss. 32
   (1912) 509-604: laminates along and across the flux are the extremes.
.. [2] Z. Hashin, S. Shtrikman, "A variational approach to the theory of the effective magnetic permeability of
   multiphase materials", J. Appl. Phys. 33 (1962) 3125-3131.
.. [3] S. Torquato, "Random Heterogeneous Materials" (2002), section 21.1: generalisation to d dimensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from napari_swnn._types import FloatArray


class Bounds(NamedTuple):
    """Lower and upper bounds on a property."""

    lower: float
    upper: float


class ConductivityBounds(NamedTuple):
    """Bounds on an effective conductivity, widest first.

    Attributes
    ----------
    wiener : Bounds
        Bounds for every microstructure and direction.
    hashin_shtrikman : Bounds
        Tighter bounds for isotropic microstructures.
    """

    wiener: Bounds
    hashin_shtrikman: Bounds


def wiener_bounds(fractions: ArrayLike, conductivities: ArrayLike) -> Bounds:
    """Return the harmonic and arithmetic means, exact for laminates across and along the flux [1]_.

    Parameters
    ----------
    fractions, conductivities : array_like, ``(n_phases,)``
        Volume fraction (in [0, 1], summing to 1) and conductivity (at least 0) of each phase.

    Returns
    -------
    Bounds
        In the unit of `conductivities`.

    Raises
    ------
    ValueError
        If the arrays differ in length, a value is out of range or the fractions do not sum to 1.

    Examples
    --------
    >>> lower, upper = wiener_bounds([0.25, 0.75], [0.026, 1.4])
    >>> round(lower, 4), round(upper, 4)
    (0.0985, 1.0565)
    """
    phi, k = _check_phases(fractions, conductivities)
    return Bounds(_harmonic_mean(phi, k), float(phi @ k))


def hashin_shtrikman_bounds(fractions: ArrayLike, conductivities: ArrayLike, *, ndim: int = 3) -> Bounds:
    """Return the Hashin–Shtrikman bounds for an isotropic material of n phases [2]_ [3]_.

    The lower (upper) bound is the harmonic mean of k_i + (d − 1) k0, minus (d − 1) k0, where k0 is the smallest
    (largest) conductivity.

    Parameters
    ----------
    fractions, conductivities : array_like, ``(n_phases,)``
        Volume fraction (in [0, 1], summing to 1) and conductivity (at least 0) of each phase.
    ndim : {2, 3}
        Dimension d of the microstructure.

    Returns
    -------
    Bounds
        In the unit of `conductivities`.

    Raises
    ------
    ValueError
        If the arrays differ in length, a value is out of range, the fractions do not sum to 1 or `ndim` is neither
        2 nor 3.

    Examples
    --------
    >>> lower, upper = hashin_shtrikman_bounds([0.25, 0.75], [0.026, 1.4])
    >>> round(lower, 4), round(upper, 4)
    (0.2167, 0.9448)
    """
    if ndim not in (2, 3):
        raise ValueError(f"ndim must be 2 or 3, got {ndim!r}")
    phi, k = _check_phases(fractions, conductivities)
    present = k[phi > 0]  # an absent phase must not widen the bounds
    lower, upper = (
        _harmonic_mean(phi, k + (ndim - 1) * reference) - (ndim - 1) * reference
        for reference in (present.min(), present.max())
    )
    return Bounds(float(lower), float(upper))


def conductivity_bounds(fractions: ArrayLike, conductivities: ArrayLike, *, ndim: int = 3) -> ConductivityBounds:
    """Return the Wiener and Hashin–Shtrikman bounds; see `wiener_bounds` and `hashin_shtrikman_bounds`."""
    return ConductivityBounds(
        wiener_bounds(fractions, conductivities), hashin_shtrikman_bounds(fractions, conductivities, ndim=ndim)
    )


def _harmonic_mean(phi: FloatArray, k: FloatArray) -> float:
    phi, k = phi[phi > 0], k[phi > 0]
    return float(1 / np.sum(phi / k)) if k.all() else 0.0


def _check_phases(fractions: ArrayLike, conductivities: ArrayLike) -> tuple[FloatArray, FloatArray]:
    phi, k = np.asarray(fractions, dtype=float), np.asarray(conductivities, dtype=float)
    if phi.ndim != 1 or phi.shape != k.shape:
        raise ValueError(
            f"fractions and conductivities must contain one number for each phase, got shapes {phi.shape} and {k.shape}"
        )
    if not (np.all(phi >= 0) and np.isclose(phi.sum(), 1)):
        raise ValueError(f"fractions must be at least 0 and sum to 1, got {_format_numbers(phi)}")
    if not (np.all(k >= 0) and np.all(np.isfinite(k))):
        raise ValueError(f"conductivities must be finite and at least 0, got {_format_numbers(k)}")
    return phi, k


def _format_numbers(values: FloatArray) -> str:
    return ", ".join(f"{value:g}" for value in values)
