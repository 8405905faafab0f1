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


def format_interval(own: float, interval: tuple[float, float] | None) -> str:
    """Return the porosity of a reference, with the 95 % interval of its material's."""
    if interval is None:
        return f"Reference {own:.3f}"
    low, high = interval
    return f"Reference {own:.3f} (95 %: {low:.3f}–{high:.3f})"
