"""Results in the viewer, with the runs that led to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_swnn._layer_style import read_metadata
from napari_swnn.widgets.kit.viewer_layers import unwrap
from napari_swnn.widgets.layers.current_result import CurrentResult

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.widgets.reconstruction.request import Result


@dataclass(eq=False)
class Run:
    """Run, and those that followed it with *More like it*.

    Attributes
    ----------
    reference : napari.layers.Labels or None
        Reference of the model.
    colours : mapping of int to colour or None
        Colours of its labels.
    row : mapping of napari.layers.Labels
        Result layers from left to right, as long as anybody else holds them: a removed volume may be large.
    """

    reference: "LabelsLayer | None" = None
    colours: Mapping[int, Any] | None = None
    row: WeakKeyDictionary[Any, None] = field(default_factory=WeakKeyDictionary)


@dataclass(eq=False)
class Shown:
    """Result layer in the viewer.

    Attributes
    ----------
    run : Run
        Run that led to it.
    result : Result or None
        Its realisation; None for a box.
    name : str
        Its name when it was added.
    sentence : str
        Sentence on the run that added it, or the last box of it; empty if that did not come to its end.
    """

    run: Run
    result: "Result | None"
    name: str
    sentence: str = ""


class ShownResults(CurrentResult[Shown]):
    """Result layers of a panel, one of which its controls are about; see `CurrentResult`.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Viewer that shows the results.
    """

    def __init__(self, viewer: "Viewer") -> None:
        super().__init__(viewer)
        self._run = Run()
        self._added: list[Shown] = []
        self._is_told = False

    @property
    def row(self) -> list[Any]:
        """Result layers of the run of the result, and of *More like it* after it, from left to right."""
        return [layer for layer in self._run_shown.row if layer in self._viewer.layers]

    @property
    def next_seed(self) -> int:
        """Seed that no result in the row has."""
        return max((int(read_metadata(layer).get("seed", 0)) for layer in self.row), default=-1) + 1

    @property
    def reference(self) -> "LabelsLayer | None":
        """Reference of the result, or of the last run if there is no result; None if it is not in the viewer."""
        reference = self._run_shown.reference
        return reference if reference in self._viewer.layers else None

    @property
    def last_reference(self) -> "LabelsLayer | None":
        """Reference of the last run; None if it is not in the viewer."""
        return self._run.reference if self._run.reference in self._viewer.layers else None

    @property
    def sentence(self) -> str | None:
        """Sentence on the run of the result, empty if there is none; None if the last run tells something else."""
        if not self._is_told:
            return None
        shown = self.facts
        return "" if shown is None else shown.sentence.replace(f"“{shown.name}”", f"“{self.layer.name}”")

    @property
    def _run_shown(self) -> Run:
        return self._run if self.facts is None else self.facts.run

    def begin(self, reference: "LabelsLayer | None", colours: Mapping[int, Any] | None) -> None:
        """Begin a run with the reference of its model, and the colours of its labels."""
        self._run = Run(reference, colours)

    def begin_again(self) -> Mapping[int, Any] | None:
        """Continue the run of the result, and return its colours."""
        self._run = self._run_shown
        return self._run.colours

    def forget_sentence(self) -> None:
        """Leave the words to another run."""
        self._added = []
        self._is_told = False

    def note(self, layer: Any, result: "Result") -> None:
        """Note the layer of a realisation of the last run."""
        shown = Shown(self._run, result, layer.name)
        self._added.append(shown)
        self.add(layer, shown)
        shown.run.row[self.layer] = None

    def note_box(self, box: Any, whole: Any) -> None:
        """Note a box of a lazy layer, whose run it belongs to."""
        known = self._facts.get(unwrap(whole))
        shown = Shown(self._run_shown if known is None else known.run, None, box.name)
        self._added += [shown] if known is None else [shown, known]
        self.add_part(box, whole, shown)

    def end(self, sentence: str) -> None:
        """End a run with a sentence on its results; empty if it did not come to its end."""
        for shown in self._added:
            shown.sentence = sentence
        self._is_told = bool(self._added and sentence)
        self._added = []
