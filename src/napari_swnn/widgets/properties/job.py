"""Request for a property."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from napari_swnn._phase_names import name_phase
from napari_swnn._phases import MOST_PHASES
from napari_swnn._types import AXES
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_extent
from napari_swnn.widgets.kit.memory import check_free_memory
from napari_swnn.widgets.layers.phase_pick import AllBut, LabelPick
from napari_swnn.widgets.layers.watch import LayerFacts
from napari_swnn.widgets.properties.kinds import (
    CONDUCTIVITY,
    PERMEABILITY,
    Kind,
    name_fields,
)


def _setting(default: Any, help_text: str, **constraints: Any) -> Any:
    return field(default=default, metadata={"help": help_text, **constraints})


@dataclass(frozen=True, kw_only=True)
class SolverSettings:
    """Numerical settings of a solve, as shown in the form."""

    tolerance: float = _setting(
        1e-4, "Relative residual at which a solve stops; the result has a smaller error.", low=1e-4, high=0.1
    )
    max_iterations: int = _setting(
        0,
        "Maximum number of iterations, after which a solve has failed. Automatic: 1000 for conduction, 2000 for flow, "
        "50 000 for lattice Boltzmann.",
        low=0,
        label="maximum iterations",
    )
    precision: Literal["float64", "float32"] = _setting(
        "float64", "Single precision (float32) saves up to half of the memory.", choices=("float64", "float32")
    )


@dataclass(frozen=True)
class Outputs:
    """Layers to add after a run.

    Attributes
    ----------
    potential, flow, lines : bool
        True to add the potential, the magnitude of the flow and the streamlines, respectively.
    n_lines : int
        Number of streamlines.
    """

    potential: bool = True
    flow: bool = True
    lines: bool = True
    n_lines: int = 150


@dataclass(frozen=True, kw_only=True)
class PropertyChoice:
    """Settings of a run.

    Attributes
    ----------
    kind : Kind
        Property to compute.
    axes : tuple of int
        Axes to solve along, in array order.
    boundary, method : str
        Boundary condition and flow solver, with the values accepted by `napari_swnn.physics`.
    phase : int, AllBut or None
        Conducting phase; None for the effective conductivity.
    conductivities : mapping of int to float
        Conductivity of each label; empty for other properties.
    conductivity_unit : str
        Unit of `conductivities`.
    solver : SolverSettings
        Numerical settings.
    outputs : Outputs
        Layers to add.
    """

    kind: Kind
    axes: tuple[int, ...]
    boundary: Any
    method: Any = "stokes"
    phase: LabelPick = None
    conductivities: Mapping[int, float] = field(default_factory=dict)
    conductivity_unit: str = "W/(m·K)"
    solver: SolverSettings = field(default_factory=SolverSettings)
    outputs: Outputs = field(default_factory=Outputs)

    @property
    def field_names(self) -> tuple[str, str]:
        """Names of the potential and of its flux, or of the pressure and the velocity."""
        return name_fields(self.kind, self.conductivity_unit)

    def estimate_memory(self, shape: tuple[int, ...]) -> float:
        """Return the memory that a run on a volume of this shape needs, in bytes."""
        from napari_swnn.physics.memory import estimate_memory

        solver: Any = self.method if self.kind is PERMEABILITY else "conduction"
        mirrored = self.boundary == "mirror"
        return float(estimate_memory(shape, solver, precision=self.solver.precision, mirrored=mirrored))


@dataclass(frozen=True, eq=False)
class PropertyJob:
    """A checked request: a layer and the settings of a run.

    Attributes
    ----------
    facts : LayerFacts
        Contents of the layer.
    choice : PropertyChoice
        Settings.
    """

    facts: LayerFacts
    choice: PropertyChoice

    @property
    def phase_name(self) -> str:
        """Name of the conducting phase."""
        phase, names = self.choice.phase, self.facts.names
        if isinstance(phase, AllBut):
            return f"everything but {names.get(phase.label, phase.label)}"
        return "no phase" if phase is None else name_phase(phase, names)

    @property
    def title(self) -> str:
        """Status text of the run."""
        return f"Computing the {self.choice.kind.title.lower()} of “{self.facts.name}”…"

    @property
    def subject(self) -> str:
        """Heading with the property, phase and layer."""
        kind = self.choice.kind
        prefix = kind.title if kind is CONDUCTIVITY else f"{kind.title} of {self.phase_name}"
        return f"{prefix} · {self.facts.name}"

    @property
    def summary(self) -> str:
        """Assumptions of the run, as text."""
        choice = self.choice
        size = format_extent(self.facts.labels.shape)
        boundary = dict(choice.kind.boundaries)[choice.boundary]
        named = {name_phase(label, self.facts.names): value for label, value in choice.conductivities.items()}
        values = ", ".join(f"{value:g} for {name}" for name, value in named.items())
        with_unit = f" Conductivities in {choice.conductivity_unit}: {values}." if values else ""
        return f"{size}; {boundary}, sides periodic.{with_unit}"

    def name_axis(self, axis: int) -> str:
        """Return the name of an axis: ``"z"``, ``"y"`` or ``"x"``."""
        return AXES[-np.ndim(self.facts.labels) :][axis]

    def to_dict(self) -> dict[str, Any]:
        """Return the request as a JSON-serialisable dictionary."""
        choice = self.choice
        facts = self.facts
        plain: dict[str, Any] = {
            "layer": facts.name,
            "property": choice.kind.key,
            "shape": list(facts.labels.shape),
            "voxel_size": facts.voxel.value,
            "voxel_unit": facts.voxel.unit,
            **({"phases": {str(label): name for label, name in facts.names.items()}} if facts.names else {}),
            "boundary": choice.boundary,
            "tolerance": choice.solver.tolerance,
            "precision": choice.solver.precision,
        }
        if choice.kind is CONDUCTIVITY:
            plain["conductivities"] = {str(label): value for label, value in choice.conductivities.items()}
            plain["conductivity_unit"] = choice.conductivity_unit
        else:
            plain["phase"] = self.phase_name if isinstance(choice.phase, AllBut) else choice.phase
        if choice.kind is PERMEABILITY:
            plain["method"] = choice.method
        return plain


def make_job(facts: LayerFacts, choice: PropertyChoice) -> PropertyJob:
    """Return the checked request for a layer.

    Raises
    ------
    BadInputError
        If the layer has too many labels, or too few labels or dimensions for the property, or there is not enough
        memory.
    """
    n_phases = len(facts.phases)
    name = f"“{facts.name}”"
    if choice.kind is CONDUCTIVITY and n_phases > MOST_PHASES:
        text = f"{name} contains {n_phases} labels, but at most {MOST_PHASES} phases are supported"
        raise BadInputError("layer", f"{text}; give all objects of a phase the same label.")
    if choice.kind is not CONDUCTIVITY and choice.phase is None and n_phases > 0:
        text = f"{name} contains {n_phases} labels, which look like numbers of objects"
        raise BadInputError("phase", f"{text}; choose “everything but {min(facts.phases)}” as the conducting phase.")
    if choice.kind is PERMEABILITY and facts.labels.ndim != 3:
        raise BadInputError("property", f"Permeability needs a 3-D volume; {name} is a 2-D section.")
    if choice.kind is PERMEABILITY and n_phases == 1:
        text = f"{name} contains only the value {next(iter(facts.phases))}"
        raise BadInputError("layer", f"{text}; permeability needs a solid and a pore phase.")
    check_free_memory(choice.estimate_memory(facts.labels.shape), "layer", f"This run on {name}")
    return PropertyJob(facts, choice)
