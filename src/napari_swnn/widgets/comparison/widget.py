"""The dock widget *SWNN compare*: comparison of volumes with their reference.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QWidget

from napari_swnn._progress import Progress
from napari_swnn.widgets.comparison.colours import read_phase_colours
from napari_swnn.widgets.comparison.job import VOLUMES, Candidate, CompareJob, make_job
from napari_swnn.widgets.comparison.session import ComparisonSession
from napari_swnn.widgets.comparison.settings import CompareSettings
from napari_swnn.widgets.comparison.view import ComparisonView
from napari_swnn.widgets.kit.controls import Form
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.run_panel import RunPanel
from napari_swnn.widgets.kit.session import NotReady
from napari_swnn.widgets.kit.threads import TaskRunner
from napari_swnn.widgets.layers.checked_reference import CheckedReference
from napari_swnn.widgets.layers.lead import Guide
from napari_swnn.widgets.layers.phase_pick import PhasePick
from napari_swnn.widgets.layers.snapshot import Snapshot
from napari_swnn.widgets.layers.watch import LayerCheck, LayerWatch

if TYPE_CHECKING:
    import napari
    from napari.layers import Labels as LabelsLayer


class CompareWidget(RunPanel):
    """Panel with the reference and volumes at the top and the curves and numbers below.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer whose layers are compared; the layers are not changed.
    """

    input_layers: ClassVar[str] = "a Labels layer with the segmented micrograph"
    run_label = "Compare"
    running_label = "Comparing…"
    run_tip = "Compare the ticked volumes with the reference. Small volumes are compared automatically."
    stop_tip = "Cancel the comparison; the results below are kept."

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.settings = CompareSettings()
        self.view = ComparisonView()
        self.check = LayerCheck(self._take_reference, _look, "reference", self)
        self._watch = LayerWatch(self)
        settings = self.settings
        self._guide = settings.source.make_guide(napari_viewer, self.reset_choices)
        self._volume_guide = Guide(napari_viewer, settings.lead, settings.to_copy, self.reset_choices)
        self.session: ComparisonSession
        self.set_session(ComparisonSession(TaskRunner(self, "SWNN compare"), self.view.show_comparison))
        self.lay_out_run(self.settings, self.view)
        self.settings.reference_changed.connect(self._on_reference)
        self.settings.changed.connect(self._on_choice)
        self.check.changed.connect(self._on_check)
        self._watch.changed.connect(self._on_changed)
        self._watch.settled.connect(self._on_settled)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return a size at which the numbers of the reference and two volumes fit side by side."""
        return QSize(430, 640)

    @property
    def form(self) -> Form:
        """Form that shows the problems of a request."""
        return self.settings.form

    # -- docked and closed

    def on_docked(self) -> None:
        """Read the chosen reference."""
        self._on_reference()

    def on_closed(self) -> None:
        """Cancel the run, since the viewer may have been closed."""
        self.check.stop()
        self._watch.stop()
        self.view.drop()
        self.session.close()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.settings, self.progress, self.view):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers of the viewer; napari calls this when a layer is added, removed, moved or renamed."""
        selected = self._viewer.layers.selection.active
        self.settings.set_layers(self.labels_layers(), self.shapes_layers(), self.image_layers(), selected)
        self.refresh()

    def choose_reference(self, layer: "LabelsLayer") -> None:
        """Select a layer of the viewer as the reference, and tick the volumes that were made from it."""
        if layer != self.settings.reference.value:
            self.settings.choose_reference(layer)

    # -- layers

    def _on_reference(self) -> None:
        if self.is_docked:
            self.check.restart(*self.settings.source.layers)

    def _take_reference(self) -> "tuple[Snapshot, PhasePick] | None":
        snapshot = self.settings.source.take()
        return None if snapshot is None else (snapshot, self.settings.source.pick)

    def _on_check(self) -> None:
        if self.check.found is not None:
            self.settings.show_found(self.check.found)
        self._on_choice()

    def _on_choice(self) -> None:
        if self.is_docked:
            self._watch.watch(self.settings.volumes.chosen)
            self._watch.touch()

    def _on_changed(self) -> None:
        self.session.invalidate()
        self.refresh()

    def _on_settled(self) -> None:
        if self.settings.reference.value is None or not self.settings.volumes.chosen:
            self.view.clear()
            self.session.clear()
        self.refresh()
        self.session.settle()

    # -- the request

    def prepare(self) -> CompareJob | NotReady:
        """Return the checked request for a comparison, or `NotReady` if it is incomplete.

        Raises
        ------
        BadInputError
            If the layers cannot be compared.
        """
        settings = self.settings
        settings.offer_copy(None)
        reference = self.check.found
        missing = f"Add {self.input_layers}, or open a sample from the File menu."
        waits = self.check.why_not_ready(settings.reference.value, missing)
        if waits is not None:
            return waits
        if reference.problem is not None:
            raise reference.problem
        if settings.volumes.count() == 0:
            return NotReady("There is no other Labels layer to compare with the reference; reconstruct a volume first.")
        layers = settings.volumes.chosen
        if not layers:
            return NotReady("Tick the volumes to compare with the reference.")
        candidates = tuple(self._make_candidate(layer, reference.snapshot) for layer in layers)
        colours = {}
        if reference.choice is not None:
            colours = read_phase_colours(settings.reference.value, reference.choice)
        return make_job(reference, candidates, physics=settings.physics.isChecked(), colours=colours)

    def _make_candidate(self, layer: "LabelsLayer", reference: Snapshot) -> Candidate:
        try:
            return Candidate.from_layer(layer, self.settings.volumes.colour(layer), reference)
        except BadInputError as problem:
            self.settings.offer_copy(layer, problem.remedy)
            raise

    def show_session(self) -> None:
        """Show the state of the session."""
        super().show_session()
        session = self.session
        if session.refusals and session.problem is None:
            self.form.show_problems({VOLUMES: session.refusals})
        self.settings.note.show_text("" if session.request is None else session.request.notes)
        self.hint.show_text("" if session.is_busy else session.advice)

    def show_step(self, step: Progress) -> None:
        """Show the progress; with physics, the time left cannot be estimated."""
        is_steady = self.session.running is not None and not self.session.running.physics
        self.progress.reach(step.fraction, step.activity, steady=is_steady)


def _look(taken: "tuple[Snapshot, PhasePick]") -> CheckedReference:
    return CheckedReference.look(*taken)
