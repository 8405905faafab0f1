"""Validation: the statistics of generated volumes beside those of the reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._checks import check_labels
from napari_swnn._types import FloatArray, Path
from napari_swnn.core.reference import Reference
from napari_swnn.statistics import Curve, lineal_path, pool, two_point_correlation, volume_fraction

LONGEST = 64
"""Distance in voxels beyond which curves are not compared."""


@dataclass(frozen=True, eq=False, slots=True)
class CurveComparison:
    """One statistic of the reference and of each realisation.

    Attributes
    ----------
    name : str
        What it is, as a caption says it.
    reference : Curve
        Of all sections of the reference together.
    realisations : tuple of Curve
        One for each volume.
    """

    name: str
    reference: Curve
    realisations: tuple[Curve, ...]

    @property
    def mean(self) -> FloatArray:
        """Mean over axes and realisations, ``(n,)``."""
        values: FloatArray = np.mean([curve.values for curve in self.realisations], axis=0)
        return values

    @property
    def mean_error(self) -> float:
        """Mean absolute difference between the realisations' mean and the reference, over all distances."""
        return float(np.abs(self.mean - self.reference.values).mean())

    @property
    def anisotropy(self) -> float:
        """Largest difference between two axes of the mean over realisations, at any distance."""
        by_axis = np.mean([curve.by_axis for curve in self.realisations], axis=0)
        return float(np.ptp(by_axis, axis=0).max())

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {
            "distance": _plain(self.reference.distance),
            "unit": self.reference.unit,
            "reference": {"mean": _plain(self.reference.values), "by_axis": _plain(self.reference.by_axis)},
            "realisations": [
                {"mean": _plain(curve.values), "by_axis": _plain(curve.by_axis)} for curve in self.realisations
            ],
            "mean_error": self.mean_error,
            "anisotropy": self.anisotropy,
        }


@dataclass(frozen=True, eq=False, slots=True)
class ValidationReport:
    """How well volumes match their reference.

    Attributes
    ----------
    phase : int
        Label of the phase of interest.
    reference_porosity : float
        Volume fraction of that phase in the reference, in [0, 1].
    porosities : tuple of float
        The same of each volume.
    two_point : CurveComparison
        Two-point correlation S2(r).
    lineal_path : CurveComparison
        Lineal path L(z).
    """

    phase: int
    reference_porosity: float
    porosities: tuple[float, ...]
    two_point: CurveComparison
    lineal_path: CurveComparison

    @property
    def porosity(self) -> float:
        """Mean over the volumes."""
        return float(np.mean(self.porosities))

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {
            "phase": self.phase,
            "reference_porosity": self.reference_porosity,
            "porosity": self.porosity,
            "porosities": list(self.porosities),
            "two_point_correlation": self.two_point.to_dict(),
            "lineal_path": self.lineal_path.to_dict(),
        }

    def save(self, path: Path) -> None:
        """Write the report as JSON."""
        FilePath(path).write_text(json.dumps(self.to_dict(), indent=1), encoding="utf-8")

    def summary(self) -> str:
        """A table of a few lines."""
        spread = f" ± {np.std(self.porosities):.4f}" if len(self.porosities) > 1 else ""
        rows = [
            ("", "reference", f"{len(self.porosities)} volume(s)"),
            ("porosity", f"{self.reference_porosity:.4f}", f"{self.porosity:.4f}{spread}"),
        ]
        for curve in (self.two_point, self.lineal_path):
            rows.append(
                (curve.name, "", f"mean difference {curve.mean_error:.4f}, between axes {curve.anisotropy:.4f}")
            )
        return "\n".join(f"{name:26s} {reference:>10s}  {volumes}" for name, reference, volumes in rows)


def validate(volumes: Any, reference: Reference, *, max_distance: int | None = None) -> ValidationReport:
    """Compare volumes with the reference they were made from.

    Parameters
    ----------
    volumes : array_like or sequence of array_like
        Labels ``(z, y, x)`` or ``(y, x)``, with the reference's label for the phase of interest; several realisations
        as a list.
    reference : Reference
        The reference; only what lies in its region of interest counts.
    max_distance : int, optional
        Longest distance of the curves, in voxels; by default half the shortest side, at most 64.

    Raises
    ------
    TypeError
        If `reference` is not a `Reference` or labels are not integers.
    ValueError
        If there is no volume, or one has the wrong dimension.
    """
    if not isinstance(reference, Reference):
        raise TypeError(f"reference must be a Reference, got {type(reference).__name__}; wrap it: Reference(labels)")
    arrays = [check_labels(volume, name="volumes") for volume in _as_list(volumes)]
    if not arrays:
        raise ValueError("volumes must hold at least one volume, got none")
    sides = [side for array in arrays for side in array.shape]
    sides += [side for section in reference.sections for side in section.image.shape]
    longest = min(LONGEST, min(sides) // 2) if max_distance is None else max_distance
    return ValidationReport(
        phase=reference.phase,
        reference_porosity=reference.porosity,
        porosities=tuple(volume_fraction(array, phase=reference.phase) for array in arrays),
        two_point=_compare("two-point correlation", two_point_correlation, arrays, reference, longest),
        lineal_path=_compare("lineal path", lineal_path, arrays, reference, longest),
    )


def _as_list(volumes: Any) -> Sequence[Any]:
    return volumes if isinstance(volumes, list | tuple) else [volumes]


def _compare(
    name: str, statistic: Callable[..., Curve], volumes: Sequence[Any], reference: Reference, longest: int
) -> CurveComparison:
    scale = {"max_distance": longest, "voxel_size": reference.voxel_size, "unit": reference.unit}
    of_reference = [
        statistic(section.image, phase=1, mask=None if section.inside.all() else section.inside, **scale)
        for section in reference.sections
    ]
    of_volumes = tuple(statistic(volume, phase=reference.phase, **scale) for volume in volumes)
    return CurveComparison(name, pool(of_reference), of_volumes)


def _plain(values: FloatArray) -> list[Any]:
    rounded: list[Any] = np.round(values, 6).tolist()
    return rounded
