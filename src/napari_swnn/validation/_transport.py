"""Transport properties of a volume: conductivity and permeability along each axis, with sections of the fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_swnn._types import AXES, FloatArray
from napari_swnn.physics import ConductivityBounds, Outcome
from napari_swnn.physics.results import AxisResult, TortuosityResult
from napari_swnn.validation._comparison import Quantity
from napari_swnn.validation._formatting import to_json

CONDUCTIVITY_UNIT = "W/(m·K)"


@dataclass(frozen=True, eq=False, slots=True)
class Property:
    """Transport property along one axis, with the outcome of its solve.

    Attributes
    ----------
    value : float
        Conductivity in W/(m·K), permeability in voxel² or tortuosity factor; 0, or for the last infinite, if the phase
        does not percolate.
    outcome : Outcome
        Outcome of the solve, with advice for the user.
    residual : float
        Relative residual; NaN if no system was solved.
    n_iterations : int
        Number of solver iterations.
    """

    value: float
    outcome: Outcome
    residual: float
    n_iterations: int

    @classmethod
    def of(cls, result: AxisResult | TortuosityResult, value: float) -> Property:
        """Return the value and the outcome of a solve, without its fields."""
        return cls(value, result.outcome, result.residual, result.n_iterations)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary."""
        return {
            "value": to_json(self.value),
            "outcome": self.outcome.name.lower(),
            "residual": to_json(self.residual),
            "n_iterations": self.n_iterations,
        }


@dataclass(frozen=True, eq=False, slots=True)
class FieldSection:
    """Middle section of a field, along the direction of the mean gradient.

    Attributes
    ----------
    values : numpy.ndarray
        ``(h, w)`` values of the field; NaN where it is undefined.
    axes : tuple of str
        Names of the two axes of the section.
    driven : str
        Name of the axis of the mean gradient: ``"z"``, ``"y"`` or ``"x"``.
    """

    values: FloatArray
    axes: tuple[str, str]
    driven: str

    @classmethod
    def of(cls, field: FloatArray, axis: int) -> FieldSection:
        """Return the middle section that contains `axis`."""
        normal = 1 if axis == 2 else 2
        left = [name for i, name in enumerate(AXES) if i != normal]
        return cls(np.take(field, field.shape[normal] // 2, normal), (left[0], left[1]), AXES[axis])


@dataclass(frozen=True, eq=False, slots=True)
class Transport:
    """Conductivity and permeability of one volume; with more than two phases, also their tortuosity factors.

    Attributes
    ----------
    conductivity : tuple of Property
        Conductivity along z, y and x, in W/(m·K); empty for more than two phases without conductivities.
    bounds : ConductivityBounds or None
        Bounds that depend only on the volume fractions, in W/(m·K); ``None`` without conductivities.
    permeability : tuple of Property
        Permeability of the phase of interest along z, y and x, in voxel².
    temperature : FieldSection or None
        Temperature, from 1 at the start of the z axis to 0 at its end; ``None`` without conductivities.
    speed : FieldSection or None
        Speed relative to the Darcy velocity, along the first axis that percolates; NaN in the solid.
    tortuosity : dict of int to tuple of Property
        Tortuosity factor of each phase, keyed by its label, along z, y and x; infinite where it does not percolate.
        Empty for two phases.
    """

    conductivity: tuple[Property, ...]
    bounds: ConductivityBounds | None
    permeability: tuple[Property, ...]
    temperature: FieldSection | None
    speed: FieldSection | None
    tortuosity: dict[int, tuple[Property, ...]] = field(default_factory=dict)

    @property
    def properties(self) -> tuple[Property, ...]:
        """All properties along all axes."""
        return (*self.conductivity, *self.permeability, *(p for each in self.tortuosity.values() for p in each))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary, without the sections."""
        found: dict[str, Any] = {}
        if self.bounds is not None:
            found |= {
                "conductivity": _by_axis(self.conductivity),
                "conductivity_unit": CONDUCTIVITY_UNIT,
                "wiener_bounds": [to_json(bound) for bound in self.bounds.wiener],
                "hashin_shtrikman_bounds": [to_json(bound) for bound in self.bounds.hashin_shtrikman],
            }
        found |= {"permeability": _by_axis(self.permeability), "permeability_unit": "voxel²"}
        if self.tortuosity:
            found["tortuosity_factor"] = {str(label): _by_axis(each) for label, each in self.tortuosity.items()}
        return found


def mean_of(properties: tuple[Property, ...], factor: float = 1) -> Quantity:
    """Return the mean of a property over the axes, with its value along each axis."""
    by_axis = factor * np.array([p.value for p in properties])
    return Quantity(float(by_axis.mean()), by_axis)


def tortuosity_of(properties: tuple[Property, ...]) -> Quantity:
    """Return the tortuosity factor of the mean diffusivity over the axes, with its value along each axis.

    The mean diffusivity counts an axis along which the phase does not percolate as 0, so the factor is infinite only if
    the phase percolates along none; τ = φ D0 / D_eff gives the harmonic mean.
    """
    by_axis = np.array([p.value for p in properties])
    diffusivity = float((1 / by_axis).mean())
    return Quantity(1 / diffusivity if diffusivity > 0 else np.inf, by_axis)


def _by_axis(properties: tuple[Property, ...]) -> dict[str, Any]:
    return dict(zip(AXES, [p.to_dict() for p in properties], strict=True))
