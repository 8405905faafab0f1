"""Sections of several directions: a slot for each plane, with the axes drawn on thumbnails."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_swnn._sentences import as_sentence
from napari_swnn._types import AXES
from napari_swnn.core.descriptor.direction_check import PLANES, DirectionCheck
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.plane_choice import ISOTROPIC, PlaneChoice
from napari_swnn.widgets.layers.plane_thumbnail import draw_thumbnail

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

_NORMALS = {"xy": "z", "xz": "y", "yz": "x"}
_ISOTROPIC = "all directions (isotropic)"


class _Slot(QWidget):
    """Thumbnail of the section of one plane, with the choice of its layer."""

    changed = Signal()

    def __init__(self, plane: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plane = plane
        self.own: LabelsLayer | None = None
        self.picture = QLabel()
        self.layer = LayerCombo(no_layer="none")
        self.turn = QCheckBox("turn 90°")
        self.dark = True
        rows, columns = PLANES[plane]
        self.picture.setToolTip(f"Plane {plane}, seen along {_NORMALS[plane]}: {columns} to the right, {rows} down.")
        self.turn.setToolTip("Turn the section by 90 degrees, if the image was taken the other way round.")
        self.layer.setMinimumContentsLength(3)
        self.layer.setToolTip(f"Section of the plane {plane}.")
        self.picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for widget in (self.picture, self.layer, self.turn):
            layout.addWidget(widget)
        self.layer.chosen.connect(self.changed)
        self.turn.toggled.connect(self.changed)

    @property
    def chosen(self) -> "LabelsLayer | None":
        return self.own if self.own is not None else self.layer.value

    def draw(self) -> None:
        """Draw the section as it is now."""
        turned = self.turn.isChecked()
        try:
            picture = draw_thumbnail(self.chosen, PLANES[self.plane], turned=turned, dark=self.dark)
        except BadInputError:  # the check of the reference says why
            picture = draw_thumbnail(None, PLANES[self.plane], turned=turned, dark=self.dark)
        self.picture.setPixmap(picture)


class PlaneSlots(QWidget):
    """Choice of the plane of a reference, with slots for sections of the other planes.

    Attributes
    ----------
    plane : Combo
        Plane of the reference, placed elsewhere; None for an isotropic material, for which one section is enough.
    slots : dict of str to QWidget
        Slot of each plane, with its ``layer`` and ``turn``.
    symmetry : Combo
        Axis about which the material is the same in all directions, or None.
    verdict : Note
        Agreement of the sections along the axes that they share.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plane = Combo()
        self.slots = {plane: _Slot(plane) for plane in PLANES}
        self.symmetry = Combo()
        self.verdict = Note()
        self.problem = Problem()
        self.assumption = Note()
        self.turn_button = QPushButton()
        self._turns: tuple[str, ...] = ()
        self._reference: LabelsLayer | None = None
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        entries = [(f"{plane}, seen along {_NORMALS[plane]}", plane) for plane in PLANES]
        self.plane.set_entries([(_ISOTROPIC, None), *entries])
        axes = [(f"the same all about {axis}", axis) for axis in AXES]
        self.symmetry.set_entries([("missing planes: as the sections suggest", None), *axes])
        self.symmetry.setToolTip(
            "Axis of a fibrous or layered material, about which it is the same in all directions: one section across "
            "the axis and one along it are enough."
        )
        row = QHBoxLayout()
        row.setSpacing(4)
        for slot in self.slots.values():
            row.addWidget(slot, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        for widget in (self.symmetry, self.verdict, self.problem, self.turn_button, self.assumption):
            layout.addWidget(widget)

    def _connect(self) -> None:
        self.plane.currentIndexChanged.connect(self._on_changed)
        self.symmetry.currentIndexChanged.connect(self._on_changed)
        self.turn_button.clicked.connect(self._on_turn)
        for slot in self.slots.values():
            slot.changed.connect(self._on_changed)

    @property
    def layers(self) -> "list[LabelsLayer]":
        """Layers of the other planes."""
        return [layer for layer, _ in self.value.others.values()]

    @property
    def value(self) -> PlaneChoice:
        """Chosen planes; the axis of symmetry counts only where it is offered."""
        own = self.plane.value
        if own is None or self._reference is None:
            return ISOTROPIC
        others = {
            plane: (slot.layer.value, bool(slot.turn.isChecked()))
            for plane, slot in self.slots.items()
            if plane != own and slot.layer.value is not None
        }
        axis = self.symmetry.value if len(others) == 1 else None
        return PlaneChoice(own, bool(self.slots[own].turn.isChecked()), others, axis)

    def set_layers(self, reference: "LabelsLayer | None", others: "Iterable[LabelsLayer]") -> None:
        """Set the reference, which has a plane unless it is a volume, and the layers that can show other planes."""
        self._reference = reference if reference is not None and reference.ndim == 2 else None
        offered = list(others) if self._reference is not None else []
        for slot in self.slots.values():
            slot.layer.set_layers(offered)
        self._show()

    def show_check(self, check: DirectionCheck | None, assumption: str) -> None:
        """Show the agreement of the sections, and what is assumed of planes without one."""
        verdicts = () if check is None else check.verdicts
        agree = [f"✓ {verdict.describe()}" for verdict in verdicts if verdict.agrees and verdict.compared]
        agree += [f"– {verdict.describe()}" for verdict in verdicts if not verdict.compared]
        differ = [verdict.describe() for verdict in verdicts if not verdict.agrees]
        self.problem.setToolTip("\n".join(differ))
        self._turns = check.turns[0] if check is not None and check.turns else ()
        self.verdict.show_text("\n".join(agree))
        proposal = as_sentence(check.proposal) if check is not None and check.turns else ""
        texts = [f"{text.partition(':')[0] if proposal else text}." for text in differ]  # details are in the tooltip
        self.problem.show_text(" ".join([*texts, proposal]).strip())
        self.turn_button.setText(f"Turn {' and '.join(self._turns)} by 90°")
        self.turn_button.setVisible(bool(self._turns))
        self.assumption.show_text(as_sentence(assumption) if assumption else "")

    def clear(self) -> None:
        """Show no verdict until the sections have been compared."""
        self.show_check(None, "")

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.problem.set_dark(dark)
        for slot in self.slots.values():
            slot.dark = dark
            slot.draw()

    def _on_turn(self) -> None:
        for plane in self._turns:
            turn = self.slots[plane].turn
            turn.setChecked(not turn.isChecked())

    def _on_changed(self, _index: int = 0) -> None:
        self._show()
        self.clear()
        self.changed.emit()

    def _show(self) -> None:
        own = self.plane.value
        self.setVisible(own is not None and self._reference is not None)
        for plane, slot in self.slots.items():
            slot.own = self._reference if plane == own else None
            slot.layer.setVisible(plane != own)
            slot.turn.setVisible(slot.chosen is not None)
            if own is not None:
                slot.draw()
        self.symmetry.setVisible(len(self.layers) == 1)
