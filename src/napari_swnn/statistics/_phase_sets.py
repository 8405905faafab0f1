"""Phases of a labelled array for statistics of several phases at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_swnn._checks import check_whole
from napari_swnn._label_values import LOWEST_LABEL
from napari_swnn._phases import MOST_PHASES, explain_many_labels, list_labels, measure_fractions
from napari_swnn.statistics._blocks import PhaseView, slabs
from napari_swnn.statistics._inputs import check_mask, check_volume

if TYPE_CHECKING:
    from collections.abc import Sequence


def open_phases(
    volume: Any, *, phases: Sequence[int] | None = None, mask: Any = None, least: int = 2
) -> tuple[PhaseView, tuple[int, ...]]:
    """Check the arguments shared by statistics of several phases; return a view and the phases in ascending order.

    The volume is read once.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels.
    phases : sequence of int, optional
        Labels of the phases; by default all labels of `volume`.
    mask : array of bool, optional
        Region of interest, with the shape of `volume`; phases may be absent from it.
    least : int
        Smallest number of phases.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, a phase is absent or listed twice, or there are too few or too many phases.
    """
    labels = check_volume(volume)
    view = PhaseView(labels, 0, check_mask(mask, tuple(map(int, labels.shape))))
    present = measure_fractions(slab.labels for slab in slabs(PhaseView(labels, 0)))
    if phases is None:
        if len(present) > MOST_PHASES:
            raise ValueError(explain_many_labels(present, name="volume"))
        if len(present) < least:
            raise ValueError(f"volume must hold at least {least} phases, got the labels {list_labels(present)}")
        return view, tuple(present)
    found = tuple(check_whole(phase, name="each of phases", low=LOWEST_LABEL) for phase in phases)
    if not least <= len(set(found)) == len(found) <= MOST_PHASES:
        raise ValueError(f"phases must be {least} to {MOST_PHASES} different labels, got {tuple(phases)!r}")
    missing = [phase for phase in found if phase not in present]
    if missing:
        raise ValueError(
            f"phases must be values of volume ({list_labels(present)}), got {list_labels(missing)}; pick labels it has"
        )
    return view, tuple(sorted(found))
