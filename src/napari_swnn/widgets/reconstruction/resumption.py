"""Resumption of an unfinished training with its settings, whatever the panel shows."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_swnn.core.training.config import preset_name
from napari_swnn.widgets.reconstruction.kept_training import may_lose

if TYPE_CHECKING:
    from napari_swnn.core.training.unfinished import UnfinishedTraining
    from napari_swnn.widgets.reconstruction.checks import Checks
    from napari_swnn.widgets.reconstruction.kept_training import KeptTraining
    from napari_swnn.widgets.reconstruction.settings import SettingsPanel


class Resumption(QObject):
    """Sets the settings of an unfinished training, and continues it once they are checked.

    Parameters
    ----------
    settings : SettingsPanel
        Settings of the panel.
    checks : Checks
        Checks of these settings.
    kept : KeptTraining
        Line on the training, which says so if it cannot be continued.
    resume : callable
        Function that continues the training of the present settings.
    """

    def __init__(
        self,
        settings: "SettingsPanel",
        checks: "Checks",
        kept: "KeptTraining",
        resume: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._checks = checks
        self._kept = kept
        self._resume = resume
        self._wanted: Path | None = None
        kept.resume.connect(self.begin)
        checks.changed.connect(self._go_on_once_set)

    def begin(self, training: "UnfinishedTraining") -> None:
        """Set the settings of an unfinished training of this reference, and continue it once they are checked."""
        self._wanted = training.path
        set_training(self._settings, training)

    def may_replace(self, training: "UnfinishedTraining | None") -> bool:
        """Ask before a training that took long is replaced; return True if it may be, or if there is none."""
        return training is None or may_lose(self._kept, training, "Start again?", "Start again")

    def _go_on_once_set(self) -> None:
        checks, wanted = self._checks, self._wanted
        if wanted is None or checks.findings is None or checks.prepared is None:
            return
        self._wanted = None
        found = checks.prepared.kept
        if found is not None and found.path == wanted:
            self._resume()
        else:
            problem = checks.prepared.run_problem
            reason = "." if problem is None else f": {problem}"
            self._kept.note.show_text(f"The settings of this training are set, but it cannot be resumed{reason}")


def set_training(settings: "SettingsPanel", training: "UnfinishedTraining") -> None:
    """Set the settings of an unfinished training; the size and the number of volumes stay.

    The porosity of the volume becomes uniform, unless the training is for a range, which any variation needs.
    """
    named = settings.preset.findData(preset_name(training.config))
    if named >= 0:
        settings.preset.setCurrentIndex(named)
    settings.device.setCurrentIndex(max(0, settings.device.findData(training.device)))
    settings.seed.setValue(training.seed)
    settings.targets.set_aim(training.aim or {})
    settings.advanced.set_value(training.config)
    if not isinstance((training.aim or {}).get("porosity"), tuple):
        settings.spatial.kind.setCurrentIndex(settings.spatial.kind.findData("uniform"))
