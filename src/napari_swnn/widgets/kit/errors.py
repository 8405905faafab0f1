"""Errors as sentences for the user, and the control that each belongs to."""

from collections.abc import Mapping
from types import MappingProxyType

from napari_swnn.widgets.kit.formatting import as_sentence

_CONTROLS = MappingProxyType(
    {
        "phase": "phase",
        "roi": "region",
        "porosity": "porosity",
        "shape": "size",
        "device": "device",
        "cube_size": "preset",
        "coarse_cube_size": "preset",
        "sampling": "preset",
    }
)
"""Controls for the arguments of a training."""


class BadInputError(ValueError):
    """Input that cannot be used; the text is one sentence for the user.

    Parameters
    ----------
    control : str
        Key of the control that the sentence belongs to.
    text : str
        The problem and its remedy.
    """

    def __init__(self, control: str, text: str) -> None:
        super().__init__(text)
        self.control = control


class WorkFailedError(Exception):
    """Failure of work in a thread; the text is one sentence for the user.

    It is not a `RuntimeError`: superqt's generator worker takes one for a deleted worker and never ends, and most
    errors of PyTorch, such as a lack of memory, are of that type.
    """


def to_bad_input(
    error: Exception, controls: Mapping[str, str] = _CONTROLS, default: str = "reference"
) -> BadInputError:
    """Return an error of the numerical part as one of a control.

    Parameters
    ----------
    error : Exception
        Error whose text begins with the name of an argument.
    controls : mapping of str to str
        Keys of the controls, by argument.
    default : str
        Key of the control for all other arguments.
    """
    text = str(error)
    return BadInputError(controls.get(text.split(" ", 1)[0], default), as_sentence(text))


def describe_error(error: BaseException) -> str:
    """Return one sentence for the user; errors that no input has caused include their type."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "There is not enough memory; choose a smaller size, smaller training volumes, or another device."
    if isinstance(error, ImportError | OSError) and "torch" in str(error).lower():
        return (
            f"PyTorch could not be loaded ({_first_line(error)}); check its installation, and on Windows that of the "
            "Visual C++ runtime."
        )
    if isinstance(error, ValueError | TypeError | OSError | WorkFailedError):
        return as_sentence(_first_line(error))
    return f"Something went wrong: {_first_line(error)} ({type(error).__name__})."


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
