"""Labels and names of the phases of a generated volume."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._phases import first_free
from napari_swnn._types import Labels
from napari_swnn.core.descriptor.reference import Reference


@dataclass(frozen=True, slots=True)
class PhaseLabels:
    """Labels of a generated volume.

    Attributes
    ----------
    phases : tuple of int
        Label of each phase: the phase of interest first, then the others, in ascending order.
    names : tuple of str
        Name of each phase, in the same order, ``""`` for a phase without a name; empty if no phase has a name.
    """

    phases: tuple[int, ...]
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, reference: Reference) -> PhaseLabels:
        """Return the labels of a reference."""
        names = tuple(reference.names.get(label, "") for label in reference.phases)
        return cls(reference.phases, names if reference.names else ())

    @property
    def phase(self) -> int:
        """Label of the phase of interest."""
        return self.phases[0]

    @property
    def background(self) -> int:
        """Label of the other phase of two; of more, the smallest non-negative integer that is no phase.

        Voxels outside a spatial mask have this label.
        """
        if len(self.phases) == 2:
            return self.phases[1]
        return first_free(self.phases)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Integer type that can represent the label of every phase."""
        return reduce(np.promote_types, map(np.min_scalar_type, self.phases))

    @property
    def named(self) -> dict[int, str]:
        """Name of each phase that has one, by its label."""
        return {label: name for label, name in zip(self.phases, self.names, strict=False) if name}

    def as_json(self) -> dict[str, Any]:
        """Return the labels as JSON-compatible values: two phases without names, or the phases and their names."""
        if len(self.phases) == 2 and not self.names:
            return {"phase": self.phase, "background": self.background}
        return {"phases": list(self.phases), "names": list(self.names)}

    def paint(self, positions: NDArray[np.uint8]) -> Labels:
        """Convert positions in the order of the phases to labels."""
        return np.array(self.phases, self.dtype)[positions]
