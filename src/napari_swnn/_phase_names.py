"""Names of phases, such as pore, NMC or binder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_swnn._phases import PhaseChoice, list_labels

MAX_LENGTH = 60
"""Longest name of a phase in characters, which still fits in a table."""


def check_names(names: Any, choice: PhaseChoice) -> dict[int, str]:
    """Return the names of the phases of a reconstruction by label, in the order of `choice.phases`.

    A background made of several labels has the names of all of them, if each has one.

    Parameters
    ----------
    names : mapping of int to str or None
        Names of some or all labels of the image.
    choice : PhaseChoice
        Phases of the image.

    Raises
    ------
    TypeError
        If `names` is not a mapping.
    ValueError
        If a label is absent from the image, or a name is empty, too long, or used twice.
    """
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise TypeError(f"names must map labels to names, such as {{1: 'pore'}}, got {type(names).__name__}")
    given = {label: check_name(label, name) for label, name in names.items()}
    known = {*choice.fractions, *choice.phases}
    absent = [label for label in given if label not in known]
    if absent:
        raise ValueError(
            f"names must name labels of the image ({list_labels(sorted(known))}), got a name for {absent[0]}; omit it"
        )
    if len(set(given.values())) < len(given):
        twice = next(name for name in given.values() if [*given.values()].count(name) > 1)
        raise ValueError(f"names must differ between phases, got {twice!r} twice; rename one of them")
    merged = [given.get(label, "") for label in choice.others]
    if choice.merges and all(merged) and choice.background not in given:
        given[choice.phases[1]] = " + ".join(merged)
    return {label: given[label] for label in choice.phases if label in given}


def name_phase(label: int, names: Mapping[int, str]) -> str:
    """Return the name of a phase for messages and tables: its own, otherwise its label.

    Examples
    --------
    >>> name_phase(2, {1: "pore", 2: "binder"}), name_phase(0, {1: "pore"})
    ('binder', 'phase 0')
    """
    return names.get(label, f"phase {label}")


def check_name(label: Any, name: Any) -> str:
    """Return the name of a phase without surrounding spaces; raise an error unless it is a short text on one line."""
    text = name.strip() if isinstance(name, str) else ""
    if not text or len(text) > MAX_LENGTH or not text.isprintable():
        raise ValueError(
            f"the name of label {label} must be a text of 1 to {MAX_LENGTH} characters on one line, got {name!r}"
        )
    return text
