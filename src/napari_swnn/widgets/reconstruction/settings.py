"""Controls for the settings of a reconstruction."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QSpinBox, QVBoxLayout, QWidget

from napari_swnn._sentences import as_sentence
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.training.config import PRESETS, TrainingConfig
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Form, Note, Problem, SizeControl, place_below_one_another
from napari_swnn.widgets.kit.drawer import Drawer
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.kit.memory import size_problem
from napari_swnn.widgets.kit.preferences import read_preferences
from napari_swnn.widgets.layers.reference_controls import ReferenceControls
from napari_swnn.widgets.lazy.output_panel import Destination
from napari_swnn.widgets.reconstruction.reference_choice import ReferenceChoice
from napari_swnn.widgets.reconstruction.request import Request
from napari_swnn.widgets.reconstruction.size_note import describe_small_size
from napari_swnn.widgets.reconstruction.spatial import UNIFORM
from napari_swnn.widgets.reconstruction.spatial_panel import SpatialPanel
from napari_swnn.widgets.reconstruction.targets import TargetControls

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Shapes as ShapesLayer

    from napari_swnn.widgets.reconstruction.preflight import Findings

_TIPS = {
    "exact": "Match the target porosity exactly in each volume, or with several phases the fraction of each; this "
    "doubles the generation time. By default, they vary around the target, as in samples of the material.",
    "size": "Size of the reconstruction in voxels along z, y and x.",
    "preset": "draft: a first look; standard: recommended; connected: two phases connect as in the material, for flow "
    "and conduction, takes up to twice as long; fine: patterns closest to the reference, takes many times as long; "
    "paper: the settings of the publication, takes hours without a GPU.",
    "seed": "A different seed generates a different realisation of the same structure; the same seed reproduces it. "
    "Multiple realisations use consecutive seeds.",
    "count": "Number of realisations to generate from one model, each as a separate layer.",
    "device": "CPU or GPU for the computation; a GPU is many times faster.",
}
_AUTO = {"auto": "Automatic"}
_EXACT = {False: "Match the target porosity exactly", True: "Match the target fractions exactly"}
"""Text of a box for two (False) and for more phases."""


class SettingsPanel(QWidget):
    """Panel with all settings of a reconstruction except its output.

    `reference_changed` is emitted when the reference must be analysed again, and `changed` for all other settings.
    """

    reference_changed = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.exact = QCheckBox(_EXACT[False])
        self.size = SizeControl()
        self.preset = Combo()
        self.seed = QSpinBox()
        self.count = QSpinBox()
        self.device = Combo()
        self.advanced = ConfigForm(TrainingConfig)
        self.spatial = SpatialPanel()
        self.extent = Note()
        self.small = Problem()
        self.reasons = Note()
        self.form = Form()
        self.source = ReferenceControls(self.form, self)
        self.reference, self.phase, self.region = self.source.reference, self.source.phase, self.source.region
        self.targets = TargetControls(self.form, self)
        self.phases, self.target, self.reach = self.targets.phases, self.targets.porosity, self.targets.reach
        self.chosen_reference = ReferenceChoice(self.source, self.advanced)
        self._advanced = Drawer("Advanced settings", place_below_one_another(self.reasons, self.advanced))
        self._spatial = Drawer("Spatial variation", self.spatial)
        self._voxel = self._model_voxel = VoxelSize()
        self._length: float | None = None
        self._remarks: tuple[str, ...] = ()
        self._fill()
        self._lay_out()
        self._connect()

    def _fill(self) -> None:
        self.reasons.setStyleSheet("font-size: 8pt;")
        preferred = read_preferences()
        self.preset.set_entries([(name, name) for name in PRESETS], preferred.preset)
        self.advanced.set_value(PRESETS[self.preset.value])
        self._preferred_device = preferred.device
        self.device.set_entries([(_AUTO["auto"], "auto")])
        self.spatial.set_shape(self.size.value)
        self.seed.setRange(0, 2**31 - 1)
        self.count.setRange(1, 999)

    def _lay_out(self) -> None:
        rows: list[tuple[str, str | None, QWidget, tuple[Note, ...]]] = [
            ("exact", None, self.exact, ()),
            ("size", "Size", self.size, (self.extent, self.small)),
            ("preset", "Preset", self.preset, ()),
            ("seed", "Seed", self.seed, ()),
            ("count", "Realisations", self.count, ()),
            ("device", "Device", self.device, ()),
        ]
        for key, label, control, notes in rows:
            self.form.add_row(key, label, control, _TIPS[key], *notes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.form, self._advanced, self._spatial):
            layout.addWidget(widget)

    def _connect(self) -> None:
        self.source.chosen.connect(self._on_reference)
        self.source.phase_chosen.connect(self.targets.forget)
        self.targets.renamed.connect(self.reference_changed)
        self.source.changed.connect(self.reference_changed)
        self.preset.currentIndexChanged.connect(self._on_preset)
        self.advanced.changed.connect(self._on_advanced)
        self.device.currentIndexChanged.connect(self._on_changed)
        self.size.changed.connect(self._on_size)
        self.targets.changed.connect(self.changed)
        self.seed.valueChanged.connect(self._on_changed)
        self.count.valueChanged.connect(self._on_changed)
        self.exact.toggled.connect(self._on_changed)
        self.spatial.changed.connect(self._on_spatial)
        self.spatial.section.fitted.connect(self.size.set_value)

    def find_problems(self, destination: Destination, scale: int) -> dict[str, str]:
        """Return the problems, by control, that can be found without the reference, for an output and its scale."""
        size = size_problem(Request(self.size.value, scale=scale).grid(3), self.count.value(), destination)
        return {**self.targets.problems, **({"size": size} if size else {})}

    @property
    def preset_name(self) -> str:
        """Name of the preset, marked if its settings were changed."""
        name = str(self.preset.value)
        return name if self.advanced.value == PRESETS[name] else f"{name} (changed)"

    def take_request(self) -> Request:
        """Return a copy of the settings."""
        spatial, problem = UNIFORM, None
        try:
            spatial = self.spatial.take()
        except BadInputError as found:
            problem = found
        return Request(
            shape=self.size.value,
            target=self.targets.value,
            fractions=self.targets.fractions,
            seed=self.seed.value(),
            n=self.count.value(),
            exact=self.exact.isChecked(),
            device=self.device.value,
            preset=self.preset_name,
            spatial=spatial,
            spatial_problem=problem,
        )

    def set_layers(
        self,
        labels: "Iterable[LabelsLayer]",
        shapes: "Iterable[ShapesLayer]" = (),
        images: "Iterable[Image]" = (),
    ) -> None:
        """Set the layers available as references, regions of interest, porosity maps and masks."""
        labels, images = list(labels), list(images)
        self.source.set_layers(labels, shapes, images)
        self.spatial.set_layers(labels, [image for image in images if not image.rgb])

    def set_devices(self, devices: Mapping[str, str]) -> None:
        """Set the available devices."""
        entries = [(f"{_AUTO[key]}: {text}" if key in _AUTO else text, key) for key, text in devices.items()]
        self.device.set_entries(entries, self._preferred_device)  # the first one if it is not available

    def show_findings(self, findings: "Findings") -> None:
        """Show the analysis of the reference."""
        self.source.show_found(findings.checked)
        analysis = findings.analysis
        self.targets.show_findings(findings, self.reference.value)
        several = analysis is not None and len(analysis.reference.phases) > 2
        self.exact.setText(_EXACT[several])
        if analysis is None:
            self.reasons.show_text("")
            return
        self._remarks = tuple(as_sentence(remark) for remark in analysis.reference.remarks)
        self.show_reasons(analysis.choice.reasons)
        self._length = analysis.choice.correlation_length
        self._voxel = analysis.reference.voxel
        self._show_size()

    def show_model_voxel(self, voxel: VoxelSize) -> None:
        """Show how large a volume is with the voxels of the selected model, unless those of the reference are equal."""
        self._model_voxel = voxel
        self._show_size()

    def show_reasons(self, reasons: "Iterable[str]") -> None:
        """Show the reasons for a training plan, without what the controls of the reference say already."""
        self.reasons.show_text(" ".join(reason for reason in reasons if reason not in self._remarks))

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show each problem below its control, hide all others, and open the section of a spatial one."""
        self.form.show_problems(problems)
        self.spatial.form.show_problems(problems)
        if any(problems.get(key) for key in self.spatial.form.problems):
            self._spatial.open()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)
        self.small.set_dark(dark)
        self.source.set_dark(dark)
        self.spatial.set_dark(dark)
        self.targets.set_dark(dark)

    def _show_size(self) -> None:
        own, other = (
            "" if each.unit == "voxel" else self.size.physical(each) for each in (self._voxel, self._model_voxel)
        )
        from_model = f"{other} with the selected model" if other and other != own else ""
        self.extent.show_text(" · ".join(text for text in (own, from_model) if text))
        self.small.show_text(describe_small_size(self.size.value, self._length) if self._length else "")

    def _on_reference(self) -> None:
        self.targets.clear()
        self._length = None
        self._voxel = VoxelSize()
        self._show_size()
        self.reasons.show_text("")

    def _on_preset(self, _index: int) -> None:
        self.advanced.set_value(PRESETS[self.preset.value])

    def _on_advanced(self) -> None:
        self._advanced.set_remark("changed" if self.advanced.value != PRESETS[self.preset.value] else "")
        self.reference_changed.emit()

    def _on_spatial(self) -> None:
        self._spatial.set_remark(self.spatial.remark)
        self.changed.emit()

    def _on_size(self) -> None:
        self.spatial.set_shape(self.size.value)
        self._show_size()
        self.changed.emit()

    def _on_changed(self, _value: Any) -> None:
        self.changed.emit()
