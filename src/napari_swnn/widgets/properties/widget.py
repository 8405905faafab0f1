"""The dock widget that computes what a segmented volume conducts and lets through.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from math import prod
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.memory import check_free_memory, format_memory
from napari_swnn.widgets.kit.run_progress import WorkProgress
from napari_swnn.widgets.kit.threads import TaskRunner
from napari_swnn.widgets.layers.output import show_in_3d
from napari_swnn.widgets.layers.reading import read_placement
from napari_swnn.widgets.layers.watch import LayerCheck, LayerFacts
from napari_swnn.widgets.properties.kinds import CONDUCTIVITY, LEAST, MOST_PHASES, PERMEABILITY, Kind, bytes_for_voxel
from napari_swnn.widgets.properties.layers import add_layers
from napari_swnn.widgets.properties.results import Results
from napari_swnn.widgets.properties.settings import PropertySettings
from napari_swnn.widgets.properties.work import Account, PropertyJob, PropertyRun, PropertyStep, compute

if TYPE_CHECKING:
    import napari

LARGE = {"conductivity": 2**25, "diffusion": 2**25, "permeability": 2**21}
"""Voxels from which a run takes more than some minutes on a processor."""


class PropertiesWidget(DockPanel):
    """Panel: layer and property above, the numbers below.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Layers are read from it and added to it; none is changed.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.settings, self.progress, self.results = PropertySettings(), WorkProgress(), Results()
        self.hint = Note()
        self.run_button, self.stop_button, self.view_button = (
            QPushButton("Run"),
            QPushButton("Stop"),
            QPushButton("Show in 3-D"),
        )
        self.check = LayerCheck(self._take, LayerFacts.with_phases, "layer", self)
        self._runner = TaskRunner(self)
        self._place: dict[str, Any] | None = None
        self._source: Any = None
        self._stopping = False
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.run_button.setToolTip("Solve for the property, and add the chosen layers.")
        self.stop_button.setToolTip("Give up the solve; nothing is added.")
        self.view_button.setToolTip("Turn the viewer to three dimensions, on the layer.")
        buttons, line = QHBoxLayout(), QFrame()
        for button in (self.run_button, self.stop_button, self.view_button):
            buttons.addWidget(button)
        line.setFrameShape(QFrame.Shape.HLine)
        self.lay_out(self.settings, buttons, self.hint, self.progress, line, self.results)

    def _connect(self) -> None:
        self.settings.layer_changed.connect(self._on_layer)
        self.settings.changed.connect(self._update)
        self.check.changed.connect(self._on_check)
        self.run_button.clicked.connect(self.run)
        self.stop_button.clicked.connect(self.stop)
        self.view_button.clicked.connect(self._on_view)
        self._runner.stepped.connect(self._on_step)
        self._runner.done.connect(self._on_done)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self._on_cancelled)

    # -- coming and going

    def on_docked(self) -> None:
        """Look at the layer that is chosen."""
        self.results.refresh()
        self._on_layer()

    def on_closed(self) -> None:
        """Give up the solve; the viewer may be gone."""
        busy = self._runner.busy
        self._runner.abandon()
        self.check.stop()
        if busy:
            self._finish("Cancelled: the panel was closed.")

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        for part in (self.settings, self.progress, self.results):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers that there are; napari calls this when one is added, removed, moved or renamed."""
        self.settings.set_layers(self.labels_layers())
        self._update()

    # -- the layer

    def _on_layer(self) -> None:
        if self.is_docked:
            self.check.restart(self.settings.layer.value)

    def _take(self) -> LayerFacts | None:
        layer = self.settings.layer.value
        if layer is None:
            return None
        facts = LayerFacts.take(layer, "layer")
        self.settings.set_ndim(facts.labels.ndim)
        check_free_memory(LEAST * float(facts.labels.size), "layer", f"Any run on “{facts.name}”")
        return facts

    def _on_check(self) -> None:
        if self.check.found is not None:
            self.settings.show_facts(self.check.found)
            self.guard(self.settings.conductivities)
        self._update()

    def _needed(self, shape: tuple[int, ...]) -> float:
        settings = self.settings
        each = bytes_for_voxel(
            settings.kind,
            method=settings.method.value,
            ends=settings.ends.value,
            dtype=settings.solver.value.precision,
        )
        return float(prod(shape)) * each

    # -- what can be done now

    def _job(self) -> PropertyJob | None:
        """What is to be computed, None where that is not known yet.

        Raises
        ------
        BadInputError
            If it cannot be computed.
        """
        if self.check.problem is not None:
            raise self.check.problem
        facts, settings = self.check.found, self.settings
        if facts is None:
            return None
        _check_kind(facts, settings.kind)
        check_free_memory(self._needed(facts.labels.shape), "layer", f"This run on “{facts.name}”")
        conducts = settings.kind is CONDUCTIVITY
        solver = settings.solver.value
        return PropertyJob(
            kind=settings.kind,
            name=facts.name,
            labels=facts.labels,
            voxel=facts.voxel,
            phase=settings.phase.value,
            conductivities=settings.conductivities.values if conducts else {},
            conductivity_unit=settings.unit.value,
            axes=settings.axes,
            ends=settings.ends.value,
            method=settings.method.value,
            dtype=solver.precision,
            tolerance=solver.tolerance,
            max_iterations=solver.max_iterations,
            outputs=settings.outputs.value,
        )

    def _reason(self) -> str:
        """Why a run cannot start; empty if it can."""
        try:
            job = self._job()
        except BadInputError:
            return "Run needs a change above."
        if job is not None:
            return ""
        if self.settings.layer.value is None:
            return "Add a Labels layer with a segmented volume, or reconstruct one from a section."
        return "Looking at the layer…"

    def _update(self) -> None:
        problem: BadInputError | None = None
        try:
            self._job()
        except BadInputError as error:
            problem = error
        busy, reason = self._runner.busy, self._reason()
        self.settings.form.show_problems({} if problem is None else {problem.control: str(problem)})
        self.settings.extent.show_text(self._extent())
        self.settings.setEnabled(not busy)
        self.hint.show_text("" if busy else reason)
        self.run_button.setEnabled(not busy and not reason)
        self.run_button.setText("Running…" if busy else "Run")
        self.stop_button.setEnabled(busy and not self._stopping)
        layer = self.settings.layer.value
        self.view_button.setEnabled(layer is not None and layer.ndim >= 3)

    def _extent(self) -> str:
        """Size of the layer, what a run needs, and a warning where that is much."""
        facts: LayerFacts | None = self.check.found
        if facts is None:
            return ""
        shape = facts.labels.shape
        size = format_shape(shape)
        voxel = "" if facts.voxel.length_unit is None else f" of {facts.voxel}"
        text = f"{size} voxels{voxel} · a run needs about {format_memory(self._needed(shape))}"
        if prod(shape) > LARGE[self.settings.kind.key]:
            text += ". ⚠ Without a GPU this takes long: try a crop first"
        return f"{text}."

    # -- running

    def run(self) -> None:
        """Solve for the chosen property."""
        job = None if self._runner.busy or self._reason() else self._job()
        if job is None:
            return
        self.watch_window()
        self._source = self.settings.layer.value
        self._place = read_placement(self._source, job.labels.ndim)
        self._stopping = False
        self.progress.begin(f"Computing the {job.kind.title.lower()} of “{job.name}”…")
        self._runner.run(compute, job)
        self._update()

    def stop(self) -> None:
        """Give up the solve."""
        if self._runner.busy and not self._stopping:
            self._stopping = True
            self._runner.stop()
            self.progress.wait("Stopping…")
            self._update()

    def _on_step(self, step: PropertyStep) -> None:
        if not self._stopping:
            self.progress.reach(step.share, step.task)

    def _on_done(self, run: PropertyRun) -> None:
        assert self._place is not None
        self.results.add(run)
        try:
            added = add_layers(self._viewer, run, self._place)
        except Exception as error:  # noqa: BLE001  (the numbers are there, and the panel has to go on)
            self._finish("Done, but not all layers could be added.", describe_error(error))
            return
        failed = [account for account in run.accounts if account.outcome != "converged"]
        self._finish(f"Done.{_count(len(added))}", " ".join(_told(run, account) for account in failed))

    def _on_failed(self, text: str) -> None:
        from napari.utils.notifications import show_error

        self._finish("Nothing was changed.", text)
        show_error(f"SWNN properties: {text}")

    def _on_cancelled(self) -> None:
        self._finish("Cancelled; nothing was added.")

    def _finish(self, status: str, problem: str = "") -> None:
        self._stopping, self._place = False, None
        self.progress.end(status, problem)
        self._update()

    def _on_view(self) -> None:
        layer = self.settings.layer.value
        if layer is not None and layer in self._viewer.layers:
            show_in_3d(self._viewer, layer)


def _count(n: int) -> str:
    if n < 2:
        return " One layer was added." if n else ""
    return f" {n} layers were added; the eyes in the layer list show and hide them."


def _check_kind(facts: LayerFacts, kind: Kind) -> None:
    """Refuse a layer that does not have the property.

    Raises
    ------
    BadInputError
        If it has too many labels, a single one, or too few dimensions.
    """
    n, name = len(facts.phases), f"“{facts.name}”"
    if kind is CONDUCTIVITY and n > MOST_PHASES:
        text = f"{name} holds {n} labels, and at most {MOST_PHASES} are taken for phases"
        raise BadInputError("layer", f"{text}; give all objects of a phase the same label.")
    if kind is PERMEABILITY and facts.labels.ndim != 3:
        raise BadInputError("property", f"Permeability needs a 3-D volume; {name} is a 2-D section.")
    if kind is PERMEABILITY and n == 1:
        text = f"{name} holds the single value {next(iter(facts.phases))}"
        raise BadInputError("layer", f"{text}; permeability needs a solid and a pore phase.")


def _told(run: PropertyRun, account: Account) -> str:
    """What went wrong along an axis, and what to do."""
    job = run.job
    if account.outcome != "not_percolating":
        return f"Along {account.axis}: {account.advice}"
    what = "No conducting phase leads" if job.kind is CONDUCTIVITY else f"Label {job.phase} does not lead"
    return (
        f"{what} through “{job.name}” along {account.axis}: no path of voxels joined by their faces joins the two "
        f"ends, so {job.kind.nothing}. Choose another direction or label, or a larger or more porous volume."
    )
