"""Form of the comparison panel, with the reference and the volumes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_swnn.widgets.comparison.volume_list import VolumeList, VolumeToCopy
from napari_swnn.widgets.kit.controls import Form, Note
from napari_swnn.widgets.kit.errors import Remedy
from napari_swnn.widgets.layers.lead import Lead
from napari_swnn.widgets.layers.provenance import find_reference, is_made_from
from napari_swnn.widgets.layers.reference_controls import ReferenceControls

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Shapes as ShapesLayer

    from napari_swnn.widgets.layers.checked_reference import CheckedReference

_ROWS = {
    "volumes": (
        "Volumes",
        "Labels layers to compare with the reference. The colours match the curves. Volumes reconstructed from this "
        "reference are ticked automatically.",
    ),
    "physics": ("Physics", ""),
}
"""Label and tooltip of each row."""
_PHYSICS = {
    False: (
        "conductivity and permeability",
        "Also compute the thermal conductivity (0.026 W/(m·K) in the phase of interest, 1.4 W/(m·K) elsewhere) and the "
        "permeability of every volume along z, y and x. This takes minutes; everything else takes seconds.",
    ),
    True: (
        "tortuosity and permeability",
        "Also compute the tortuosity factor of each phase, and the permeability of the phase of interest, of every "
        "volume along z, y and x. This takes minutes; everything else takes seconds.",
    ),
}
"""Text and tooltip of the box for two and for more phases."""


class CompareSettings(QWidget):
    """Form of a comparison.

    `reference_changed` is emitted when the reference has to be read again, `changed` when another setting changes.
    """

    reference_changed = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.volumes = VolumeList()
        self.physics = QCheckBox()
        self.note = Note()
        self.lead = Lead()
        self.to_copy = VolumeToCopy(self.volumes)
        self.form = Form()
        self.source = ReferenceControls(self.form, self)
        self.reference, self.phase, self.region = self.source.reference, self.source.phase, self.source.region
        self._layers: list[LabelsLayer] = []
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        for key, (label, tip) in _ROWS.items():
            notes = (self.lead, self.note) if key == "volumes" else ()
            self.form.add_row(key, label, getattr(self, key), tip, *notes)
        self._name_physics(several=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)

    def _connect(self) -> None:
        self.source.chosen.connect(self._offer_volumes)
        self.source.changed.connect(self.reference_changed)
        self.volumes.ticked.connect(self.changed)
        self.physics.toggled.connect(self._on_physics)

    def set_layers(
        self,
        labels: "Iterable[LabelsLayer]",
        shapes: "Iterable[ShapesLayer]",
        images: "Iterable[Image]",
        selected: "Layer | None" = None,
    ) -> None:
        """Offer these layers; as the reference, that of the selected result, or else sections before volumes."""
        self._layers = sorted(labels, key=lambda layer: layer.ndim)  # stable: keeps the viewer's order
        self.source.first_choice = find_reference(self._layers, selected)
        self.source.set_layers(self._layers, shapes, images)
        self._offer_volumes()

    def choose_reference(self, layer: "LabelsLayer") -> None:
        """Select a layer as the reference, and tick the volumes that were made from it instead of all others."""
        self.volumes.set_layers(())
        self.source.choose(layer)

    def offer_copy(self, layer: "LabelsLayer | None", remedy: Remedy | None = None) -> None:
        """Offer a remedy for a ticked volume, or none."""
        self.to_copy.value = layer
        self.lead.offer(remedy)

    def show_found(self, found: "CheckedReference") -> None:
        """Show the phases of the reference, and the properties that can be computed for them."""
        self.source.show_found(found)
        self._name_physics(several=found.choice is not None and found.choice.background is None)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)
        self.source.set_dark(dark)

    def _offer_volumes(self) -> None:
        reference = self.reference.value
        others = [layer for layer in self._layers if layer is not reference]
        own = [layer for layer in others if reference is not None and is_made_from(layer, reference)]
        self.volumes.set_layers(others, tick=own)

    def _name_physics(self, *, several: bool) -> None:
        text, tip = _PHYSICS[several]
        self.physics.setText(text)
        self.physics.setToolTip(tip)

    def _on_physics(self, _on: bool) -> None:
        self.changed.emit()
