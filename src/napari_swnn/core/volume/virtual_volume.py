"""The volume that a model describes, computed where it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from torch import Tensor

from napari_swnn._checks import check_seed, check_shape
from napari_swnn._types import BoolArray, FloatArray, Labels, Shape
from napari_swnn.core.grid.noise import NoiseField
from napari_swnn.core.grid.sampled_field import SampledField
from napari_swnn.core.grid.windows import Block, Window, plan_blocks
from napari_swnn.core.model.model import Model
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.evaluation import BLOCK_SIDE, grey_and_coarse
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import generation_precision, pick_device
from napari_swnn.core.volume.block_cache import BlockCache
from napari_swnn.core.volume.noise_gradient import GradedNoise, NoiseGradient, check_noise
from napari_swnn.core.volume.periodicity import check_periodic
from napari_swnn.core.volume.porosity_map import PorosityMap, check_porosity
from napari_swnn.core.volume.spatial_mask import SpatialMask, as_mask

_RECENT = BlockCache(2**27)
"""Blocks of the volumes looked at last: 512 of 64 x 64 x 64 voxels of one byte, enough for a plane of 1024 x 1024."""


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
    porosity : PorosityMap or None
        What a model for a range of porosities is asked for; None for a model of a single one.
    mask : SpatialMask or None
        Where there is structure.
    periodic : tuple of bool
        Axes along which the volume repeats; empty for none.
    noise : NoiseGradient or None
        Mean and spread of the noise.
    precision : torch.dtype
        Of the convolutions.
    threshold : float or None
        Grey value that the phase lies above; None for the model's, which follows the local porosity.
    """

    model: Model
    shape: Shape
    seed: int
    device: torch.device
    porosity: PorosityMap | None = None
    mask: SpatialMask | None = None
    periodic: tuple[bool, ...] = ()
    noise: NoiseGradient | None = None
    precision: torch.dtype = torch.float32
    threshold: float | None = None
    _key: str = field(init=False, repr=False, default_factory=lambda: uuid4().hex)
    """Stands for the volume among the recent blocks, in whichever process a copy of it ends up."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the labels."""
        own = self.model.labels.dtype
        if self.mask is None or self.mask.outside is None:
            return own
        return np.result_type(own, np.min_scalar_type(self.mask.outside))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def blocks(self, window: Window | None = None) -> list[Block]:
        """Blocks of the fixed grid that cover a window, or all of the volume."""
        return plan_blocks(Window.of_shape(self.shape) if window is None else window, BLOCK_SIDE[self.ndim])

    def labels(self, block: Block) -> Labels:
        """Labels of the wanted part of a block."""
        inside = self.inside(block.wanted)
        if inside is not None and not inside.any():
            return np.full(block.wanted.shape, self._outside, self.dtype)
        in_phase = self.grey(block.window) >= self._threshold(block.window)
        labels = self.model.labels.paint(in_phase[block.source()]).astype(self.dtype, copy=False)
        if inside is not None:
            labels[np.broadcast_to(~inside, labels.shape)] = self._outside
        return labels

    def grey(self, window: Window) -> FloatArray:
        """Grey values of a box of the fixed grid, before the threshold and the mask's cut."""
        porosity = None if self.porosity is None else self._porosity_of
        grey, _ = grey_and_coarse(self._stages, window, self._noise_of, porosity, self.precision)
        values: FloatArray = grey[0].numpy()
        return values

    def inside(self, window: Window) -> BoolArray | None:
        """Where the labels are the network's, with extents of 1 if it is the same everywhere; None without a cut."""
        if self._mask_field is None or self._outside is None:
            return None
        inside: BoolArray = self._mask_field.window(window)
        return inside

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
            box[block.destination(window.start)] = self._recent(block.window)[block.source()]
        cut = (slice(None, None, e.step) if isinstance(e, slice) else 0 for e in entries)
        labels: Labels = box[tuple(cut)]
        return labels

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # what is cached is made anew where it arrives

    def _recent(self, window: Window) -> Labels:
        return _RECENT.get((self._key, window.start), lambda: self.labels(Block(window, window)))

    def _noise_of(self, stage: StageConfig, window: Window) -> Tensor:
        period = tuple(n // stage.scale if flag else None for n, flag in zip(self.shape, self._periodic, strict=True))
        values = NoiseField(self.seed, stage.scale, stage.n_noise_channels, period).window(window)
        if self._graded_noise is not None:
            values = self._graded_noise.applied(values, window, scale=stage.scale)
        if self.mask is not None and self._mask_field is not None and self.mask.method == "noise":
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
        return self.model.threshold if self.porosity is None else self.model.threshold_at(self._local_porosity(window))

    @property
    def _outside(self) -> int | None:
        if self.mask is None or (self.mask.outside is None and self.mask.method == "noise"):
            return None
        return self.model.labels.background if self.mask.outside is None else self.mask.outside

    @cached_property
    def _stages(self) -> tuple[Stage, ...]:
        return self.model.to(self.device)

    @property
    def _periodic(self) -> tuple[bool, ...]:
        return self.periodic or (False,) * self.ndim

    @cached_property
    def _porosity_field(self) -> SampledField | None:
        return None if self.porosity is None else self.porosity.over(self.shape, self._periodic)

    @cached_property
    def _mask_field(self) -> SampledField | None:
        return None if self.mask is None else self.mask.over(self.shape, self._periodic)

    @cached_property
    def _graded_noise(self) -> GradedNoise | None:
        return None if self.noise is None else self.noise.over(self.shape, self._periodic)


def describe_volume(
    model: Model,
    shape: Shape,
    *,
    seed: int = 0,
    porosity: float | FloatArray | PorosityMap | None = None,
    mask: BoolArray | SpatialMask | None = None,
    periodic: bool | Sequence[bool] = False,
    noise: NoiseGradient | None = None,
    device: str = "auto",
) -> VirtualVolume:
    """Check the arguments of `generate` and describe the volume, without computing any of it."""
    shape = check_shape(shape, ndim=(model.dimension,))
    flags = check_periodic(periodic, shape, model.network)
    wanted = check_porosity(porosity, porosity_range=model.porosity_range, own=model.porosity)
    region = as_mask(mask)
    check_noise(noise, model.network)
    for given in (wanted, region, noise):
        if given is not None:
            given.over(shape, flags)  # refuses what does not fit
    where, bounded = pick_device(device), all(stage.bounded for stage in model.network.stages)
    precision = generation_precision(where, bounded=bounded)
    return VirtualVolume(model, shape, check_seed(seed), where, wanted, region, flags, noise, precision)


def _span(entry: Any, extent: int) -> range:
    if isinstance(entry, slice):
        return range(*entry.indices(extent))
    position = int(entry) + (extent if entry < 0 else 0)
    return range(position, position + 1)
