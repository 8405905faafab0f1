"""Controls for a reference: its layers, region of interest, pixel size and phase, shared by the panels."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QCheckBox

from napari_swnn._phases import MOST_PHASES
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Form, place_below_one_another
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.lead import Guide, Lead
from napari_swnn.widgets.layers.phase_combo import PhaseCombo
from napari_swnn.widgets.layers.phase_pick import Merged, PhasePick, format_share, pick_of
from napari_swnn.widgets.layers.pixel_size_control import PixelSizeControl
from napari_swnn.widgets.layers.plane_slots import PlaneSlots
from napari_swnn.widgets.layers.provenance import is_result
from napari_swnn.widgets.layers.section_list import SectionList
from napari_swnn.widgets.layers.snapshot import Snapshot
from napari_swnn.widgets.layers.source_notes import SourceNotes

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Shapes as ShapesLayer
    from napari.viewer import Viewer

    from napari_swnn._voxel_size import VoxelSize
    from napari_swnn.widgets.layers.checked_reference import CheckedReference

_MERGE = (
    "Reconstruct two phases: the phase of interest, and everything else as one background. Otherwise, each label is a "
    "phase of its own in the reconstruction."
)
_STACK = [("one volume", False), ("each plane is a section", True)]
_ROWS = {
    "reference": (
        "Reference",
        "The segmented micrograph: a Labels layer with one value per phase (2-D section or 3-D volume).",
    ),
    "plane": (
        "Direction",
        "Plane of the section, for a material that differs between directions. Add sections of the other planes; they "
        "are compared along the axes that they share.",
    ),
    "planes": (None, "Sections of the planes of the volume; the arrows are its axes."),
    "further": (
        "Further\nsections",
        "Tick further sections of the same material: together, weighted by their area, they are the reference.",
    ),
    "pixel": (
        "Pixel size",
        "Edge length of a pixel. A new value is written into the layer, and into the layers over it with pixels of the "
        "same size.",
    ),
    "phase": (
        "Phase",
        "Phase of interest, usually the pores; the porosity is its volume fraction.",
    ),
    "region": (
        "Region of\ninterest",
        "Labels or Shapes layer that marks the part of the reference to use, at its place in the viewer. By default, "
        "the whole image is used.",
    ),
}
"""Label and tooltip of each row."""


class ReferenceControls(QObject):
    """Rows of a form that select a reference.

    `chosen` is emitted when another layer is selected, `phase_chosen` when another phase is, and `resized` when a pixel
    size is entered; after each, as after all other changes, `changed` says that the reference must be read again.

    Parameters
    ----------
    form : Form
        Form that receives the rows.
    """

    chosen = Signal()
    phase_chosen = Signal()
    resized = Signal()
    changed = Signal()

    def __init__(self, form: Form, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.reference = LayerCombo()
        self.stack = Combo()
        self.planes = PlaneSlots()
        self.further = SectionList()
        self.pixel = PixelSizeControl()
        self.first_choice: LabelsLayer | None = None  # to be selected as long as no layer is
        self.phase = PhaseCombo()
        self.merge = QCheckBox("Merge the others")
        self.region = LayerCombo(no_layer="whole image")
        self.lead = Lead()
        self.notes = SourceNotes()
        self._form = form
        self._labels: list[LabelsLayer] = []
        self._shapes: list[ShapesLayer] = []
        self._images: list[Image] = []
        self._lay_out()
        self._connect()
        self._show_rows()
        self.merge.hide()

    def _lay_out(self) -> None:
        self.reference.setPlaceholderText("choose a Labels layer")
        self.stack.set_entries(_STACK, False)
        source = place_below_one_another(self.reference, self.stack)
        phase = place_below_one_another(self.phase, self.merge)
        self.merge.setToolTip(_MERGE)
        notes = {
            "reference": (self.lead, self.notes.planes, self.notes.sections, self.notes.disagreement),
            "phase": (self.notes.phase,),
        }
        for key, (label, tip) in _ROWS.items():
            control = {"reference": source, "phase": phase, "plane": self.planes.plane}.get(key) or getattr(self, key)
            self._form.add_row(key, label, control, tip, *notes.get(key, ()))

    def _connect(self) -> None:
        self.reference.chosen.connect(self._on_reference)
        self.stack.currentIndexChanged.connect(self._on_ticked)
        self.further.ticked.connect(self._on_ticked)
        self.planes.changed.connect(self._on_ticked)
        self.region.chosen.connect(self.changed)
        self.phase.currentIndexChanged.connect(self._on_phase)
        self.merge.toggled.connect(self._on_phase)
        self.pixel.entered.connect(self._on_pixel_size)

    # -- selected layers

    @property
    def layers(self) -> "list[Layer]":
        """Selected layers, which determine the reference."""
        found = [self.reference.value, self.region.value, *self.further.chosen, *self.planes.layers]
        return [layer for layer in found if layer is not None]

    @property
    def pick(self) -> PhasePick:
        """Phase of interest, with the other phases kept apart or merged; None if there is no choice yet."""
        pick = self.phase.pick
        return Merged(pick) if isinstance(pick, int) and self.merge.isChecked() else pick

    def set_layers(
        self, labels: "Iterable[LabelsLayer]", shapes: "Iterable[ShapesLayer]" = (), images: "Iterable[Image]" = ()
    ) -> None:
        """Offer these layers; reconstructions come last and are not selected automatically."""
        self._labels, self._shapes, self._images = list(labels), list(shapes), list(images)
        usual = [layer for layer in self._labels if not is_result(layer)]
        self.reference.set_layers(usual, filter(is_result, self._labels), self.first_choice)
        self._offer_others()
        self._show_lead()

    def make_guide(self, viewer: "Viewer", refresh: Callable[[], None]) -> Guide:
        """Return the actions of the buttons; `refresh` updates the lists of layers."""
        self.resized.connect(viewer.fit_to_view)  # the layers may have left the view
        return Guide(viewer, self.lead, self.reference, refresh)

    def choose(self, layer: "LabelsLayer", phase: int | None = None) -> None:
        """Select a layer as the reference, and its phase of interest or the usual choice of it.

        Raises
        ------
        ValueError
            If the layer is not available.
        """
        self.reference.choose(layer)
        if phase is not None and phase != self.phase.value:
            self.phase.set_entries([(str(phase), phase)], phase)  # the shares follow with the analysis
            self._on_phase(0)

    def take(self) -> Snapshot | None:
        """Return a copy of the reference, or None if no layer is selected.

        Raises
        ------
        BadInputError
            If the layers cannot be used as a reference.
        """
        layer = self.reference.value
        self.pixel.show_layer(layer)
        self._show_rows()
        if layer is None:
            return None
        try:
            snapshot = Snapshot.take(
                layer,
                self.region.value,
                self.further.chosen,
                is_stack=bool(self.stack.value),
                planes=self.planes.value,
            )
        except BadInputError as problem:
            self.lead.offer(problem.remedy)
            raise
        self.lead.offer(None)
        return snapshot

    # -- what was found

    def show_found(self, found: "CheckedReference") -> None:
        """Offer the labels of the reference with their fractions, and show its sections."""
        choice = found.choice
        pick = None if choice is None else pick_of(choice)
        self.phase.show_phases(found.phases, pick.label if isinstance(pick, Merged) else pick, self.reference.value)
        is_single = choice is not None and choice.rest_of is None
        self.merge.setVisible(is_single and 2 < len(found.phases) <= MOST_PHASES)
        self.further.show_shares({name: format_share(share) for name, share in found.shares.items()})
        self.notes.show_found(found)
        self.planes.show_check(found.agreement, found.assumption)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.notes.disagreement, self.planes, self.pixel):
            part.set_dark(dark)

    # -- rows

    def _offer_others(self) -> None:
        own = self.reference.value
        others = [layer for layer in self._labels if layer is not own]
        sections = [layer for layer in others if not is_result(layer) and layer is not self.region.value]
        flat = [layer for layer in sections if layer.ndim == 2]
        self.planes.set_layers(own, flat)
        planar = [layer for layer in (sections if self.stack.value else flat) if layer not in self.planes.layers]
        self.further.set_layers(planar if own is not None and (own.ndim == 2 or self.stack.value) else [])
        marks = [layer for layer in others if layer not in self.further.chosen]
        self.region.set_layers([*self._shapes, *marks])
        self._show_rows()

    def _show_rows(self) -> None:
        layer = self.reference.value
        self.stack.setVisible(layer is not None and layer.ndim >= 3)
        self._form.show_row("further", self.further.count() > 0)
        self._form.show_row("pixel", layer is not None)
        self._form.show_row("plane", layer is not None and layer.ndim == 2)

    def _show_lead(self) -> None:
        has_usual = not all(map(is_result, self._labels))
        self.lead.lead_from(self._images[-1] if self._images and not has_usual else None)

    def _on_reference(self) -> None:
        self.phase.set_entries([])
        self.merge.hide()
        self.notes.clear()
        self.planes.clear()
        self.stack.set_entries(_STACK, False)
        self.pixel.show_layer(self.reference.value)
        self._offer_others()
        self.chosen.emit()
        self.changed.emit()

    def _on_ticked(self, _index: int = 0) -> None:
        self._offer_others()
        self.changed.emit()

    def _on_phase(self, _index: int | bool) -> None:
        self.phase_chosen.emit()
        self.changed.emit()

    def _on_pixel_size(self, size: "VoxelSize") -> None:
        layer = self.reference.value
        if layer is not None:
            self.pixel.resize(layer, size, [*self._labels, *self._shapes, *self._images])
            self.resized.emit()
            self.changed.emit()
