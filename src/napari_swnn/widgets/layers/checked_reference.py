"""Reference in the viewer with its measured phases."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_swnn._phase_names import name_phase
from napari_swnn._sentences import as_sentence
from napari_swnn._voxel_size import format_lengths
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.phase_pick import AllBut, PhasePick, resolve_pick
from napari_swnn.widgets.layers.snapshot import Snapshot, check_same_labels

if TYPE_CHECKING:
    from napari_swnn._phases import PhaseChoice
    from napari_swnn.core.descriptor.direction_check import DirectionCheck
    from napari_swnn.core.descriptor.orientation import MissingPlaneError
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.validation import Disagreement


@dataclass(frozen=True, eq=False)
class CheckedReference:
    """A reference with its measured phase fractions.

    Attributes
    ----------
    snapshot : Snapshot
        Copy of the reference layers.
    phases : dict of int to float
        Fraction of each label in the region of interest, over all sections.
    choice : PhaseChoice or None
        Phase of interest and background; None if there is a problem.
    shares : mapping of str to float
        Fraction of the phase of interest in each layer, by its name.
    warning : str
        Sentence on sections that seem to show different materials; otherwise empty.
    problem : BadInputError or None
        Reason that the reference cannot be used.
    """

    snapshot: Snapshot
    phases: dict[int, float]
    choice: "PhaseChoice | None" = None
    shares: Mapping[str, float] = field(default_factory=dict)
    warning: str = ""
    problem: BadInputError | None = None
    _by_plane: "Reference | None" = None  # kept, as making it compares the planes

    @classmethod
    def look(cls, snapshot: Snapshot, pick: PhasePick = None) -> "CheckedReference":
        """Measure the phases of a reference and compare its sections; this takes up to a few seconds.

        Parameters
        ----------
        snapshot : Snapshot
            Copy of the reference layers.
        pick : int, Merged, AllBut or None
            Phase picked by the user; None for the one that the layer names, or the usual one.
        """
        phases = snapshot.phases()
        try:
            if not isinstance(pick, AllBut):
                check_same_labels(snapshot)
            choice = resolve_pick(phases, snapshot.phase if pick is None else pick, snapshot.name, "reference")
        except BadInputError as problem:
            return cls(snapshot, phases, problem=problem)
        shares = {}
        for layer in (snapshot, *snapshot.further):
            own = replace(layer, further=(), planes={}).phases()
            apart = own.get(choice.phase, 0.0) if choice.rest_of is None else 1 - own.get(choice.rest_of, 0.0)
            shares[layer.name] = apart
        if not snapshot.plane:
            return cls(snapshot, phases, choice, shares, _compare(snapshot, choice))
        from napari_swnn.core.descriptor.orientation import MissingPlaneError

        try:
            return cls(snapshot, phases, choice, shares, _by_plane=snapshot.reference(choice))
        except ValueError as error:
            text = _explain_planes(error) if isinstance(error, MissingPlaneError) else as_sentence(str(error))
            refusal = BadInputError("planes", text)
            return cls(snapshot, phases, choice, shares, problem=refusal)

    @property
    def agreement(self) -> "DirectionCheck | None":
        """Agreement of sections of several planes; None for sections of unknown planes."""
        orientation = None if self._by_plane is None else self._by_plane.orientation
        return None if orientation is None else orientation.check

    @property
    def assumption(self) -> str:
        """Sentence on directions without sections of their own, without a full stop; may be empty."""
        return "" if self._by_plane is None else self._by_plane.assumption

    def reference(self) -> "Reference":
        """Return the checked reference.

        Raises
        ------
        BadInputError
            If the reference cannot be used.
        """
        if self.choice is None or self.problem is not None:
            raise self.problem or BadInputError("reference", "The reference cannot be used.")
        return self._by_plane or self.snapshot.reference(self.choice)


def _compare(snapshot: Snapshot, choice: "PhaseChoice") -> str:
    """Return a warning if the sections seem to show different materials, otherwise an empty text."""
    from napari_swnn.validation import find_disagreements

    names = [name for name, _, _ in snapshot.parts()]
    if len(names) < 2:
        return ""
    found = find_disagreements(snapshot.reference(choice))
    if not found:
        return ""
    worst = max(found, key=lambda each: abs(each.value - each.others) / each.tolerance)
    text = _describe(worst, names, snapshot)
    return f"The sections may not belong together. {text} Untick what shows another material."


def _explain_planes(error: "MissingPlaneError") -> str:
    """Return why the planes do not suffice, in terms of the controls of the panel."""
    given, missing = " and ".join(error.given), " or ".join(error.missing)
    if error.symmetry_axis is not None:
        return (
            f"A material that is the same all about {error.symmetry_axis} needs a section across {error.symmetry_axis} "
            f"and one along it, but there is only {given}; add a section of {missing}."
        )
    text = (
        f"What {missing} looks like is not known: {given} both differ along their axes. Add a section of {missing}, or "
        "choose the axis above if the material is the same in all directions about it."
    )
    return text if not error.proposal else f"{text} {as_sentence(error.proposal)}"


def _describe(found: "Disagreement", names: list[str], snapshot: Snapshot) -> str:
    own = f"“{names[found.section]}”"
    others = f"“{names[1]}”" if len(names) == 2 else "the others"
    if found.quantity != "two-point correlation":
        phase = name_phase(found.phase, snapshot.names)
        fraction = "porosity of" if found.quantity == "porosity" else f"fraction of {phase} in"
        return (
            f"The {fraction} {own} is {found.value:.3f}, that of {others} {found.others:.3f}; chance explains a "
            f"difference of {found.tolerance:.3f}."
        )
    unit = "px" if snapshot.voxel.unit == "voxel" else snapshot.voxel.unit
    distance = format_lengths((found.distance,), unit, 3)
    return (
        f"The two-point correlation of {own} at {distance} differs from that of {others} by "
        f"{abs(found.value - found.others):.3f}; chance explains {found.tolerance:.3f}."
    )
