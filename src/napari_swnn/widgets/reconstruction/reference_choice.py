"""Selected reference and requests for its analysis."""

from typing import TYPE_CHECKING

from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.layers.reference_controls import ReferenceControls
from napari_swnn.widgets.layers.snapshot import Snapshot

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_swnn.widgets.reconstruction.checks import Checks


class ReferenceChoice:
    """Reference defined by the controls of the panel.

    Parameters
    ----------
    source : ReferenceControls
        Controls of the reference.
    training : ConfigForm
        Form with the training settings.
    """

    def __init__(self, source: ReferenceControls, training: ConfigForm) -> None:
        self._source = source
        self._training = training

    @property
    def layers(self) -> "list[Layer]":
        """Selected layers."""
        return self._source.layers

    @property
    def is_made(self) -> bool:
        """True if a reference is selected."""
        return self._source.reference.value is not None

    def is_current(self, snapshot: Snapshot) -> bool:
        """Return True if a snapshot equals the selected layers."""
        try:
            taken = self._source.take()
        except BadInputError:
            return False
        return taken is not None and taken.equals(snapshot)

    def analyse(self, checks: "Checks") -> None:
        """Request the analysis of a copy of the reference, or report its problem."""
        try:
            snapshot = self._source.take()
            if snapshot is not None:
                checks.analyse(snapshot, self._source.pick, self._training.value)
        except BadInputError as problem:
            checks.refuse_reference(problem)
        except ValueError as error:  # incompatible settings
            checks.refuse_reference(BadInputError("preset", str(error)))
