"""Form of the compose panel: regions, parts, size, seed and output."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_swnn._layer_style import read_metadata
from napari_swnn.widgets.composition.parts import PartList
from napari_swnn.widgets.composition.request import ComposeRequest, RegionChoice
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Form, Note, SizeControl, place_side_by_side
from napari_swnn.widgets.kit.drawer import Drawer
from napari_swnn.widgets.layers.provenance import is_result
from napari_swnn.widgets.layers.trained_models import ModelEntry
from napari_swnn.widgets.lazy.output_panel import OutputPanel

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

_ROWS = {
    "regions": (
        "Regions",
        "Global structure: a Labels layer, other than the sections of the structures, whose labels are the regions, "
        "stretched over the volume; or a model that generates it.",
    ),
    "scale": (
        "Voxel of\nregions",
        "Edge length of a voxel of the model of the regions, in voxels of the composed volume.",
    ),
    "size": ("Size", "Voxels of the composed volume along z, y and x."),
    "seed": ("Seed", "Each seed gives a different realisation of all structures."),
}
"""Label and tooltip of each row."""

_NO_MODEL = "No model yet; reconstruct a section, open one from the gallery, or load a file."


class ComposeSettings(QWidget):
    """Form of a composition.

    `regions_changed` is emitted when other regions are chosen, `changed` when another setting changes.
    """

    regions_changed = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.regions = Combo()
        self.scale = QSpinBox()
        self.parts = PartList()
        self.load_button = QPushButton("Load model…")
        self.gallery_button = QPushButton("Gallery…")
        self.models = Note()
        self.size = SizeControl()
        self.seed = QSpinBox()
        self.extent = Note()
        self.output = OutputPanel("Run")
        self.large = Drawer("Large volumes", self.output)
        self.form = Form()
        self._layers: list[LabelsLayer] = []
        self._entries: list[ModelEntry] = []
        self._last: Any = None
        self.scale.setRange(1, 64)
        self.scale.setValue(4)
        self.seed.setRange(0, 2**31 - 1)
        self.load_button.setToolTip("Load the model of a structure from a file.")
        self.gallery_button.setToolTip("Open one of your latest trained models, which are kept automatically.")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        for key in ("regions", "scale"):
            label, tip = _ROWS[key]
            self.form.add_row(key, label, getattr(self, key), tip)
        self.form.add_row("parts", None, self.parts, "Structure of each region.")
        buttons = place_side_by_side(self.load_button, self.gallery_button)
        self.form.add_row("models", None, buttons, "Models of the structures.", self.models)
        for key in ("size", "seed"):
            label, tip = _ROWS[key]
            self.form.add_row(key, label, getattr(self, key), tip, *((self.extent,) if key == "size" else ()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        layout.addWidget(self.large)
        self.form.show_row("scale", False)

    def _connect(self) -> None:
        self.regions.currentIndexChanged.connect(self._on_regions)
        self.scale.valueChanged.connect(self._on_changed)
        self.seed.valueChanged.connect(self._on_changed)
        self.size.changed.connect(self.changed)
        self.parts.changed.connect(self.changed)
        self.output.changed.connect(self._on_output)
        self.output.refused.connect(self.large.open)

    @property
    def layer(self) -> "LabelsLayer | None":
        """Layer of the regions; None if a model generates them."""
        return None if isinstance(self.regions.value, ModelEntry) else self.regions.value

    @property
    def entry(self) -> ModelEntry | None:
        """Model of the regions; None for those of a layer."""
        return self.regions.value if isinstance(self.regions.value, ModelEntry) else None

    def set_layers(self, layers: "Iterable[LabelsLayer]") -> None:
        """Offer these layers for the regions."""
        self._layers = list(layers)
        self._offer()

    def set_models(self, entries: Iterable[ModelEntry]) -> None:
        """Offer these models for the regions and for their structures."""
        self._entries = list(entries)
        self.parts.set_models(self._entries)
        self.models.show_text("" if self._entries else _NO_MODEL)
        self._offer()

    def show_regions(self, found: RegionChoice | None) -> None:
        """Show a row for each region."""
        self.parts.show_regions(found, self.layer)

    def follow_shape(self, shape: tuple[int, ...]) -> None:
        """Take the size of the regions as that of the volume; the thickness of a section stays."""
        with QSignalBlocker(self.size):
            for side, extent in zip(self.size.sides[-len(shape) :], shape, strict=True):
                side.setValue(extent)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)
        self.output.set_dark(dark)

    def show_request(self, request: ComposeRequest | None) -> None:
        """Show the size of the volume of a request in the unit of length."""
        entry = None if request is None else next(each.entry for each in request.parts if each.entry is not None)
        is_known = entry is not None and entry.model.voxel.unit != "voxel"
        self.extent.show_text(self.size.physical(entry.model.voxel) if is_known and entry is not None else "")

    def _offer(self) -> None:
        layers = [(layer.name, layer) for layer in self._layers]
        models = [(f"generated by {entry.title}", entry) for entry in self._entries]
        kept = [value for _, value in (*layers, *models) if value is self._last or value == self._last]
        usual = [layer for layer in self._layers if not self._shows_structure(layer)]  # a model is never chosen
        usual.sort(key=is_result)  # a reconstruction is rather the structure of a region
        chosen = next(iter([*kept, *usual]), None)
        self.regions.set_entries([*layers, *models], chosen)
        if chosen is None:
            with QSignalBlocker(self.regions):
                self.regions.setCurrentIndex(-1)
        self._on_regions(0)

    def _shows_structure(self, layer: "LabelsLayer") -> bool:
        """Return True for a section that is the reference of a model, and so hardly shows the regions too."""
        facts = read_metadata(layer)
        is_reference = bool({"reference_names", "recipe"} & set(facts))
        return layer.ndim == 2 and (is_reference or layer.name in [entry.source for entry in self._entries])

    def _on_regions(self, _index: int) -> None:
        self.form.show_row("scale", self.entry is not None)
        if self.regions.value is not self._last:
            self._last = self.regions.value
            self.regions_changed.emit()

    def _on_output(self) -> None:
        self.large.set_remark(self.output.remark)
        self.changed.emit()

    def _on_changed(self, _value: int) -> None:
        self.changed.emit()
