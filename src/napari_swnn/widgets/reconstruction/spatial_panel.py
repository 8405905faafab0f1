"""Controls for porosity that varies from place to place, masks, and periodic volumes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QLabel,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_swnn._types import AXES
from napari_swnn.widgets.kit.controls import Combo, Form, LayerCombo, Note, PorosityControl, place_side_by_side
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.reading import copy_values
from napari_swnn.widgets.reconstruction.spatial import EVERYWHERE, Place

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Layer

Kind = Literal["same", "gradient", "map", "regions"]

_KINDS: list[tuple[str, Kind]] = [
    ("the same everywhere", "same"),
    ("a gradient", "gradient"),
    ("an image of porosities", "map"),
    ("one for each label", "regions"),
]
_DIRECTIONS = [(f"along {name}", axis) for axis, name in enumerate(AXES)]
_MASK_METHODS = [("cut at its border", "composite"), ("mask times noise, as in the paper", "noise")]
_OUTSIDE = {"composite": "background", "noise": "as it comes"}
"""What is outside of a mask unless a label is asked for."""
_MOST_LABELS = 50
_TIPS = {
    "kind": "How the porosity varies in the volume. Anything but “the same” needs a model for a range of porosities.",
    "map": "What gives the porosity. It is stretched over the whole volume; a 2-D layer is the same in every plane.",
    "mask": "Structure only where this layer is labelled. It is stretched over the whole volume. Draw one as a Labels "
    "layer, or convert shapes to labels.",
    "mask_method": "Cut: inside, every voxel is the same as without the mask; outside is background. Mask times noise: "
    "the mask multiplies the noise that the structure grows from; pores close near its border, the porosity falls "
    "short there, and outside is what the network makes of no noise, usually one phase.",
    "periodic": "The volume goes on across its faces without a seam.",
}


class WherePanel(QWidget):
    """What is asked of the places in a volume; `changed` is sent whenever that changes."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self.axis = Combo(), Combo()
        self.start, self.stop = _porosity(0.15), _porosity(0.25)
        self.image, self.regions, self.mask = LayerCombo(), LayerCombo(), LayerCombo(no_layer="no mask")
        self.mask_method, self.mask_axis, self.outside, self.new_label = Combo(), Combo(), Combo(), QSpinBox()
        self.table, self.advice = _RegionTable(), Note()
        self.periodic = tuple(QCheckBox(name) for name in AXES)
        self.form = Form()
        self._fill()
        self._lay_out()
        self._connect()
        self._show()

    def _fill(self) -> None:
        self.kind.set_entries(_KINDS, "same")
        self.axis.set_entries(_DIRECTIONS, 0)
        self.mask_axis.set_entries([(f"2-D mask drawn out {text}", axis) for text, axis in _DIRECTIONS], 0)
        self.mask_method.set_entries(_MASK_METHODS, "composite")
        self.mask_method.setToolTip(_TIPS["mask_method"])
        self.new_label.setRange(0, 65535)
        self.new_label.setValue(2)

    def _lay_out(self) -> None:
        self._gradient = place_side_by_side(self.start, QLabel("to"), self.stop)
        self._given = _column(self._gradient, self.axis, self.image, self.regions, self.table, self.advice)
        self._mask = _column(self.mask, self.mask_method, self.mask_axis, self._outside_row())
        rows = (
            ("kind", "Porosity", self.kind),
            ("map", "", self._given),
            ("mask", "Mask", self._mask),
            ("periodic", "Periodic", place_side_by_side(*self.periodic)),
        )
        for key, label, control in rows:
            self.form.add_row(key, label, control, _TIPS[key])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)

    def _outside_row(self) -> QWidget:
        self._outside = place_side_by_side(self.outside, self.new_label)
        return self._outside

    def _connect(self) -> None:
        for combo in (self.kind, self.axis, self.mask_method, self.mask_axis, self.outside):
            combo.currentIndexChanged.connect(self._on_changed)
        for layers in (self.image, self.mask, self.regions):
            layers.chosen.connect(self._on_changed)
        for box in (self.start, self.stop, self.new_label):
            box.valueChanged.connect(self._on_changed)
        self.table.changed.connect(self._on_changed)
        for tick in self.periodic:
            tick.toggled.connect(self._on_changed)

    @property
    def active(self) -> bool:
        """Whether anything is asked for."""
        return self.kind.value != "same" or self.mask.value is not None or any(t.isChecked() for t in self.periodic)

    @property
    def word(self) -> str:
        """What is asked for, in a few words; empty for nothing."""
        words = {"gradient": "gradient", "map": "map", "regions": "map"}
        found = [words[self.kind.value]] if self.kind.value in words else []
        found += ["mask"] if self.mask.value is not None else []
        axes = "".join(tick.text() for tick in self.periodic if tick.isChecked())
        return ", ".join([*found, f"periodic {axes}"] if axes else found)

    def set_layers(self, labels: "Iterable[LabelsLayer]", images: "Iterable[Layer]") -> None:
        """Offer these layers."""
        labels = list(labels)
        self.image.set_layers(images)
        self.regions.set_layers(labels)
        self.mask.set_layers(labels)

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        self.form.set_dark(dark)

    def take(self) -> Place:
        """A copy of what is asked for now.

        Raises
        ------
        BadInputError
            If a layer that it needs is missing or cannot be used.
        """
        if not self.active:
            return EVERYWHERE
        kind: Kind = self.kind.value
        values, mask = self._values(kind), self.mask.value
        return Place(
            kind=kind,
            start=self.start.value(),
            stop=self.stop.value(),
            axis=self.axis.value,
            values=values,
            porosities=self.table.porosities if kind == "regions" else {},
            mask=None if mask is None else copy_values(mask, "mask"),
            mask_axis=self.mask_axis.value,
            mask_method=self.mask_method.value,
            outside=None if self.outside.value is None else self.new_label.value(),
            periodic=cast("tuple[bool, ...]", tuple(tick.isChecked() for tick in self.periodic)),
        )

    def _values(self, kind: Kind) -> np.ndarray | None:
        if kind in ("same", "gradient"):
            return None
        layer = self.image.value if kind == "map" else self.regions.value
        if layer is None:
            wanted = "an Image layer with fractions" if kind == "map" else "a Labels layer with regions"
            raise BadInputError("map", f"A map of porosities needs {wanted}; add one.")
        values = copy_values(layer, "map")
        if kind == "regions":
            self._show_regions(values)  # the user may have painted new ones
        return values

    def _show_regions(self, labels: np.ndarray) -> None:
        found = [int(label) for label in np.unique(labels)[: _MOST_LABELS + 1]]
        if len(found) > _MOST_LABELS:
            raise BadInputError("map", f"A map takes at most {_MOST_LABELS} labels; merge some of them.")
        if found != list(self.table.porosities):
            self.table.set_labels(found, self.start.value())

    def _on_changed(self, *_: object) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        kind, mask = self.kind.value, self.mask.value
        self._given.setVisible(kind != "same")
        for widget in (self._gradient, self.axis):
            widget.setVisible(kind == "gradient")
        self.image.setVisible(kind == "map")
        for widget in (self.regions, self.table):
            widget.setVisible(kind == "regions")
        self.advice.show_text("" if kind == "same" else "It takes the place of the one value of the whole volume.")
        usual = f"outside: {_OUTSIDE[self.mask_method.value]}"
        self.outside.set_entries([(usual, None), ("outside: label", 1)], self.outside.value)
        for widget in (self.mask_method, self._outside):
            widget.setVisible(mask is not None)
        self.mask_axis.setVisible(mask is not None and mask.ndim == 2)
        self.new_label.setVisible(self.outside.value is not None)


class _RegionTable(QTableWidget):
    """A porosity for each label."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self.setHorizontalHeaderLabels(["label", "porosity"])
        self.verticalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    @property
    def porosities(self) -> dict[int, float]:
        """Porosity by label."""
        return {
            int(self.item(row, 0).text()): float(cast("Any", self.cellWidget(row, 1)).value())
            for row in range(self.rowCount())
        }

    def set_labels(self, labels: list[int], default: float) -> None:
        """Have a row for each of these labels; porosities that were given stay."""
        known = self.porosities
        with QSignalBlocker(self):
            self.setRowCount(len(labels))
            for row, label in enumerate(labels):
                name, box = QTableWidgetItem(str(label)), _porosity(known.get(label, default))
                name.setFlags(Qt.ItemFlag.ItemIsEnabled)
                box.valueChanged.connect(self._on_value)
                self.setItem(row, 0, name)
                self.setCellWidget(row, 1, box)
        rows = min(len(labels), 5)
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * self.rowHeight(0) + 4)

    def _on_value(self, _value: float) -> None:
        self.changed.emit()


def _porosity(value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(PorosityControl.DECIMALS)
    box.setRange(0.0, 1.0)
    box.setSingleStep(0.01)
    box.setValue(value)
    box.setKeyboardTracking(False)
    box.setStyleSheet("QDoubleSpinBox {min-width: 50px;}")
    return box


def _column(*widgets: QWidget) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    for widget in widgets:
        layout.addWidget(widget)
    return column
