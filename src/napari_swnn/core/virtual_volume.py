"""The volume that a model describes, computed where it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from napari_swnn._checks import check_seed, check_shape
from napari_swnn._types import Labels, Shape
from napari_swnn.core.device import pick_device
from napari_swnn.core.grey import BLOCK_SIDE, grey_window
from napari_swnn.core.model import Model
from napari_swnn.core.network import Stage
from napari_swnn.core.windows import Block, Window, plan_blocks


@dataclass(frozen=True, eq=False)
class VirtualVolume:
    """An array-like volume of any size; each voxel is a pure function of these attributes and its position.

    Attributes
    ----------
    model : Model
        Of which it is a realisation.
    shape : tuple of int
        Voxels along each axis.
    seed : int
        Which realisation.
    device : torch.device
        Where it is computed.
    """

    model: Model
    shape: Shape
    seed: int
    device: torch.device

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the labels."""
        return self.model.labels.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def blocks(self, window: Window | None = None) -> list[Block]:
        """Blocks of the fixed grid that cover a window, or all of the volume."""
        return plan_blocks(Window.of_shape(self.shape) if window is None else window, BLOCK_SIDE[self.ndim])

    def labels(self, block: Block) -> Labels:
        """Labels of the wanted part of a block."""
        grey = grey_window(self._stages, block.window, seed=self.seed)[0].numpy()[block.source()]
        return self.model.labels.paint(grey >= self.model.threshold)

    def __getitem__(self, index: Any) -> Labels:
        entries = index if isinstance(index, tuple) else (index,)
        entries = (*entries, *[slice(None)] * (self.ndim - len(entries)))
        spans = [_span(entry, extent) for entry, extent in zip(entries, self.shape, strict=True)]
        # The least box that holds what is asked for; steps and single planes are then cut out of it.
        window = Window(
            tuple(min(span, default=0) for span in spans), tuple(max(span, default=-1) + 1 for span in spans)
        )
        box = np.empty(window.shape, self.dtype)
        for block in self.blocks(window):
            box[block.destination(window.start)] = self.labels(block)
        cut = (slice(None, None, e.step) if isinstance(e, slice) else 0 for e in entries)
        labels: Labels = box[tuple(cut)]
        return labels

    @cached_property
    def _stages(self) -> tuple[Stage, ...]:
        return self.model.to(self.device)


def describe_volume(model: Model, shape: Shape, *, seed: int = 0, device: str = "auto") -> VirtualVolume:
    """Check the arguments of `generate` and describe the volume, without computing any of it."""
    check_seed(seed)
    return VirtualVolume(model, check_shape(shape, ndim=(model.dimension,)), seed, pick_device(device))


def _span(entry: Any, extent: int) -> range:
    if isinstance(entry, slice):
        return range(*entry.indices(extent))
    position = int(entry) + (extent if entry < 0 else 0)
    return range(position, position + 1)
