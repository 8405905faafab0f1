"""The upper part of the panel for properties: what to compute, and of what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

from napari_swnn._layer_style import METADATA_KEY
from napari_swnn._paper import PORE_CONDUCTIVITY, SOLID_CONDUCTIVITY
from napari_swnn._types import AXES
from napari_swnn.core.training.config import setting
from napari_swnn.widgets.kit.controls import Combo, Form, LayerCombo, Note
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.layers.snapshot import choose_phase
from napari_swnn.widgets.layers.watch import LayerFacts
from napari_swnn.widgets.properties.kinds import (
    CONDUCTIVITY,
    KINDS,
    METHODS,
    MOST_PHASES,
    UNITS,
    Kind,
    field_names,
)
from napari_swnn.widgets.properties.work import Outputs

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

_TIPS = {
    "layer": "The segmented volume: a Labels layer with one value for each phase (3-D; conduction also 2-D).",
    "property": "What to compute. Conductivity: heat, charge or solute through all phases. Diffusivity and tortuosity: "
    "through one phase, the others being tight. Permeability: slow flow of a fluid through one phase.",
    "method": "Stokes is the usual choice. The lattice-Boltzmann method is far slower and serves as a check.",
    "phase": "The label that lets through, usually the pores.",
    "conductivities": "Conductivity of each label. To begin with those of the paper: 0.026 W/(m·K) for air in the "
    "pores (label 1, or the phase of a reconstruction) and 1.4 for silica. 0 means that the phase insulates.",
    "unit": "Unit of the conductivities; the equations are the same for heat, charge and solute.",
    "direction": "Direction of the gradient. All directions give the full tensor, and take as many solves.",
    "ends": "What is assumed at the two ends of the volume; its sides are periodic. For conduction, where the "
    "potential is fixed. For flow, how the volume goes on: most volumes do not fit to themselves and are mirrored, "
    "which costs more with the lattice-Boltzmann method only.",
    "outputs": "Layers to add, in the place of the source.",
}


@dataclass(frozen=True, kw_only=True)
class SolverSettings:
    """How a property is solved for."""

    tolerance: float = setting(
        1e-4, "Residual at which a solve ends; the result is closer than that.", low=1e-4, high=0.1
    )
    max_iterations: int = setting(
        0, "Where a solve gives up; 0: 1000 for conduction, 2000 for flow, 50 000 for lattice Boltzmann.", low=0
    )
    precision: Literal["float64", "float32"] = setting(
        "float64", "Single precision (float32) saves up to half of the memory.", choices=("float64", "float32")
    )


class PropertySettings(QWidget):
    """What the user chooses.

    `layer_changed` is sent when the layer has to be looked at again; `changed` when something else changed.
    """

    layer_changed = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer, self.property, self.method = LayerCombo(), Combo(), Combo()
        self.phase, self.unit, self.direction, self.ends = Combo(), Combo(), Combo(), Combo()
        self.conductivities, self.outputs = PhaseValues(), OutputChoice()
        self.solver = ConfigForm(SolverSettings)
        self.extent = Note()
        self.form = SwitchForm()
        self._drawer = QCollapsible("Advanced settings", expandedIcon=QIcon(), collapsedIcon=QIcon())
        self._ndim = 0
        self._wanted: int | None = None
        self._fill()
        self._lay_out()
        self._connect()
        self._name_drawer()
        self._on_property()

    def _fill(self) -> None:
        self.property.set_entries([(kind.title, kind) for kind in KINDS], CONDUCTIVITY)
        self.method.set_entries([(text, key) for key, text in METHODS])
        self.unit.set_entries([(unit, unit) for unit in UNITS])
        self.set_ndim(3)

    def _lay_out(self) -> None:
        rows: list[tuple[str, str, QWidget, tuple[Note, ...]]] = [
            ("layer", "Layer", self.layer, (self.extent,)),
            ("property", "Property", self.property, ()),
            ("method", "Method", self.method, ()),
            ("phase", "Phase", self.phase, ()),
            ("conductivities", "Conductivity", self.conductivities, ()),
            ("unit", "Unit", self.unit, ()),
            ("direction", "Direction", self.direction, ()),
            ("ends", "Ends", self.ends, ()),
            ("outputs", "Layers", self.outputs, ()),
        ]
        for key, label, control, notes in rows:
            self.form.add_row(key, label, control, _TIPS[key], *notes)
        self._drawer.addWidget(self.solver)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        layout.addWidget(self._drawer)

    def _connect(self) -> None:
        self.layer.chosen.connect(self._on_layer)
        self.property.currentIndexChanged.connect(self._on_property)
        self.phase.currentIndexChanged.connect(self._on_phase)
        for combo in (self.method, self.unit, self.direction, self.ends):
            combo.currentIndexChanged.connect(self._on_changed)
        for part in (self.conductivities, self.outputs, self.solver):
            part.changed.connect(self._on_changed)
        self._drawer.toggled.connect(self._name_drawer)

    @property
    def kind(self) -> Kind:
        """The chosen property."""
        kind: Kind = self.property.value
        return kind

    @property
    def axes(self) -> tuple[int, ...]:
        """Chosen directions, in array order."""
        return tuple(range(self._ndim)) if self.direction.value is None else (self.direction.value,)

    def set_layers(self, layers: "Iterable[LabelsLayer]") -> None:
        """Offer these layers; a volume is chosen before a section."""
        self.layer.set_layers(sorted(layers, key=lambda layer: -layer.ndim))  # stable: else in the viewer's order

    def set_ndim(self, ndim: int) -> None:
        """Offer the axes of a section or a volume."""
        if ndim == self._ndim:
            return
        self._ndim = ndim
        names = AXES[-ndim:]
        self.direction.set_entries([*((name, i) for i, name in enumerate(names)), ("all (tensor)", None)], 0)

    def show_facts(self, facts: LayerFacts) -> None:
        """Offer the labels that the layer holds."""
        entries = [(f"{value}  ({100 * fraction:.1f} %)", value) for value, fraction in facts.phases.items()]
        pore = choose_phase(facts.phases, self._made_phase())
        self.phase.set_entries(entries, pore if self._wanted is None else choose_phase(facts.phases, self._wanted))
        self.conductivities.set_phases(facts.phases if len(facts.phases) <= MOST_PHASES else {}, pore)
        self._show_rows()

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        self.form.set_dark(dark)

    def _made_phase(self) -> int | None:
        """The phase of interest of a reconstruction."""
        layer = self.layer.value
        facts = {} if layer is None else layer.metadata.get(METADATA_KEY) or {}
        phase = facts.get("phase")
        return phase if isinstance(phase, int) else None

    def _show_rows(self) -> None:
        for key in ("method", "phase", "conductivities", "unit"):
            known = key != "conductivities" or self.conductivities.known
            self.form.show_row(key, key in self.kind.needs and known)

    def _on_layer(self) -> None:
        self._wanted = None
        self.phase.set_entries([])
        self.conductivities.set_phases({}, 0)
        self.extent.show_text("")
        self._show_rows()
        self.layer_changed.emit()

    def _on_property(self, _index: int = 0) -> None:
        self.ends.set_entries([(text, value) for value, text in self.kind.ends])
        self.outputs.name(*field_names(self.kind, self.unit.value))
        self._show_rows()
        self.changed.emit()

    def _on_phase(self, _index: int) -> None:
        self._wanted = self.phase.value
        self.changed.emit()

    def _on_changed(self, _index: int = 0) -> None:
        self.outputs.name(*field_names(self.kind, self.unit.value))
        self._name_drawer()
        self.changed.emit()

    def _name_drawer(self, *_: object) -> None:
        arrow = "▾" if self._drawer.isExpanded() else "▸"
        changed = " (changed)" if self.solver.value != SolverSettings() else ""
        self._drawer.setText(f"{arrow}  Advanced settings{changed}")


class SwitchForm(Form):
    """A form whose rows can be hidden."""

    def show_row(self, key: str, shown: bool) -> None:
        """Show or hide the row of a control, its label and its problem."""
        field = self.problems[key].parentWidget()
        self._layout.labelForField(field).setVisible(shown)
        field.setVisible(shown)


class PhaseValues(QWidget):
    """A number for each label, as text: conductivities span many orders of magnitude."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[int, QLineEdit] = {}
        self._names: list[QLabel] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setColumnStretch(1, 1)

    @property
    def known(self) -> bool:
        """Whether there is a label to give a number to."""
        return bool(self.fields)

    @property
    def values(self) -> dict[int, float]:
        """The numbers.

        Raises
        ------
        BadInputError
            If one is not a number of at least 0.
        """
        return {label: _number(field.text(), label) for label, field in self.fields.items()}

    def set_phases(self, phases: Mapping[int, float], pore: int) -> None:
        """Ask for a number for each of these labels; those that are known already keep theirs."""
        if list(phases) != list(self.fields):
            kept = {label: field.text() for label, field in self.fields.items()}
            self._clear()
            for row, label in enumerate(phases):
                self._add(
                    row, label, kept.get(label, f"{PORE_CONDUCTIVITY if label == pore else SOLID_CONDUCTIVITY:g}")
                )
        for name, (label, fraction) in zip(self._names, phases.items(), strict=True):
            name.setText(f"label {label}  ({100 * fraction:.1f} %)")

    def _add(self, row: int, label: int, text: str) -> None:
        name, field = QLabel(), QLineEdit(text)
        field.setAccessibleName(f"conductivity of label {label}")
        field.textChanged.connect(self._on_changed)
        self._layout.addWidget(name, row, 0)
        self._layout.addWidget(field, row, 1)
        self._names.append(name)
        self.fields[label] = field

    def _clear(self) -> None:
        for widget in (*self._names, *self.fields.values()):
            with QSignalBlocker(widget):
                self._layout.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self._names, self.fields = [], {}

    def _on_changed(self, _text: str) -> None:
        self.changed.emit()


class OutputChoice(QWidget):
    """Which layers a run adds."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.potential, self.flow, self.lines = QCheckBox(), QCheckBox(), QCheckBox("flow lines")
        self.n_lines = QSpinBox()
        self.n_lines.setRange(1, 2000)
        self.n_lines.setValue(150)
        self.n_lines.setToolTip("Number of flow lines; each stands for an equal part of what flows.")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for i, box in enumerate((self.potential, self.flow, self.lines)):
            box.setChecked(True)
            box.toggled.connect(self._on_changed)
            layout.addWidget(box, i // 2, i % 2)
        layout.addWidget(self.n_lines, 1, 1)

    @property
    def value(self) -> Outputs:
        """The choice."""
        potential, flow, lines = (box.isChecked() for box in (self.potential, self.flow, self.lines))
        return Outputs(potential, flow, lines, self.n_lines.value())

    def name(self, potential: str, flow: str) -> None:
        """Call the fields as they are called for a property."""
        self.potential.setText(potential)
        self.flow.setText(flow)

    def _on_changed(self, _on: bool) -> None:
        self.n_lines.setEnabled(self.lines.isChecked())
        self.changed.emit()


def _number(text: str, label: int) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = -1.0
    if not (isfinite(value) and value >= 0):
        raise BadInputError(
            "conductivities",
            f"The conductivity of label {label} must be a number of at least 0, got “{text}”; 0 means that it "
            "insulates.",
        )
    return value
