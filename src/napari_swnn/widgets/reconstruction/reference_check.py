"""Keeps what is known about the chosen reference up to date."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.threads import Checker
from napari_swnn.widgets.layers.snapshot import Snapshot
from napari_swnn.widgets.layers.watch import LayerWatch
from napari_swnn.widgets.reconstruction.jobs import Inputs, Survey, survey

if TYPE_CHECKING:
    from napari_swnn.widgets.reconstruction.settings import SettingsPanel


class ReferenceCheck(QObject):
    """Looks at the reference, in a thread, whenever it or a setting that matters for it has changed.

    Attributes
    ----------
    survey : Survey or None
        What was found out; None while that is not known.
    problem : BadInputError or None
        Why the reference cannot be used.
    paused : bool
        While true, changes are noted and nothing is looked at; `resume` goes on.
    """

    changed = Signal()

    def __init__(self, settings: "SettingsPanel", parent: QObject) -> None:
        super().__init__(parent)
        self.survey: Survey | None = None
        self.problem: BadInputError | None = None
        self.paused = True
        self._settings = settings
        self._watch, self._checker = LayerWatch(self), Checker(self)
        self._watch.changed.connect(self._forget)
        self._watch.settled.connect(self._look)
        self._checker.done.connect(self._on_survey)
        self._checker.failed.connect(self._on_failed)
        settings.changed.connect(self.restart)

    def restart(self, _event: Any = None) -> None:
        """Forget what is known, and look again once the changes have come to rest."""
        chosen = (self._settings.reference.value, self._settings.region.value)
        self._watch.watch([layer for layer in chosen if layer is not None])
        self._watch.touch()

    def resume(self) -> None:
        """Go on after a pause."""
        self.paused = False
        if self.survey is None:
            self._watch.wait()

    def stop(self) -> None:
        """Leave the layers alone."""
        self.paused = True
        self._watch.stop()
        self._checker.drop()

    def snapshot(self) -> Snapshot:
        """A copy of what the chosen layers hold now.

        Raises
        ------
        BadInputError
            If they cannot describe a reference.
        """
        return Snapshot.take(self._settings.reference.value, self._settings.region.value)

    def _forget(self) -> None:
        self.survey = self.problem = None
        self._checker.drop()
        self.changed.emit()

    def _look(self) -> None:
        if self.paused or self._settings.reference.value is None:
            return
        settings = self._settings
        try:
            inputs = Inputs(self.snapshot(), settings.phase.value, settings.advanced.value, settings.device.value)
        except BadInputError as problem:
            self.problem = problem
            self.changed.emit()
        except ValueError as error:  # settings that do not go together
            self.problem = BadInputError("preset", str(error))
            self.changed.emit()
        else:
            self._checker.request(survey, inputs)

    def _on_survey(self, found: Survey) -> None:
        self.survey, self.problem = found, found.problem
        self._settings.show_survey(found)
        self.changed.emit()

    def _on_failed(self, text: str) -> None:
        self.problem = BadInputError("reference", text)
        self.changed.emit()
