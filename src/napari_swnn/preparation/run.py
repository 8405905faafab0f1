"""Application of a recipe to an image."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._phases import choose_phase, measure_fractions
from napari_swnn._progress import Progress, WorkClock
from napari_swnn._steps import drain, forward_steps
from napari_swnn._types import Labels
from napari_swnn.preparation._tiles import TILE, iter_slabs
from napari_swnn.preparation.grey import to_grey
from napari_swnn.preparation.recipe import Recipe
from napari_swnn.preparation.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationStep(Progress):
    """Progress of a preparation.

    Attributes
    ----------
    index, n_steps : int
        Current step of the recipe, from 0, and their number.
    description : str
        Description of the step.
    finished : bool
        True once the step is complete.
    fractions : dict of int to float, or None
        Fraction of each label after a finished step that gives labels; otherwise None.
    porosity : float or None
        Fraction of the phase of interest after a finished step that gives labels; otherwise None.
    """

    index: int
    n_steps: int
    description: str
    finished: bool = False
    fractions: dict[int, float] | None = None
    porosity: float | None = None


def prepare(image: Any, recipe: Recipe, *, axes: Sequence[str] | None = None) -> Labels:
    """Return the labels of a raw micrograph.

    Parameters
    ----------
    image : array_like
        Micrograph or stack of sections, numpy or dask, grey or colour; see `to_grey`.
    recipe : Recipe
        Steps to apply, one of which segments.
    axes : sequence of "z", "y", "x" and "c", optional
        Names of the axes of `image`.

    Returns
    -------
    numpy.ndarray
        Labels ``(y, x)`` or ``(z, y, x)``, uint8.

    Raises
    ------
    ValueError
        If the recipe does not segment, or a step does not fit the image.
    """
    return drain(iter_prepare(image, recipe, axes=axes))


def iter_prepare(
    image: Any, recipe: Recipe, *, axes: Sequence[str] | None = None, phase: int | None = None, tile: int = TILE
) -> Generator[PreparationStep, None, Labels]:
    """Apply a recipe to a raw micrograph, yielding progress and the porosity after each step.

    Parameters
    ----------
    image, recipe, axes
        See `prepare`.
    phase : int, optional
        Phase of interest of the porosities; by default 1 if it is present, otherwise the highest label.
    tile : int
        Preferred edge length in pixels of the tiles that an image is treated in. The result does not depend on it.

    Yields
    ------
    PreparationStep
        Progress; `finished` after each step of the recipe.

    Returns
    -------
    numpy.ndarray
        Labels ``(y, x)`` or ``(z, y, x)``, uint8.
    """
    if recipe.gives != "labels":
        raise ValueError(
            f"recipe must segment the image, got {len(recipe.steps)} steps without a segmentation; "
            "add Threshold or SegmentScribbles"
        )
    return (yield from iter_apply(to_grey(image, axes), recipe.steps, phase=phase, tile=tile))


def iter_apply(
    values: Any, steps: Sequence[Step], *, phase: int | None = None, tile: int = TILE
) -> Generator[PreparationStep, None, NDArray[Any]]:
    """Apply steps to grey values or labels.

    Parameters
    ----------
    values : (y, x) or (z, y, x) array, numpy or dask
        Grey values as returned by `to_grey`, or labels, as the first step takes them.
    steps : sequence of Step
        Steps of a recipe, or some of them.
    phase, tile
        See `iter_prepare`.

    Yields
    ------
    PreparationStep
        Progress; `finished` after each step.

    Returns
    -------
    numpy.ndarray
        Grey values or labels.
    """
    clock = WorkClock(len(steps))
    for index, step in enumerate(steps):
        yield _progress(clock, index, step)
        values = yield from forward_steps(step.iter_apply(values, tile=tile), partial(_advance, clock, index, step))
        fractions = measure_fractions(iter_slabs(values)) if step.kind[1] == "labels" else None
        porosity = None if fractions is None else fractions.get(_choose(fractions, phase), 0.0)
        yield _progress(clock, index, step, finished=True, fractions=fractions, porosity=porosity)
    return np.asarray(values)


def _choose(fractions: dict[int, float], phase: int | None) -> int:
    """Return the label whose fraction is shown; one phase alone is no error while steps are tried."""
    if phase is not None or len(fractions) < 2:
        return max(fractions) if phase is None else phase
    return choose_phase(fractions).phase


def _advance(clock: WorkClock, index: int, step: Step, fraction: float) -> PreparationStep:
    clock.advance(index + fraction - clock.done)
    return _progress(clock, index, step)


def _progress(clock: WorkClock, index: int, step: Step, **results: Any) -> PreparationStep:
    return PreparationStep(
        fraction=clock.fraction,
        elapsed=clock.elapsed,
        time_left=clock.time_left,
        activity=step.description,
        index=index,
        n_steps=int(clock.total),
        description=step.description,
        **results,
    )
