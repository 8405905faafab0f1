"""Global structure of a composition: the label of the region that each voxel belongs to."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Protocol

import numpy as np

from napari_swnn._axes import spatial_labels
from napari_swnn._checks import check_seed, check_whole, is_lazy
from napari_swnn._label_values import to_labels
from napari_swnn._types import FloatArray, Labels, Shape
from napari_swnn.core.grid.sampled_field import expand_axes
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.virtual_volume import VirtualVolume


@dataclass(frozen=True, eq=False)
class GeneratedRegions:
    """Global structure that a model generates, block by block, like any volume.

    Parameters
    ----------
    model : Model
        Model whose phases are the regions.
    scale : int
        Edge length of a voxel of this model, in voxels of the composition.
    seed : int, optional
        Seed of the global structure; by default it is derived from the seed of the composition.
    porosity : float, optional
        Target porosity, for a model trained for a range.

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If the scale or the seed is invalid.
    """

    model: Model
    _: KW_ONLY
    scale: int = 1
    seed: int | None = None
    porosity: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.model, Model):
            raise TypeError(f"model must be a trained model, got {type(self.model).__name__}; pass Model.load(path)")
        object.__setattr__(self, "scale", check_whole(self.scale, name="scale"))
        if self.seed is not None:
            object.__setattr__(self, "seed", check_seed(self.seed))


class RegionField(Protocol):
    """Label of the region at each voxel, as a pure function of position."""

    def window(self, window: Window, *, scale: int = 1) -> Labels:
        """Return the labels at the voxel centres of a window on the grid of `scale`."""
        ...


@dataclass(frozen=True, eq=False)
class SampledRegions:
    """Labels of an array that is stretched over a volume; each voxel takes the nearest entry.

    Attributes
    ----------
    values : array
        NumPy or dask array with as many axes as the volume; only the parts that are needed are read.
    extents : tuple of int
        Extents of the volume in voxels.
    periodic : tuple of bool
        One flag per axis. Beyond the faces of a non-periodic axis, the outermost labels are repeated.
    """

    values: Any
    extents: Shape
    periodic: tuple[bool, ...]

    def window(self, window: Window, *, scale: int = 1) -> Labels:
        """Return the labels at the voxel centres of a window on the grid of `scale`."""
        entries = []
        for axis, centres in enumerate(_centres(window, scale)):
            n, extent = self.values.shape[axis], self.extents[axis]
            inside = centres % extent if self.periodic[axis] else centres
            entries.append(np.clip(np.floor(inside * n / extent).astype(np.intp), 0, n - 1))
        box = tuple(slice(int(e.min()), int(e.max()) + 1) for e in entries)
        found = np.asarray(self.values[box])
        labels: Labels = found[np.ix_(*(e - b.start for e, b in zip(entries, box, strict=True)))]
        return labels


@dataclass(frozen=True, eq=False)
class VolumeRegions:
    """Labels of a generated volume, of voxels that may be larger than those of the composition.

    Attributes
    ----------
    volume : VirtualVolume
        Global structure.
    scale : int
        Edge length of its voxels, in voxels of the composition.
    """

    volume: VirtualVolume
    scale: int

    def window(self, window: Window, *, scale: int = 1) -> Labels:
        """Return the labels at the voxel centres of a window on the grid of `scale`."""
        entries = [np.floor(centres / self.scale).astype(np.intp) for centres in _centres(window, scale)]
        for axis, flag in enumerate(self.volume.spec.periodic):
            if flag:
                entries[axis] %= self.volume.shape[axis]
        box = Window(tuple(int(e.min()) for e in entries), tuple(int(e.max()) + 1 for e in entries))
        found = self.volume.window(box)
        labels: Labels = found[np.ix_(*(e - a for e, a in zip(entries, box.start, strict=True)))]
        return labels


def check_regions(regions: Any, ndim: int) -> Any:
    """Return an array of region labels with one axis per axis of the volume; a dask array is not read.

    Raises
    ------
    TypeError
        If the labels are no whole numbers.
    ValueError
        If the array is empty, or has the wrong number of axes.
    """
    if is_lazy(regions):
        if regions.dtype.kind not in "biu":
            raise TypeError(f"regions must hold whole numbers, got {regions.dtype}; convert them to integers")
        array = spatial_labels(regions, name="regions", planar=False)
    else:
        mapped = isinstance(regions, np.memmap) and regions.dtype.kind in "iu"
        # A file that is mapped into memory is read where it is needed. Other arrays are copied, so that later changes
        # of the caller's array do not affect existing volumes.
        array = regions if mapped else np.array(to_labels(regions, name="regions"))
        array = spatial_labels(array, name="regions", planar=False)
    if 0 in array.shape:
        raise ValueError(f"regions must hold at least one voxel, got an array of shape {tuple(array.shape)}")
    return array if is_lazy(array) and array.ndim == ndim else expand_axes(array, ndim, name="regions")


def _centres(window: Window, scale: int) -> list[FloatArray]:
    return [(np.arange(a, b) + 0.5) * scale for a, b in zip(window.start, window.stop, strict=True)]
