"""Segmentation by a random forest that learned from scribbles."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_in_range, check_seed, check_whole
from napari_swnn.preparation._tiles import TILE, Tile, Work
from napari_swnn.preparation.features import SCALES, feature_margin, n_features, pixel_features
from napari_swnn.preparation.samples import Samples
from napari_swnn.preparation.step import Step

_MAX_SCALE = 64
_TILE = 512
_BATCH = 1 << 16
_FIRST_TREES = 10
"""Number of trees that suffice for a pixel if they all agree, which halves the time."""


@dataclass(frozen=True)
class SegmentScribbles(Step):
    """Segmentation by a random forest; labels are those of the scribbles.

    The features and phases of the painted pixels are part of the step, so it replays on further images that were taken
    with the same settings.

    Parameters
    ----------
    samples : Samples
        Features and phases of painted pixels; see `ScribbleClassifier`.
    scales : tuple of float
        Standard deviations of the Gaussians of the features, in pixels.
    n_trees : int
        Number of trees.
    max_depth : int
        Largest depth of a tree.
    seed : int
        Seed of the forest.

    Raises
    ------
    ValueError
        If a value is out of range, or the samples do not have the features of `scales`.
    """

    samples: Samples
    scales: tuple[float, ...] = SCALES
    n_trees: int = 40
    max_depth: int = 16
    seed: int = 0

    name = "scribbles"
    kind = ("grey", "labels")

    def __post_init__(self) -> None:
        if not isinstance(self.samples, Samples):
            raise TypeError(f"samples must be Samples, got {type(self.samples).__name__}; use ScribbleClassifier")
        scales = tuple(check_in_range(scale, 0.5, _MAX_SCALE, name="scales") for scale in self.scales)
        object.__setattr__(self, "scales", scales)
        check_whole(self.n_trees, name="n_trees", high=1000)
        check_whole(self.max_depth, name="max_depth", high=100)
        check_seed(self.seed)
        if self.samples.features.shape[1] != n_features(scales):
            raise ValueError(
                f"samples must have {n_features(scales)} features for {len(scales)} scales, "
                f"got {self.samples.features.shape[1]}"
            )

    @property
    def margin(self) -> int:
        """Distance in pixels over which a pixel of the image influences the result."""
        return feature_margin(self.scales)

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        n_phases = len(np.unique(self.samples.phases))
        return f"segment from scribbles ({n_phases} phases, {len(self.samples.phases)} samples)"

    def resolve(self, values: Any) -> Work:
        """Train the forest; see `Step.resolve`."""
        forest = train_forest(self)

        def segment(grey: NDArray[Any], tile: Tile) -> NDArray[Any]:
            features = pixel_features(grey, self.scales)
            return classify(forest, features)[0]

        return segment

    def iter_apply(self, values: Any, *, tile: int = TILE) -> Generator[float, None, NDArray[Any]]:
        """Apply the forest in small tiles, because there are many features; see `Step.iter_apply`."""
        return super().iter_apply(values, tile=min(tile, _TILE))

    def to_dict(self) -> dict[str, Any]:
        """Return the name and the settings of the step as values that JSON can hold."""
        return {**super().to_dict(), "samples": self.samples.to_text()}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> SegmentScribbles:
        """Return the step with settings as read from JSON; see `Step.from_dict`."""
        scales = settings.get("scales", list(SCALES))
        if not isinstance(scales, list) or not scales:
            raise ValueError(f"scales must be a list of numbers, got {scales!r}")
        samples = Samples.from_text(settings.get("samples", ""), n_features(tuple(scales)))
        return cls(**{**settings, "samples": samples, "scales": tuple(scales)})


@lru_cache(maxsize=4)
def train_forest(step: SegmentScribbles) -> Any:
    """Return the forest of extremely randomised trees (Geurts et al. 2006) of a step; it depends on the step only."""
    from sklearn.ensemble import ExtraTreesClassifier

    # Splits at random levels blend neighbouring strokes more smoothly than optimal ones, and phases count equally
    # although their strokes differ in length.
    forest = ExtraTreesClassifier(
        step.n_trees,
        max_depth=step.max_depth,
        max_features="sqrt",
        class_weight="balanced",
        random_state=step.seed % 2**32,
        n_jobs=1,
    )
    return forest.fit(step.samples.features, step.samples.phases)


def classify(forest: Any, features: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the most probable phase of each pixel and the uncertainty.

    Parameters
    ----------
    forest : sklearn.ensemble.ExtraTreesClassifier
        Trained forest.
    features : (y, x, n) array of float32
        Features of the pixels.

    Returns
    -------
    labels : (y, x) array of uint8
        Most probable phase.
    uncertainty : (y, x) array of float32
        One minus the difference between the two highest probabilities, in [0, 1]; 0 where the first ten trees agree.
    """
    rows = features.reshape(-1, features.shape[-1])
    labels = np.empty(len(rows), np.uint8)
    uncertainty = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _BATCH):
        batch = slice(start, start + _BATCH)
        probabilities = _vote(forest, rows[batch])
        labels[batch] = forest.classes_[np.argmax(probabilities, axis=1)]
        highest = np.partition(probabilities, -2, axis=1)
        uncertainty[batch] = 1 - (highest[:, -1] - highest[:, -2])
    shape = features.shape[:-1]
    return labels.reshape(shape), uncertainty.reshape(shape)


def _vote(forest: Any, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean probabilities over the trees; the later trees see only pixels on which the first ones differ."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    votes: NDArray[np.float64] = sum(tree.predict(rows) for tree in trees[:_FIRST_TREES])
    unclear = np.flatnonzero(votes.max(axis=1) < len(trees[:_FIRST_TREES]) - 0.5)
    votes[unclear] += sum(tree.predict(rows[unclear]) for tree in trees[_FIRST_TREES:])
    probabilities: NDArray[np.float64] = votes / votes.sum(axis=1, keepdims=True)
    return probabilities
