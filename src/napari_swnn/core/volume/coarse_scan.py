"""Coarse scans of a sample, which take the place of the coarser stages of a cascade."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_swnn._checks import check_choice, check_in_range, check_label, check_labels
from napari_swnn._types import FloatArray, Shape
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.volume.coarse_cells import apply_kernel, from_cells, to_cells

KINDS = ("averages", "samples", "majority")
"""Meaning of a voxel of a scan: the mean over its volume, the phase at its first fine voxel, or the prevalent phase."""


@dataclass(frozen=True, eq=False)
class CoarseScan:
    """Scan with large voxels, to which a model adds the detail of its reference.

    Parameters
    ----------
    values : array_like
        Fraction of the phase of interest in each voxel, in [0, 1], ``(z, y, x)`` or ``(y, x)``; for segmented scans 0
        and 1. See `from_grey` and `from_labels`.
    kind : {"averages", "samples", "majority"}
        Meaning of a voxel: ``"averages"``, the fraction of the phase over the volume of the voxel, as a CT scan gives
        its grey values; ``"samples"``, the phase at the first fine voxel of each, as in a volume of which every fourth
        voxel was kept; ``"majority"``, the phase that fills most of it, as in a segmented scan.
    noise : float
        Standard deviation of the noise of averages. The means of the result over the voxels of the scan agree within
        this value; with 0, up to one fine voxel.

    Raises
    ------
    TypeError, ValueError
        If the values are not in [0, 1], or not 0 and 1 for segmented kinds; if the kind is unknown.
    """

    values: Any
    _: KW_ONLY
    kind: str = "averages"
    noise: float = 0.0

    def __post_init__(self) -> None:
        check_choice(self.kind, KINDS, name="kind")
        object.__setattr__(self, "noise", check_in_range(self.noise, 0, 1, name="noise"))
        given = np.asarray(self.values)
        if given.dtype.kind not in "biuf":
            raise TypeError(f"coarse must hold fractions in [0, 1], got {given.dtype}; use CoarseScan.from_labels")
        array = np.array(given, np.float32)
        if array.ndim not in (2, 3) or array.size == 0:
            raise ValueError(f"coarse must be a section or a volume, got an array of shape {array.shape}")
        low, high = float(array.min()), float(array.max())
        if not 0 <= low <= high <= 1:  # also if a value is NaN
            raise ValueError(
                f"coarse must hold fractions in [0, 1], got values from {low:g} to {high:g}; use CoarseScan.from_grey "
                "for grey values, or CoarseScan.from_labels for labels"
            )
        if self.kind != "averages" and not np.isin(array, (0, 1)).all():
            raise ValueError(f'coarse must hold 0 and 1 for kind="{self.kind}", got other values; use averages')
        array.flags.writeable = False
        object.__setattr__(self, "values", array)

    @classmethod
    def from_grey(cls, grey: Any, *, background: float, phase: float, noise: float = 0.0) -> CoarseScan:
        """Return a scan from grey values that are linear in the fraction of the phase of interest.

        Parameters
        ----------
        grey : array_like
            Grey values; those beyond the two phases are cut off.
        background, phase : float
            Grey values of voxels that are all background, and all of the phase of interest.
        noise : float
            Standard deviation of the noise of the grey values, in their unit.

        Raises
        ------
        ValueError
            If the two grey values are equal.
        """
        contrast = float(phase) - float(background)
        if contrast == 0:
            raise ValueError(f"background and phase must differ, got {background} for both")
        fractions = (np.asarray(grey, np.float32) - np.float32(background)) / np.float32(contrast)
        return cls(np.clip(fractions, 0, 1), noise=noise / abs(contrast))

    @classmethod
    def from_labels(cls, labels: Any, *, phase: int, kind: str = "samples") -> CoarseScan:
        """Return a segmented scan.

        Parameters
        ----------
        labels : array_like
            Labels, ``(z, y, x)`` or ``(y, x)``.
        phase : int
            Label of the phase of interest.
        kind : {"samples", "majority"}
            Meaning of a voxel; see `CoarseScan`.
        """
        return cls(check_labels(labels) == check_label(phase), kind=kind)

    def factor(self, shape: Shape) -> int:
        """Return the edge length of a voxel of the scan in voxels of a volume of this shape.

        Raises
        ------
        ValueError
            If the shape is not that of the scan times one whole number.
        """
        own: Shape = self.values.shape
        factors = {n // m for n, m in zip(shape, own, strict=False)}
        if len(own) != len(shape) or len(factors) > 1 or any(n % m for n, m in zip(shape, own, strict=True)):
            times = ", ".join(str(tuple(k * n for n in own)) for k in (2, 4, 8))
            raise ValueError(f"shape must be that of coarse times 2, 4 or 8, {times}, got {tuple(shape)}")
        return factors.pop()


@dataclass(frozen=True, eq=False)
class FittedScan:
    """Scan over the extents of a volume, as a function of position.

    Attributes
    ----------
    scan : CoarseScan
        Scan.
    factor : int
        Edge length of a voxel of the scan in voxels of the volume.
    periodic : tuple of bool
        One flag per axis. Beyond the faces of a non-periodic axis, the outermost values are repeated.
    kernel : numpy.ndarray or None
        Weights of a voxel and its neighbours, ``(3, 3, 3)``, and a constant last, by which averages are estimated from
        a segmented scan.
    """

    scan: CoarseScan
    factor: int
    periodic: tuple[bool, ...]
    kernel: FloatArray | None = None

    def values(self, window: Window) -> FloatArray:
        """Return the values of the scan in a window of its own grid."""
        entries = []
        for axis, (a, b) in enumerate(zip(window.start, window.stop, strict=True)):
            n = self.scan.values.shape[axis]
            places = np.arange(a, b)
            entries.append(places % n if self.periodic[axis] else np.clip(places, 0, n - 1))
        found: FloatArray = self.scan.values[np.ix_(*entries)]
        return found

    def averages(self, window: Window) -> FloatArray:
        """Return the fraction of the phase of interest in each voxel of a window of the grid of the scan."""
        if self.kernel is None:
            return self.values(window)
        return np.clip(apply_kernel(self.values(window.grown(1)), self.kernel), 0, 1)

    def grey(self, window: Window) -> Tensor:
        """Return the averages as grey values ``(1, 1, *window.shape)``."""
        return torch.from_numpy(2 * self.averages(window) - 1)[None, None]

    def classify(self, grey: Tensor, window: Window, threshold: Tensor | float) -> Tensor:
        """Segment the grey values of a window so that they agree with the scan.

        Within each voxel of the scan, as many fine voxels as the scan requires, those with the highest grey values,
        belong to the phase of interest; where the threshold agrees with the scan, it decides.

        Parameters
        ----------
        grey : torch.Tensor
            ``(*window.shape)`` grey values of whole voxels of the scan.
        window : Window
            Window of the volume.
        threshold : torch.Tensor or float
            Segmentation threshold.

        Returns
        -------
        torch.Tensor
            ``(*window.shape)`` uint8, 0 for the phase of interest and 1 for the other one.
        """
        k = self.factor
        own = Window(tuple(a // k for a in window.start), tuple(b // k for b in window.stop))
        given = torch.from_numpy(self.values(own)).to(grey.device).reshape(-1, 1)
        cells = to_cells(grey - threshold, k)
        if self.scan.kind == "samples":
            cells = cells.clone()
            cells[:, :1] = torch.where(given > 0.5, torch.inf, -torch.inf)
            return from_cells((cells < 0).to(torch.uint8), window.shape, k)
        n = cells.shape[1]
        least, most = self._limits(given, n)
        count = torch.minimum(torch.maximum((cells >= 0).sum(1, keepdim=True), least), most)
        order = cells.argsort(dim=1, descending=True, stable=True)
        ranks = torch.empty_like(order).scatter_(1, order, torch.arange(n, device=grey.device).expand_as(order))
        return from_cells((ranks >= count).to(torch.uint8), window.shape, k)

    def _limits(self, given: Tensor, n: int) -> tuple[Tensor, Tensor]:
        """Return the least and the largest number of voxels of the phase of interest in each voxel of the scan."""
        if self.scan.kind == "majority":
            inside = given > 0.5
            return torch.where(inside, n // 2, 0), torch.where(inside, n, n - n // 2)
        noise = self.scan.noise
        least = ((given - noise) * n).round().clamp(0, n).long()
        most = ((given + noise) * n).round().clamp(0, n).long()
        return least, most


def check_coarse(coarse: Any, shape: Shape, network: NetworkConfig) -> CoarseScan | None:
    """Return the coarse scan of a volume, or None.

    Parameters
    ----------
    coarse : None, array_like or CoarseScan
        Argument of `generate`; floating-point numbers are averages.
    shape : tuple of int
        Shape of the volume.
    network : NetworkConfig
        Network that adds the detail.

    Raises
    ------
    TypeError
        If an array holds no floating-point numbers.
    ValueError
        If the shape does not fit, the network has no stage of the scale of the scan, or more than two phases.
    """
    if coarse is None:
        return None
    scan = coarse
    if not isinstance(scan, CoarseScan):
        if not np.issubdtype(np.asarray(coarse).dtype, np.floating):
            raise TypeError(
                f"coarse must hold fractions as floating-point numbers, got {np.asarray(coarse).dtype}; use "
                "CoarseScan.from_grey for grey values, or CoarseScan.from_labels for labels"
            )
        scan = CoarseScan(coarse)
    if network.n_phase_channels > 1:
        raise ValueError(f"coarse needs a model of two phases, got one of {network.n_phase_channels}; omit coarse")
    factor = scan.factor(shape)
    scales = [stage.scale // network.finest_scale for stage in network.stages[:-1]]
    if factor not in scales:
        listed = ", ".join(map(str, sorted(scales))) or "none"
        raise ValueError(
            f"coarse must have voxels as large as those of a coarser stage of the model ({listed}), got a factor of "
            f"{factor}; choose another shape, or train with more scales"
        )
    return scan
