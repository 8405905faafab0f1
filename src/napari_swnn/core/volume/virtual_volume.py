"""Volume of a model, computed when read."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from torch import Tensor

from napari_swnn._types import BoolArray, FloatArray, Labels, Shape
from napari_swnn.core.grid.noise import NoiseField
from napari_swnn.core.grid.sampled_field import SampledField
from napari_swnn.core.grid.windows import Block, Window, plan_blocks
from napari_swnn.core.model.model import Model
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.evaluation import BLOCK_SIDE, compute_grey_and_coarse
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import generation_precision, pick_device
from napari_swnn.core.volume.block_cache import BlockCache
from napari_swnn.core.volume.noise_gradient import GradedNoise
from napari_swnn.core.volume.spec import CheckedSpec, VolumeSpec, check_spec

_RECENT = BlockCache(2**27)
"""Most recently read blocks: up to 512 of 64 x 64 x 64 one-byte voxels, enough for a plane of 1024 x 1024 voxels."""


@dataclass(frozen=True, eq=False)
class VirtualVolume:
    """Array-like volume of any size; each voxel is a pure function of these attributes and its position.

    Attributes
    ----------
    model : Model
        Model that generates the realisation.
    spec : CheckedSpec
        Shape, seed, porosity, mask, periodicity and noise.
    device : torch.device
        Device to compute on.
    precision : torch.dtype
        Precision of the convolutions.
    threshold : float or None
        Segmentation threshold of an exact volume, found by `iter_exact`; None to use the threshold of the model, which
        depends on the local porosity.
    """

    model: Model
    spec: CheckedSpec
    device: torch.device
    precision: torch.dtype = torch.float32
    threshold: float | None = None
    _key: str = field(init=False, repr=False, default_factory=lambda: uuid4().hex)
    """Key of the volume in the block cache, valid in any process that receives a copy."""

    @property
    def shape(self) -> Shape:
        """Number of voxels along each axis."""
        return self.spec.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the labels."""
        own = self.model.labels.dtype
        if self.spec.mask is None or self.spec.mask.outside is None:
            return own
        return np.result_type(own, np.min_scalar_type(self.spec.mask.outside))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def blocks(self, window: Window | None = None) -> list[Block]:
        """Return the blocks of the fixed grid that cover a window, by default the whole volume."""
        return plan_blocks(Window.of_shape(self.shape) if window is None else window, BLOCK_SIDE[self.ndim])

    def labels(self, block: Block) -> Labels:
        """Compute the labels of the needed part of a block."""
        inside = self.inside(block.wanted)
        if inside is not None and not inside.any():
            return np.full(block.wanted.shape, self._outside, self.dtype)
        in_phase = self.grey(block.window) >= self._threshold(block.window)
        labels = self.model.labels.paint(in_phase[block.source()]).astype(self.dtype, copy=False)
        if inside is not None:
            labels[np.broadcast_to(~inside, labels.shape)] = self._outside
        return labels

    def grey(self, window: Window) -> FloatArray:
        """Compute the grey values of a box of the fixed grid, before threshold and mask."""
        porosity = None if self.spec.porosity is None else self._porosity_of
        grey, _ = compute_grey_and_coarse(self._stages, window, self._noise_of, porosity, self.precision)
        values: FloatArray = grey[0].numpy()
        return values

    def inside(self, window: Window) -> BoolArray | None:
        """Return the mask in a window, with extents of 1 if it is uniform; None if no mask applies to the labels."""
        if self._mask_field is None or self._outside is None:
            return None
        inside: BoolArray = self._mask_field.window(window)
        return inside

    def __getitem__(self, index: Any) -> Labels:
        entries = index if isinstance(index, tuple) else (index,)
        entries = (*entries, *[slice(None)] * (self.ndim - len(entries)))
        spans = [_span(entry, extent) for entry, extent in zip(entries, self.shape, strict=True)]
        # Compute the smallest box that contains all entries, then extract steps and single planes from it.
        window = Window(
            tuple(min(span, default=0) for span in spans), tuple(max(span, default=-1) + 1 for span in spans)
        )
        box = np.empty(window.shape, self.dtype)
        for block in self.blocks(window):
            box[block.destination(window.start)] = self._recent(block.window)[block.source()]
        cut = (slice(None, None, e.step) if isinstance(e, slice) else 0 for e in entries)
        labels: Labels = box[tuple(cut)]
        return labels

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # cached values are recomputed by the receiver

    def _recent(self, window: Window) -> Labels:
        return _RECENT.get((self._key, window.start), lambda: self.labels(Block(window, window)))

    def _noise_of(self, stage: StageConfig, window: Window) -> Tensor:
        axes = zip(self.shape, self.spec.periodic, strict=True)
        period = tuple(extent // stage.scale if flag else None for extent, flag in axes)
        values = NoiseField(self.spec.seed, stage.scale, stage.n_noise_channels, period).window(window)
        if self._graded_noise is not None:
            values = self._graded_noise.apply(values, window, scale=stage.scale)
        mask = self.spec.mask
        if mask is not None and self._mask_field is not None and mask.method == "noise":
            values *= self._mask_field.window(window, scale=stage.scale)
        return torch.from_numpy(values)[None]

    def _porosity_of(self, stage: StageConfig, window: Window) -> Tensor | float:
        local = self._local_porosity(window, scale=stage.scale)
        if isinstance(local, float):
            return local
        return torch.from_numpy(np.array(local))[None, None]

    def _local_porosity(self, window: Window, *, scale: int = 1) -> FloatArray | float:
        assert self._porosity_field is not None
        values = self._porosity_field.window(window, scale=scale)
        return float(values.item()) if values.size == 1 else values

    def _threshold(self, window: Window) -> FloatArray | float:
        if self.threshold is not None:
            return self.threshold
        if self.spec.exact_porosity is not None:
            raise ValueError("an exact volume must be computed as a whole, got a single block; use generate")
        if self.spec.porosity is None:
            return self.model.threshold
        return self.model.threshold_at(self._local_porosity(window))

    @property
    def _outside(self) -> int | None:
        mask = self.spec.mask
        if mask is None or (mask.outside is None and mask.method == "noise"):
            return None
        return self.model.labels.background if mask.outside is None else mask.outside

    @cached_property
    def _stages(self) -> tuple[Stage, ...]:
        return self.model.to(self.device)

    @cached_property
    def _porosity_field(self) -> SampledField | None:
        return None if self.spec.porosity is None else self.spec.porosity.over(self.shape, self.spec.periodic)

    @cached_property
    def _mask_field(self) -> SampledField | None:
        return None if self.spec.mask is None else self.spec.mask.over(self.shape, self.spec.periodic)

    @cached_property
    def _graded_noise(self) -> GradedNoise | None:
        return None if self.spec.noise is None else self.spec.noise.over(self.shape, self.spec.periodic)


def describe_volume(model: Model, spec: VolumeSpec, *, device: str = "auto") -> VirtualVolume:
    """Validate the description of a volume for a model and return the volume, without computing it.

    Parameters
    ----------
    model : Model
        A trained model.
    spec : VolumeSpec
        Description of the volume.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on.

    Raises
    ------
    TypeError, ValueError
        If the model cannot generate the volume, or the device is unavailable.
    """
    checked = check_spec(spec, model.network, model.porosity)
    where = pick_device(device)
    bounded = all(stage.bounded for stage in model.network.stages)
    return VirtualVolume(model, checked, where, generation_precision(where, bounded=bounded))


def _span(entry: Any, extent: int) -> range:
    if isinstance(entry, slice):
        return range(*entry.indices(extent))
    position = int(entry) + (extent if entry < 0 else 0)
    return range(position, position + 1)
