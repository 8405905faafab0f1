"""Error messages for the user, and the controls they belong to."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from napari_swnn._sentences import as_sentence

_CONTROLS = MappingProxyType(
    {
        "phase": "phase",
        "roi": "region",
        "porosity": "porosity",
        "fractions": "phases",
        "names": "phase",
        "shape": "size",
        "device": "device",
        "cube_size": "preset",
        "coarse_cube_size": "preset",
        "sampling": "preset",
    }
)
"""Keys of the controls by argument of a training."""


class Remedy(StrEnum):
    """Action that a panel offers to correct an input, with the text of its button."""

    RESAMPLE = "Make a copy with equal sides"
    EVERYTHING = "Take everything but the background"


class BadInputError(ValueError):
    """Invalid input, described in one sentence for the user.

    Parameters
    ----------
    control : str
        Key of the control that the sentence belongs to.
    text : str
        Description of the problem and its solution.
    remedy : Remedy, optional
        Action that corrects the input.
    """

    def __init__(self, control: str, text: str, remedy: Remedy | None = None) -> None:
        super().__init__(text)
        self.control = control
        self.remedy = remedy


class WorkFailedError(Exception):
    """Failure of work in a thread, described in one sentence for the user.

    It does not derive from `RuntimeError`, the type of most PyTorch errors such as insufficient memory: superqt's
    generator worker interprets that type as a deleted worker and never ends.
    """


def to_bad_input(
    error: Exception, controls: Mapping[str, str] = _CONTROLS, default: str = "reference"
) -> BadInputError:
    """Convert an error of the numerical code into one that belongs to a control.

    Parameters
    ----------
    error : Exception
        Error with a text that begins with the name of an argument.
    controls : mapping of str to str
        Keys of the controls, by argument.
    default : str
        Key of the control for all other arguments.
    """
    text = str(error)
    return BadInputError(controls.get(text.split(" ", 1)[0], default), as_sentence(text))


def describe_error(error: BaseException) -> str:
    """Return one sentence for the user, with the error type if the input is not the cause."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "There is not enough memory; choose a smaller size, smaller training volumes, or another device."
    if isinstance(error, ImportError | OSError) and "torch" in str(error).lower():
        return (
            f"PyTorch could not be loaded ({_first_line(error)}); check its installation and, on Windows, the "
            "Visual C++ runtime."
        )
    if isinstance(error, ValueError | TypeError | OSError | WorkFailedError):
        return as_sentence(_first_line(error))
    return f"Something went wrong: {_first_line(error)} ({type(error).__name__})."


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
