"""Segmentation of a preview, with the facts that the panel shows beside it."""

from dataclasses import dataclass

import numpy as np

from napari_swnn._types import Labels
from napari_swnn.preparation import Crop, ScribbleClassifier, SegmentScribbles, Threshold
from napari_swnn.preparation.threshold import divide
from napari_swnn.widgets.preparation.strokes import Strokes

Rows = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Segmented:
    """Result of a segmentation.

    Attributes
    ----------
    labels : numpy.ndarray
        Labels, ``(height, width)``.
    levels : tuple of float
        Thresholds in ascending order; empty for other methods and the local threshold.
    uncertainty : numpy.ndarray or None
        Uncertainty of each pixel in [0, 1], ``(height, width)``; None for thresholds.
    trained : SegmentScribbles or None
        Step that learned from the scribbles; None for other methods.
    """

    labels: Labels
    levels: tuple[float, ...] = ()
    uncertainty: np.ndarray | None = None
    trained: SegmentScribbles | None = None


def segment(step: Threshold | SegmentScribbles, grey: np.ndarray) -> Segmented:
    """Segment grey values, ``(height, width)``, by a threshold or a classifier that has already learned."""
    if isinstance(step, SegmentScribbles) or step.method == "local":
        return Segmented(step.apply(grey))
    levels = step.find_levels(grey)
    return Segmented(divide(grey, levels), levels)


def learn(classifier: ScribbleClassifier, strokes: Strokes, area: Crop, window: Rows) -> Segmented | None:
    """Learn from scribbles, and segment a window; None if fewer than two phases are scribbled.

    Parameters
    ----------
    classifier : ScribbleClassifier
        Classifier of the grey values of `area`.
    strokes : Strokes
        Scribbles on the whole image.
    area : Crop
        Part of the image that the classifier knows.
    window : pair of slices
        Rows and columns of this part to segment.
    """
    rows = slice(area.top, area.top + area.height), slice(area.left, area.left + area.width)
    scribbles = strokes.to_layer()[rows]
    if len(np.unique(scribbles[scribbles > 0])) < 2:
        return None
    step = classifier.fit(scribbles)
    labels, uncertainty = classifier.predict(step, window)
    return Segmented(labels, (), uncertainty, step)
