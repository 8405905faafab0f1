"""Volume fraction: the one-point statistic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_whole
from napari_swnn._phases import measure_fractions
from napari_swnn.statistics._blocks import PhaseView, check_found, open_phase, slabs
from napari_swnn.statistics._inputs import check_mask, check_sampled, check_volume

if TYPE_CHECKING:
    from napari_swnn._types import FloatArray


def volume_fraction(volume: Any, *, phase: int = 1, mask: Any = None) -> float:
    """Return the fraction of voxels that belong to `phase`.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels, read once, slab by slab.
    phase : int
        Label of the phase of interest.
    mask : array of bool, optional
        Region of interest, with the shape of `volume`.

    Returns
    -------
    float
        Volume fraction in [0, 1].

    Raises
    ------
    ValueError
        If the region of interest is empty, or an argument is invalid.
    """
    view = open_phase(volume, phase=phase, mask=mask)
    hits, trials = np.sum([_update(slab) for slab in slabs(view)], axis=0).tolist()
    check_sampled(trials)
    check_found(view, hits > 0)
    return float(hits / trials)


def volume_fractions(volume: Any, *, mask: Any = None) -> dict[int, float]:
    """Return the volume fraction of every phase that is present, keyed by label in ascending order.

    See `volume_fraction` for the parameters. The values sum to 1.

    Raises
    ------
    ValueError
        If the region of interest is empty, or an argument is invalid.
    """
    labels = check_volume(volume)
    view = PhaseView(labels, 0, check_mask(mask, tuple(labels.shape)))
    fractions = measure_fractions(slab.labels if slab.mask is None else slab.labels[slab.mask] for slab in slabs(view))
    check_sampled(len(fractions))
    return fractions


def volume_fraction_profile(volume: Any, *, axis: int, phase: int = 1) -> FloatArray:
    """Return the profile of the volume fraction along `axis`, plane by plane.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels, read once, slab by slab.
    axis : int
        Axis normal to the planes: 0, 1 or 2 for z, y or x of a volume.
    phase : int
        Label of the phase of interest.

    Returns
    -------
    (n,) float
        One value in [0, 1] for each plane.

    Raises
    ------
    ValueError
        If `axis` does not exist, or an argument is invalid.
    """
    view = open_phase(volume, phase=phase)
    if check_whole(axis, name="axis", low=0) >= view.ndim:
        raise ValueError(f"axis must be one of 0 to {view.ndim - 1} for a {view.ndim}-D volume, got {axis}")
    others = tuple(a for a in range(view.ndim) if a != axis)
    counts = [slab.binary.sum(axis=others) for slab in slabs(view)]  # (n,) each; a run of planes if axis is 0
    check_found(view, any(bool(count.any()) for count in counts))
    total = np.concatenate(counts) if axis == 0 else np.sum(counts, axis=0)
    return np.asarray(total * (view.shape[axis] / np.prod(view.shape)))


def _update(slab: PhaseView) -> tuple[int, int]:
    """Count the voxels of the phase and all voxels inside the region of interest."""
    trials = slab.labels.size if slab.mask is None else np.count_nonzero(slab.mask)
    return int(np.count_nonzero(slab.binary)), int(trials)
