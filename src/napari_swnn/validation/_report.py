"""Validation report, which can be written as a table, JSON or CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._files import write_csv, write_json
from napari_swnn._types import Labels, Path, Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics import FractionInterval
from napari_swnn.validation._comparison import CurveComparison, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._formatting import to_json
from napari_swnn.validation._groups import PhaseGroup
from napari_swnn.validation._rows import iter_rows, list_columns
from napari_swnn.validation._summary import summarise
from napari_swnn.validation._transport import Transport


@dataclass(frozen=True, eq=False, slots=True)
class ValidationReport:
    """Comparison of volumes with their reference.

    With two phases, the report is about the phase of interest, which determines the other. With more, it has a group of
    results for each phase, for each pair of phases, and for all phases together.

    Attributes
    ----------
    phase : int
        Label of the phase of interest.
    names : dict of int to str
        Name of each phase of the reference, the phase of interest first; ``"phase 2"`` for a phase without a name.
    voxel : VoxelSize
        Edge length of a voxel; all lengths in the report have its unit.
    shapes : tuple of tuple of int
        Shapes of the volumes, in voxels.
    reference_interval : FractionInterval
        Confidence interval of the material's porosity, estimated from the reference.
    intervals : tuple of FractionInterval
        Confidence interval of the porosity, estimated from each volume.
    phases : tuple of PhaseGroup
        Results of each phase, the phase of interest first; of two phases, only that of interest.

        Curves: ``two_point_correlation``, ``autocovariance``, ``lineal_path``, ``chord_lengths``, ``pore_sizes`` and,
        for the phase of interest, ``two_point_cluster``. Numbers: ``porosity`` (with more than two phases
        ``volume_fraction``), ``correlation_length``, ``specific_surface``, ``mean_chord_length``, ``mean_pore_size``;
        for volumes only, ``connected_fraction``, ``largest_fraction`` and ``euler_density``; with physics,
        ``permeability`` of the phase of interest and, if the unit is a length, ``permeability_in_m2``, and with more
        than two phases ``tortuosity_factor``. Of two phases, the conductivity is here as well.
    pairs : tuple of PhaseGroup
        Results of each pair of more than two phases: the curve ``cross_correlation`` and the number ``interface_area``.
    triples : tuple of PhaseGroup
        Results of each triple of more than three phases: ``triple_phase_boundary`` and, for volumes only,
        ``active_triple_phase_boundary``.
    whole : PhaseGroup
        Results of all phases together: the boundaries of `triples` in total, and with physics ``conductivity``; empty
        for two phases.
    conductivities : dict of int to float
        Conductivity of each label in W/(m·K); empty without physics.
    transport : tuple of Transport
        Transport properties of each volume; empty without physics.
    reference_sections : tuple of numpy.ndarray
        Up to three sections of the reference, for figures: booleans for two phases, labels for more.
    volume_sections : tuple of tuple of numpy.ndarray
        Middle sections of each volume, normal to z, y and x.
    block : numpy.ndarray
        Central part of the first volume, at most 128 voxels wide, for figures.
    notes : tuple of str
        Remarks on the reliability of the numbers.
    reference_name : str
        Name of the reference for the reader of the report; empty if unknown.
    volume_names : tuple of str
        Name of each volume; empty if unknown.
    """

    phase: int
    names: dict[int, str]
    voxel: VoxelSize
    shapes: tuple[Shape, ...]
    reference_interval: FractionInterval
    intervals: tuple[FractionInterval, ...]
    phases: tuple[PhaseGroup, ...]
    pairs: tuple[PhaseGroup, ...]
    triples: tuple[PhaseGroup, ...]
    whole: PhaseGroup
    conductivities: dict[int, float]
    transport: tuple[Transport, ...]
    reference_sections: tuple[Labels, ...]
    volume_sections: tuple[tuple[Labels, ...], ...]
    block: Labels
    notes: tuple[str, ...]
    reference_name: str = ""
    volume_names: tuple[str, ...] = ()

    def with_names(self, reference: str, volumes: Sequence[str]) -> ValidationReport:
        """Return the report with the names of the reference and of each volume, which its files then state.

        Raises
        ------
        ValueError
            If the number of names differs from that of the volumes.
        """
        if len(volumes) != self.n_volumes:
            raise ValueError(f"volumes must hold {self.n_volumes} names, one for each volume, got {len(volumes)}")
        return replace(self, reference_name=reference, volume_names=tuple(volumes))

    @property
    def n_volumes(self) -> int:
        """Number of realisations."""
        return len(self.shapes)

    @property
    def n_phases(self) -> int:
        """Number of phases of the reference."""
        return len(self.names)

    @property
    def groups(self) -> tuple[PhaseGroup, ...]:
        """Results of phases, pairs, triples and all phases together, without empty ones."""
        groups = (*self.phases, *self.pairs, self.whole, *self.triples)
        return tuple(group for group in groups if group.quantities or group.curves)

    @property
    def curves(self) -> dict[str, CurveComparison]:
        """Curves of the phase of interest."""
        return self.phases[0].curves

    @property
    def quantities(self) -> dict[str, QuantityComparison]:
        """Numbers of the phase of interest, and of all phases together."""
        return self.phases[0].quantities | self.whole.quantities

    @property
    def connectivity(self) -> tuple[Connectivity, ...]:
        """Connectivity of the phase of interest in each volume; empty for sections."""
        return self.phases[0].connectivity

    @property
    def reference_porosity(self) -> float:
        """Volume fraction of the phase of interest in the reference, between 0 and 1."""
        return self.reference_interval.value

    @property
    def porosities(self) -> tuple[float, ...]:
        """Volume fraction of the phase of interest in each volume, between 0 and 1."""
        return tuple(interval.value for interval in self.intervals)

    @property
    def porosity(self) -> float:
        """Mean porosity of the volumes."""
        return float(np.mean(self.porosities))

    @property
    def two_point(self) -> CurveComparison:
        """Comparison of the two-point correlation S₂(r)."""
        return self.curves["two_point_correlation"]

    @property
    def lineal_path(self) -> CurveComparison:
        """Comparison of the lineal path L(z)."""
        return self.curves["lineal_path"]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary, without the images."""
        found: dict[str, Any] = {"phase": self.phase}
        if self.n_phases > 2:
            found["names"] = {str(label): name for label, name in self.names.items()}
        if self.volume_names:
            found |= {"reference_name": self.reference_name, "volume_names": list(self.volume_names)}
        found |= {
            "voxel_size": self.voxel.value,
            "unit": self.voxel.unit,
            "shapes": [list(shape) for shape in self.shapes],
            "reference_porosity": _interval(self.reference_interval),
            "porosities": [_interval(interval) for interval in self.intervals],
            **self._groups_to_dict(),
            "conductivities": {str(label): value for label, value in self.conductivities.items()},
            "transport": [transport.to_dict() for transport in self.transport],
            "notes": list(self.notes),
        }
        return found

    def _groups_to_dict(self) -> dict[str, Any]:
        """Return the results of the phase of interest for two phases; for more, lists of the results of all groups."""
        if self.n_phases > 2:
            several = {"phases": self.phases, "pairs": self.pairs, "triples": self.triples}
            lists: dict[str, Any] = {key: [group.to_dict() for group in groups] for key, groups in several.items()}
            return lists | {"whole": self.whole.to_dict()}
        found = self.phases[0].to_dict()
        return {
            "quantities": found["quantities"],
            "curves": found["curves"],
            "connectivity": [connectivity.to_dict() for connectivity in self.connectivity],
        }

    def save(self, path: Path) -> None:
        """Write the report as JSON."""
        write_json(FilePath(path), self.to_dict())

    def save_csv(self, path: Path) -> None:
        """Write every number of the report as CSV, one value per line, for a spreadsheet or data frame.

        The columns are ``statistic``, ``realisation`` (``reference`` or 1, 2, …), ``axis`` (``mean`` for all axes),
        ``distance`` and its unit (empty for numbers), ``value``, ``half_width_95`` (of the reference's interval, where
        known) and ``unit``; with more than two phases, also ``phase`` after the first, the name of the phase or group
        of phases; if the volumes have names, also ``name`` after ``realisation``. Bounds of the conductivity are named
        ``conductivity_wiener_lower`` and so on.
        """
        write_csv(FilePath(path), list_columns(self), iter_rows(self))

    def summary(self) -> str:
        """Return the report as a short table."""
        return summarise(self)


def _interval(interval: FractionInterval) -> dict[str, Any]:
    return {
        "value": to_json(interval.value),
        "low": to_json(interval.low),
        "high": to_json(interval.high),
        "confidence": interval.confidence,
        "integral_range": to_json(interval.integral_range),
        "effective_samples": to_json(interval.effective_samples),
        "warning": interval.warning,
    }
