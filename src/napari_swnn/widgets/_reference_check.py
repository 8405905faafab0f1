"""Keeps what is known about the chosen reference up to date."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_swnn.widgets._layers import BadInputError, Snapshot
from napari_swnn.widgets._workers import Checker, Inputs, Survey, survey

if TYPE_CHECKING:
    from napari_swnn.widgets._settings import SettingsPanel

_PATIENCE = 200
"""Milliseconds without a change before the reference is looked at: painting sends many."""
_WATCHED = ("data", "paint", "scale", "units", "name")
"""Events of a layer after which the reference has to be looked at again."""


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
        self._watched: list[Any] = []
        self._checker = Checker(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE)
        self._timer.timeout.connect(self._look)
        self._checker.done.connect(self._on_survey)
        self._checker.failed.connect(self._on_failed)
        settings.changed.connect(self.restart)

    def restart(self, _event: Any = None) -> None:
        """Forget what is known, and look again once the changes have come to rest."""
        self.survey = self.problem = None
        self._checker.drop()
        chosen = (self._settings.reference.value, self._settings.region.value)
        self._watch([layer for layer in chosen if layer is not None])
        self._timer.start()
        self.changed.emit()

    def resume(self) -> None:
        """Go on after a pause."""
        self.paused = False
        if self.survey is None:
            self._timer.start()

    def stop(self) -> None:
        """Leave the layers alone."""
        self.paused = True
        self._timer.stop()
        self._checker.drop()
        self._watch([])

    def snapshot(self) -> Snapshot:
        """A copy of what the chosen layers hold now.

        Raises
        ------
        BadInputError
            If they cannot describe a reference.
        """
        return Snapshot.take(self._settings.reference.value, self._settings.region.value)

    def _watch(self, layers: list[Any]) -> None:
        for layer, connect in [(old, False) for old in self._watched] + [(new, True) for new in layers]:
            for name in _WATCHED:
                emitter = getattr(layer.events, name)
                (emitter.connect if connect else emitter.disconnect)(self.restart)
        self._watched = layers

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
