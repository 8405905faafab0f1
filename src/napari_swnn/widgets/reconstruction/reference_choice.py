"""The chosen reference: its layers, a snapshot of them, and the request to analyse it."""

from typing import TYPE_CHECKING

from napari_swnn.widgets.kit.controls import Combo, LayerCombo
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.layers.snapshot import Snapshot

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.widgets.reconstruction.checks import Checks


class ReferenceChoice:
    """Reference that some controls describe.

    Parameters
    ----------
    reference, region : LayerCombo
        Layers of the reference and of its region of interest.
    phase : Combo
        Phase of interest.
    training : ConfigForm
        Settings of the training.
    """

    def __init__(self, reference: LayerCombo, region: LayerCombo, phase: Combo, training: ConfigForm) -> None:
        self._reference = reference
        self._region = region
        self._phase = phase
        self._training = training

    @property
    def layers(self) -> "list[LabelsLayer]":
        """Chosen layers."""
        return [layer for layer in (self._reference.value, self._region.value) if layer is not None]

    @property
    def is_made(self) -> bool:
        """True if a reference is chosen."""
        return self._reference.value is not None

    def is_current(self, snapshot: Snapshot) -> bool:
        """Compare a snapshot with the chosen layers."""
        try:
            return self._take_snapshot().equals(snapshot)
        except BadInputError:
            return False

    def analyse(self, checks: "Checks") -> None:
        """Let a copy of the reference be analysed, or its problem be shown."""
        try:
            checks.analyse(self._take_snapshot(), self._phase.value, self._training.value)
        except BadInputError as problem:
            checks.refuse_reference(problem)
        except ValueError as error:  # settings that do not go together
            checks.refuse_reference(BadInputError("preset", str(error)))

    def _take_snapshot(self) -> Snapshot:
        return Snapshot.take(self._reference.value, self._region.value)
