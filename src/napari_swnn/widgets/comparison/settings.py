"""Form of the comparison panel, with the reference and the volumes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_swnn._layer_style import METADATA_KEY
from napari_swnn.widgets.comparison.volume_list import VolumeList
from napari_swnn.widgets.kit.controls import Combo, Form, Note
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.snapshot import choose_phase

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

_ROWS = {
    "reference": (
        "Reference",
        "Segmented micrograph that the volumes should resemble: a Labels layer (a 2-D section or a 3-D volume).",
    ),
    "phase": (
        "Phase of\ninterest",
        "Label of the phase of interest, usually the pores; the volumes use the same label.",
    ),
    "region": (
        "Region of\ninterest",
        "Labels layer that marks the part of the reference to use; by default, the whole reference is used.",
    ),
    "volumes": (
        "Volumes",
        "Labels layers to compare with the reference. The colours match the curves. Volumes reconstructed from this "
        "reference are ticked automatically.",
    ),
    "physics": (
        "Physics",
        "Also compute the thermal conductivity (0.026 W/(m·K) in the phase of interest, 1.4 W/(m·K) elsewhere) and the "
        "permeability of every volume along z, y and x. This takes minutes; everything else takes seconds.",
    ),
}
"""Label and tooltip of each row."""


class CompareSettings(QWidget):
    """Form of a comparison.

    `reference_changed` is emitted when the reference has to be read again, `changed` when another setting changes.
    """

    reference_changed = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reference = LayerCombo()
        self.region = LayerCombo(no_layer="whole image")
        self.phase = Combo()
        self.volumes = VolumeList()
        self.physics = QCheckBox("conductivity and permeability")
        self.note = Note()
        self.form = Form()
        self._layers: list[LabelsLayer] = []
        self._chosen_phase: int | None = None
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        for key, (label, tip) in _ROWS.items():
            notes = (self.note,) if key == "volumes" else ()
            self.form.add_row(key, label, getattr(self, key), tip, *notes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)

    def _connect(self) -> None:
        self.reference.chosen.connect(self._on_reference)
        self.region.chosen.connect(self.reference_changed)
        self.phase.currentIndexChanged.connect(self._on_phase)
        self.volumes.ticked.connect(self.changed)
        self.physics.toggled.connect(self._on_physics)

    def set_layers(self, layers: "Iterable[LabelsLayer]") -> None:
        """Offer these layers; sections are preferred to volumes as the reference."""
        self._layers = sorted(layers, key=lambda layer: layer.ndim)  # stable: keeps the viewer's order
        self.region.set_layers(self._layers)
        self.reference.set_layers(self._layers)
        self._offer_volumes()

    def show_phases(self, phases: dict[int, float]) -> None:
        """Offer the labels of the reference with their fractions."""
        entries = [(f"{value}  ({100 * fraction:.1f} %)", value) for value, fraction in phases.items()]
        self.phase.set_entries(entries, choose_phase(phases, self._chosen_phase))

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)

    def _offer_volumes(self) -> None:
        others = [layer for layer in self._layers if layer is not self.reference.value]
        self.volumes.set_layers(others, tick=[layer for layer in others if self._is_from_reference(layer)])

    def _is_from_reference(self, layer: "LabelsLayer") -> bool:
        facts = layer.metadata.get(METADATA_KEY) or {}
        reference = self.reference.value
        return reference is not None and facts.get("reference") == reference.name

    def _on_reference(self) -> None:
        self._chosen_phase = None
        self.phase.set_entries([])
        self._offer_volumes()
        self.reference_changed.emit()

    def _on_phase(self, _index: int) -> None:
        self._chosen_phase = self.phase.value
        self.changed.emit()

    def _on_physics(self, _on: bool) -> None:
        self.changed.emit()
