"""Checks of the free memory before a run."""

from math import prod

from napari_swnn._memory import format_memory, free_memory
from napari_swnn._types import Shape
from napari_swnn.core.numerics.memory import WORKING_MEMORY
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_shape

_ADVICE = "crop the layer, or bin its voxels"


def check_free_memory(needed: float, control: str, what: str, *, advice: str = _ADVICE) -> None:
    """Check that a computation fits into the free memory.

    Parameters
    ----------
    needed : float
        Required memory in bytes.
    control : str
        Key of the control that the error belongs to.
    what : str
        Subject of the error message.
    advice : str
        Advice at the end of the error message.

    Raises
    ------
    BadInputError
        If the free memory is insufficient.
    """
    free = free_memory()
    if needed > free:
        raise BadInputError(
            control,
            f"{what} needs about {format_memory(needed)} of memory, but only {format_memory(free)} is free; {advice}.",
        )


def size_problem(shape: Shape, n: int, destination: str) -> str:
    """Return the reason that volumes do not fit into memory; empty if they fit, or are not kept in memory."""
    needed, free = n * prod(shape) + WORKING_MEMORY, free_memory()
    if destination != "memory" or needed <= free:
        return ""
    volumes = "" if n == 1 else f"{n} volumes of "
    return (
        f"{volumes}{format_shape(shape)} voxels need {format_memory(needed)}, and {format_memory(free)} are "
        "free; choose a smaller size, or a lazy layer or a file under Large volumes."
    )
