"""Phase of interest as picked in a panel, and the entries to pick from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from napari_swnn._phases import MOST_PHASES, PhaseChoice, choose_phase
from napari_swnn.widgets.kit.errors import BadInputError


@dataclass(frozen=True, slots=True)
class AllBut:
    """Pick of all labels except one.

    Attributes
    ----------
    label : int
        Label of the background.
    """

    label: int


@dataclass(frozen=True, slots=True)
class Merged:
    """Pick of one label, with all others merged into one background.

    Attributes
    ----------
    label : int
        Label of the phase of interest.
    """

    label: int


LabelPick = int | AllBut | None
"""A label, all labels but one, or None for the usual choice."""
PhasePick = LabelPick | Merged
"""A label, with the others as phases of their own or merged, all labels but one, or None for the usual choice."""


def resolve_pick(fractions: Mapping[int, float], pick: PhasePick, name: str, control: str = "phase") -> PhaseChoice:
    """Return the choice of the phase of interest; a pick that the image does not contain becomes the usual choice.

    Parameters
    ----------
    fractions : mapping of int to float
        Fraction of each label.
    pick : int, AllBut or None
        Phase picked by the user.
    name : str
        Name of the layer.
    control : str
        Key of the control that a missing phase belongs to.

    Raises
    ------
    BadInputError
        If there is a single label, or there are too many to be phases.
    """
    if len(fractions) == 1:
        text = f"“{name}” contains only the value {next(iter(fractions))}; paint or threshold the other phase."
        raise BadInputError(control, text)
    if isinstance(pick, AllBut):
        return choose_phase(fractions, rest_of=pick.label if pick.label in fractions else min(fractions))
    if len(fractions) > MOST_PHASES:
        raise BadInputError("phase", _explain_many(fractions, name))
    label = pick.label if isinstance(pick, Merged) else pick
    return choose_phase(fractions, label if label in fractions else None, merge=isinstance(pick, Merged))


def list_picks(
    fractions: Mapping[int, float], names: Mapping[int, str] = MappingProxyType({})
) -> list[tuple[str, int | AllBut]]:
    """Return the entries of a list of phases, ``(text, pick)``, with the name and share of each.

    With more than two labels, everything but the background, the lowest label, can be picked as well; with too many to
    be phases, only this.
    """
    lowest = min(fractions, default=0)
    entries: list[tuple[str, int | AllBut]] = [
        (f"{_title(label, names)}  ({format_share(share)})", label) for label, share in fractions.items()
    ]
    if len(fractions) <= 2:
        return entries
    rest = (f"everything but {names.get(lowest, lowest)}  ({format_share(1 - fractions[lowest])})", AllBut(lowest))
    return [*entries, rest] if len(fractions) <= MOST_PHASES else [rest]


def pick_of(choice: PhaseChoice) -> PhasePick:
    """Return the pick that leads to a choice."""
    if choice.rest_of is not None:
        return AllBut(choice.rest_of)
    return Merged(choice.phase) if choice.merges else choice.phase


def describe_merging(choice: PhaseChoice, names: Mapping[int, str] = MappingProxyType({})) -> str:
    """Return a sentence if several labels become one in the reconstruction, otherwise an empty text."""
    if choice.rest_of is not None and len(choice.fractions) > 2:
        n = len(choice.fractions) - 1
        return f"{n} labels become one phase, label {choice.phase}; the background is label {choice.background}."
    if not choice.merges:
        return ""
    titles = [names.get(label, str(label)) for label in choice.others]
    merged = f"{', '.join(titles[:-1])} and {titles[-1]}"
    return f"{'Phases' if names else 'Labels'} {merged} become one background, label {choice.background}."


def format_share(fraction: float) -> str:
    """Return a fraction as a percentage, with more digits where one would show 0 or 100 %."""
    digits = 1 if 0.0005 <= fraction < 0.9995 or fraction in (0, 1) else 3
    return f"{100 * fraction:.{digits}f} %"


def _title(label: int, names: Mapping[int, str]) -> str:
    return f"{label}: {names[label]}" if label in names else str(label)


def _explain_many(fractions: Mapping[int, float], name: str) -> str:
    return (
        f"“{name}” has {len(fractions)} different labels, which look like numbers of objects or grey levels. For "
        f"objects, choose “everything but {min(fractions)}”. Segment grey levels first: Plugins > SWNN prepare."
    )
