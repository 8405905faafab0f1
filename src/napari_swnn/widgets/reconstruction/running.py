"""Execution of the tasks of a session: training, generation, and boxes of lazy layers."""

import logging
import traceback
from dataclasses import replace
from typing import Any

from psygnal import Signal

from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.session import Worker
from napari_swnn.widgets.reconstruction.request import ModelEntry, ModelList, Result
from napari_swnn.widgets.reconstruction.training import Training
from napari_swnn.widgets.reconstruction.work import BoxWork, Generation

Work = Training | Generation | BoxWork

logger = logging.getLogger(__name__)


class RunningWork:
    """State of the current task, from its start to its outcome.

    Parameters
    ----------
    worker : Worker
        Runner of training and generation.
    models : ModelList
        List that receives trained models.

    Attributes
    ----------
    work : Training, Generation, BoxWork or None
        Current task; None if idle.
    status : str
        Status of the current task, or outcome of the last one.
    failure : str
        Reason that the last task failed; empty if it succeeded.
    trace : str
        Traceback of an error while a result was shown, for the log; otherwise empty.
    is_stopping : bool
        True once Stop has been pressed.
    is_open : bool
        False once the panel is closed, after which training is no longer followed by generation.
    """

    changed = Signal()
    """Emitted when the visible state has changed."""
    begun = Signal()
    """Emitted when a training, a generation or a box has started."""
    stepped = Signal(object)
    """Emitted with the progress, a `TrainingStep` or a `GenerationStep`."""
    trained = Signal(ModelEntry)
    made = Signal(Result)
    box_made = Signal(object)
    """Emitted with the labels of a box."""
    failed = Signal(str)
    ended = Signal()
    """Emitted when the work has ended, whatever the outcome."""

    def __init__(self, worker: Worker, models: ModelList) -> None:
        self.work: Work | None = None
        self.status = ""
        self.failure = ""
        self.trace = ""
        self.is_stopping = False
        self.is_open = True
        self._models = models
        self._worker = worker
        worker.stepped.connect(self._on_step)
        worker.done.connect(self._on_done)
        worker.failed.connect(self._on_failed)
        worker.cancelled.connect(self._on_cancelled)

    @property
    def is_busy(self) -> bool:
        """True while work is in progress."""
        return self.work is not None

    @property
    def outcome(self) -> str:
        """Status after work that came to its end; empty after any other, and while work is in progress."""
        return self.status if self.status.startswith("Done") and not self.is_busy and not self.failure else ""

    def rename_result(self, name: str) -> None:
        """Call the last realisation by the name of its layer, since napari gives no two layers one name."""
        if isinstance(self.work, Generation):
            self.work.last_name = name

    @property
    def can_stop(self) -> bool:
        """True if Stop can be pressed."""
        return self.is_busy and not self.is_stopping

    def stop(self) -> None:
        """End training early and finalise the model, or cancel any other work."""
        if self.work is None or self.is_stopping:
            return
        self.is_stopping = True
        self.status = self.work.stopping
        if isinstance(self.work, Training):
            self.work.finish_early()
        else:
            self._worker.stop()
        self.changed.emit()

    @property
    def can_discard(self) -> bool:
        """True if a training could be ended without keeping its model, also while it is being finished."""
        return isinstance(self.work, Training) and self.work.plan is not None and not self.work.is_discarded

    def discard(self) -> None:
        """End a training without keeping its model."""
        if isinstance(self.work, Training) and self.can_discard:
            self.work.discard()
            self.is_stopping = True
            self.status = self.work.discarding
            self._worker.stop()
            self.changed.emit()

    def report_failure(self, text: str) -> None:
        """Record that a result could not be shown."""
        self.failure = text

    def _keep_trace(self, error: BaseException) -> None:
        self.trace = "".join(traceback.format_exception(error, chain=False)).rstrip()
        logger.error("A result could not be shown", exc_info=error)

    def _begin(self, work: Work) -> None:
        self.work = work
        self.status = work.title
        self.failure = ""
        self.trace = ""
        self.is_stopping = False
        self.begun.emit()
        self.changed.emit()

    def _start(self) -> None:
        """Run the next job of the current task."""
        if self.work is not None:
            self.status = self.work.title
            self._worker.run(*self.work.job())
            self.changed.emit()

    def _end(self, status: str, failure: str = "") -> None:
        self.work = None
        self.status = status
        self.failure = failure
        self.is_stopping = False
        self.ended.emit()
        self.changed.emit()

    def _on_step(self, step: Any) -> None:
        if isinstance(self.work, Training) and not self.is_stopping:
            self.status = self.work.describe_step(step)
        if self.work is not None:
            self.stepped.emit(step)

    def _on_done(self, outcome: Any) -> None:
        try:
            self._take(outcome)
        except Exception as error:  # noqa: BLE001  (the panel must not stay busy after any error)
            cause = error.__cause__ or error  # signals wrap the error of a receiver
            self._keep_trace(cause)
            failure = f"The result could not be shown: {describe_error(cause)}"
            self._end("" if self.work is None else self.work.failed, failure)

    def _take(self, outcome: Any) -> None:
        if isinstance(self.work, Training):
            self._on_trained(self.work, outcome)
        elif isinstance(self.work, Generation):
            self._on_generated(self.work, outcome)
        elif self.work is not None:
            self.box_made.emit(outcome)
            self._end(f"Done: {self.work.name}.")

    def _on_trained(self, training: Training, model: Any) -> None:
        if training.is_discarded:
            training.drop()
            self._end(training.cancelled)
            return
        entry = training.entry(model)
        self._models.add(entry)
        self.trained.emit(entry)
        if self.is_open:
            own = replace(training.request, entry=entry, porosity=None)  # its porosity was that of another model
            self._begin(Generation(own, entry, training.device))
            self._start()
        else:
            self._end("Stopped: the panel was closed; the model is kept.")

    def _on_generated(self, generation: Generation, outcome: Any) -> None:
        try:
            results = generation.results(outcome)
        except (OSError, ValueError) as error:
            self._end(generation.summary(), f"The result could not be opened: {describe_error(error)}")
            return
        for result in results:
            self.made.emit(result)
        if generation.is_complete:
            self._end(generation.summary(), self.failure)
        elif self.is_stopping:  # the realisation was completed before the stop request was detected
            self._end(generation.cancelled)
        else:
            self._start()

    def _on_failed(self, text: str) -> None:
        if self.work is not None:
            self._end(self.work.failed, text)
            self.failed.emit(text)

    def _on_cancelled(self) -> None:
        if isinstance(self.work, Training) and self.work.is_discarded:
            self.work.drop()
        if self.work is not None:
            self._end(self.work.cancelled)
