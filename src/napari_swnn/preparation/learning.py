"""Learning of a segmentation from scribbles on a micrograph or on a stack of sections."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_labels
from napari_swnn._steps import drain
from napari_swnn._types import Labels
from napari_swnn.preparation._tiles import Tile, iter_tiles, section
from napari_swnn.preparation.crop import Crop
from napari_swnn.preparation.features import SCALES, feature_margin, n_features, pixel_features
from napari_swnn.preparation.grey import to_grey
from napari_swnn.preparation.recipe import Recipe
from napari_swnn.preparation.run import PreparationStep, iter_apply
from napari_swnn.preparation.samples import Samples
from napari_swnn.preparation.scribbles import SegmentScribbles

CELL = 256
"""Edge length in pixels of the squares whose features are computed together."""


def learn_scribbles(
    image: Any, scribbles: Any, recipe: Recipe | None = None, *, axes: Sequence[str] | None = None, seed: int = 0
) -> Recipe:
    """Return a recipe that segments as scribbles show.

    Parameters
    ----------
    image : array_like
        Raw micrograph or stack of sections; see `to_grey`.
    scribbles : array of int
        Painted phase of each pixel of the image, from 1 to 255, and 0 where nothing is painted.
    recipe : Recipe, optional
        Steps on grey values that come first.
    axes : sequence of "z", "y", "x" and "c", optional
        Names of the axes of `image`.
    seed : int
        Seed of the random forest.

    Returns
    -------
    Recipe
        `recipe` and the step `SegmentScribbles`.

    Raises
    ------
    ValueError
        If fewer than two phases are painted, or the shape of the scribbles is not that of the image.
    """
    return drain(iter_learn(image, scribbles, recipe, axes=axes, seed=seed))


def iter_learn(
    image: Any, scribbles: Any, recipe: Recipe | None = None, *, axes: Sequence[str] | None = None, seed: int = 0
) -> Generator[PreparationStep, None, Recipe]:
    """Learn from scribbles, yielding the progress of the steps that come first; see `learn_scribbles`."""
    recipe = recipe or Recipe()
    if recipe.gives != "grey":
        raise ValueError("recipe must hold steps on grey values only, got one that segments; leave that step out")
    grey = to_grey(image, axes)
    painted = check_scribbles(scribbles, grey.shape)
    grey = yield from iter_apply(grey, recipe.steps)
    for step in recipe.steps:
        if isinstance(step, Crop):
            painted = step.window(painted)
    sections = range(len(painted)) if painted.ndim == 3 else [0]
    parts = [_gather_section(section(grey, i), section(painted, i)) for i in sections]
    features, phases = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return recipe.then(SegmentScribbles(Samples.collect(features, phases), seed=seed))


def check_scribbles(scribbles: Any, shape: tuple[int, ...]) -> Labels:
    """Return scribbles that fit an image.

    Raises
    ------
    TypeError
        If they are not integers.
    ValueError
        If the shapes differ or a label is not between 0 and 255.
    """
    painted = check_labels(scribbles, name="scribbles")
    if painted.shape != tuple(shape):
        raise ValueError(f"scribbles must have the shape of the image, {tuple(shape)}, got {painted.shape}")
    if painted.min() < 0 or painted.max() > 255:
        raise ValueError(f"scribbles must be labels from 1 to 255, got {painted.min()} to {painted.max()}; relabel")
    return painted


def gather(
    painted: Labels, features_of: Callable[[Tile], NDArray[np.float32]], scales: tuple[float, ...]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the features and phases of all painted pixels of a section.

    Parameters
    ----------
    painted : (y, x) array of int
        Scribbles.
    features_of : callable
        Function that returns the features of a cell; it is called for cells with scribbles only.
    scales : tuple of float
        Standard deviations of the Gaussians of the features, in pixels.
    """
    features = [np.empty((0, n_features(scales)), np.float32)]
    phases = [np.empty(0, np.uint8)]
    for tile in iter_tiles(painted.shape, 0, CELL):
        here = painted[tile.core]
        if here.any():
            features.append(features_of(tile)[here > 0])
            phases.append(here[here > 0].astype(np.uint8))
    return np.concatenate(features), np.concatenate(phases)


def cell_features(image: Any, tile: Tile, scales: tuple[float, ...]) -> NDArray[np.float32]:
    """Return the features of one cell of a section, computed with a margin."""
    margin = feature_margin(scales)
    rows, columns = tile.core
    top = max(0, rows.start - margin)
    left = max(0, columns.start - margin)
    around = image[top : rows.stop + margin, left : columns.stop + margin]
    every = pixel_features(np.asarray(around, np.float32), scales)
    return np.ascontiguousarray(every[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left])


def _gather_section(grey: Any, painted: Labels) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    return gather(painted, lambda tile: cell_features(grey, tile, SCALES), SCALES)
