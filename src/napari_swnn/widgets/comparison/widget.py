"""The dock widget that shows how well volumes match their reference.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from napari_swnn.widgets.comparison.settings import CompareSettings
from napari_swnn.widgets.comparison.view import ComparisonView
from napari_swnn.widgets.comparison.work import (
    Candidate,
    CompareJob,
    CompareStep,
    Comparison,
    check_together,
    compare,
)
from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.memory import check_free_memory
from napari_swnn.widgets.kit.run_progress import WorkProgress
from napari_swnn.widgets.kit.threads import TaskRunner
from napari_swnn.widgets.layers.snapshot import Snapshot
from napari_swnn.widgets.layers.watch import LayerCheck, LayerWatch

if TYPE_CHECKING:
    import napari

AUTOMATIC = 2**25
"""Voxels that are compared without being asked for: some seconds of work."""
_BYTES = {False: 80, True: 420}
"""Memory for each voxel of the largest volume, without and with physics, measured on 128³ voxels."""


@dataclass(frozen=True, eq=False)
class _Found:
    """A reference that was looked at."""

    snapshot: Snapshot
    phases: dict[int, float]


def _look(snapshot: Snapshot) -> _Found:
    phases = snapshot.phases()
    if len(phases) == 1:
        value = next(iter(phases))
        raise ValueError(f"“{snapshot.name}” holds the single value {value}; paint or threshold the other phase")
    return _Found(snapshot, phases)


class CompareWidget(DockPanel):
    """Panel: reference and volumes above, curves and numbers below.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Layers are read from it; none is changed.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.settings, self.progress, self.view = CompareSettings(), WorkProgress(), ComparisonView()
        self.hint = Note()
        self.run_button, self.stop_button = QPushButton("Compare"), QPushButton("Stop")
        self.check = LayerCheck(self._take, _look, "reference", self)
        self._watch, self._runner = LayerWatch(self), TaskRunner(self)
        self._again = self._stopping = self._physics = False
        self._outdated = True
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.run_button.setToolTip("Measure the ticked volumes. Small ones are measured without being asked for.")
        self.stop_button.setToolTip("Give up the measurement; what is shown below stays.")
        buttons, line = QHBoxLayout(), QFrame()
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.stop_button)
        line.setFrameShape(QFrame.Shape.HLine)
        self.lay_out(self.settings, buttons, self.hint, self.progress, line, self.view)

    def _connect(self) -> None:
        self.settings.reference_changed.connect(self._on_reference)
        self.settings.changed.connect(self._on_choice)
        self.check.changed.connect(self._on_check)
        self._watch.changed.connect(self._on_changed)
        self._watch.settled.connect(self._on_settled)
        self.run_button.clicked.connect(self.run)
        self.stop_button.clicked.connect(self.stop)
        self._runner.stepped.connect(self._on_step)
        self._runner.done.connect(self._on_done)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self._on_cancelled)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Wide enough for the numbers of the reference and two volumes side by side."""
        return QSize(430, 640)

    # -- coming and going

    def on_docked(self) -> None:
        """Look at the reference that is chosen."""
        self._on_reference()

    def on_closed(self) -> None:
        """Give up the measurement; the viewer may be gone."""
        busy = self._runner.busy
        self._runner.abandon()
        self._again = self._stopping = False
        self.check.stop()
        self._watch.stop()
        self.view.drop()
        if busy:
            self.progress.end("Cancelled: the panel was closed.")

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        for part in (self.settings, self.progress, self.view):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers that there are; napari calls this when one is added, removed, moved or renamed."""
        self.settings.set_layers(self.labels_layers())
        self._update()

    # -- what changed

    def _on_reference(self) -> None:
        if self.is_docked:
            self.check.restart(self.settings.reference.value, self.settings.region.value)

    def _take(self) -> Snapshot | None:
        reference = self.settings.reference.value
        if reference is None:
            return None
        return Snapshot.take(reference, self.settings.region.value)

    def _on_check(self) -> None:
        if self.check.found is not None:
            self.settings.show_phases(self.check.found.phases)
        self._on_choice()

    def _on_choice(self) -> None:
        if self.is_docked:
            self._watch.watch(self.settings.volumes.chosen)
            self._watch.touch()

    def _on_changed(self) -> None:
        """What is shown, or being measured, is out of date."""
        self._outdated = True
        if self._runner.busy:
            self._again = True
            self._runner.stop()
        self._update()

    def _on_settled(self) -> None:
        if self.settings.reference.value is None or not self.settings.volumes.chosen:
            self.view.clear()
        self._update()
        if not self._runner.busy and not self._reason() and not self._why_not_at_once():
            self.run()

    # -- what can be done now

    def _job(self) -> CompareJob | None:
        """What is to be compared, None where that is not known yet.

        Raises
        ------
        BadInputError
            If it cannot be compared.
        """
        settings = self.settings
        if self.check.problem is not None:
            raise self.check.problem
        found, layers = self.check.found, settings.volumes.chosen
        if found is None or not layers:
            return None
        candidates = tuple(Candidate.of(layer, settings.volumes.colour(layer), found.snapshot) for layer in layers)
        physics = settings.physics.isChecked()
        check_together(candidates, physics=physics)
        largest = max(candidates, key=lambda candidate: candidate.labels.size)
        check_free_memory(_BYTES[physics] * largest.labels.size, "volumes", f"Comparing “{largest.name}”")
        return CompareJob(found.snapshot, settings.phase.value, candidates, physics)

    def _reason(self) -> str:
        """Why nothing can be compared; empty if it can."""
        try:
            job = self._job()
        except BadInputError:
            return "Compare needs a change above."
        if job is not None:
            return ""
        if self.settings.reference.value is None:
            return "Add a Labels layer with the segmented micrograph, or open a sample from the File menu."
        if self.check.found is None:
            return "Looking at the reference…"
        if self.settings.volumes.count() == 0:
            return "There is no other Labels layer to compare with the reference; reconstruct one first."
        return "Tick the volumes to compare with the reference."

    def _why_not_at_once(self) -> str:
        """Why the user is to press the button; empty if that is not needed."""
        job = self._job()
        if job is None:
            return ""
        lazy = [c.name for c in job.candidates if hasattr(c.labels, "__dask_graph__")]
        n_voxels = sum(candidate.labels.size for candidate in job.candidates)
        if job.physics:
            return "Press Compare: conductivity and permeability take minutes, six solves for each volume."
        if lazy:
            return f"Press Compare: “{lazy[0]}” is computed on demand, {n_voxels / 1e6:.0f} million voxels in all."
        if n_voxels > AUTOMATIC:
            return f"Press Compare: {n_voxels / 1e6:.0f} million voxels take a while."
        return ""

    def _update(self) -> None:
        problems, notes = self._refused(), ""
        try:
            job = self._job()
            notes = " ".join(candidate.note for candidate in job.candidates if candidate.note) if job else ""
        except BadInputError as error:
            problems = {error.control: str(error)}
        busy, reason = self._runner.busy, self._reason()
        self.settings.form.show_problems(problems)
        self.settings.note.show_text(notes)
        self.hint.show_text("" if busy else reason or self._waiting())
        self.run_button.setEnabled(not busy and not reason)
        self.run_button.setText("Comparing…" if busy else "Compare")
        self.stop_button.setEnabled(busy and not self._stopping)

    def _refused(self) -> dict[str, str]:
        """What is wrong with volumes that are ticked and were left out of what is shown."""
        comparison = None if self._outdated else self.view.comparison
        return {"volumes": " ".join(comparison.refused)} if comparison and comparison.refused else {}

    def _waiting(self) -> str:
        """What the button is for, as long as what is shown is not what is chosen."""
        why = self._why_not_at_once() if self._outdated else ""
        return f"{why} What is shown below is out of date." if why and self.view.comparison else why

    # -- comparing

    def run(self) -> None:
        """Compare what is chosen."""
        job = None if self._runner.busy or self._reason() else self._job()
        if job is None:
            return
        self._again = self._stopping = False
        self.watch_window()
        self._physics = job.physics
        self.progress.begin("Comparing…")
        self._runner.run(compare, job)
        self._update()

    def stop(self) -> None:
        """Give up the measurement."""
        if self._runner.busy and not self._stopping:
            self._stopping = True
            self._again = False
            self._runner.stop()
            self.progress.wait("Stopping…")
            self._update()

    def _on_step(self, step: CompareStep) -> None:
        if not self._stopping and not self._again:
            self.progress.reach(step.share, step.task, steady=not self._physics)

    def _on_done(self, comparison: Comparison) -> None:
        self._outdated = self._again
        self.view.show_comparison(comparison)
        self._end("")

    def _on_failed(self, text: str) -> None:
        self._end("", text)

    def _on_cancelled(self) -> None:
        self._end("Stopped; the results below are those of before." if self._stopping and self.view.comparison else "")

    def _end(self, status: str, problem: str = "") -> None:
        again, self._again, self._stopping = self._again, False, False
        self.progress.end(status, problem)
        self._update()
        if again:
            self._on_settled()
