"""Labelled volumes that are computed in blocks of one fixed grid, on access."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from napari_swnn._types import Labels, Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.grid.windows import Block, Window, iter_boxes, plan_blocks
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.network.evaluation import block_side
from napari_swnn.core.volume.block_cache import BlockCache

_RECENT = BlockCache(2**27)
"""Most recently read blocks: up to 512 of 64 x 64 x 64 one-byte voxels, enough for a plane of 1024 x 1024 voxels."""


class BlockVolume(ABC):
    """Array-like volume of labels; each voxel is a pure function of the description of the volume and its position.

    Attributes
    ----------
    device : torch.device
        Device to compute on.
    """

    device: torch.device
    _key: str
    """Key of the volume in the block cache, valid in any process that receives a copy."""

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """Number of voxels along each axis."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Data type of the labels."""

    @property
    @abstractmethod
    def phase_labels(self) -> PhaseLabels:
        """Labels and names of the phases."""

    @property
    @abstractmethod
    def voxel(self) -> VoxelSize:
        """Edge length of a voxel, with its unit."""

    @property
    @abstractmethod
    def precision(self) -> torch.dtype:
        """Precision of the convolutions."""

    @property
    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """All that determines the voxels, besides device and precision: numbers, arrays, dataclasses and models."""

    @property
    @abstractmethod
    def training(self) -> Mapping[str, Any]:
        """Provenance of the models."""

    @property
    def outside(self) -> int | None:
        """Label of the voxels outside the mask; None if no mask applies to the labels."""
        return None

    @property
    def is_exact(self) -> bool:
        """True if a segmentation must be found for the whole volume before its labels can be computed."""
        return False

    @abstractmethod
    def labels(self, block: Block) -> Labels:
        """Compute the labels of the needed part of a block."""

    def on(self, device: torch.device) -> Self:
        """Return the volume with another device to compute on."""
        return replace(self, device=device)  # type: ignore[type-var]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def block_side(self) -> int:
        """Side of the blocks of the fixed grid, in voxels."""
        return block_side(self.ndim, self.device)

    def blocks(self, window: Window | None = None) -> list[Block]:
        """Return the blocks of the fixed grid that cover a window, by default the whole volume."""
        return plan_blocks(Window.of_shape(self.shape) if window is None else window, self.block_side)

    def window(self, window: Window) -> Labels:
        """Return the labels of a window, which may extend beyond the faces of the volume."""
        box = np.empty(window.shape, self.dtype)
        for block in self.blocks(window):
            box[block.destination(window.start)] = self._recent(block.window)[block.source()]
        return box

    def at(self, positions: Sequence[NDArray[np.intp]]) -> Labels:
        """Return the labels ``(n,)`` at positions, which may lie beyond the faces of the volume.

        Parameters
        ----------
        positions : sequence of numpy.ndarray
            Index of each voxel along each axis, ``(n,)`` for each axis.
        """
        labels = np.empty(len(positions[0]), self.dtype)
        side = self.block_side
        box = Window(tuple(int(p.min()) for p in positions), tuple(int(p.max()) + 1 for p in positions))
        first = [a // side for a in box.start]
        counts = [(b - 1) // side - a + 1 for a, b in zip(first, box.stop, strict=True)]
        numbers = np.ravel_multi_index([p // side - a for p, a in zip(positions, first, strict=True)], counts)
        for number, (_, block) in enumerate(iter_boxes(box, side)):
            here = np.flatnonzero(numbers == number)
            if len(here):
                entries = tuple(p[here] - a for p, a in zip(positions, block.start, strict=True))
                labels[here] = self._recent(block)[entries]
        return labels

    def __getitem__(self, index: Any) -> Labels:
        entries = index if isinstance(index, tuple) else (index,)
        entries = (*entries, *[slice(None)] * (self.ndim - len(entries)))
        spans = [_span(entry, extent) for entry, extent in zip(entries, self.shape, strict=True)]
        # Compute the smallest box that contains all entries, then extract steps and single planes from it.
        window = Window(
            tuple(min(span, default=0) for span in spans), tuple(max(span, default=-1) + 1 for span in spans)
        )
        cut = (slice(None, None, e.step) if isinstance(e, slice) else 0 for e in entries)
        labels: Labels = self.window(window)[tuple(cut)]
        return labels

    def _recent(self, window: Window) -> Labels:
        return _RECENT.get((self._key, window.start), lambda: self.labels(Block(window, window)))


def _span(entry: Any, extent: int) -> range:
    if isinstance(entry, slice):
        return range(*entry.indices(extent))
    position = int(entry) + (extent if entry < 0 else 0)
    return range(position, position + 1)
