"""Controls for spatial variation: porosity maps, masks and periodic boundary conditions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_swnn._types import AXES, Shape
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Form, Note, make_porosity_box, place_below_one_another, place_side_by_side
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.grid import turn_upright
from napari_swnn.widgets.layers.reading import copy_values
from napari_swnn.widgets.reconstruction.label_table import LabelTable
from napari_swnn.widgets.reconstruction.scan_choice import ScanChoice
from napari_swnn.widgets.reconstruction.section_choice import SectionChoice
from napari_swnn.widgets.reconstruction.spatial import UNIFORM, Kind, SpatialVariation

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Layer

_KINDS: list[tuple[str, Kind]] = [
    ("uniform", "uniform"),
    ("gradient", "gradient"),
    ("porosity map (image)", "image"),
    ("one value per label", "labels"),
]
_DIRECTIONS = [(f"along {name}", axis) for axis, name in enumerate(AXES)]
_MASK_METHODS = [("cut at its border", "composite"), ("multiply the noise, as in the paper", "noise")]
_OUTSIDE = {"composite": "background", "noise": "as generated"}
"""Description of the default voxels outside a mask, by method."""
_MOST_LABELS = 50
_STRETCHED = 1.05
"""Ratio of two stretches from which on a map is said to have other proportions than the volume."""
_TIPS = {
    "map": "Local porosity of the volume. All options except “uniform” need a model for a range of porosities. A layer "
    "is stretched over the whole volume; a 2-D layer applies to every plane.",
    "mask": "Structure is generated only where this layer is labelled. The layer is stretched over the whole volume. "
    "Paint a Labels layer, or convert shapes to labels.",
    "mask_method": "Cut: inside the mask, every voxel is the same as without it; outside is background. Multiply the "
    "noise: the mask multiplies the input noise of the network. Pores close near its border, where the porosity is too "
    "low, and the outside is generated from zero noise, which usually yields a single phase.",
    "through": "The volume passes through this section, to the voxel, and continues on both sides as the material "
    "does. The noise around the section is drawn first, and the panel shows the time that it takes.",
    "coarse": "The volume agrees with this coarse scan of the sample, and the model adds the detail of its reference. "
    "The volume must be 2, 4 or 8 times as large as the scan. For an image, give the grey values of voxels that are "
    "all background, and all of the phase of interest.",
    "periodic": "Periodic boundary conditions: the volume continues seamlessly across its faces.",
}


class SpatialPanel(QWidget):
    """Panel for the porosity map, mask and periodic axes; emits `changed` whenever one changes."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = Combo()
        self.start = make_porosity_box(0.0, 1.0, 0.15)
        self.stop = make_porosity_box(0.0, 1.0, 0.25)
        self.axis = Combo()
        self.image = LayerCombo()
        self.labels = LayerCombo()
        self.table = LabelTable()
        self.mask = LayerCombo(no_layer="no mask")
        self.mask_method = Combo()
        self.mask_axis = Combo()
        self.outside = Combo()
        self.outside_label = QSpinBox()
        self.section = SectionChoice()
        self.scan = ScanChoice()
        self.periodic = tuple(QCheckBox(name) for name in AXES)
        self.form = Form()
        self._fill()
        self._lay_out()
        self._connect()
        self._show()

    def _fill(self) -> None:
        self.kind.set_entries(_KINDS, "uniform")
        self.axis.set_entries(_DIRECTIONS, 0)
        self.mask_axis.set_entries([(f"2-D mask extruded {text}", axis) for text, axis in _DIRECTIONS], 0)
        self.mask_method.set_entries(_MASK_METHODS, "composite")
        self.mask_method.setToolTip(_TIPS["mask_method"])
        self.outside_label.setRange(0, 65535)
        self.outside_label.setValue(2)

    def _lay_out(self) -> None:
        self._ends = place_side_by_side(self.start, QLabel("to"), self.stop)
        self._outside = place_below_one_another(self.outside, self.outside_label)
        self._advice = Note()
        self._shape: Shape = ()
        self._map = place_below_one_another(self._ends, self.axis, self.image, self.labels, self.table, self._advice)
        rows = (
            ("map", "Porosity", place_below_one_another(self.kind, self._map)),
            ("mask", "Mask", place_below_one_another(self.mask, self.mask_method, self.mask_axis, self._outside)),
            ("through", "Pass through", self.section),
            ("coarse", "Coarse scan", self.scan),
            ("periodic", "Periodic", place_side_by_side(*self.periodic)),
        )
        for key, label, control in rows:
            self.form.add_row(key, label, control, _TIPS[key])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)

    def _connect(self) -> None:
        for combo in (self.kind, self.axis, self.mask_method, self.mask_axis, self.outside):
            combo.currentIndexChanged.connect(self._on_changed)
        for layers in (self.image, self.mask, self.labels):
            layers.chosen.connect(self._on_changed)
        for box in (self.start, self.stop, self.outside_label):
            box.valueChanged.connect(self._on_changed)
        self.table.changed.connect(self._on_changed)
        for choice in (self.section, self.scan):
            choice.changed.connect(self._on_changed)
        for tick in self.periodic:
            tick.toggled.connect(self._on_changed)

    @property
    def remark(self) -> str:
        """Short description of the selected options; empty if none are selected."""
        words = {"gradient": "gradient", "image": "porosity map", "labels": "porosity map"}
        found = [words[self.kind.value]] if self.kind.value in words else []
        found += ["mask"] if self.mask.value is not None else []
        found += ["section"] if self.section.layer.value is not None else []
        found += ["coarse scan"] if self.scan.layer.value is not None else []
        axes = "".join(tick.text() for tick in self.periodic if tick.isChecked())
        return ", ".join([*found, f"periodic {axes}"] if axes else found)

    def set_layers(self, labels: "Iterable[LabelsLayer]", images: "Iterable[Layer]") -> None:
        """Set the available layers."""
        labels, images = list(labels), list(images)
        self.image.set_layers(images)
        self.labels.set_layers(labels)
        self.mask.set_layers(labels)
        self.section.set_layers(labels)
        self.scan.set_layers(labels, images)

    def set_shape(self, shape: Shape) -> None:
        """Set the number of voxels of the volume, over which a map is stretched."""
        self._shape = shape
        self.section.set_shape(shape)
        self._show()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)

    def take(self) -> SpatialVariation:
        """Return a copy of the selected options.

        Raises
        ------
        BadInputError
            If a layer is missing or cannot be used.
        """
        if not self.remark:
            return UNIFORM
        kind: Kind = self.kind.value
        values = self._take_values(kind)
        mask = self.mask.value
        return SpatialVariation(
            kind=kind,
            start=self.start.value(),
            stop=self.stop.value(),
            axis=self.axis.value,
            values=values,
            porosities=self.table.porosities if kind == "labels" else {},
            mask=None if mask is None else turn_upright(mask, copy_values(mask, "mask"), "mask"),
            mask_axis=self.mask_axis.value,
            mask_method=self.mask_method.value,
            outside=None if self.outside.value is None else self.outside_label.value(),
            periodic=tuple(tick.isChecked() for tick in self.periodic),
            section=self.section.take(),
            scan=self.scan.take(),
        )

    def _take_values(self, kind: Kind) -> np.ndarray | None:
        if kind in ("uniform", "gradient"):
            return None
        layer = self.image.value if kind == "image" else self.labels.value
        if layer is None:
            needed = "an Image layer of porosities" if kind == "image" else "a Labels layer"
            raise BadInputError("map", f"A porosity map needs {needed}; add one.")
        values = turn_upright(layer, copy_values(layer, "map"), "map")
        if kind == "labels":
            self._show_labels(values)  # the user may have painted new labels
        return values

    def _show_labels(self, values: np.ndarray) -> None:
        found = [int(label) for label in np.unique(values)[: _MOST_LABELS + 1]]
        if len(found) > _MOST_LABELS:
            raise BadInputError("map", f"A porosity map supports at most {_MOST_LABELS} labels; merge some of them.")
        if found != list(self.table.porosities):
            self.table.set_labels(found, self.start.value())

    def _describe_stretching(self) -> str:
        """Return a note on a map with other proportions than the volume, otherwise an empty text."""
        chosen = {"image": self.image, "labels": self.labels}.get(self.kind.value)
        if chosen is None or chosen.value is None:
            return ""
        own = tuple(chosen.value.data.shape)
        factors = [n / m for n, m in zip(self._shape[::-1], own[::-1], strict=False)]
        if len(factors) < len(own) or max(factors) < _STRETCHED * min(factors):
            return ""
        volume = format_shape(self._shape[-len(own) :])
        return f"The map ({format_shape(own)}) has other proportions than the volume ({volume}), and is stretched."

    def _on_changed(self, *_: object) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        kind = self.kind.value
        mask = self.mask.value
        self._map.setVisible(kind != "uniform")
        for widget in (self._ends, self.axis):
            widget.setVisible(kind == "gradient")
        self.image.setVisible(kind == "image")
        for widget in (self.labels, self.table):
            widget.setVisible(kind == "labels")
        advice = f"Replaces the target porosity of the whole volume. {self._describe_stretching()}"
        self._advice.show_text("" if kind == "uniform" else advice.strip())
        default = f"outside: {_OUTSIDE[self.mask_method.value]}"
        self.outside.set_entries([(default, None), ("outside: label", 1)], self.outside.value)
        for widget in (self.mask_method, self._outside):
            widget.setVisible(mask is not None)
        self.mask_axis.setVisible(mask is not None and mask.ndim == 2)
        self.outside_label.setVisible(self.outside.value is not None)
