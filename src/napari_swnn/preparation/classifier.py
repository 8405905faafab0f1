"""Interactive segmentation from scribbles: features are computed once, and each stroke repaints the image."""

from __future__ import annotations

from collections import OrderedDict
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn.preparation._tiles import Tile, iter_tiles
from napari_swnn.preparation.features import SCALES, n_features
from napari_swnn.preparation.learning import CELL, cell_features, check_scribbles, gather
from napari_swnn.preparation.samples import Samples
from napari_swnn.preparation.scribbles import SegmentScribbles, classify, train_forest

MAX_MEMORY = 1 << 30
"""Size in bytes of the features that are kept; those used longest ago are computed again when needed."""


class ScribbleClassifier:
    """Random forest that learns from scribbles on one section.

    Parameters
    ----------
    image : (y, x) array of float32
        Grey values, as returned by `to_grey`.
    scales : tuple of float
        Standard deviations of the Gaussians of the features, in pixels.
    seed : int
        Seed of the forest.
    max_memory : int
        Size in bytes of the features that are kept.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.repeat([[10.0, 90.0]], 32, axis=0).repeat(16, axis=1)
    >>> strokes = np.zeros((32, 32), int)
    >>> strokes[4, 2:8] = 1
    >>> strokes[4, 20:28] = 2
    >>> classifier = ScribbleClassifier(image)
    >>> step = classifier.fit(strokes)
    >>> labels, uncertainty = classifier.predict(step)
    >>> int(labels[20, 5]), int(labels[20, 25])
    (1, 2)
    """

    def __init__(
        self, image: Any, *, scales: tuple[float, ...] = SCALES, seed: int = 0, max_memory: int = MAX_MEMORY
    ) -> None:
        if getattr(image, "ndim", 0) != 2:
            raise ValueError(f"image must be one section (y, x), got the shape {np.shape(image)}; pick a section")
        self.image = image
        self.scales = scales
        self.seed = seed
        self._max_cells = max(1, max_memory // (4 * n_features(scales) * CELL**2))
        self._cells: OrderedDict[tuple[int, int], NDArray[np.float32]] = OrderedDict()
        self._locks: dict[tuple[int, int], Lock] = {}

    @property
    def memory(self) -> int:
        """Size in bytes of the features that are kept at present."""
        return sum(features.nbytes for features in self._cells.values())

    def compute_features(self, window: tuple[slice, slice] | None = None) -> None:
        """Compute features in advance, so that the first strokes repaint the image sooner.

        It may run in a thread beside `fit` and `predict`, which wait only for the features that are being computed.

        Parameters
        ----------
        window : pair of slices, optional
            Rows and columns, such as those that are visible; by default the whole image.
        """
        from napari_swnn.core.numerics.parallel import map_threads

        import_module("sklearn.ensemble")  # takes a second, too
        map_threads(self._features, self._cells_in(window)[: self._max_cells])

    def fit(self, scribbles: Any) -> SegmentScribbles:
        """Return the step that segments as the scribbles show.

        Parameters
        ----------
        scribbles : (y, x) array of int
            Painted phase of each pixel, from 1 to 255; 0 where nothing is painted.

        Raises
        ------
        ValueError
            If fewer than two phases are painted, or the shape is not that of the image.
        """
        painted = check_scribbles(scribbles, self.image.shape)
        samples = Samples.collect(*gather(painted, self._features, self.scales))
        return SegmentScribbles(samples, scales=self.scales, seed=self.seed)

    def predict(
        self, step: SegmentScribbles, window: tuple[slice, slice] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return the labels and the uncertainty of the image, or of a window of it.

        Parameters
        ----------
        step : SegmentScribbles
            Step returned by `fit`.
        window : pair of slices, optional
            Rows and columns to segment, for example those that are visible; by default the whole image.

        Returns
        -------
        labels : (y, x) array of uint8
            Most probable phase.
        uncertainty : (y, x) array of float32
            One minus the difference between the two highest probabilities, in [0, 1].
        """
        from napari_swnn.core.numerics.parallel import map_threads

        (top, bottom), (left, right) = self._span(window)
        labels = np.zeros((bottom - top, right - left), np.uint8)
        uncertainty = np.zeros(labels.shape, np.float32)
        forest = train_forest(step)

        def paint(tile: Tile) -> None:
            y, x = (_overlap(cell, *span) for cell, span in zip(tile.core, ((top, bottom), (left, right)), strict=True))
            place = slice(y.start - top, y.stop - top), slice(x.start - left, x.stop - left)
            within = (
                slice(y.start - tile.core[0].start, y.stop - tile.core[0].start),
                slice(x.start - tile.core[1].start, x.stop - tile.core[1].start),
            )
            labels[place], uncertainty[place] = classify(forest, self._features(tile)[within])

        map_threads(paint, self._cells_in(window))
        return labels, uncertainty

    def _span(self, window: tuple[slice, slice] | None) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the first and the last row, exclusive, and the columns of a window; by default the whole image."""
        height, width = self.image.shape
        rows, columns = window or (slice(None), slice(None))
        return rows.indices(height)[:2], columns.indices(width)[:2]

    def _cells_in(self, window: tuple[slice, slice] | None) -> list[Tile]:
        """Return the cells of which at least a part lies in a window."""
        (top, bottom), (left, right) = self._span(window)
        return [
            tile
            for tile in iter_tiles(self.image.shape, 0, CELL)
            if _meets(tile.core[0], top, bottom) and _meets(tile.core[1], left, right)
        ]

    def _features(self, tile: Tile) -> NDArray[np.float32]:
        """Return the features of a cell, computed once."""
        key = tile.core[0].start, tile.core[1].start
        with self._locks.setdefault(key, Lock()):
            found = self._cells.get(key)
            if found is None:
                found = cell_features(self.image, tile, self.scales)
                self._cells[key] = found
                while len(self._cells) > self._max_cells:
                    self._cells.popitem(last=False)
        return found


def _meets(cell: slice, start: int, stop: int) -> bool:
    return bool(cell.start < stop and start < cell.stop)


def _overlap(cell: slice, start: int, stop: int) -> slice:
    return slice(max(cell.start, start), min(cell.stop, stop))
