"""Coarse scans of a sample, which take the place of the coarser stages of a cascade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

import numpy as np

from napari_swnn._checks import check_choice, check_in_range, check_label, check_labels
from napari_swnn._phases import MOST_PHASES, list_labels
from napari_swnn._types import FloatArray, Shape
from napari_swnn.core.network.config import NetworkConfig

KINDS = ("averages", "samples", "majority")
"""Meaning of a voxel of a scan: the mean over its volume, the phase at its first fine voxel, or the prevalent phase."""
_ROUNDING = 1e-3
"""Deviation of the sum of all fractions from 1 that is put down to rounding."""


@dataclass(frozen=True, eq=False)
class CoarseScan:
    """Scan with large voxels, to which a model adds the detail of its reference.

    Parameters
    ----------
    values : array_like or mapping
        Fraction of the phase of interest in each voxel, in [0, 1], ``(z, y, x)`` or ``(y, x)``; for segmented scans 0
        and 1. For a model of more than two phases, such an array for the label of each phase, which add up to 1. See
        `from_grey` and `from_labels`.
    kind : {"averages", "samples", "majority"}
        Meaning of a voxel: ``"averages"``, the fraction of the phase over the volume of the voxel, as a CT scan gives
        its grey values; ``"samples"``, the phase at the first fine voxel of each, as in a volume of which every fourth
        voxel was kept; ``"majority"``, the phase that fills most of it, as in a segmented scan.
    noise : float
        Standard deviation of the noise of averages. The means of the result over the voxels of the scan agree within
        this value; with 0, up to one fine voxel.

    Attributes
    ----------
    phases : tuple of int
        Labels of a mapping, along the first axis of `values`; empty for an array.

    Raises
    ------
    TypeError, ValueError
        If the values are not in [0, 1], or not 0 and 1 for segmented kinds; if the kind is unknown.
    """

    values: Any
    _: KW_ONLY
    kind: str = "averages"
    noise: float = 0.0
    phases: tuple[int, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        check_choice(self.kind, KINDS, name="kind")
        object.__setattr__(self, "noise", check_in_range(self.noise, 0, 1, name="noise"))
        given = self._stack(self.values) if isinstance(self.values, Mapping) else np.asarray(self.values)
        if given.dtype.kind not in "biuf":
            raise TypeError(f"coarse must hold fractions in [0, 1], got {given.dtype}; use CoarseScan.from_labels")
        if given.ndim - bool(self.phases) not in (2, 3) or given.size == 0:
            raise ValueError(f"coarse must be a section or a volume, got an array of shape {given.shape}")
        low, high = float(given.min()), float(given.max())
        if not 0 <= low <= high <= 1:  # also if a value is NaN
            raise ValueError(
                f"coarse must hold fractions in [0, 1], got values from {low:g} to {high:g}; use CoarseScan.from_grey "
                "for grey values, or CoarseScan.from_labels for labels"
            )
        array = np.array(given, np.float32)
        if self.kind != "averages" and not np.isin(array, (0, 1)).all():
            raise ValueError(f'coarse must hold 0 and 1 for kind="{self.kind}", got other values; use averages')
        if self.phases:
            _check_sums(array.sum(0))
        array.flags.writeable = False
        object.__setattr__(self, "values", array)

    def _stack(self, values: Mapping[Any, Any]) -> FloatArray:
        arrays = [np.asarray(each) for each in values.values()]
        shapes = {each.shape for each in arrays}
        if len(shapes) != 1:
            raise ValueError(f"coarse must hold arrays of one shape for its phases, got {sorted(shapes)}")
        object.__setattr__(self, "phases", tuple(check_label(label, name="coarse") for label in values))
        return np.stack(arrays)

    @property
    def channels(self) -> FloatArray:
        """Fractions ``(c, *spatial)``, with one channel for an array."""
        found: FloatArray = self.values if self.phases else self.values[None]
        return found

    def of_phases(self, phases: Sequence[int]) -> CoarseScan:
        """Return the scan with the channels of a model: the phase of interest of two phases, or each of several.

        Raises
        ------
        ValueError
            If the phases of the scan are not those of the model.
        """
        listed = list_labels(phases)
        if not self.phases and len(phases) > 2:
            raise ValueError(
                f"coarse must hold each phase of the model ({listed}), got one array; pass the fractions of each label "
                "as a mapping, or CoarseScan.from_labels(labels)"
            )
        if not self.phases:
            return self
        foreign = [label for label in self.phases if label not in phases]
        if foreign:
            raise ValueError(f"coarse must have the labels of the model ({listed}), got {foreign[0]}; relabel it")
        nothing = np.zeros(self.values.shape[1:], np.float32)
        own = dict(zip(self.phases, self.values, strict=True))
        found = {label: own.get(label, nothing) for label in phases}
        return replace(self, values=found if len(phases) > 2 else found[phases[0]])

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
    def from_labels(cls, labels: Any, *, phase: int | None = None, kind: str = "samples") -> CoarseScan:
        """Return a segmented scan.

        Parameters
        ----------
        labels : array_like
            Labels, ``(z, y, x)`` or ``(y, x)``.
        phase : int, optional
            Label of the phase of interest, to which all other labels are the background; by default, every label is a
            phase of the model.
        kind : {"samples", "majority"}
            Meaning of a voxel; see `CoarseScan`.

        Raises
        ------
        TypeError
            If the labels are not integers.
        ValueError
            If there are more labels than phases are supported.
        """
        found = check_labels(labels)
        if phase is not None:
            return cls(found == check_label(phase), kind=kind)
        own = np.unique(found)
        if len(own) > MOST_PHASES:
            raise ValueError(
                f"coarse must hold at most {MOST_PHASES} labels, got {len(own)} values from {own[0]} to {own[-1]}; for "
                "grey values, give those of the background and of the phase (CoarseScan.from_grey, --coarse-grey)"
            )
        return cls({int(label): found == label for label in own}, kind=kind)

    def factor(self, shape: Shape) -> int:
        """Return the edge length of a voxel of the scan in voxels of a volume of this shape.

        Raises
        ------
        ValueError
            If the shape is not that of the scan times one whole number.
        """
        own: Shape = self.channels.shape[1:]
        factors = {n // m for n, m in zip(shape, own, strict=False)}
        if len(own) != len(shape) or len(factors) > 1 or any(n % m for n, m in zip(shape, own, strict=True)):
            times = ", ".join(str(tuple(k * n for n in own)) for k in (2, 4, 8))
            raise ValueError(f"shape must be that of coarse times 2, 4 or 8, {times}, got {tuple(shape)}")
        return factors.pop()


def _check_sums(sums: FloatArray) -> None:
    if np.abs(sums - 1).max() > _ROUNDING:
        raise ValueError(
            f"fractions of all phases must add up to 1 in each voxel of coarse, got sums from {sums.min():g} to "
            f"{sums.max():g}; pass every phase"
        )


def check_coarse(coarse: Any, shape: Shape, network: NetworkConfig, phases: Sequence[int] = ()) -> CoarseScan | None:
    """Return the coarse scan of a volume, or None.

    Parameters
    ----------
    coarse : None, array_like, mapping or CoarseScan
        Argument of `generate`; floating-point numbers are averages.
    shape : tuple of int
        Shape of the volume.
    network : NetworkConfig
        Network that adds the detail.
    phases : sequence of int
        Labels of the phases of the model in their order; empty if they are unknown.

    Raises
    ------
    TypeError
        If an array holds no floating-point numbers.
    ValueError
        If the shape or the phases do not fit, or the network has no stage that is coarse enough.
    """
    if coarse is None:
        return None
    scan = coarse if isinstance(coarse, CoarseScan) else _as_averages(coarse)
    if phases:
        scan = scan.of_phases(phases)
    factor = scan.factor(shape)
    coarsest = network.stages[0].scale // network.finest_scale
    largest = 2 * coarsest if coarsest > 1 else 1
    if not 1 < factor <= largest or factor & (factor - 1):
        listed = ", ".join(str(2**i) for i in range(1, largest.bit_length())) or "none"
        raise ValueError(
            f"coarse must have voxels of a size that the scales of the model can refine ({listed}), got a factor of "
            f"{factor}; choose another shape, or train with more scales"
        )
    return scan


def _as_averages(coarse: Any) -> CoarseScan:
    for each in coarse.values() if isinstance(coarse, Mapping) else (coarse,):
        found = np.asarray(each).dtype
        if not np.issubdtype(found, np.floating):
            raise TypeError(
                f"coarse must hold fractions as floating-point numbers, got {found}; use CoarseScan.from_grey for grey "
                "values, or CoarseScan.from_labels for labels"
            )
    return CoarseScan(coarse)
