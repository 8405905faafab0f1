"""Texts as the user reads them."""

from napari_swnn._types import Shape


def capitalise(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def as_sentence(text: str) -> str:
    """Return a text with a capital first letter and a full stop."""
    return capitalise(text) + ("" if text.endswith(".") else ".")


def format_shape(shape: Shape) -> str:
    """Return the voxels along each axis, as in ``"64 × 64 × 64"``."""
    return " × ".join(map(str, shape))
