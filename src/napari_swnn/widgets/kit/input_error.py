"""What the user gave and cannot be used: one sentence, and the control that it belongs beside."""

from collections.abc import Mapping
from types import MappingProxyType

from napari_swnn.widgets.kit.formatting import full_sentence

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
    """What the user gave cannot be used; the text is one sentence for them.

    Parameters
    ----------
    control : str
        Key of the control that the sentence belongs beside.
    text : str
        What is wrong and what to do.
    """

    def __init__(self, control: str, text: str) -> None:
        super().__init__(text)
        self.control = control


def bad_input(error: Exception, controls: Mapping[str, str] = _CONTROLS, default: str = "reference") -> BadInputError:
    """An error of the numerical part, which begins with the name of the argument, beside the control for it."""
    text = str(error)
    return BadInputError(controls.get(text.split(" ", 1)[0], default), full_sentence(text))
