"""The upper part of the panel: what to reconstruct and how."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QSpinBox, QVBoxLayout, QWidget
from superqt import QCollapsible

from napari_swnn.core.config import PRESETS, TrainingConfig
from napari_swnn.widgets._controls import Combo, Form, LayerCombo, Note, PorosityControl, SizeControl
from napari_swnn.widgets._forms import ConfigForm

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.widgets._workers import Survey

_TIPS = {
    "reference": "The segmented micrograph: a Labels layer with one value for each phase (2-D, or a 3-D volume).",
    "phase": "The phase of interest, usually the pores; the porosity is its fraction.",
    "region": "A Labels layer painted over the part of the reference that counts; all of it if none is chosen.",
    "porosity": "Fraction of the phase of interest in the reconstruction. It starts at the reference's own; the slider "
    "ends where the local patterns of the reference cannot express more or less.",
    "size": "Size of the reconstruction in voxels, along z, y and x.",
    "preset": "draft: a first look; standard: the usual choice; fine: the best, several times as long; paper: the "
    "settings of the publication, hours without a GPU.",
    "seed": "Another seed gives another realisation of the same structure; the same seed gives the same one again.",
    "device": "Where to compute; a GPU is many times as fast.",
}
_AUTO = {"auto": "Automatic"}


class SettingsPanel(QWidget):
    """Everything the user chooses before a run.

    `changed` is sent when the reference has to be looked at again; `touched` when something else changed.
    """

    changed = Signal()
    touched = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reference, self.region = LayerCombo(), LayerCombo(no_layer="whole image")
        self.phase, self.preset, self.device = Combo(), Combo(), Combo()
        self.porosity, self.size, self.seed = PorosityControl(), SizeControl(), QSpinBox()
        self.advanced = ConfigForm(TrainingConfig)
        self.reach, self.extent, self.reasons = Note(), Note(), Note()
        self.reasons.setStyleSheet("font-size: 8pt;")
        self.form = Form()
        self._drawer = QCollapsible("Advanced settings", expandedIcon=QIcon(), collapsedIcon=QIcon())
        self._voxel = (1.0, "voxel")
        self._fill()
        self._lay_out()
        self._connect()
        self._name_drawer()
        self.porosity.setEnabled(False)

    def _fill(self) -> None:
        self.preset.set_entries([(name, name) for name in PRESETS], "standard")
        self.advanced.set_value(PRESETS["standard"])
        self.device.set_entries([(_AUTO["auto"], "auto")])
        self.seed.setRange(0, 2**31 - 1)

    def _lay_out(self) -> None:
        rows: list[tuple[str, str, QWidget, tuple[Note, ...]]] = [
            ("reference", "Reference", self.reference, ()),
            ("phase", "Phase", self.phase, ()),
            ("region", "Region of\ninterest", self.region, ()),
            ("porosity", "Porosity", self.porosity, (self.reach,)),
            ("size", "Size", self.size, (self.extent,)),
            ("preset", "Preset", self.preset, (self.reasons,)),
            ("seed", "Seed", self.seed, ()),
            ("device", "Device", self.device, ()),
        ]
        for key, label, control, notes in rows:
            self.form.add_row(key, label, control, _TIPS[key], *notes)
        self._drawer.addWidget(self.advanced)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        layout.addWidget(self._drawer)

    def _connect(self) -> None:
        self.reference.chosen.connect(self._on_reference)
        self.region.chosen.connect(self.changed)
        self.phase.currentIndexChanged.connect(self._on_phase)
        self.preset.currentIndexChanged.connect(self._on_preset)
        self.advanced.changed.connect(self._on_advanced)
        self.device.currentIndexChanged.connect(self.changed)
        self.size.changed.connect(self._on_size)
        self._drawer.toggled.connect(self._name_drawer)

    def set_layers(self, layers: "Iterable[LabelsLayer]") -> None:
        """Offer these layers as reference and region of interest."""
        layers = list(layers)
        self.region.set_layers(layers)
        self.reference.set_layers(layers)

    def set_devices(self, devices: Mapping[str, str]) -> None:
        """Offer the devices of this machine."""
        entries = [(f"{_AUTO[key]}: {text}" if key in _AUTO else text, key) for key, text in devices.items()]
        self.device.set_entries(entries, self.device.value)

    def show_survey(self, survey: "Survey") -> None:
        """Show what was found out about the reference."""
        entries = [(f"{value}  ({100 * fraction:.1f} %)", value) for value, fraction in survey.phases.items()]
        self.phase.set_entries(entries, survey.phase)
        self.porosity.setEnabled(survey.reference is not None)
        if survey.reference is None:
            self.reach.say("")
            self.reasons.say("")
            return
        own, (low, high) = survey.reference.porosity, survey.reachable
        self.porosity.set_range(low, high, own=own)
        self.reach.say(f"Reference {own:.3f} · reachable {low:.3f} to {high:.3f}")
        self.reasons.say(" ".join(survey.reasons))
        self.show_voxels(survey.reference.voxel_size, survey.reference.unit)

    def show_voxels(self, voxel_size: float, unit: str) -> None:
        """Show the size of a reconstruction for voxels of this size."""
        self._voxel = (voxel_size, unit)
        self.extent.say("" if unit == "voxel" else self.size.physical(voxel_size, unit))

    @property
    def preset_name(self) -> str:
        """The preset, with a word if its settings were changed."""
        name = str(self.preset.value)
        return name if self.advanced.value == PRESETS[name] else f"{name} (changed)"

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        self.form.set_dark(dark)

    def _on_reference(self) -> None:
        self.porosity.forget()
        self.phase.set_entries([])
        self.porosity.setEnabled(False)
        for note in (self.reach, self.extent, self.reasons):
            note.say("")
        self.changed.emit()

    def _on_phase(self, _index: int) -> None:
        self.porosity.forget()
        self.changed.emit()

    def _on_preset(self, _index: int) -> None:
        self.advanced.set_value(PRESETS[self.preset.value])

    def _on_advanced(self) -> None:
        self._name_drawer()
        self.changed.emit()

    def _name_drawer(self, *_: object) -> None:
        arrow = "▾" if self._drawer.isExpanded() else "▸"
        changed = " (changed)" if self.advanced.value != PRESETS[self.preset.value] else ""
        self._drawer.setText(f"{arrow}  Advanced settings{changed}")

    def _on_size(self) -> None:
        self.show_voxels(*self._voxel)
        self.touched.emit()
