"""Preview of a draft: the steps are applied to one part of the image, and unchanged steps are not repeated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._types import Labels
from napari_swnn.preparation import Crop, ScribbleClassifier, Threshold, assess, grey_histogram
from napari_swnn.preparation.evenness import is_uneven
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.preparation.draft import Draft
from napari_swnn.widgets.preparation.segmentation import Segmented, learn, segment
from napari_swnn.widgets.preparation.source import ImageSource
from napari_swnn.widgets.preparation.strokes import Strokes

if TYPE_CHECKING:
    from napari_swnn._voxel_size import VoxelSize
    from napari_swnn.preparation import Assessment, SegmentScribbles

MOST_PIXELS = 1536**2
"""Number of pixels above which only a part of the image is previewed."""
SHIFT = 256
"""Grid in pixels to which the previewed part of a large image is aligned, so that small moves change nothing."""
N_BINS = 256
_GREY = ("background", "noise")
_LABELS = ("specks", "holes", "smoothing")


def choose_window(shape: tuple[int, int], crop: Crop | None, centre: tuple[float, float] | None) -> Crop:
    """Return the part of an image to preview.

    Parameters
    ----------
    shape : tuple of int
        Size of the image in pixels, ``(height, width)``.
    crop : Crop, optional
        Part of the image that is used; the whole image by default. It is clipped to the image.
    centre : tuple of float, optional
        Pixel in the middle of the view, ``(row, column)``; by default the middle of the image.
    """
    whole = clip_crop(shape, crop)
    top, left, height, width = whole.top, whole.left, whole.height, whole.width
    if height * width <= MOST_PIXELS:
        return whole
    side = round(sqrt(MOST_PIXELS))
    rows = min(height, max(side, MOST_PIXELS // width))
    columns = min(width, MOST_PIXELS // rows)
    middle = (top + height / 2, left + width / 2) if centre is None else centre
    return Crop(
        _align(middle[0] - rows / 2, top, top + height - rows),
        _align(middle[1] - columns / 2, left, left + width - columns),
        rows,
        columns,
    )


def clip_crop(shape: tuple[int, int], crop: Crop | None) -> Crop:
    """Return the part of a crop that lies within an image, ``(height, width)``; the whole image without a crop."""
    if crop is None:
        return Crop(0, 0, *shape)
    top = min(crop.top, shape[0] - 1)
    left = min(crop.left, shape[1] - 1)
    return Crop(top, left, min(crop.height, shape[0] - top), min(crop.width, shape[1] - left))


def _align(start: float, low: int, high: int) -> int:
    return int(min(max(round(start / SHIFT) * SHIFT, low), high))


@dataclass(frozen=True, eq=False)
class PreviewJob:
    """Request for a preview.

    Attributes
    ----------
    source : ImageSource
        Image.
    window : Crop
        Part of the image to preview.
    draft : Draft
        Steps to apply.
    free : Crop or None
        Part of the image without its data bar; None if it has none, or is not known to have one.
    """

    source: ImageSource
    window: Crop
    draft: Draft
    free: Crop | None = None

    @property
    def area(self) -> Crop:
        """Part of the image whose grey values are needed: for scribbles, all of it that is left after cropping."""
        if not isinstance(self.draft.segmentation, Strokes):
            return self.window
        return clip_crop(self.source.shape, self.draft.crop)

    @property
    def window_in_area(self) -> tuple[slice, slice]:
        """Rows and columns of the window within the area."""
        top = self.window.top - self.area.top
        left = self.window.left - self.area.left
        return slice(top, top + self.window.height), slice(left, left + self.window.width)

    @property
    def rows_without_bar(self) -> slice:
        """Rows of the window that lie outside the data bar; all of them if the window contains nothing else."""
        rows = slice(0, self.window.height)
        if self.free is None:
            return rows
        ends = (self.free.top, self.free.top + self.free.height)
        first, end = (min(max(0, row - self.window.top), rows.stop) for row in ends)
        return slice(first, end) if first < end else rows


@dataclass(frozen=True, eq=False)
class Preview:
    """Result of a preview.

    Attributes
    ----------
    job : PreviewJob
        Request.
    grey : numpy.ndarray or None
        Grey values before segmentation, ``(height, width)``; None if the image cannot be read.
    counts, edges : numpy.ndarray
        Histogram of the grey values, ``(n,)`` and ``(n + 1,)``. A data bar is within its range, but not counted.
    segmented : Segmented or None
        Result of the segmentation; None without one.
    labels : numpy.ndarray or None
        Labels after all steps, ``(height, width)``; None without a segmentation.
    effects : dict
        Fraction of the phase of interest before and after each step on labels, by field of the draft.
    is_uneven : bool
        True if there is a threshold for the whole image, whose brightness is uneven and not flattened.
    problem : BadInputError or None
        Reason that a step cannot be applied, with the field of the step as its control.
    classifier : ScribbleClassifier or None
        Classifier that learns from scribbles; None for other methods.
    """

    job: PreviewJob
    grey: np.ndarray | None = None
    counts: np.ndarray = field(default_factory=lambda: np.zeros(1))
    edges: np.ndarray = field(default_factory=lambda: np.array([0.0, 1.0]))
    segmented: Segmented | None = None
    labels: Labels | None = None
    effects: dict[str, tuple[float, float]] = field(default_factory=dict)
    is_uneven: bool = False
    problem: BadInputError | None = None
    classifier: ScribbleClassifier | None = None

    @property
    def is_whole(self) -> bool:
        """True if the preview covers the whole image, or all of it that is left after cropping."""
        crop = self.job.draft.crop or self.job.source.whole
        return self.job.window.height * self.job.window.width >= crop.height * crop.width

    @property
    def porosity(self) -> float:
        """Fraction of the phase of interest, in [0, 1]; NaN without a segmentation."""
        return float("nan") if self.labels is None else _fraction(self.labels, self.job.draft.label)

    @property
    def trained(self) -> "SegmentScribbles | None":
        """Segmentation learned from the scribbles; None for other methods."""
        return None if self.segmented is None else self.segmented.trained

    def is_trained_for(self, draft: Draft) -> bool:
        """Return True if the segmentation was learned from the scribbles and grey values of a draft."""
        mine = self.job.draft
        return all(getattr(mine, slot) == getattr(draft, slot) for slot in ("crop", *_GREY, "segmentation"))


class Previewer:
    """Computation of previews that keeps the result of every step; it must be called from one thread at a time."""

    def __init__(self) -> None:
        self._kept: list[tuple[Any, Any]] = []

    def preview(self, job: PreviewJob) -> Preview:
        """Return the preview of a draft; a step that fails is reported in its `problem`."""
        steps = _Steps(job, self._kept)
        try:
            steps.run()
        except Exception as error:  # noqa: BLE001  (every failure belongs to the step that was being applied)
            steps.found["problem"] = BadInputError(steps.slot, describe_error(error))
        return Preview(job, **steps.found)


class _Steps:
    """Steps of one preview; results of unchanged leading steps are taken from the last preview.

    Parameters
    ----------
    job : PreviewJob
        Request.
    kept : list
        Results of the last preview with their keys; it is updated.
    """

    def __init__(self, job: PreviewJob, kept: list[tuple[Any, Any]]) -> None:
        self.slot = "image"
        self.found: dict[str, Any] = {}
        self._job = job
        self._kept = kept
        self._position = 0

    def run(self) -> None:
        """Apply all steps."""
        job = self._job
        grey = self._apply("image", (job.source, job.area), lambda: job.source.read(job.area))
        for slot in _GREY:
            grey = self._apply_step(slot, grey)
        visible = grey[job.window_in_area]
        counts, edges = _count_values(visible, job.rows_without_bar)
        self.found |= {"grey": visible, "counts": counts, "edges": edges}
        segmented = self._segment(grey)
        if segmented is None:
            return
        self.found["segmented"] = segmented
        labels = segmented.labels
        effects = self.found["effects"] = {}
        for slot in _LABELS:
            before = labels
            labels = self._apply_step(slot, labels)
            if getattr(job.draft, slot) is not None:
                effects[slot] = (_fraction(before, job.draft.label), _fraction(labels, job.draft.label))
        self.found |= {
            "labels": labels,
            "is_uneven": _needs_evenness(job.draft) and is_uneven(visible, segmented.labels),
        }

    def _segment(self, grey: np.ndarray) -> Segmented | None:
        job = self._job
        step = job.draft.segmentation
        if step is None:
            return None
        if not isinstance(step, Strokes):
            return self._apply("segmentation", step, lambda: segment(step, grey))
        classifier = self._apply("classifier", None, lambda: ScribbleClassifier(grey))
        self.found["classifier"] = classifier
        return self._apply(
            "segmentation", (step, job.window), lambda: learn(classifier, step, job.area, job.window_in_area)
        )

    def _apply_step(self, slot: str, values: Any) -> Any:
        step = getattr(self._job.draft, slot)
        return self._apply(slot, step, lambda: values if step is None else step.apply(values))

    def _apply(self, slot: str, key: Any, act: Callable[[], Any]) -> Any:
        """Return the result of the next step, from the last preview if neither it nor an earlier step has changed."""
        self.slot = "segmentation" if slot == "classifier" else slot
        name = (slot, key)
        position = self._position
        self._position += 1
        if position < len(self._kept) and self._kept[position][0] == name:
            return self._kept[position][1]
        del self._kept[position:]
        result = act()
        self._kept.append((name, result))
        return result


def _needs_evenness(draft: Draft) -> bool:
    """Return True for a threshold of the whole image before flattening, which in small images leaves a trace itself."""
    step = draft.segmentation
    return draft.background is None and isinstance(step, Threshold) and step.method != "local"


def assess_preview(preview: Preview, voxel: "VoxelSize | None") -> "Assessment":
    """Return the assessment of the segmentation in a preview."""
    return assess(preview.labels, preview.job.draft.label, voxel)


def _count_values(grey: np.ndarray, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Return a histogram of some rows with equal bins over the grey values of all.

    For whole numbers, each bin holds the same number of grey values.
    """
    histogram = grey_histogram(grey).merged(N_BINS)
    width = float(histogram.centres[1] - histogram.centres[0]) if len(histogram.centres) > 1 else 1.0
    first = float(histogram.centres[0]) - width / 2
    edges = first + width * np.arange(len(histogram.counts) + 1)
    if grey[rows].size == grey.size:
        return histogram.counts, edges
    span = (edges[0], edges[-1])
    return np.histogram(np.clip(grey[rows], *span), len(histogram.counts), span)[0], edges


def _fraction(labels: Labels, phase: int) -> float:
    return float(np.count_nonzero(labels == phase) / labels.size)
