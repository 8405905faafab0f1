"""The dock widget that turns a segmented micrograph into volumes.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from napari_swnn._types import Labels
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.kit.drawer import Drawer
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.kit.progress import ProgressPanel
from napari_swnn.widgets.kit.threads import Checker
from napari_swnn.widgets.layers.output import Look, OutputLayers, show_in_3d
from napari_swnn.widgets.layers.reading import read_phase_colour
from napari_swnn.widgets.lazy.boxes import Regions
from napari_swnn.widgets.lazy.layers import get_tiles, pause_tiles
from napari_swnn.widgets.reconstruction.destination import LargePanel
from napari_swnn.widgets.reconstruction.forecast import Forecast, Intent, memory_warning, told_cost
from napari_swnn.widgets.reconstruction.jobs import Runner, TrainingJob, find_devices
from napari_swnn.widgets.reconstruction.models import Entry, ModelPanel
from napari_swnn.widgets.reconstruction.range_preview import RangePreview
from napari_swnn.widgets.reconstruction.readiness import Readiness
from napari_swnn.widgets.reconstruction.reference_check import ReferenceCheck
from napari_swnn.widgets.reconstruction.request import Order
from napari_swnn.widgets.reconstruction.save_dialog import (
    ask_for_volume_file,
    check_file_of_model,
    check_file_of_new_model,
)
from napari_swnn.widgets.reconstruction.settings import SettingsPanel
from napari_swnn.widgets.reconstruction.spatial import EVERYWHERE

if TYPE_CHECKING:
    import napari

    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.run import TrainingStep
    from napari_swnn.core.volume.assembly import GenerationStep
    from napari_swnn.core.volume.virtual_volume import VirtualVolume


class ReconstructionWidget(DockPanel):
    """Panel: reference, porosity and size above; run, progress and models below.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Layers are taken from it and added to it.
    """

    _finishing: ClassVar[set["ReconstructionWidget"]] = set()
    """Panels that were closed during a training: each lives on until its model is finished."""

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self._order: Order | None = None
        self._training: Look | None = None
        self._stopping = self._watching = False
        self._result: Any = None

        self.settings, self.progress, self.models, self.large = (
            SettingsPanel(),
            ProgressPanel(),
            ModelPanel(),
            LargePanel(),
        )
        self.run_button, self.stop_button, self.view_button = (
            QPushButton("Run"),
            QPushButton("Stop"),
            QPushButton("Show in 3-D"),
        )
        self.hint, self.cost, self.room = Note(), Note(), Problem()
        self.reference, self.forecast = ReferenceCheck(self.settings, self), Forecast(self)
        self.readiness = Readiness(self.settings, self.large, self.reference, self.forecast)
        self.preview = RangePreview(napari_viewer, self)
        self._runner, self._finder = Runner(self), Checker(self)
        self.regions = Regions(napari_viewer, self._runner, self)
        self._lay_out()
        self._connect()

    # -- putting the panel together

    def _lay_out(self) -> None:
        self.run_button.setToolTip("Train on the reference, then generate volumes of the chosen size.")
        self.stop_button.setToolTip(
            "During training: finish with the model as it is by now. During generation: cancel and keep the model."
        )
        self.view_button.setToolTip("Turn the viewer to three dimensions, on the newest realisation.")
        buttons = QHBoxLayout()
        for button in (self.run_button, self.stop_button, self.view_button):
            buttons.addWidget(button)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        self._large = Drawer("Large volumes", self.large)
        notes = (self.cost, self.room, self.hint)
        self.lay_out(self.settings, self._large, buttons, *notes, self.progress, line, self.models)

    def _connect(self) -> None:
        self.reference.changed.connect(self._look_ahead)
        self.settings.touched.connect(self._look_ahead)
        self.models.changed.connect(self._on_model)
        self.models.asked.connect(self._on_asked)
        self.models.generate.connect(self.generate)
        self.large.changed.connect(self._on_large)
        self.large.compute.connect(self.compute_region)
        self.forecast.changed.connect(self._update)
        self.preview.told.connect(self.models.preview_problem.show_text)
        self.regions.ended.connect(self._on_region)
        self.run_button.clicked.connect(self.run)
        self.stop_button.clicked.connect(self.stop)
        self.view_button.clicked.connect(self._on_view)
        self._finder.done.connect(self._on_devices)
        self._finder.failed.connect(self._on_no_device)
        self._runner.training_stepped.connect(self._on_training_step)
        self._runner.generation_stepped.connect(self._on_generation_step)
        self._runner.trained.connect(self._on_trained)
        self._runner.generated.connect(self._on_generated)
        self._runner.described.connect(self._on_described)
        self._runner.saved.connect(self._on_saved)
        self._runner.computed.connect(self.regions.show)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self._on_cancelled)

    # -- coming and going

    def on_docked(self) -> None:
        """Look for devices, and at the reference."""
        self._finishing.discard(self)
        if not self._watching:
            self._viewer.dims.events.ndisplay.connect(self._on_ndisplay)
        self._watching = True
        if self.readiness.devices:
            self.reference.restart()
            self.reference.resume()
        else:
            self._finder.request(find_devices)
        self._update()

    def on_closed(self) -> None:
        """Give up all work; where only the panel was closed, keep the model of a training and take away the rest."""
        viewer_goes = self.parent() is not None or self in self._finishing
        for part in (self.reference, self.forecast, self.preview):
            part.stop()
        self._finder.drop()
        self.models.drop()
        self.regions.forget()
        if self._watching:
            self._viewer.dims.events.ndisplay.disconnect(self._on_ndisplay)
        self._watching = False
        if not viewer_goes:
            self.preview.remove()
            if self._order is not None:
                self._order.output.remove_preview()
        if self._training is not None and not viewer_goes:
            self._finishing.add(self)
            self.stop()
            return
        self._finishing.discard(self)
        self._runner.abandon()
        if self._order is not None and not viewer_goes:
            self._finish("Cancelled: the panel was closed.")

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        for part in (self.settings, self.progress, self.models, self.large, self.room):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers that there are; napari calls this when one is added, removed, moved or renamed."""
        from napari.layers import Image

        images = (layer for layer in self._viewer.layers if isinstance(layer, Image) and not layer.rgb)
        # A lazy layer would have to be computed whole.
        self.settings.set_layers((layer for layer in self.labels_layers() if get_tiles(layer) is None), images)
        self._update()

    def _on_devices(self, devices: dict[str, str]) -> None:
        self.readiness.devices = devices
        self.settings.set_devices(devices)
        self.reference.resume()
        self._look_ahead()

    def _on_no_device(self, text: str) -> None:
        self.readiness.device_problem = text
        self._update()

    # -- what can be done now

    def _update(self) -> None:
        busy, problems = self._runner.busy or self._order is not None, self.readiness.problems()
        reason = self.readiness.why_no_run(problems)
        self.settings.show_problems(problems)
        self.settings.setEnabled(not busy)
        self._show_forecast(busy)
        self.hint.show_text("" if busy else reason)
        self.run_button.setEnabled(not busy and not reason and not self.models.loading)
        self.run_button.setText("Running…" if busy else "Run")
        self.stop_button.setEnabled(busy and not self._stopping)
        self.models.set_enabled(generate=not busy and self.readiness.can_generate(problems), load=not busy)
        self.large.set_enabled(choose=not busy, compute=not busy and self.regions.possible)
        if "size" in problems:
            self._large.expand(animate=False)
        self.view_button.setEnabled(self._result is not None and self._result in self._viewer.layers)

    def _show_forecast(self, busy: bool) -> None:
        cost, outlook = self.forecast.cost, self.forecast.outlook
        if outlook is not None and outlook.plan is not None:
            self.settings.reasons.show_text(" ".join(outlook.plan.reasons))
        if cost is None or busy:
            self.cost.show_text("" if busy else self.forecast.cost_problem)
            self.room.show_text("")
            return
        self.cost.show_text(told_cost(cost))
        self.room.show_text(memory_warning(cost))

    def _look_ahead(self) -> None:
        """Find out what the settings come to."""
        if self.is_docked and self.readiness.devices and self._order is None and not self._runner.busy:
            self.forecast.restart(self._intent)
        self._update()

    def _intent(self) -> Intent:
        settings, entry = self.settings, self.models.entry
        place, problem = EVERYWHERE, None
        try:
            place = settings.take_place()
        except BadInputError as found:
            problem = found
        job = None if settings.target.problem else self._training_job()
        model = None if entry is None else entry.model
        size, n, result = settings.size.value, settings.count.value(), self.large.result.value
        return Intent(job, size, n, place, model, self.models.wanted, result, problem)

    def _training_job(self) -> TrainingJob | None:
        found, settings = self.reference.survey, self.settings
        if found is None or found.analysis is None:
            return None
        return TrainingJob(found.analysis, settings.target.value, settings.seed.value(), settings.device.value)

    def _on_model(self) -> None:
        entry = self.models.entry
        self.preview.keep_for(None if entry is None else entry.model)
        self._look_ahead()

    def _on_asked(self) -> None:
        entry, wanted = self.models.entry, self.models.wanted
        if entry is not None and wanted is not None and self.readiness.devices and self._order is None:
            self.preview.request(entry.model, wanted, self.settings.seed.value(), self.settings.device.value)

    def _on_large(self) -> None:
        self.large.form.show_problems({})
        self._large.set_remark(self.large.word)
        self._look_ahead()

    # -- running

    def run(self) -> None:
        """Train on the reference and generate volumes."""
        found, job = self.reference.survey, self._training_job()
        hindered = self.readiness.why_no_run(self.readiness.problems())
        if self._order is not None or found is None or job is None or hindered:
            return
        if not self.reference.snapshot().equals(found.inputs.snapshot):  # its values were set without telling the layer
            self.reference.restart()
            return
        colour = read_phase_colour(self.settings.reference.value, found.phase)
        order = self._taken(found.inputs.snapshot.name, self.settings.preset_name, colour)
        if order is None:
            return
        check = partial(check_file_of_new_model, reference=job.reference, shape=order.shape, n=order.n)
        if not self._choose_file(order, check):
            return
        order.interval, self._training = found.interval, Look.of_reference(job.reference)
        self._begin(order)
        self.progress.begin_curve()
        self._runner.train(job)
        self.progress.begin(f"Preparing the training on {self._device_text}…")
        self._update()

    def generate(self) -> None:
        """Generate volumes from the chosen model."""
        entry = self.models.entry
        if self._order is not None or entry is None:
            return
        order = self._taken(entry.source, entry.preset, None)
        if order is None:
            return
        order.porosity = self.models.wanted
        if self._choose_file(order, partial(check_file_of_model, job=order.job(entry))):
            self._begin(order)
            self._generate(entry)

    def compute_region(self) -> None:
        """Compute a box of a lazy layer."""
        if self._order is not None or self._runner.busy:
            return
        self.large.form.show_problems({})
        try:
            begun = self.regions.begin(self.large.side.value())
        except BadInputError as problem:
            self._refuse(problem)
            return
        if begun:
            self.watch_window()
            self.forecast.stop()
            self.progress.begin(f"Computing {self.regions.told} on {self._device_text}…")
            self._update()

    def _refuse(self, problem: BadInputError) -> None:
        """Say beside its control under Large volumes why something was not begun."""
        self.large.form.show_problems({problem.control: str(problem)})
        self._large.expand(animate=False)

    def stop(self) -> None:
        """Finish a training with the model so far, or cancel a generation."""
        if self._runner.busy and not self._stopping:
            self._stopping = True
            self._runner.stop()
            training = self._training is not None
            self.progress.wait("Stopping: finishing the model…" if training else "Cancelling the generation…")
            self._update()

    @property
    def _device_text(self) -> str:
        return self.readiness.devices.get(self.settings.device.value, "")

    def _taken(self, source: str, preset: str, colour: Any) -> Order | None:
        """Take down what is asked for now; None if it cannot be had."""
        settings = self.settings
        try:
            place = settings.take_place()
        except BadInputError as problem:
            self.progress.end("", str(problem))
            return None
        return Order(
            source=source,
            preset=preset,
            shape=settings.size.value,
            seed=settings.seed.value(),
            n=settings.count.value(),
            device=settings.device.value,
            place=place,
            result=self.large.result.value,
            output=OutputLayers(self._viewer, colour),
        )

    def _choose_file(self, order: Order, check: Callable[[Path], None]) -> bool:
        """Ask for the file of an order that is to be written; false if it is called off or cannot be."""
        if order.result != "file":
            return True
        self.large.form.show_problems({})
        order.path = ask_for_volume_file(self, order.source)
        try:
            if order.path is not None:
                check(order.path)
        except BadInputError as problem:
            self._refuse(problem)
            return False
        return order.path is not None

    def _begin(self, order: Order) -> None:
        """Let other work rest."""
        self._order = order
        self.watch_window()
        self.forecast.stop()
        self.preview.stop()
        pause_tiles(self._viewer)
        self.reference.paused = True

    def _generate(self, entry: Entry) -> None:
        order = self._order
        assert order is not None
        self._training, self._stopping = None, False
        job = order.job(entry)
        if order.path is not None:
            self._runner.save(job, order.path)
        elif order.result == "lazy":
            self._runner.describe(job)
        else:
            self._runner.generate(job)
        self.progress.begin(f"Generating {order.size(entry)} on {self._device_text}…")
        self._update()

    def _on_training_step(self, step: "TrainingStep") -> None:
        if self._order is None or self._training is None or not self.is_docked:
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
        self.progress.status.show_text(said if training else "Finishing the model: adjusting its porosity…")

    def _on_generation_step(self, step: "GenerationStep") -> None:
        if not self._stopping:
            self.progress.advance(step.block, step.n_blocks, step.time_left)

    def _on_trained(self, model: "Model") -> None:
        from napari.utils.notifications import show_info

        assert self._order is not None
        interval = self._order.interval
        if interval is not None:
            model = replace(model, provenance={**model.provenance, "reference_interval": [interval.low, interval.high]})
        entry = Entry(model, self._order.source, self._order.preset)
        self.models.add(entry)
        if self.is_docked:
            self._generate(entry)
        else:
            self._finish("Stopped: the panel was closed; the model is kept.")
            show_info(f"SWNN reconstruction: the training on “{entry.source}” was stopped, and its model is kept.")

    def _on_generated(self, labels: Labels) -> None:
        order, entry = self._made()
        if order.keep(labels, entry):
            self._end_well(order, entry)
        else:
            self._generate(entry)

    def _on_described(self, volumes: "list[VirtualVolume]") -> None:
        order, entry = self._made()
        order.open(self._viewer, volumes, entry)
        self._end_well(order, entry)

    def _on_saved(self, path: Path) -> None:
        order, entry = self._made()
        try:
            order.open_file(path, entry)
        except (OSError, ValueError) as error:
            self._finish(f"Done: {path.name} is written.", f"It could not be opened: {describe_error(error)}")
        else:
            self._end_well(order, entry)

    def _made(self) -> tuple[Order, Entry]:
        order, entry = self._order, self.models.entry
        assert order is not None
        assert entry is not None
        return order, entry

    def _end_well(self, order: Order, entry: Entry) -> None:
        if order.layers:
            self._result = order.layers[-1]
        order.output.remove_preview()
        self._finish(order.done(entry))

    def _on_region(self, layer: Any) -> None:
        self._result = layer
        self._finish(f"Done: “{layer.name}”.")

    def _on_failed(self, text: str) -> None:
        from napari.utils.notifications import show_error

        if self._order is None:
            status = "The box was not computed."
        else:
            status = "The model is kept: Generate tries again." if self._training is None else "Nothing was changed."
        self._give_up(status, text)
        show_error(f"SWNN reconstruction: {text}")

    def _on_cancelled(self) -> None:
        order = self._order
        status = "Cancelled." if order is None or self._training is not None else "Cancelled; the model is kept."
        if order is not None and order.path is not None:
            status = f"Stopped; Generate with the same settings and the file {order.path.name} goes on."
        self._give_up(status)

    def _give_up(self, status: str, problem: str = "") -> None:
        if self._order is not None:
            self._order.output.remove_preview()
        self.regions.forget()
        self._finish(status, problem)

    def _finish(self, status: str, problem: str = "") -> None:
        self._order = self._training = None
        self._stopping = False
        self._finishing.discard(self)
        self.progress.end(status, problem)
        if self.is_docked:
            self.reference.resume()
        self._look_ahead()

    # -- looking

    def _on_view(self) -> None:
        if self._result is not None and self._result in self._viewer.layers:
            show_in_3d(self._viewer, self._result)

    def _on_ndisplay(self, _event: Any = None) -> None:
        """In 3-D a lazy layer shows only what was computed: compute a box, which can be looked at."""
        if self._viewer.dims.ndisplay == 3 and self.regions.wanted_in_3d:
            self.compute_region()
