"""Volume fraction of every phase with its confidence interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_swnn.statistics._phase_sets import open_phases
from napari_swnn.statistics.representativity import FractionInterval, volume_fraction_interval

if TYPE_CHECKING:
    from collections.abc import Sequence


def phase_fractions(
    volume: Any,
    *,
    confidence: float = 0.95,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> dict[int, FractionInterval]:
    """Return the volume fraction of every phase with its confidence interval, keyed by label in ascending order.

    The values sum to 1. Each interval is that of one phase against all others; errors of phases are correlated, since
    a surplus of one phase is a deficit of the others.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Segmented image of a statistically homogeneous material with two to eight labels.
    confidence, periodic, mask, voxel_size, unit
        See `volume_fraction_interval`.

    Returns
    -------
    dict of int to FractionInterval
        Fraction ``.value`` and interval ``.low`` to ``.high`` of each phase.

    Raises
    ------
    ValueError
        If the image has a single label or more than eight, the region of interest lacks a phase, or an argument is
        invalid.

    References
    ----------
    Dahari, Docherty, Kench and Cooper (2024), arXiv:2410.19568, applied to each phase; see `volume_fraction_interval`.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.random.default_rng(0).integers(0, 3, (64, 64))
    >>> {label: round(found.value, 2) for label, found in phase_fractions(labels).items()}
    {0: 0.33, 1: 0.33, 2: 0.34}
    """
    _, phases = open_phases(volume, mask=mask)
    return {
        phase: volume_fraction_interval(
            volume,
            phase=phase,
            confidence=confidence,
            periodic=periodic,
            mask=mask,
            voxel_size=voxel_size,
            unit=unit,
        )
        for phase in phases
    }
