"""Texts as sentences."""

from __future__ import annotations


def capitalise(text: str) -> str:
    """Capitalise the first letter of a text."""
    return text[:1].upper() + text[1:]


def as_sentence(text: str) -> str:
    """Capitalise the first letter of a text and end it with a full stop, unless it ends with an ellipsis."""
    return capitalise(text) + ("" if text.endswith((".", "…")) else ".")
