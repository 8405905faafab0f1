"""List of the regions of a global structure with the structure that fills each of them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_swnn._layer_style import to_hex
from napari_swnn._phases import first_free
from napari_swnn._types import AXES
from napari_swnn.widgets.composition.request import PartChoice, RegionChoice
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, make_porosity_box
from napari_swnn.widgets.kit.swatch import FRAME
from napari_swnn.widgets.layers.phase_pick import format_share
from napari_swnn.widgets.layers.reading import read_colour
from napari_swnn.widgets.layers.trained_models import ModelEntry

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

_ONE_PHASE = "all of one phase"


class PartRow(QWidget):
    """Controls of one region: its structure, and the orientation, porosity or label of it."""

    changed = Signal()

    def __init__(self, region: int, label: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.region = region
        self.swatch = QLabel()
        self.name = QLabel()
        self.structure = Combo()
        self.label = QSpinBox()
        self.angle = QDoubleSpinBox()
        self.axis = Combo()
        self.porosity = make_porosity_box(0, 1)
        self._shown: ModelEntry | None = None
        self._fill(label)
        self._lay_out()
        self._connect()

    def _fill(self, label: int) -> None:
        self.swatch.setFixedSize(16, 10)
        self.label.setRange(0, 255)
        self.label.setPrefix("label  ")
        self.label.setValue(label)
        self.angle.setRange(-180, 180)
        self.angle.setDecimals(1)
        self.angle.setSuffix("°")
        self.angle.setSingleStep(15)
        self.axis.set_entries([(f"about {name}", i) for i, name in enumerate(AXES)], 0)
        self.label.setToolTip("Label of the region in the composed volume.")
        self.angle.setToolTip("Rotation of the structure; about z, counter-clockwise on the screen.")
        self.axis.setMinimumContentsLength(4)  # three controls share a row
        self.axis.setToolTip("Axis of the rotation.")
        self.porosity.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)  # which would cover its digits
        self.porosity.setStyleSheet("QDoubleSpinBox {min-width: 50px; padding: 1px 4px;}")
        self.porosity.setToolTip("Target porosity within the range of the model.")
        for control, what in (
            (self.structure, "structure"),
            (self.label, "label"),
            (self.angle, "rotation"),
            (self.axis, "axis of rotation"),
            (self.porosity, "porosity"),
        ):
            control.setAccessibleName(f"{what} of region {self.region}")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        for widget, stretch in ((self.swatch, 0), (self.name, 1)):
            head.addWidget(widget, stretch)
        middle = QHBoxLayout()  # a line of its own, since the porosity stands at the end of the name of a model
        middle.setContentsMargins(22, 0, 0, 0)
        middle.addWidget(self.structure)
        self._settings = QWidget()
        below = QHBoxLayout(self._settings)
        below.setContentsMargins(22, 0, 0, 0)
        for control, stretch in ((self.label, 1), (self.angle, 1), (self.axis, 0), (self.porosity, 0)):
            below.addWidget(control, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addLayout(middle)
        layout.addWidget(self._settings)

    def _connect(self) -> None:
        self.structure.currentIndexChanged.connect(self._on_structure)
        self.axis.currentIndexChanged.connect(self._on_changed)
        for box in (self.label, self.angle, self.porosity):
            box.valueChanged.connect(self._on_changed)

    @property
    def entry(self) -> ModelEntry | None:
        """Model of the structure; None for a single phase."""
        entry: ModelEntry | None = self.structure.value
        return entry

    @property
    def value(self) -> PartChoice:
        """Structure of the region."""
        entry = self.entry
        if entry is None:
            return PartChoice(self.region, None, self.label.value())
        porosity = None if entry.model.porosity_range is None else self.porosity.value()
        return PartChoice(self.region, entry, 0, porosity, self.angle.value(), self.axis.value)

    def show_region(self, name: str, colour: Any) -> None:
        """Show the name, with its fraction, and the colour of the region."""
        fill = "transparent" if colour is None else to_hex(colour)
        self.swatch.setStyleSheet(f"background-color: {fill}; border: 1px solid {FRAME};")
        self.name.setText(name)

    def set_models(self, entries: Iterable[ModelEntry]) -> None:
        """Offer these models, and a single phase."""
        offered = [(_ONE_PHASE, None), *((entry.title, entry) for entry in entries)]
        self.structure.set_entries(offered, self.entry)
        for i, (title, _) in enumerate(offered):
            self.structure.setItemData(i, title, Qt.ItemDataRole.ToolTipRole)
        self._show_settings()

    def choose(self, entry: ModelEntry | None) -> None:
        """Choose one of the models, or a single phase."""
        values = [self.structure.itemData(i) for i in range(self.structure.count())]
        self.structure.setCurrentIndex(next(i for i, value in enumerate(values) if value is entry))

    def _on_structure(self, _index: int) -> None:
        self._show_settings()
        self.changed.emit()

    def _on_changed(self, _value: Any) -> None:
        self.changed.emit()

    def _show_settings(self) -> None:
        entry = self.entry
        limits = None if entry is None else entry.model.porosity_range
        self.label.setVisible(entry is None)
        self.angle.setVisible(entry is not None)
        self.axis.setVisible(entry is not None)
        self.porosity.setVisible(limits is not None)
        if entry is not None and limits is not None and entry is not self._shown:
            own = entry.model.porosity
            with QSignalBlocker(self.porosity):
                self.porosity.setRange(*limits)
                self.porosity.setValue(sum(limits) / 2 if own is None else own)
        what = "Model whose structure fills the region, or a single phase."
        self.structure.setToolTip(what if entry is None else f"{entry.title}\n{what}")
        self._shown = entry


class PartList(QWidget):
    """Rows of all regions.

    Attributes
    ----------
    rows : dict of int to PartRow
        Row of each region, by its label.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[int, PartRow] = {}
        self.empty = Note()
        self._entries: list[ModelEntry] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addWidget(self.empty)

    @property
    def value(self) -> tuple[PartChoice, ...]:
        """Structure of each region."""
        return tuple(row.value for row in self.rows.values())

    def set_models(self, entries: Iterable[ModelEntry]) -> None:
        """Offer these models in all rows."""
        self._entries = list(entries)
        for row in self.rows.values():
            row.set_models(self._entries)

    def show_regions(self, regions: RegionChoice | None, layer: "LabelsLayer | None") -> None:
        """Show a row for each region; rows of regions that stay keep their settings."""
        fractions: Mapping[int, float] = {} if regions is None else regions.fractions
        names: Mapping[int, str] = {} if regions is None else regions.names
        for region in [region for region in self.rows if region not in fractions]:
            row = self.rows.pop(region)
            self._layout.removeWidget(row)
            row.deleteLater()
        free = first_free([label for entry in self._entries for label in entry.model.labels.phases])
        for place, region in enumerate(sorted(fractions)):
            if region not in self.rows:
                row = PartRow(region, free)
                row.set_models(self._entries)
                row.changed.connect(self.changed)
                self.rows[region] = row
                self._layout.insertWidget(place, row)
            colour = None if layer is None else read_colour(layer, region)
            self.rows[region].show_region(
                f"{names.get(region, f'region {region}')}  {format_share(fractions[region])}", colour
            )
        self.rows = dict(sorted(self.rows.items()))
        self.empty.show_text("" if fractions else "Choose the regions first.")
