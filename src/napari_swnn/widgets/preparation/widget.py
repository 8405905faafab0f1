"""The dock widget *SWNN prepare*: preparation of a reference from a raw micrograph.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_swnn.widgets.kit.controls import Form, make_line
from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.kit.run_panel import RunPanel
from napari_swnn.widgets.kit.session import NotReady, Report
from napari_swnn.widgets.kit.threads import Checker, TaskRunner
from napari_swnn.widgets.preparation.image_choice import ImageChoice
from napari_swnn.widgets.preparation.images import ImageFollower
from napari_swnn.widgets.preparation.overlays import Overlays
from napari_swnn.widgets.preparation.recipe_bar import RecipeBar
from napari_swnn.widgets.preparation.references import References
from napari_swnn.widgets.preparation.results import read_preparation
from napari_swnn.widgets.preparation.session import PreparationSession
from napari_swnn.widgets.preparation.steps import StepsPanel
from napari_swnn.widgets.preparation.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    import napari

    from napari_swnn.preparation import Recipe
    from napari_swnn.widgets.preparation.work import PreparedImage, PrepareJob

_SETTLED = 400
"""Milliseconds after a run until the layout of the panel has settled."""


class PrepareWidget(RunPanel):
    """Panel with the image at the top, the steps of the recipe below, and the reference at the bottom.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer whose images are read and to which layers are added; existing layers are not changed, except for the
        pixel size of the image on request.
    """

    input_layers: ClassVar[str] = "an Image layer with the raw micrograph"
    run_label = "Make reference"
    running_label = "Working…"
    run_tip = "Apply all steps to the whole image, and add the result as a Labels layer."
    stop_tip = "Cancel the computation; nothing is added."

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.choice = ImageChoice()
        self.steps = StepsPanel()
        self.summary = Summary()
        self.references = References(napari_viewer)
        self.recipe_bar = RecipeBar(lambda: self.references.with_recipe)
        self.reconstruct_button = QPushButton("Reconstruct from this")
        self.reconstruct_button.setToolTip("Open the reconstruction panel with the last reference.")
        self.images = ImageFollower(napari_viewer, self.choice, self)
        self.session: PreparationSession
        self.set_session(PreparationSession(TaskRunner(self, "SWNN prepare"), partial(Checker, self), self._deliver))
        self.overlays = Overlays(napari_viewer, self.session, self.images, self.steps, self)
        self._revealing = make_debouncer(self, _SETTLED, self._reveal)
        self._lay_out()
        self._connect()
        self.recipe_bar.add_shortcuts(self)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.run_button, self.stop_button):
            buttons.addWidget(button)
        parts = (self.choice, self.steps, make_line(), self.summary, self.recipe_bar, buttons, self.hint, self.progress)
        self.lay_out(*parts, self.reconstruct_button)

    def _connect(self) -> None:
        session = self.session
        self.images.changed.connect(self._on_image)
        self.images.moved.connect(session.look_at)
        self.steps.changed.connect(self._on_step)
        self.summary.phase_chosen.connect(self._on_phase)
        self.summary.grey_shown.connect(self.overlays.show_grey)
        self.recipe_bar.undone.connect(session.editor.undo)
        self.recipe_bar.redone.connect(session.editor.redo)
        self.recipe_bar.loaded.connect(self._on_recipe)
        self.recipe_bar.layer_chosen.connect(self._on_layer)
        self.recipe_bar.applied.connect(self._on_apply)
        self.reconstruct_button.clicked.connect(self.references.reconstruct)
        session.editor.edited.connect(self._show_draft)
        session.live.changed.connect(self._show_preview)

    @property
    def form(self) -> Form:
        """Form that shows the problems of the image."""
        return self.choice.form

    # -- docked and closed

    def on_shown(self, is_shown: bool) -> None:
        """Compute previews only while the panel can be seen."""
        self.session.show(is_shown)

    def on_docked(self) -> None:
        """Read the selected image."""
        self.session.show(True)
        self._show_draft()
        self.images.start()

    def on_closed(self) -> None:
        """Cancel all work, and remove the preview if only the panel was closed."""
        viewer_goes = self.parent() is not None
        self.images.stop()
        self.session.close()
        self.overlays.stop(remove=not viewer_goes)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.choice, self.steps, self.progress, self.recipe_bar.problem):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers of the viewer; napari calls this when a layer is added, removed, moved or renamed."""
        self.images.offer()
        self.overlays.offer()
        self._show_buttons()

    # -- the session

    def run(self) -> None:
        """Make the reference, with the pixel size that was typed last."""
        self.choice.enter()
        super().run()

    def prepare(self) -> "PrepareJob | NotReady":
        """Return the request for a run, or the reason that none can start."""
        return self.session.prepare()

    def show_session(self) -> None:
        """Show the state of the session."""
        super().show_session()
        self.steps.show_problem(self.session.problem)
        self._show_facts()
        self.steps.crop.propose(self.session.proposal, self.session.editor.draft.crop)
        self._show_buttons()

    def describe_run(self) -> str:
        """Return the status text of the current run."""
        job = self.session.running
        return "" if job is None else f"Segmenting {', '.join(source.title for source in job.sources[:3])}…"

    def _show_buttons(self) -> None:
        session = self.session
        busy = session.is_busy
        self.choice.setEnabled(not busy)
        self.steps.setEnabled(not busy and session.source is not None)
        self.recipe_bar.show_recipe(
            session.recipe,
            can_undo=session.editor.can_undo and not busy,
            can_redo=session.editor.can_redo and not busy,
            can_apply=session.can_run and self.images.has_further,
        )
        self.reconstruct_button.setEnabled(self.references.newest is not None and not busy)

    def _on_image(self) -> None:
        if self.is_docked:
            self.overlays.follow()

    def _on_step(self, slot: str, step: Any) -> None:
        self.session.editor.set_step(slot, step)

    def _on_phase(self, phase: int) -> None:
        self.session.editor.choose_phase(phase)

    def _on_recipe(self, recipe: "Recipe", names: "Mapping[int, str] | None" = None, label: int | None = None) -> None:
        try:
            self.session.editor.load(recipe, names, label)
        except BadInputError as problem:
            self.recipe_bar.problem.show_text(str(problem))

    def _on_layer(self, layer: Any) -> None:
        try:
            origin = read_preparation(layer)
        except (ValueError, TypeError) as error:
            self.recipe_bar.problem.show_text(f"The recipe of “{layer.name}” was not loaded: {describe_error(error)}")
        else:
            self._on_recipe(*origin)

    def _on_apply(self) -> None:
        sources = self.images.ask_further(self)
        if sources:
            self.session.run_on(sources)

    def _deliver(self, prepared: "tuple[PreparedImage, ...]") -> Report:
        """Add the references, and hide the preview behind them."""
        report = self.references.add(prepared, self.images.layer)
        self.overlays.put_behind(self.references.last)
        self._revealing.throttle()
        return report

    def _reveal(self) -> None:
        """Scroll to the button that goes on from a new reference."""
        if self.is_docked:
            self.ensureWidgetVisible(self.reconstruct_button, 0, 10)

    def _show_draft(self) -> None:
        draft = self.session.editor.draft
        self.steps.show_draft(draft)
        self.summary.show_phases(draft.labels, draft.phase)
        self.overlays.show_draft(draft)
        self._show_buttons()

    def _show_facts(self) -> None:
        live = self.session.live
        is_cropped = self.session.is_cropped
        self.summary.show_facts(live.preview, live.assessment, pending=live.is_pending, is_cropped=is_cropped)

    def _show_preview(self) -> None:
        live = self.session.live
        self.steps.show_preview(live.preview)
        self._show_facts()
        self.overlays.show_preview(live.preview)
