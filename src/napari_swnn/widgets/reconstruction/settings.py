"""The upper part of the panel: what to reconstruct and how."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.training.config import PRESETS, TrainingConfig
from napari_swnn.widgets.kit.controls import Combo, Form, LayerCombo, Note, SizeControl, place_side_by_side
from napari_swnn.widgets.kit.drawer import Drawer
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.reconstruction.porosity import IntervalNote, PorosityChoice
from napari_swnn.widgets.reconstruction.spatial import Place
from napari_swnn.widgets.reconstruction.spatial_panel import WherePanel

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Layer

    from napari_swnn.widgets.reconstruction.jobs import Survey

_TIPS = {
    "reference": "The segmented micrograph: a Labels layer with one value for each phase (2-D, or a 3-D volume).",
    "phase": "The phase of interest, usually the pores; the porosity is its fraction.",
    "region": "A Labels layer painted over the part of the reference that counts; all of it if none is chosen.",
    "porosity": "Fraction of the phase of interest in the reconstruction. It starts at the reference's own; the slider "
    "ends where the local patterns of the reference cannot express more or less.",
    "exact": "Give each volume just the porosity asked for, in twice the time. Else volumes scatter around it, as "
    "pieces of the material do.",
    "size": "Size of the reconstruction in voxels, along z, y and x.",
    "preset": "draft: a first look; standard: the usual choice; fine: the best, several times as long; paper: the "
    "settings of the publication, hours without a GPU.",
    "seed": "Another seed gives another realisation of the same structure; the same seed gives the same one again. Of "
    "several realisations, each takes the seed after the last one's.",
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
        self.target, self.size, self.seed, self.count = PorosityChoice(), SizeControl(), QSpinBox(), QSpinBox()
        self.porosity, self.exact = self.target.single, QCheckBox("Exactly, in each volume")
        self.advanced, self.where = ConfigForm(TrainingConfig), WherePanel()
        self.reach, self.extent, self.reasons = IntervalNote(), Note(), Note()
        self.reasons.setStyleSheet("font-size: 8pt;")
        self.form = Form()
        self._drawer = Drawer("Advanced settings", self.advanced)
        self._where = Drawer("Where", self.where)
        self._voxel = VoxelSize()
        self._fill()
        self._lay_out()
        self._connect()
        self.target.setEnabled(False)

    def _fill(self) -> None:
        self.preset.set_entries([(name, name) for name in PRESETS], "standard")
        self.advanced.set_value(PRESETS["standard"])
        self.device.set_entries([(_AUTO["auto"], "auto")])
        self.seed.setRange(0, 2**31 - 1)
        self.count.setRange(1, 999)
        self.count.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        for box in (self.seed, self.count):
            box.setStyleSheet("QSpinBox {min-width: 30px;}")
        self.count.setToolTip("How many realisations to make of one model, each as a layer of its own.")

    def _lay_out(self) -> None:
        rows: list[tuple[str, str, QWidget, tuple[Note, ...]]] = [
            ("reference", "Reference", self.reference, ()),
            ("phase", "Phase", self.phase, ()),
            ("region", "Region of\ninterest", self.region, ()),
            ("porosity", "Porosity", self.target, (self.target.price, self.reach.note, self.reach.warning)),
            ("exact", "", self.exact, ()),
            ("size", "Size", self.size, (self.extent,)),
            ("preset", "Preset", self.preset, (self.reasons,)),
            ("seed", "Seed", place_side_by_side(self.seed, QLabel("How many"), self.count), ()),
            ("device", "Device", self.device, ()),
        ]
        for key, label, control, notes in rows:
            self.form.add_row(key, label, control, _TIPS[key], *notes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.form, self._drawer, self._where):
            layout.addWidget(widget)

    def _connect(self) -> None:
        self.reference.chosen.connect(self._on_reference)
        self.region.chosen.connect(self.changed)
        self.phase.currentIndexChanged.connect(self._on_phase)
        self.preset.currentIndexChanged.connect(self._on_preset)
        self.advanced.changed.connect(self._on_advanced)
        self.device.currentIndexChanged.connect(self.changed)
        self.size.changed.connect(self._on_size)
        self.target.changed.connect(self.touched)
        self.count.valueChanged.connect(self._on_touched)
        self.exact.toggled.connect(self._on_touched)
        self.where.changed.connect(self._on_where)

    def set_layers(self, layers: "Iterable[LabelsLayer]", images: "Iterable[Layer]" = ()) -> None:
        """Offer these layers as reference and region of interest, and them and the images as maps and masks."""
        layers = list(layers)
        self.region.set_layers(layers)
        self.reference.set_layers(layers)
        self.where.set_layers(layers, images)

    def set_devices(self, devices: Mapping[str, str]) -> None:
        """Offer the devices of this machine."""
        entries = [(f"{_AUTO[key]}: {text}" if key in _AUTO else text, key) for key, text in devices.items()]
        self.device.set_entries(entries, self.device.value)

    def show_survey(self, survey: "Survey") -> None:
        """Show what was found out about the reference."""
        entries = [(f"{value}  ({100 * fraction:.1f} %)", value) for value, fraction in survey.phases.items()]
        self.phase.set_entries(entries, survey.phase)
        self.target.setEnabled(survey.reference is not None)
        if survey.reference is None:
            self.reach.clear()
            self.reasons.show_text("")
            return
        own, (low, high) = survey.reference.porosity, survey.reachable
        self.target.set_range(low, high, own=own)
        self.reach.show_interval(own, survey.interval, survey.reachable)
        self.reasons.show_text(" ".join(survey.reasons))
        self.show_voxels(survey.reference.voxel)

    def show_voxels(self, voxel: VoxelSize) -> None:
        """Show the size of a reconstruction for voxels of this size."""
        self._voxel = voxel
        self.extent.show_text("" if voxel.unit == "voxel" else self.size.physical(voxel))

    def take_place(self) -> Place:
        """A copy of what is asked of the places in a volume.

        Raises
        ------
        BadInputError
            See `WherePanel.take`.
        """
        return replace(self.where.take(), exact=self.exact.isChecked())

    @property
    def preset_name(self) -> str:
        """The preset, with a word if its settings were changed."""
        name = str(self.preset.value)
        return name if self.advanced.value == PRESETS[name] else f"{name} (changed)"

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        self.form.set_dark(dark)
        self.where.set_dark(dark)
        self.reach.warning.set_dark(dark)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show these problems, each beside its control, and no others; what is folded away opens."""
        self.form.show_problems(problems)
        self.where.form.show_problems(problems)
        if any(problems.get(key) for key in self.where.form.problems):
            self._where.expand(animate=False)

    def _on_reference(self) -> None:
        self.target.forget()
        self.phase.set_entries([])
        self.target.setEnabled(False)
        self.reach.clear()
        for note in (self.extent, self.reasons):
            note.show_text("")
        self.changed.emit()

    def _on_phase(self, _index: int) -> None:
        self.target.forget()
        self.changed.emit()

    def _on_preset(self, _index: int) -> None:
        self.advanced.set_value(PRESETS[self.preset.value])

    def _on_advanced(self) -> None:
        self._drawer.set_remark("changed" if self.advanced.value != PRESETS[self.preset.value] else "")
        self.changed.emit()

    def _on_where(self) -> None:
        self._where.set_remark(self.where.word)
        self.touched.emit()

    def _on_size(self) -> None:
        self.show_voxels(self._voxel)
        self.touched.emit()

    def _on_touched(self, _value: object) -> None:
        self.touched.emit()
