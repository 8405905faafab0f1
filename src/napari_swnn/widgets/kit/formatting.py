"""Texts as the user reads them."""

from napari_swnn._types import Shape


def capital(text: str) -> str:
    """A text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def full_sentence(text: str) -> str:
    """A text that begins with a capital letter and ends with a full stop."""
    return capital(text) + ("" if text.endswith(".") else ".")


def told_shape(shape: Shape) -> str:
    """Voxels along each axis, as one says them."""
    return " × ".join(map(str, shape))
