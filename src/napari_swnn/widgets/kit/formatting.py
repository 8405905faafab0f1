"""Formatting of text for the user."""

from napari_swnn._types import Shape


def shorten(text: str, most: int = 12) -> str:
    """Cut a text that has more than a number of characters, and mark the cut."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def format_shape(shape: Shape) -> str:
    """Format a shape, for example as ``"64 × 64 × 64"``."""
    return " × ".join(map(str, shape))


def format_extent(shape: Shape) -> str:
    """Format a shape with the name of its elements, for example as ``"64 × 64 pixels"``."""
    return f"{format_shape(shape)} {'pixels' if len(shape) == 2 else 'voxels'}"


def format_interval(own: float, interval: tuple[float, float] | None) -> str:
    """Format the porosity of a reference with the 95 % confidence interval of the material's porosity."""
    if interval is None:
        return f"Reference {own:.3f}"
    low, high = interval
    return f"Reference {own:.3f} (95 %: {low:.3f}–{high:.3f})"
