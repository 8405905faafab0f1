"""Lazy volume that computes only the visible part and never blocks the viewer.

`Tiles` caches the viewed blocks and computes missing ones in threads. napari treats a `TileView` as an array, namely a
lazily sliced level of a pyramid. In the viewer's thread it returns the available blocks, with `Tiles.pending` for all
others; the coarse volume that would be drawn in 3-D remains empty. In any other thread, or for a box in full
resolution, it returns the actual labels.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_swnn._types import Labels, Shape
from napari_swnn.core.numerics.memory import check_memory
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.shutdown import is_shutdown_error
from napari_swnn.widgets.kit.threads import CHECK_THREAD

if TYPE_CHECKING:
    from napari_swnn.core.volume.block_volume import BlockVolume

logger = logging.getLogger(__name__)

_MAX_BYTES = 2**29
"""Maximum size of the cached blocks of a volume in bytes."""
_REFRESH = 300
"""Milliseconds between two refreshes while blocks are computed."""

Key = tuple[int, ...]


class Tiles(QObject):
    """Cached blocks of a volume, computed in parallel threads; the latest request comes first.

    Parameters
    ----------
    volume : BlockVolume
        Volume to compute.
    taken : sequence of int
        Labels that occur in the volume.

    Attributes
    ----------
    pending : int
        Label of voxels that have not been computed yet; it differs from all labels in `taken`.
    """

    counted = Signal(int, int)
    """Emitted with the numbers of computed blocks and of all blocks in view; both are 0 while nothing is computed."""
    _computed = Signal()
    _stopped = Signal(str)

    def __init__(self, volume: "BlockVolume", taken: Sequence[int]) -> None:
        from napari_swnn.core.volume.block_cache import BlockCache

        super().__init__()
        self.volume, self.side = volume, volume.block_side
        self.pending = next(label for label in range(int(np.iinfo(volume.dtype).max), -1, -1) if label not in taken)
        self._cache = BlockCache(_MAX_BYTES)
        self._wanted: list[Key] = []
        self._lock = threading.Lock()
        self._n_working = 0
        self._is_awaited = False
        self._layer: Callable[[], Any] = lambda: None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH)
        self._timer.timeout.connect(self._refresh)
        self._reported = ""
        self._computed.connect(self._on_computed)
        self._stopped.connect(self._on_stopped)

    def level(self, stride: int) -> "TileView":
        """Return a view of every `stride`-th voxel along each axis."""
        return TileView(self, tuple(range(0, extent, stride) for extent in self.volume.shape))

    def follow(self, layer: Any) -> None:
        """Compute the blocks that this layer shows, and refresh it as they become available."""
        self._layer = ref(layer)
        layer.refresh()

    def is_shown(self, stride: int) -> bool:
        """Return True if the layer shows this level; thumbnails can read the coarsest level at any time."""
        layer = self._layer()
        return layer is not None and stride == 2**layer.data_level

    @property
    def busy(self) -> bool:
        """True while blocks are being computed."""
        return self._n_working > 0

    @property
    def n_kept(self) -> int:
        """Number of cached blocks."""
        return len(self._cache)

    def compute(self, key: Key) -> Labels:
        """Return a block, and compute it if necessary."""
        return self._cache.get(key, lambda: self.volume.labels(self._block(key)))

    def read(self, keys: Sequence[Key], *, wait: bool) -> Iterable[Labels | None]:
        """Return blocks in the order of the keys, with None for missing blocks unless `wait` is True."""
        from napari_swnn.core.numerics.parallel import iter_side_by_side

        return iter_side_by_side(self.compute, keys, self._n_threads()) if wait else map(self._cache.find, keys)

    def want(self, keys: Sequence[Key]) -> None:
        """Compute these blocks in this order instead of those requested earlier."""
        self._is_awaited = bool(keys)
        with self._lock:
            self._wanted = list(keys)
            n_missing = min(len(keys), self._n_threads()) - self._n_working if keys else 0
            for _ in range(n_missing):
                self._n_working += 1
                threading.Thread(target=self._work, name=CHECK_THREAD).start()

    def stop(self) -> None:
        """Stop computing blocks."""
        self.want(())
        self._timer.stop()
        self.counted.emit(0, 0)

    def leave(self) -> None:
        """Stop computing blocks for good, because the layer was removed."""
        self._layer = lambda: None
        self.stop()

    def _n_threads(self) -> int:
        from napari_swnn.core.numerics.parallel import pool_size

        return pool_size(self.volume.device)

    def _block(self, key: Key) -> Any:
        from napari_swnn.core.grid.windows import Block, Window

        box = Window(tuple(i * self.side for i in key), tuple((i + 1) * self.side for i in key))
        return Block(box, box.intersection(Window.of_shape(self.volume.shape)))

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted or not threading.main_thread().is_alive():  # napari is closing
                    self._n_working -= 1
                    return
                key = self._wanted.pop(0)
            try:
                self.compute(key)
            except Exception as error:
                if not is_shutdown_error(error):
                    logger.exception("a block of a lazy layer failed")
                with self._lock:
                    self._wanted = []
                    self._n_working -= 1
                with suppress(RuntimeError):
                    self._stopped.emit(describe_error(error))
                return
            with suppress(RuntimeError):  # the viewer was closed meanwhile
                self._computed.emit()

    def _on_stopped(self, text: str) -> None:
        """Show the reason for a failure once, even though each view of the layer tries again."""
        from napari.utils.notifications import show_error

        layer = self._layer()
        self.counted.emit(0, 0)
        if layer is not None and text != self._reported:
            self._reported = text
            show_error(f"“{layer.name}” could not be computed in the grey areas; change the view to try again. {text}")

    def _on_computed(self) -> None:
        self._reported = ""
        if self._is_awaited and not self._timer.isActive():  # a refresh would request blocks again after a stop
            self._timer.start()

    def _refresh(self) -> None:
        layer = self._layer()
        if layer is not None:
            layer.refresh(extent=False)


class TileView:
    """Array-like part of a volume that is computed when it is read.

    Parameters
    ----------
    tiles : Tiles
        Tiles of the volume.
    axes : tuple of range or int
        Voxel positions in the volume along each axis; an integer drops the axis.
    """

    def __init__(self, tiles: Tiles, axes: tuple[range | int, ...]) -> None:
        self.tiles, self._axes = tiles, axes

    @property
    def shape(self) -> Shape:
        """Number of voxels along the remaining axes."""
        return tuple(len(axis) for axis in self._axes if isinstance(axis, range))

    @property
    def ndim(self) -> int:
        """Number of remaining axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of voxels."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the labels."""
        return self.tiles.volume.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        entries = list(index if isinstance(index, tuple) else (index,))
        if Ellipsis in entries:
            at = entries.index(Ellipsis)
            entries[at : at + 1] = [slice(None)] * (self.ndim - len(entries) + 1)
        entries += [slice(None)] * (self.ndim - len(entries))
        given = iter(entries)
        axes = tuple(_cut(axis, next(given)) if isinstance(axis, range) else axis for axis in self._axes)
        view = TileView(self.tiles, axes)
        return view if view.ndim else view.read(wait=False)[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        labels = self.read(wait=threading.current_thread() is not threading.main_thread() or self._is_volume)
        return labels if dtype is None else labels.astype(dtype, copy=False)

    @property
    def _is_volume(self) -> bool:
        """True for a full-resolution part with all axes, which the viewer never requests."""
        return len(self._axes) > 2 and all(isinstance(axis, range) and axis.step == 1 for axis in self._axes)

    def read(self, *, wait: bool) -> Labels:
        """Return the labels; without waiting, missing blocks are requested and marked as pending."""
        spans = tuple(axis if isinstance(axis, range) else range(axis, axis + 1) for axis in self._axes)
        shape = tuple(map(len, spans))
        if wait:
            check_memory(shape, self.dtype.itemsize)
        if not wait and len(shape) == self.ndim > 2:  # in 3-D, single blocks would hide the computed boxes
            return np.full(shape, self.tiles.volume.phase_labels.background, self.dtype)
        labels = np.full(shape, self.tiles.pending, self.dtype)
        missing = []
        keys = list(product(*(_blocks_of(span, self.tiles.side) for span in spans)))
        for key, block in zip(keys, self.tiles.read(keys, wait=wait), strict=True):
            if block is None:
                missing.append(key)
                continue
            places = [_overlap(span, i, self.tiles.side) for span, i in zip(spans, key, strict=True)]
            labels[tuple(to for to, _ in places)] = block[tuple(source for _, source in places)]
        strides = {axis.step for axis in self._axes if isinstance(axis, range)}
        if not wait and self.ndim == 2 and self.tiles.is_shown(min(strides)):
            self.tiles.want(_sort_from_centre(missing))
            self.tiles.counted.emit(len(keys) - len(missing), len(keys))
        return labels.reshape(self.shape)


def _cut(axis: range, entry: Any) -> range | int:
    if isinstance(entry, slice):
        return axis[entry]
    return axis[int(entry)]


def _blocks_of(span: range, side: int) -> range:
    return range(span[0] // side, span[-1] // side + 1) if len(span) else range(0)


def _overlap(span: range, block: int, side: int) -> tuple[slice, slice]:
    """Return the positions of the common voxels of a span and a block, in the span and in the block."""
    first = max(0, -(-(block * side - span.start) // span.step))
    stop = min(len(span), -(-((block + 1) * side - span.start) // span.step))
    start = span.start + first * span.step - block * side
    return slice(first, stop), slice(start, start + (stop - first - 1) * span.step + 1, span.step)


def _sort_from_centre(keys: Sequence[Key]) -> list[Key]:
    if not keys:
        return []
    middle = np.mean(np.array(keys), axis=0)
    return sorted(keys, key=lambda key: float(np.sum((np.array(key) - middle) ** 2)))
