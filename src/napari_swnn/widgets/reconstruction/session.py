"""State of a reconstruction, independent of the controls: checks, current task and outcome."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from napari_swnn.widgets.kit.session import Checker, Worker
from napari_swnn.widgets.reconstruction.checks import Checks
from napari_swnn.widgets.reconstruction.elsewhere import KeptElsewhere
from napari_swnn.widgets.reconstruction.keeping import Keeping
from napari_swnn.widgets.reconstruction.request import MODELS, ModelList, Request
from napari_swnn.widgets.reconstruction.running import RunningWork, Work
from napari_swnn.widgets.reconstruction.training import Training
from napari_swnn.widgets.reconstruction.work import BoxWork, Generation

if TYPE_CHECKING:
    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.training.unfinished import UnfinishedTraining
    from napari_swnn.core.volume.block_volume import BlockVolume


class State(StrEnum):
    """State of a reconstruction."""

    IDLE = "idle"
    """Input is missing or invalid."""
    CHECKING = "checking"
    """The reference is being analysed."""
    READY = "ready"
    """Run can be pressed."""
    TRAINING = "training"
    """A training or its planning is in progress."""
    GENERATING = "generating"
    """A generation or a box of a lazy layer is in progress."""
    STOPPING = "stopping"
    """Stop was pressed, and the model is being finalised or the generation cancelled."""
    FAILED = "failed"
    """The last run failed; models and settings are kept, and Run can be pressed again."""


class ReconstructionSession(RunningWork):
    """State of a reconstruction; the panel shows it and forwards user actions to it.

    The reference is analysed after each change, and the training is planned after each change of the settings. Run
    executes exactly that plan.

    Parameters
    ----------
    worker : Worker
        Runner of training and generation.
    make_checker : callable
        Function that returns a new `Checker`.
    models : ModelList
        List that receives trained models.

    Attributes
    ----------
    checks : Checks
        Checks before a run.
    elsewhere : KeptElsewhere
        Unfinished trainings of other references.
    """

    def __init__(self, worker: Worker, make_checker: Callable[[], Checker], models: ModelList = MODELS) -> None:
        super().__init__(worker, models)
        self.checks = Checks(make_checker)
        self.checks.changed.connect(self._on_checked)
        self.elsewhere = KeptElsewhere(make_checker(), self.checks)
        self.elsewhere.changed.connect(self.changed.emit)
        self.ended.connect(self.elsewhere.find)

    @property
    def state(self) -> State:
        """Current state."""
        if self.work is not None:
            running = State.TRAINING if isinstance(self.work, Training) else State.GENERATING
            return State.STOPPING if self.is_stopping else running
        if self.failure:
            return State.FAILED
        if self.checks.is_analysing:
            return State.CHECKING
        return State.IDLE if self.checks.why_not_run else State.READY

    @property
    def why_not_run(self) -> str:
        """Explanation if Run cannot start; empty if it can, or while work is in progress."""
        return "" if self.is_busy else self.checks.why_not_run

    @property
    def can_run(self) -> bool:
        """True if Run can start."""
        return not self.is_busy and not self.checks.why_not_run

    @property
    def can_resume(self) -> bool:
        """True if Run could continue an unfinished training."""
        prepared = self.checks.prepared
        return self.can_run and prepared is not None and prepared.resumable

    @property
    def kept_training(self) -> "UnfinishedTraining | None":
        """Unfinished training of these settings, which Run would replace; None if there is none."""
        prepared = self.checks.prepared
        return None if prepared is None or not self.can_resume else prepared.kept

    @property
    def unfinished(self) -> "UnfinishedTraining | None":
        """Unfinished training of the reference: that of these settings, or else the newest; None if there is none."""
        prepared = self.checks.prepared
        return None if self.is_busy or prepared is None else next(iter(prepared.unfinished), None)

    @property
    def can_generate(self) -> bool:
        """True if Generate can start once a model is selected."""
        return not self.is_busy and self.checks.can_generate

    def run(self, request: Request, keeping: Keeping | None = None) -> None:
        """Train on the reference, then generate the requested volumes.

        Parameters
        ----------
        request : Request
            Settings of the run.
        keeping : Keeping, optional
            Record of the training, which says whether it continues an unfinished one.
        """
        findings = self.checks.findings
        if not self.can_run or findings is None or self._refuses(request):
            return
        keeping = keeping or Keeping()
        keeping.aim = request.aim
        source, device = findings.snapshot.name, self._device(request)
        self._begin(Training(request, source, device, findings.interval, keeping=keeping))
        if self.checks.prepared is None:
            self.checks.prepare(request)  # training starts once the plan is ready
        else:
            self._train_as_prepared()

    def generate(self, request: Request) -> None:
        """Generate the requested volumes with the selected model."""
        if self.can_generate and request.entry is not None and not self._refuses(request):
            self._begin(Generation(request, request.entry, self._device(request)))
            self._start()

    def estimate_cost(self) -> None:
        """Estimate the cost of the plan unless work is in progress, which a benchmark would slow down."""
        if not self.is_busy:
            self.checks.estimate_cost()

    def compute_box(self, volume: "BlockVolume", window: "Window", name: str) -> None:
        """Compute a box of a volume."""
        if not self.is_busy:
            self._begin(BoxWork(volume, window, name))
            self._start()

    def stop(self) -> None:
        """End training early and finalise the model, or cancel any other work."""
        if isinstance(self.work, Training) and self.work.plan is None:
            self.checks.pause()
            self._end(self.work.cancelled)
        else:
            super().stop()

    def close(self, *, keep_training: bool = False) -> None:
        """Cancel all checks and all work.

        Parameters
        ----------
        keep_training : bool
            If True, finalise the model of a running training, but do not generate its volumes.
        """
        self.is_open = False
        self.checks.stop()
        self.elsewhere.stop()
        if keep_training and isinstance(self.work, Training) and self.work.plan is not None:
            self.stop()
            return
        self._worker.abandon()
        if self.is_busy:
            self._end("Cancelled: the panel was closed.")

    def _refuses(self, request: Request) -> bool:
        """Reject a request whose layers cannot be used, and return True if rejected."""
        if request.spatial_problem is not None:
            self._end("", str(request.spatial_problem))
        return request.spatial_problem is not None

    def _device(self, request: Request) -> str:
        return self.checks.devices.get(request.device, request.device)

    def _begin(self, work: Work) -> None:
        self.checks.pause()
        super()._begin(work)

    def _on_checked(self) -> None:
        if isinstance(self.work, Training) and self.work.plan is None:
            if self.checks.findings is None:
                self._end("", "The reference has changed; press Run again.")
            elif self.checks.prepared is not None:
                self._train_as_prepared()
        self.changed.emit()

    def _train_as_prepared(self) -> None:
        prepared = self.checks.prepared
        if prepared is None or not isinstance(self.work, Training):
            return
        if prepared.plan is None or prepared.run_problem is not None:
            self._end("")  # the problem is shown below its control
        else:
            self.work.plan = prepared.plan
            self._start()
