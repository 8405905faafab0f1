"""Selected reference and requests for its analysis."""

from typing import TYPE_CHECKING

from napari_swnn.widgets.kit.controls import Combo
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.snapshot import Snapshot

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.widgets.reconstruction.checks import Checks


class ReferenceChoice:
    """Reference defined by the controls of the panel.

    Parameters
    ----------
    reference, region : LayerCombo
        Controls for the layers of the reference and its region of interest.
    phase : Combo
        Control for the phase of interest.
    training : ConfigForm
        Form with the training settings.
    """

    def __init__(self, reference: LayerCombo, region: LayerCombo, phase: Combo, training: ConfigForm) -> None:
        self._reference = reference
        self._region = region
        self._phase = phase
        self._training = training

    @property
    def layers(self) -> "list[LabelsLayer]":
        """Selected layers."""
        return [layer for layer in (self._reference.value, self._region.value) if layer is not None]

    @property
    def is_made(self) -> bool:
        """True if a reference is selected."""
        return self._reference.value is not None

    def is_current(self, snapshot: Snapshot) -> bool:
        """Return True if a snapshot equals the selected layers."""
        try:
            return self._take_snapshot().equals(snapshot)
        except BadInputError:
            return False

    def analyse(self, checks: "Checks") -> None:
        """Request the analysis of a copy of the reference, or report its problem."""
        try:
            checks.analyse(self._take_snapshot(), self._phase.value, self._training.value)
        except BadInputError as problem:
            checks.refuse_reference(problem)
        except ValueError as error:  # incompatible settings
            checks.refuse_reference(BadInputError("preset", str(error)))

    def _take_snapshot(self) -> Snapshot:
        return Snapshot.take(self._reference.value, self._region.value)
