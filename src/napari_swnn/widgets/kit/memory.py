"""Will it fit? Said before a run, beside the layer that is too large."""

from napari_swnn.widgets.kit.errors import BadInputError

_ADVICE = "crop the layer, or bin its voxels"


def free_memory() -> int:
    """Bytes of memory that are free."""
    import psutil

    return int(psutil.virtual_memory().available)


def format_memory(n_bytes: float) -> str:
    """An amount of memory as one says it."""
    return f"{max(n_bytes / 2**30, 0.1):.1f} GiB"


def check_free_memory(needed: float, control: str, what: str, *, advice: str = _ADVICE) -> None:
    """Refuse work that needs more memory than is free.

    Parameters
    ----------
    needed : float
        Bytes.
    control : str
        Key of the control that the sentence belongs beside.
    what : str
        What needs it, to begin a sentence with.
    advice : str
        What to do, to end it with.

    Raises
    ------
    BadInputError
        If it does not fit.
    """
    free = free_memory()
    if needed > free:
        raise BadInputError(
            control,
            f"{what} needs about {format_memory(needed)} of memory, and {format_memory(free)} are free; {advice}.",
        )
