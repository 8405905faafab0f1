"""Options of the form ``LABEL=VALUE``, such as names and fractions of phases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Value = TypeVar("Value")


def parse_pairs(texts: Sequence[str] | None, convert: Callable[[str], Value], option: str) -> dict[int, Value] | None:
    """Return the values of an option by label, or None if the option was not given.

    Parameters
    ----------
    texts : sequence of str or None
        Texts such as ``"1=0.4"``.
    convert : callable
        Function that converts the text after the equals sign; raises ValueError if it cannot.
    option : str
        Name of the option, for error messages.

    Raises
    ------
    ValueError
        If a text has another form, or names a label twice.
    """
    if texts is None:
        return None
    found: dict[int, Value] = {}
    for text in texts:
        label, separator, value = text.partition("=")
        try:
            pair = int(label), convert(value)
        except ValueError:
            separator = ""
        if not separator:
            raise ValueError(f"{option} must hold pairs LABEL=VALUE, such as 1=0.4 for label 1, got {text!r}")
        if pair[0] in found:
            raise ValueError(f"{option} must name each label once, got label {pair[0]} twice")
        found[pair[0]] = pair[1]
    return found
