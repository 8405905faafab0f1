"""Results that belong to one phase, to a pair or a triple of phases, or to all phases together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from napari_swnn.validation._comparison import CurveComparison, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity


@dataclass(frozen=True, eq=False, slots=True)
class PhaseGroup:
    """Comparison of the statistics of a group of phases: one phase, a pair, a triple or all phases.

    Attributes
    ----------
    labels : tuple of int
        Labels of the phases of the group.
    name : str
        Their names, for example ``"nickel"`` or ``"nickel – pore"``; a phase without a name is ``"phase 2"``.
    curves : dict of CurveComparison
        Statistics that depend on distance.
    quantities : dict of QuantityComparison
        Numbers.
    connectivity : tuple of Connectivity
        Connectivity of a single phase in each volume; empty for sections and for several phases.
    """

    labels: tuple[int, ...]
    name: str
    curves: dict[str, CurveComparison] = field(default_factory=dict)
    quantities: dict[str, QuantityComparison] = field(default_factory=dict)
    connectivity: tuple[Connectivity, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary."""
        found = {
            "labels": list(self.labels),
            "name": self.name,
            "quantities": {key: quantity.to_dict() for key, quantity in self.quantities.items()},
            "curves": {key: curve.to_dict() for key, curve in self.curves.items()},
        }
        if self.connectivity:
            found["connectivity"] = [connectivity.to_dict() for connectivity in self.connectivity]
        return found
