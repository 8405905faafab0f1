"""Checks of the free memory before a run."""

from napari_swnn._memory import format_memory, free_memory
from napari_swnn.widgets.kit.errors import BadInputError

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
