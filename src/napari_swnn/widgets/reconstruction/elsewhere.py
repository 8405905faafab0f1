"""Unfinished trainings of references that are not chosen, so that they are found again after napari was closed."""

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_swnn.widgets.reconstruction import jobs

if TYPE_CHECKING:
    from napari_swnn.core.training.unfinished import UnfinishedTraining
    from napari_swnn.widgets.kit.session import Checker
    from napari_swnn.widgets.reconstruction.checks import Checks


class KeptElsewhere:
    """List of the unfinished trainings of all references, which is read in the background.

    Parameters
    ----------
    checker : Checker
        Reader of the list.
    checks : Checks
        Checks of the chosen reference.

    Attributes
    ----------
    every : tuple of UnfinishedTraining
        Unfinished trainings of all references, the newest first; empty until known.
    """

    changed = Signal()
    """Emitted when the list was read."""

    def __init__(self, checker: "Checker", checks: "Checks") -> None:
        self.every: tuple[UnfinishedTraining, ...] = ()
        self._checks = checks
        self._checker = checker
        checker.done.connect(self._on_found)

    @property
    def newest(self) -> "UnfinishedTraining | None":
        """Newest one of another reference; None if the chosen reference has one, or while this is not known."""
        checks, prepared = self._checks, self._checks.prepared
        if checks.is_analysing or (prepared is None and checks.findings is not None):
            return None
        own = () if prepared is None else prepared.unfinished
        return None if own else next(iter(self.every), None)

    def find(self) -> None:
        """Read the list again."""
        self._checker.request(jobs.find_unfinished)

    def stop(self) -> None:
        """Ignore a list that is being read."""
        self._checker.drop()

    def _on_found(self, found: "tuple[UnfinishedTraining, ...]") -> None:
        self.every = found
        self.changed.emit()
