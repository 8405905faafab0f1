"""Comparison of new volumes with their reference after a run, for a verdict in plain words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_swnn.widgets.kit.threads import Checker

if TYPE_CHECKING:
    from napari_swnn._types import Labels
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.validation import Verdict
    from napari_swnn.widgets.reconstruction.request import Result
    from napari_swnn.widgets.reconstruction.session import ReconstructionSession

MOST_VOXELS = 2**25
"""Number of voxels up to which volumes are compared after a run, which takes seconds."""
_SAME_POROSITY = 0.01
"""Difference from the porosity of the reference up to which a target counts as that porosity."""


@dataclass(frozen=True, eq=False)
class Question:
    """Volumes to judge.

    Attributes
    ----------
    volumes : tuple of numpy.ndarray
        Labels of the volumes.
    reference : Reference
        Reference of their model.
    own_porosity : bool
        True if they were to have the porosity of the reference.
    """

    volumes: "tuple[Labels, ...]"
    reference: "Reference"
    own_porosity: bool


def judge_volumes(question: Question, is_dropped: Callable[[], bool]) -> "Verdict | None":
    """Compare volumes with their reference; return None once the question was dropped."""
    from napari_swnn.validation import iter_validate, judge

    steps = iter_validate(list(question.volumes), question.reference)
    while not is_dropped():
        try:
            next(steps)
        except StopIteration as end:
            return judge(end.value, own_porosity=question.own_porosity)
    return None


class VerdictCheck(QObject):
    """Check that follows each run whose volumes are in memory.

    A new run interrupts it, and its results replace those to check; after a run without results, it begins again.

    Parameters
    ----------
    session : ReconstructionSession
        Session whose results are judged.
    find_reference : callable
        Function that returns the reference of a model entry, or None if it is not known.

    Attributes
    ----------
    subject : set of Result
        Results that the state or the last verdict is about.
    """

    found = Signal(object)
    """Emitted with the `Verdict`."""
    changed = Signal(str)
    """Emitted with the state of the check; empty if there is none."""

    def __init__(
        self,
        session: "ReconstructionSession",
        find_reference: "Callable[[Any], Reference | None]",
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._find_reference = find_reference
        self._results: list[Result] = []
        self.subject: WeakSet[Result] = WeakSet()
        self._is_first = True
        self._dropped = Event()
        self._checker = Checker(self)
        self._checker.done.connect(self._on_done)
        self._checker.failed.connect(self._on_failed)
        session.begun.connect(self._interrupt)
        session.made.connect(self._on_made)
        session.box_made.connect(self.drop)
        session.ended.connect(self._on_ended)

    def drop(self) -> None:
        """Forget the results and the check in progress."""
        self._dropped.set()
        self._checker.drop()
        self._results = []
        self.subject = WeakSet()
        self.changed.emit("")

    def judge(self, result: "Result") -> None:
        """Compare an earlier result with its reference, unless it was tried, or work or a check is in progress."""
        if result in self.subject or self._results or self._session.is_busy:
            return
        if isinstance(result.data, np.ndarray):
            self._results = [result]
            self._on_ended()

    def _interrupt(self) -> None:
        self._is_first = True
        self._dropped.set()
        self._checker.drop()
        self.subject = WeakSet()
        if self._results:  # they are not judged yet
            self.changed.emit("")

    def _on_made(self, result: "Result") -> None:
        if self._is_first:
            self.drop()  # the verdict so far is that on an earlier result
        self._is_first = False
        if isinstance(result.data, np.ndarray):
            self._results.append(result)
            self.subject.add(result)

    def _on_ended(self) -> None:
        question = self._ask()
        if self._results:
            self.subject = WeakSet(self._results)
        if question is None:
            self._results = []
        if question is None or not self._session.is_open:
            return
        self._dropped.set()
        self._dropped = Event()
        self.changed.emit("Comparing with the reference…")
        self._checker.request(judge_volumes, question, self._dropped.is_set)

    def _ask(self) -> Question | None:
        """Return what there is to judge after a run, or None."""
        if not self._results or sum(result.data.size for result in self._results) > MOST_VOXELS:
            return None
        first = self._results[0]
        reference = self._find_reference(first.entry)
        if reference is None or not first.is_uniform or "scale" in first.metadata:  # the reference is finer
            return None
        is_own = _is_own_composition(first.metadata, reference)
        return Question(tuple(result.data for result in self._results), reference, is_own)

    def _on_done(self, verdict: "Verdict | None") -> None:
        self._results = []
        self.changed.emit("")
        if verdict is not None:
            self.found.emit(verdict)

    def _on_failed(self, text: str) -> None:
        self._results = []
        self.changed.emit(f"The volume could not be compared with the reference: {text}")


def _is_own_composition(facts: Mapping[str, Any], reference: "Reference") -> bool:
    """Return True if a volume was to have the fractions of its reference."""
    stated = facts.get("fractions")
    pairs = [(facts.get("porosity"), reference.porosity)]
    if stated is not None:
        pairs = [(stated.get(str(label)), fraction) for label, fraction in reference.fractions.items()]
    return all(wanted is None or abs(wanted - own) <= _SAME_POROSITY for wanted, own in pairs)
