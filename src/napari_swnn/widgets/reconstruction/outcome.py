"""Follow-up of a run: the verdict on its volumes, and the picture of its model in the gallery."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QObject

from napari_swnn.core.training.config import preset_name
from napari_swnn.widgets.layers.shown_phases import find_colours
from napari_swnn.widgets.reconstruction.advice import EARLY, EARLY_AND_LOST, advise
from napari_swnn.widgets.reconstruction.result_bar import ResultBar
from napari_swnn.widgets.reconstruction.training import Training
from napari_swnn.widgets.reconstruction.verdict import VerdictCheck

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.validation import Verdict
    from napari_swnn.widgets.reconstruction.request import ModelEntry, Result
    from napari_swnn.widgets.reconstruction.results import SessionLayers
    from napari_swnn.widgets.reconstruction.session import ReconstructionSession

_TRAINING = "This is the verdict on the last result, from before the training that is running now."
_TRAINED = "This is the verdict on an earlier result; a model was trained since."
"""Texts instead of advice on a result that a training has left behind."""


class Outcome(QObject):
    """Outcome of runs, shown in the controls of the newest result and noted in the gallery.

    Parameters
    ----------
    session : ReconstructionSession
        Session whose results are judged.
    layers : SessionLayers
        Layers of the results.
    bar : ResultBar
        Controls of the newest result.
    find_reference : callable
        Function that returns the reference of a model entry, or None if it is not known.
    """

    def __init__(
        self,
        session: "ReconstructionSession",
        layers: "SessionLayers",
        bar: ResultBar,
        find_reference: "Callable[[Any], Reference | None]",
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._layers = layers
        self._bar = bar
        self.check = VerdictCheck(session, find_reference, self)
        self.check.changed.connect(self._on_state)
        self.check.found.connect(self._on_verdict)
        self._session = session
        self._had_reference = False
        self._state = ""
        self._known: WeakKeyDictionary[Result, tuple[Verdict, str]] = WeakKeyDictionary()
        layers.current.changed.connect(self._on_current)
        session.begun.connect(self._on_begun)
        session.trained.connect(self._on_trained)
        session.made.connect(self._on_made)
        session.ended.connect(self._on_ended)
        session.elsewhere.changed.connect(self.show)

    @property
    def is_orphan(self) -> bool:
        """True once the reference of the last run was removed from the viewer."""
        return self._had_reference and self._layers.current.last_reference is None

    def drop(self) -> None:
        """Drop the check in progress."""
        self.check.drop()

    def _on_begun(self) -> None:
        self._had_reference = self._layers.current.last_reference is not None
        self.show()

    def _on_trained(self, _entry: "ModelEntry") -> None:
        for result, (verdict, advice) in self._known.items():
            self._known[result] = (verdict, advice and _TRAINED)
        self.show()

    def _on_ended(self) -> None:
        """Show the advice on the last result again if a training has led to no other one."""
        self.show()

    def _on_made(self, result: "Result") -> None:
        """Draw the thumbnail of a model in the gallery from its first volume."""
        layer, kept = self._layers.newest, result.entry.kept
        if layer is None or kept is None or kept.thumbnail.exists() or not isinstance(result.data, np.ndarray):
            return
        with suppress(OSError):  # a model without a thumbnail is as good
            kept.draw(result.data, find_colours(layer, result.entry.model.labels.phases))

    def show(self) -> None:
        """Show the verdict on the present result."""
        result = self._layers.newest_result
        known = None if result is None else self._known.get(result)
        if result is not None and known is not None:
            verdict, advice = known
            if advice == EARLY and not self._can_resume(result.entry):
                advice = EARLY_AND_LOST
            trains = isinstance(self._session.work, Training) and advice != _TRAINED
            self._bar.show_verdict(verdict, _TRAINING if advice and trains else advice)
            return
        self._bar.show_state(self._state if result in self.check.subject else "")

    def _can_resume(self, entry: "ModelEntry") -> bool:
        """Return True if the state of the training of a model is kept, as far as its settings tell."""
        facts = entry.model.provenance
        own = facts.get("seed"), facts.get("preset")
        return any((each.seed, preset_name(each.config)) == own for each in self._session.elsewhere.every)

    def _on_current(self) -> None:
        self.show()
        result = self._layers.newest_result
        if result is not None and result not in self._known and self._session.is_open:
            self.check.judge(result)

    def _on_state(self, text: str) -> None:
        self._state = text
        self.show()

    def _on_verdict(self, verdict: "Verdict") -> None:
        for result in self.check.subject:
            self._known[result] = (verdict, _advise(verdict, result.entry))
            _note_verdict(result.entry, verdict)
        self.show()


def _note_verdict(entry: "ModelEntry", verdict: "Verdict") -> None:
    """Note a verdict in the gallery; one that judges nothing, as at another porosity, replaces no other."""
    if entry.kept is None or (verdict.agrees is None and "verdict" in entry.kept.facts):
        return
    with suppress(OSError):  # the verdict can be computed again
        entry.kept = entry.kept.note(verdict=verdict.text)


def _advise(verdict: "Verdict", entry: "ModelEntry") -> str:
    facts = entry.model.provenance
    preset = str(facts.get("preset", entry.preset))  # the name in the entry is that of the preset before changes
    return advise(verdict, preset=preset, is_complete=not facts.get("stopped_early", False))
