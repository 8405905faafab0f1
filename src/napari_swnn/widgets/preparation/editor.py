"""Editor of a draft with its history."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from psygnal import Signal

from napari_swnn._sentences import as_sentence
from napari_swnn.preparation import Recipe
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.preparation.draft import Draft
from napari_swnn.widgets.preparation.history import History
from napari_swnn.widgets.preparation.strokes import Strokes

RECIPE = "recipe"
"""Key of the control that a problem with the whole recipe belongs to."""


class DraftEditor:
    """Draft of a recipe; every change can be undone.

    Parameters
    ----------
    clock : callable
        Function that returns the time in seconds.
    """

    edited = Signal()
    """Emitted when the draft has changed."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._history = History(Draft(), clock)

    @property
    def draft(self) -> Draft:
        """Current draft."""
        return self._history.value

    @property
    def can_undo(self) -> bool:
        """True if there is an earlier draft."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """True if a change was undone."""
        return self._history.can_redo

    def edit(self, draft: Draft, key: str = "") -> None:
        """Replace the draft; see `History.record` for the key."""
        if self._history.record(draft, key):
            self.edited.emit()

    def set_step(self, slot: str, step: Any) -> None:
        """Replace one step of the draft; None switches it off, which is always undone by itself."""
        is_switched = step is None or getattr(self.draft, slot) is None
        self.edit(self.draft.with_step(slot, step), "" if is_switched else slot)

    def set_strokes(self, strokes: Strokes) -> None:
        """Segment by these scribbles; each stroke is undone by itself."""
        self.edit(self.draft.with_step("segmentation", strokes))

    def choose_phase(self, phase: int) -> None:
        """Select the phase of interest by its position."""
        self.edit(replace(self.draft, phase=phase), "phase")

    def rename(self, names: tuple[str, ...]) -> None:
        """Name the phases; further names add phases."""
        self.edit(replace(self.draft, names=names), "names")

    def undo(self) -> None:
        """Return to the previous draft if there is one."""
        if self.can_undo:
            self._history.undo()
            self.edited.emit()

    def redo(self) -> None:
        """Repeat the last change that was undone, if there is one."""
        if self.can_redo:
            self._history.redo()
            self.edited.emit()

    def restart(self, draft: Draft) -> None:
        """Begin a new history with a draft."""
        self._history.restart(draft)
        self.edited.emit()

    def load(self, recipe: Recipe, names: Mapping[int, str] | None = None, label: int | None = None) -> None:
        """Replace the draft by a recipe.

        Parameters
        ----------
        recipe : Recipe
            Steps.
        names : mapping of int to str, optional
            Names of the phases, by label; by default those of the present draft.
        label : int, optional
            Label of the phase of interest; by default the phase at the position of the present one.

        Raises
        ------
        BadInputError
            If the panel cannot show the recipe.
        """
        try:
            draft = self.draft.with_recipe(recipe)
        except ValueError as error:
            raise BadInputError(RECIPE, as_sentence(str(error))) from error
        if names:
            draft = replace(draft, names=tuple(names.get(each, name) for each, name in draft.labels.items()))
        if label in draft.labels:
            draft = replace(draft, phase=list(draft.labels).index(label))
        self.edit(draft)
