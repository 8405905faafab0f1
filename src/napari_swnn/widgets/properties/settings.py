"""Form of the properties panel, with the layer, the property and its settings."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_swnn._layer_style import read_phase
from napari_swnn._phases import MOST_PHASES, usual_phase
from napari_swnn._types import AXES
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Form, Note
from napari_swnn.widgets.kit.drawer import Drawer
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.lead import Lead
from napari_swnn.widgets.layers.phase_combo import PhaseCombo
from napari_swnn.widgets.layers.phase_pick import LabelPick, list_picks
from napari_swnn.widgets.layers.pixel_size_control import PixelSizeControl
from napari_swnn.widgets.layers.watch import LayerFacts
from napari_swnn.widgets.properties.job import PropertyChoice, SolverSettings
from napari_swnn.widgets.properties.kinds import CONDUCTIVITY, KINDS, METHODS, UNITS, Kind, name_fields
from napari_swnn.widgets.properties.outputs import OutputChoice
from napari_swnn.widgets.properties.phase_values import PhaseValues

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from napari.layers import Labels as LabelsLayer

    from napari_swnn._voxel_size import VoxelSize

_ROWS = {
    "layer": (
        "Layer",
        "Segmented volume: a Labels layer with one value for each phase (3-D; 2-D also works except for permeability).",
    ),
    "pixel": (
        "Voxel size",
        "Edge length of a voxel, for results in m². A new value is written into the layer, and into the layers over it "
        "with voxels of the same size.",
    ),
    "property": (
        "Property",
        "Effective conductivity: of heat, charge or a solute through all phases. Diffusivity and tortuosity: diffusion "
        "through one phase, with all other phases impermeable. Permeability: slow flow of a fluid through one phase.",
    ),
    "method": (
        "Method",
        "Flow solver. Finite differences are the usual choice; the lattice-Boltzmann method is much slower and "
        "serves for verification.",
    ),
    "phase": ("Conducting\nphase", "Label of the conducting phase, usually the pores; all others are impermeable."),
    "conductivities": (
        "Conductivities",
        "Conductivity of each label. The initial values are taken from the paper: 0.026 W/(m·K) for air in the pores "
        "(label 1, or the phase of interest of a reconstruction) and 1.4 W/(m·K) for silica. Enter 0 for an insulator.",
    ),
    "unit": ("Unit", "Unit of the conductivities; the same equations apply to heat, charge and solutes."),
    "axis": ("Axis", "Axis of the mean gradient. The full tensor needs one solve for each axis."),
    "boundary": (
        "Boundary\nconditions",
        "Conditions at the two ends of the axis; the sides are periodic. Conduction: where the potential is fixed. "
        "Flow: mirror the volume unless it is periodic; mirroring adds time only with lattice Boltzmann.",
    ),
    "outputs": ("Output\nlayers", "Layers to add, at the position of the source layer."),
}
"""Label and tooltip of each row."""


class PropertySettings(QWidget):
    """Form of a property calculation.

    `layer_changed` is emitted when the layer has to be read again, `changed` when another setting changes.
    """

    layer_changed = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = LayerCombo()
        self.pixel = PixelSizeControl()
        self.property = Combo()
        self.method = Combo()
        self.phase = PhaseCombo()
        self.unit = Combo()
        self.axis = Combo()
        self.boundary = Combo()
        self.conductivities = PhaseValues()
        self.outputs = OutputChoice()
        self.solver = ConfigForm(SolverSettings)
        self.extent = Note()
        self.lead = Lead()
        self.form = Form()
        self.drawer = Drawer("Advanced settings", self.solver)
        self._ndim = 0
        self._layers: list[LabelsLayer] = []
        self._picked: LabelPick = None
        self._fill()
        self._lay_out()
        self._connect()
        self._on_property()

    def _fill(self) -> None:
        self.property.set_entries([(kind.title, kind) for kind in KINDS], CONDUCTIVITY)
        self.method.set_entries([(text, key) for key, text in METHODS])
        self.unit.set_entries([(unit, unit) for unit in UNITS])
        self.set_ndim(3)

    def _lay_out(self) -> None:
        for key, (label, tip) in _ROWS.items():
            notes = (self.lead, self.extent) if key == "layer" else ()
            self.form.add_row(key, label, getattr(self, key), tip, *notes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        layout.addWidget(self.drawer)

    def _connect(self) -> None:
        self.layer.chosen.connect(self._on_layer)
        self.pixel.entered.connect(self._on_pixel_size)
        self.property.currentIndexChanged.connect(self._on_property)
        self.phase.currentIndexChanged.connect(self._on_phase)
        for combo in (self.method, self.unit, self.axis, self.boundary):
            combo.currentIndexChanged.connect(self._on_changed)
        for part in (self.conductivities, self.outputs, self.solver):
            part.changed.connect(self._on_changed)

    @property
    def kind(self) -> Kind:
        """Selected property."""
        kind: Kind = self.property.value
        return kind

    @property
    def value(self) -> PropertyChoice:
        """Selected settings.

        Raises
        ------
        BadInputError
            If a conductivity is negative or not a number.
        """
        conducts = self.kind is CONDUCTIVITY
        return PropertyChoice(
            kind=self.kind,
            axes=tuple(range(self._ndim)) if self.axis.value is None else (self.axis.value,),
            boundary=self.boundary.value,
            method=self.method.value,
            phase=None if conducts else self.phase.pick,
            conductivities=self.conductivities.values if conducts else {},
            conductivity_unit=self.unit.value,
            solver=self.solver.value,
            outputs=self.outputs.value,
        )

    def set_layers(
        self, layers: "Iterable[LabelsLayer]", images: "Iterable[Image]" = (), selected: "Layer | None" = None
    ) -> None:
        """Offer these layers, or advise on the last image if there are none.

        Volumes are preferred to sections, and of these the layer that is selected in the viewer, or the newest.
        """
        self._layers = sorted(layers, key=lambda layer: -layer.ndim)  # stable: keeps the viewer's order
        preferred = [layer for layer in self._layers if layer.ndim == self._layers[0].ndim]
        newest = preferred[-1] if preferred else None
        self.layer.set_layers(self._layers, first_choice=selected if selected in preferred else newest)
        self.lead.lead_from(None if self._layers else next(reversed(list(images)), None))

    def set_ndim(self, ndim: int) -> None:
        """Offer the axes of a section or a volume."""
        if ndim != self._ndim:
            self._ndim = ndim
            axes = [(name, i) for i, name in enumerate(AXES[-ndim:])]
            self.axis.set_entries([*axes, ("all (full tensor)", None)], 0)

    def show_facts(self, facts: LayerFacts) -> None:
        """Offer the labels of the layer with their fractions."""
        phases = facts.phases
        pore = None if self.layer.value is None else read_phase(self.layer.value)
        pore = pore if pore is not None and pore in phases else usual_phase(phases)
        pick: LabelPick = pore if len(phases) <= MOST_PHASES else None
        known = [value for _, value in list_picks(phases)]
        self.pixel.show_layer(self.layer.value)
        self.phase.show_phases(phases, self._picked if self._picked in known else pick, self.layer.value)
        self.conductivities.set_phases(facts.phases if len(facts.phases) <= MOST_PHASES else {}, pore, self.layer.value)
        self._show_rows()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)
        self.pixel.set_dark(dark)

    def _show_rows(self) -> None:
        for key in ("method", "phase", "conductivities", "unit"):
            is_empty = key == "conductivities" and self.conductivities.is_empty
            self.form.show_row(key, key in self.kind.rows and not is_empty)

    def _on_layer(self) -> None:
        self._picked = None
        self.pixel.show_layer(self.layer.value)
        self.phase.set_entries([])
        self.conductivities.set_phases({}, 0)
        self._show_rows()
        self.layer_changed.emit()

    def _on_pixel_size(self, size: "VoxelSize") -> None:
        layer = self.layer.value
        if layer is not None:
            self.pixel.resize(layer, size, self._layers)
            self.layer_changed.emit()

    def _on_property(self, _index: int = 0) -> None:
        self.boundary.set_entries([(text, value) for value, text in self.kind.boundaries])
        self._show_rows()
        self._on_changed()

    def _on_phase(self, _index: int) -> None:
        self._picked = self.phase.pick
        self.changed.emit()

    def _on_changed(self, _index: int = 0) -> None:
        self.outputs.name_fields(*name_fields(self.kind, self.unit.value))
        self.drawer.set_remark("changed" if self.solver.value != SolverSettings() else "")
        self.changed.emit()
