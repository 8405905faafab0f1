"""Follow-up of a run: the verdict on its volumes, and the picture of its model in the gallery."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_swnn.widgets.layers.shown_phases import find_colours
from napari_swnn.widgets.reconstruction.advice import advise
from napari_swnn.widgets.reconstruction.result_bar import ResultBar
from napari_swnn.widgets.reconstruction.verdict import VerdictCheck

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.validation import Verdict
    from napari_swnn.widgets.reconstruction.request import ModelEntry, Result
    from napari_swnn.widgets.reconstruction.results import SessionLayers
    from napari_swnn.widgets.reconstruction.session import ReconstructionSession


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
        self.check.changed.connect(bar.show_state)
        self.check.found.connect(self._on_verdict)
        self._had_reference = False
        session.begun.connect(self._on_begun)
        session.made.connect(self._on_made)

    @property
    def is_orphan(self) -> bool:
        """True once the reference of the last run was removed from the viewer."""
        return self._had_reference and self._layers.reference is None

    def drop(self) -> None:
        """Drop the check in progress."""
        self.check.drop()

    def _on_begun(self) -> None:
        self._had_reference = self._layers.reference is not None

    def _on_made(self, result: "Result") -> None:
        """Draw the thumbnail of a model in the gallery from its first volume."""
        layer, kept = self._layers.newest, result.entry.kept
        if layer is None or kept is None or kept.thumbnail.exists() or not isinstance(result.data, np.ndarray):
            return
        with suppress(OSError):  # a model without a thumbnail is as good
            kept.draw(result.data, find_colours(layer, result.entry.model.labels.phases))

    def _on_verdict(self, verdict: "Verdict") -> None:
        result = self._layers.newest_result
        entry = None if result is None else result.entry
        self._bar.show_verdict(verdict, "" if entry is None else _advise(verdict, entry))
        if result is not None:
            _note_verdict(result.entry, verdict)


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
