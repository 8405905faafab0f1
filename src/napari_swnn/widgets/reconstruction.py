"""The dock widget that turns a segmented micrograph into a volume.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QPushButton, QScrollArea, QVBoxLayout, QWidget

from napari_swnn._checks import check_memory
from napari_swnn._types import Labels, Shape
from napari_swnn.widgets._controls import Note, WheelGuard
from napari_swnn.widgets._layers import (
    PREVIEW_NAME,
    Look,
    OutputLayers,
    phase_colour,
    provenance,
    result_name,
    show_in_3d,
)
from napari_swnn.widgets._models import Entry, ModelPanel
from napari_swnn.widgets._progress import ProgressPanel
from napari_swnn.widgets._reference_check import ReferenceCheck
from napari_swnn.widgets._settings import SettingsPanel
from napari_swnn.widgets._workers import (
    Checker,
    GenerationJob,
    Runner,
    TrainingJob,
    bad_input,
    find_devices,
)

if TYPE_CHECKING:
    import napari

    from napari_swnn.core.generation import GenerationStep
    from napari_swnn.core.model import Model
    from napari_swnn.core.training import TrainingStep


@dataclass(frozen=True, eq=False)
class _Order:
    """What a run makes, as the user asked for it when it began."""

    source: str
    preset: str
    shape: Shape
    seed: int
    device: str
    output: OutputLayers


class ReconstructionWidget(QScrollArea):
    """Panel: reference, porosity and size above; run, progress and models below.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Layers are taken from it and added to it.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = napari_viewer
        self._devices: dict[str, str] = {}
        self._device_problem = ""
        self._order: _Order | None = None
        self._training: Look | None = None
        self._stopping = self._joined = False
        self._result: Any = None

        self.settings, self.progress, self.models = SettingsPanel(), ProgressPanel(), ModelPanel()
        self.run_button, self.stop_button, self.view_button = (
            QPushButton("Run"),
            QPushButton("Stop"),
            QPushButton("Show in 3-D"),
        )
        self.hint = Note()
        self.reference = ReferenceCheck(self.settings, self)
        self._runner, self._finder = Runner(self), Checker(self)
        self._lay_out()
        self._connect()
        self._guard = WheelGuard(self)
        self._guard.watch(self)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """As wide as a dock beside the canvas of a small laptop; docks ignore minimum sizes."""
        return QSize(340, 640)

    # -- putting the panel together

    def _lay_out(self) -> None:
        self.run_button.setToolTip("Train on the reference, then generate a volume of the chosen size.")
        self.stop_button.setToolTip(
            "During training: finish with the model as it is by now. During generation: cancel and keep the model."
        )
        self.view_button.setToolTip("Turn the viewer to three dimensions, on the newest realisation.")
        buttons = QHBoxLayout()
        for button in (self.run_button, self.stop_button, self.view_button):
            buttons.addWidget(button)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.addWidget(self.settings)
        layout.addLayout(buttons)
        for widget in (self.hint, self.progress, line, self.models):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def _connect(self) -> None:
        self.reference.changed.connect(self._update)
        self.settings.touched.connect(self._update)
        self.models.changed.connect(self._update)
        self.models.generate.connect(self.generate)
        self.run_button.clicked.connect(self.run)
        self.stop_button.clicked.connect(self.stop)
        self.view_button.clicked.connect(self._on_view)
        self._finder.done.connect(self._on_devices)
        self._finder.failed.connect(self._on_no_device)
        self._runner.training_stepped.connect(self._on_training_step)
        self._runner.generation_stepped.connect(self._on_generation_step)
        self._runner.trained.connect(self._on_trained)
        self._runner.generated.connect(self._on_generated)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self._on_cancelled)

    # -- coming and going: the panel can be closed, and the viewer too, at any moment

    def event(self, event: QEvent) -> bool:
        """Notice when the panel is docked and when its dock is closed: napari then only takes it out of there."""
        if event.type() == QEvent.Type.ParentChange:
            if self.parent() is None:
                self._leave()
            else:
                self._join()
        return bool(super().event(event))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        """Notice when the viewer's window closes; a close that the user may still call off shows as hiding."""
        hidden = event.type() == QEvent.Type.Hide and not event.spontaneous()
        closed = event.type() == QEvent.Type.Close and not event.spontaneous()
        if isinstance(watched, QMainWindow) and (hidden or closed):
            self._runner.abandon()
            self._disconnect_viewer()
        return False

    def _join(self) -> None:
        if self._joined:
            return
        self._joined = True
        self._viewer.events.theme.connect(self._on_theme)
        self._on_theme()
        self.reset_choices()
        if self._devices:
            self.reference.restart()
            self.reference.resume()
        else:
            self._finder.request(find_devices)
        self._update()

    def _leave(self) -> None:
        self._runner.abandon()
        self._finder.drop()
        self.models.drop()
        self._disconnect_viewer()
        if self._order is not None:
            self._order.output.remove_preview()
            self._finish("Cancelled: the panel was closed.")

    def _disconnect_viewer(self) -> None:
        self.reference.stop()
        if self._joined:
            self._viewer.events.theme.disconnect(self._on_theme)
        self._joined = False

    def _watch_window(self) -> None:
        """Look out for the window being closed; the panel's own window is the dock where that floats."""
        window = self.parent()
        while window is not None and not isinstance(window, QMainWindow):
            window = window.parent()
        if window is not None:  # it is not kept: that would keep the whole viewer alive
            window.installEventFilter(self)

    def _on_theme(self, _event: Any = None) -> None:
        from napari.utils.theme import get_theme

        dark = get_theme(self._viewer.theme).type == "dark"
        for part in (self.settings, self.progress, self.models):
            part.set_dark(dark)

    # -- layers and the checks of the reference

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers that there are; napari calls this when one is added, removed, moved or renamed."""
        from napari.layers import Labels as LabelsLayer

        layers = [layer for layer in self._viewer.layers if isinstance(layer, LabelsLayer)]
        self.settings.set_layers(layer for layer in layers if not layer.name.startswith(PREVIEW_NAME))
        self._update()

    def _on_devices(self, devices: dict[str, str]) -> None:
        self._devices = devices
        self.settings.set_devices(devices)
        self.reference.resume()
        self._update()

    def _on_no_device(self, text: str) -> None:
        self._device_problem = text
        self._update()

    # -- what can be done now

    def _problems(self) -> dict[str, str]:
        """What is wrong, by control."""
        problems = {"device": self._device_problem} if self._device_problem else {}
        if self.reference.problem is not None:
            problems[self.reference.problem.control] = str(self.reference.problem)
        try:
            check_memory(self.settings.size.value)
        except ValueError as error:
            problems["size"] = str(bad_input(error))
        return problems

    def _reason(self, problems: dict[str, str]) -> str:
        """Why a run cannot start, empty if it can."""
        if problems:
            return "Run needs a change above."
        if not self._devices:
            return "Loading PyTorch…"
        if self.settings.reference.value is None:
            return "Add a Labels layer with the segmented micrograph, or open a sample from the File menu."
        return "" if self.reference.survey is not None else "Looking at the reference…"

    def _update(self) -> None:
        busy, problems = self._runner.busy or self._order is not None, self._problems()
        reason = self._reason(problems)
        self.settings.form.show_problems(problems)
        self.settings.setEnabled(not busy)
        self.hint.say("" if busy else reason)
        self.run_button.setEnabled(not busy and not reason and not self.models.loading)
        self.run_button.setText("Running…" if busy else "Run")
        self.stop_button.setEnabled(busy and not self._stopping)
        can_generate = bool(self._devices) and "size" not in problems and "device" not in problems
        self.models.set_enabled(generate=not busy and can_generate, load=not busy)
        self.view_button.setEnabled(self._result is not None and self._result in self._viewer.layers)

    # -- running

    def run(self) -> None:
        """Train on the reference and generate a volume."""
        found = self.reference.survey
        if self._order is not None or found is None or found.reference is None or self._problems():
            return
        if not self.reference.snapshot().equals(found.inputs.snapshot):  # its values were set without telling the layer
            self.reference.restart()
            return
        self._training = Look.of_reference(found.reference)
        colour = phase_colour(self.settings.reference.value, found.phase)
        self._begin(found.inputs.snapshot.name, self.settings.preset_name, colour)
        self.progress.begin_curve()
        self._runner.train(
            TrainingJob(
                found.reference,
                self.settings.porosity.value,
                found.inputs.config,
                self.settings.seed.value(),
                self.settings.device.value,
            )
        )
        self.progress.begin(f"Preparing the training on {self._device_text}…")
        self._update()

    def generate(self) -> None:
        """Generate a volume from the chosen model."""
        entry = self.models.entry
        if self._order is None and entry is not None:
            self._begin(entry.source, entry.preset, None)
            self._generate(entry)

    def stop(self) -> None:
        """Finish a training with the model so far, or cancel a generation."""
        if self._order is not None and not self._stopping:
            self._stopping = True
            self._runner.stop()
            training = self._training is not None
            self.progress.wait("Stopping: finishing the model…" if training else "Cancelling the generation…")
            self._update()

    @property
    def _device_text(self) -> str:
        return self._devices.get(self.settings.device.value, "")

    def _begin(self, source: str, preset: str, colour: Any) -> None:
        self._watch_window()
        self.reference.paused = True
        settings = self.settings
        self._order = _Order(
            source,
            preset,
            settings.size.value,
            settings.seed.value(),
            settings.device.value,
            OutputLayers(self._viewer, colour),
        )

    def _generate(self, entry: Entry) -> None:
        assert self._order is not None
        self._training, self._stopping = None, False
        shape = self._order.shape[-entry.model.dimension :]
        self._runner.generate(GenerationJob(entry.model, shape, self._order.seed, self._order.device))
        self.progress.begin(f"Generating {' × '.join(map(str, shape))} voxels on {self._device_text}…")
        self._update()

    def _on_training_step(self, step: "TrainingStep") -> None:
        if self._order is None or self._training is None:
            return
        training = step.activity == "training"
        if training:
            self.progress.add_loss(step)
            self._order.output.show_preview(step.preview, self._training, scale=step.scale)
        if self._stopping:
            return
        self.progress.advance(step.iteration, step.n_iterations, step.time_left)
        detail = "full resolution" if step.scale == 1 else f"1/{step.scale} of the resolution"
        said = f"Training on {self._device_text}, at {detail} · porosity {step.porosity:.2f}"
        self.progress.status.say(said if training else "Finishing the model: adjusting its porosity…")

    def _on_generation_step(self, step: "GenerationStep") -> None:
        if not self._stopping:
            self.progress.advance(step.block, step.n_blocks, step.time_left)

    def _on_trained(self, model: "Model") -> None:
        assert self._order is not None
        entry = Entry(model, self._order.source, self._order.preset)
        self.models.add(entry)
        self._generate(entry)

    def _on_generated(self, labels: Labels) -> None:
        order, entry = self._order, self.models.entry
        assert order is not None
        assert entry is not None
        model = entry.model
        facts = provenance(labels, model, source=order.source, seed=order.seed, preset=order.preset)
        name = result_name(model, source=order.source, seed=order.seed)
        self._result = order.output.show_result(labels, name, Look.of_model(model), facts)
        wanted = "" if model.porosity is None else f" (asked for {model.porosity:.3f})"
        self._finish(f"Done: “{self._result.name}”, porosity {facts['porosity_of_volume']:.3f}{wanted}.")

    def _on_failed(self, text: str) -> None:
        from napari.utils.notifications import show_error

        assert self._order is not None
        self._order.output.remove_preview()
        kept = "The model is kept: Generate tries again." if self._training is None else "Nothing was changed."
        self._finish(kept, text)
        show_error(f"SWNN reconstruction: {text}")

    def _on_cancelled(self) -> None:
        assert self._order is not None
        self._order.output.remove_preview()
        self._finish("Cancelled; the model is kept." if self._training is None else "Cancelled.")

    def _finish(self, status: str, problem: str = "") -> None:
        self._order = self._training = None
        self._stopping = False
        self.progress.end(status, problem)
        if self._joined:
            self.reference.resume()
        self._update()

    def _on_view(self) -> None:
        if self._result is not None and self._result in self._viewer.layers:
            show_in_3d(self._viewer, self._result)
