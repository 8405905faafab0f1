"""Verdict on volumes in plain words: which statistics lie within what the reference can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_swnn._sentences import as_sentence, capitalise
from napari_swnn._types import AXES
from napari_swnn._voxel_size import format_number, format_units
from napari_swnn.validation._comparison import QuantityComparison
from napari_swnn.validation._formatting import format_with_error

if TYPE_CHECKING:
    from napari_swnn.validation._groups import PhaseGroup
    from napari_swnn.validation._report import ValidationReport

_WORDS = {
    "porosity": "porosity",
    "volume_fraction": "fraction",
    "correlation_length": "integral length",
    "specific_surface": "surface",
    "mean_chord_length": "chord length",
    "mean_pore_size": "pore size",
}
"""Name of each judged number in a sentence."""
_MOST_NUMBERS = 3
"""Largest number of deviations that are given with their numbers; the report has those of the others."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of comparing volumes with their reference.

    Attributes
    ----------
    agrees : bool or None
        True if more than half of the numbers could be judged, and all of these lie within the 95 % intervals of the
        reference; False if one does not; None if too few could be judged.
    text : str
        The outcome in sentences; of more than two phases, one line for each.
    outside : tuple of str
        Keys of the numbers that do not lie within the intervals, such as ``"specific_surface"``.
    too_small : {"", "section", "volume"}
        Sample that is too small to judge some or all numbers, if there is one.
    """

    agrees: bool | None
    text: str
    outside: tuple[str, ...] = ()
    too_small: Literal["", "section", "volume"] = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A number with its key and word, and the name of its phase if there are several."""

    key: str
    word: str
    phase: str
    quantity: QuantityComparison

    @property
    def too_small(self) -> Literal["", "section", "volume"]:
        """Sample that is too small to judge this number; empty if it is judged."""
        if self.quantity.within is not None:
            return ""
        return "volume" if self.quantity.is_too_small or not np.isfinite(self.quantity.mean) else "section"


def judge(report: ValidationReport, *, own_porosity: bool = True) -> Verdict:
    """Say which numbers of volumes lie within what the reference can tell.

    Parameters
    ----------
    report : ValidationReport
        Comparison of the volumes with their reference.
    own_porosity : bool
        False if the volumes have another porosity than the reference by choice. The other numbers depend on the
        porosity, and so none is judged.

    Returns
    -------
    Verdict
        Numbers are judged by the 95 % confidence interval of the reference, as far as the volumes are large enough for
        that; see `QuantityComparison.is_too_small`. Of connectivity, which a section cannot
        show, the verdict only tells what was found.
    """
    connected = _describe_connectivity(report)
    if not own_porosity:
        text = "The porosity was chosen to differ from that of the section, so the section cannot judge the rest."
        return Verdict(None, " ".join(part for part in (text, connected) if part))
    judged = list(_list_judged(report.phases, several=report.n_phases > 2))
    inside = [each for each in judged if each.quantity.within]
    outside = [each for each in judged if each.quantity.within is False]
    if all(each.too_small == "section" for each in judged):
        text = "The section is too small to judge the volume by it."
        return Verdict(None, " ".join(part for part in (text, connected) if part), too_small="section")
    if report.n_phases > 2:
        lines = _describe_phases(judged, report.n_volumes, with_numbers=len(outside) <= _MOST_NUMBERS)
        text = "\n".join(part for part in (*lines, connected) if part)
    else:
        sentences = _describe_two_phases(judged, report.n_volumes)
        text = " ".join(part for part in (*sentences, connected) if part)
    agrees = False if outside else True if _are_most(inside, judged) else None
    return Verdict(agrees, text, tuple(each.key for each in outside), _find_too_small(judged))


def _are_most(inside: Sequence[_Judged], judged: Sequence[_Judged]) -> bool:
    """Return True if these numbers say enough: the porosity of pure noise agrees too."""
    return 2 * len(inside) > len(judged)


def _find_too_small(judged: Sequence[_Judged]) -> Literal["", "section", "volume"]:
    """Return the sample that is too small for some numbers; the volume first, which is easier to enlarge."""
    found = {each.too_small for each in judged}
    return "volume" if "volume" in found else "section" if "section" in found else ""


def _list_judged(groups: Iterable[PhaseGroup], *, several: bool) -> Iterable[_Judged]:
    for group in groups:
        for key, word in _WORDS.items():
            quantity = group.quantities.get(key)
            if quantity is not None and quantity.reference is not None:  # otherwise, no section can show it
                yield _Judged(key, word, group.name if several else "", quantity)


def _describe_two_phases(judged: Sequence[_Judged], n_volumes: int) -> list[str]:
    """Return sentences on the numbers of two phases."""
    inside = [each for each in judged if each.quantity.within]
    outside = [each for each in judged if each.quantity.within is False]
    sentences = []
    if inside:
        sentences.append(_describe_inside(inside, are_few=not outside and not _are_most(inside, judged)))
    if len(outside) > _MOST_NUMBERS:
        sentences.append(f"{capitalise(_list_words(outside))} do not lie within what the section can tell.")
    else:
        sentences += [_describe_outside(each, n_volumes) for each in outside]
    scattered = [each for each in judged if each.too_small == "volume"]
    if scattered:
        sentences.append(f"{capitalise(_describe_scatter(scattered))} between volumes of this size to be judged.")
    unclear = [each for each in judged if each.too_small == "section"]
    if unclear:
        sentences.append(f"The section is too small to judge {_list_words(unclear)}.")
    return sentences


def _describe_scatter(scattered: Sequence[_Judged]) -> str:
    return f"{_list_words(scattered)} {'varies' if len(scattered) == 1 else 'vary'} too much"


def _describe_inside(inside: Sequence[_Judged], *, are_few: bool) -> str:
    verb, pronoun = ("lies", "it") if len(inside) == 1 else ("lie", "they")
    words, where = _list_words(inside), "within what the section can tell"
    if are_few:
        return f"Only {words} could be judged: {pronoun} {verb} {where}."
    return as_sentence(f"{words} {verb} {where}")


def _describe_phases(judged: Sequence[_Judged], n_volumes: int, *, with_numbers: bool) -> list[str]:
    """Return a line for each phase, with phases and numbers that lie outside the intervals first."""
    groups = [
        (phase, [each for each in judged if each.phase == phase])
        for phase in dict.fromkeys(each.phase for each in judged)
    ]
    groups.sort(key=lambda group: all(each.quantity.within is not False for each in group[1]))
    return [_describe_phase(phase, group, n_volumes, with_numbers=with_numbers) for phase, group in groups]


def _describe_phase(phase: str, judged: Sequence[_Judged], n_volumes: int, *, with_numbers: bool) -> str:
    off = [each for each in judged if each.quantity.within is False]
    parts = []
    if off:
        found = [f"{each.word} ({_describe_numbers(each, n_volumes)})" if with_numbers else each.word for each in off]
        parts.append(f"{_join(found)} off")
    scattered = [each for each in judged if each.too_small == "volume"]
    if scattered:
        parts.append(f"{_describe_scatter(scattered)} at this size to be judged")
    unclear = [each for each in judged if each.too_small == "section"]
    if unclear:
        parts.append(f"section too small for {_list_words(unclear)}")
    if any(each.quantity.within for each in judged):
        parts.append(f"{'rest ' if parts else ''}within what the section tells")
    return f"{capitalise(phase)}: {'; '.join(parts)}."


def _list_words(judged: Sequence[_Judged]) -> str:
    return _join([each.word for each in judged])


def _describe_outside(each: _Judged, n_volumes: int) -> str:
    return f"{capitalise(each.word)} does not agree with the section: {_describe_numbers(each, n_volumes)}."


def _describe_numbers(each: _Judged, n_volumes: int) -> str:
    """Return the number of the volumes, and that of the section with its interval."""
    quantity = each.quantity
    assert quantity.reference is not None
    unit = f" {format_units(quantity.unit)}" if quantity.unit else ""
    decimals = format_with_error(quantity.reference.value, quantity.half_width)
    found = f"{format_number(quantity.mean, 3)}{unit}" + ("" if n_volumes == 1 else " on average")
    return f"{found}, in the section {decimals}{unit}"


def _describe_connectivity(report: ValidationReport) -> str:
    """Return a sentence on the axes along which the phase of interest percolates; empty for sections."""
    found = report.connectivity
    if not found:
        return ""
    subject = "The phase of interest" if report.n_phases == 2 else capitalise(report.phases[0].name)
    n = len(found)
    counts = {axis: sum(each.percolates[i] for each in found) for i, axis in enumerate(AXES)}
    if set(counts.values()) == {n}:
        return f"{subject} connects opposite faces along z, y and x."
    if not any(counts.values()):
        return f"{subject} does not connect opposite faces along any axis."
    if n == 1:
        along = _join([axis for axis, count in counts.items() if count])
        return f"{subject} connects opposite faces along {along} only."
    each = ", ".join(f"{count} along {axis}" for axis, count in counts.items())
    return f"{subject} connects opposite faces in some of the {n} volumes: {each}."


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
