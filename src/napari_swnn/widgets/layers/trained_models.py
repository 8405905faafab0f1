"""Trained models that all panels share, and their files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_swnn._sentences import as_sentence
from napari_swnn.widgets.kit.formatting import format_interval
from napari_swnn.widgets.layers.provenance import describe_fractions, list_fractions, name_fraction

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.core.model.model import Model
    from napari_swnn.io.model_gallery import KeptModel


@dataclass(eq=False)
class ModelEntry:
    """Trained model and its origin.

    Attributes
    ----------
    model : Model
        Trained model.
    source : str
        Name of the reference layer or of the model file.
    preset : str
        Name of the training settings.
    path : Path or None
        File of the model; None if the user has not saved it.
    kept : KeptModel or None
        Model in the gallery.
    reference : Reference or None
        Reference of the training; None for a model from a file.
    """

    model: "Model"
    source: str
    preset: str
    path: Path | None = None
    kept: "KeptModel | None" = None
    reference: "Reference | None" = None

    @classmethod
    def loaded(cls, model: "Model", path: Path, kept: "KeptModel | None" = None) -> "ModelEntry":
        """Return the entry of a model that was read from a file, or from the gallery if it is kept there."""
        if kept is None:
            return cls(model, path.stem, "as loaded", path)
        return cls(model, kept.name, "as loaded", kept=kept)

    @property
    def is_safe(self) -> bool:
        """True if a file holds the model."""
        return self.path is not None or self.kept is not None

    @property
    def title(self) -> str:
        """Entry in a list of models."""
        name = self.source if self.kept is None else self.kept.facts.get("name", self.source)
        return f"{name}{self.description}" + ("" if self.is_safe else " (not saved)")

    @property
    def description(self) -> str:
        """Porosity, number of phases and remark, each after a dot."""
        limits, own = self.model.porosity_range, self.model.porosity
        porosity = "" if own is None else f" · {self.subject} {own:.2f}"
        if limits is not None:
            porosity = f" · {self.subject} {limits[0]:.2f} to {limits[1]:.2f}"
        n = len(self.model.labels.phases)
        phases = f" · {n} phases" if n > 2 else ""
        remark = f" · {self.remark}" if self.remark else ""
        return f"{porosity}{phases}{remark}"

    @property
    def subject(self) -> str:
        """Name of the fraction of the phase of interest: that of the phase, otherwise ``"porosity"``."""
        return name_fraction(self.model.labels.phases, self.model.labels.named)

    @property
    def facts(self) -> tuple[str, ...]:
        """Sentences on the voxel size, if it is known, and on more than two phases."""
        voxel = self.model.voxel
        size = "" if voxel.unit == "voxel" else f"Its voxels measure {voxel}."
        return tuple(text for text in (size, self.phases) if text)

    @property
    def phases(self) -> str:
        """Names and fractions of the phases of the model; empty for two phases."""
        fractions = list_fractions(self.model)
        if len(fractions) <= 2:
            return ""
        return as_sentence(f"Phases: {describe_fractions(fractions, self.model.labels.named)}")

    @property
    def remark(self) -> str:
        """Remark on a model that is not of full quality: ``"draft"``, ``"custom"``, and if its training was stopped."""
        preset = self.model.provenance.get("preset")
        parts = [str(preset)] if preset in ("draft", "custom") else []
        return ", ".join([*parts, self.end] if self.end else parts)

    @property
    def end(self) -> str:
        """Step at which the training was stopped, which tells the models of one reference apart; otherwise empty."""
        facts = self.model.provenance
        if not facts.get("stopped_early"):
            return ""
        return f"stopped at step {facts['n_steps']}" if "n_steps" in facts else "stopped early"

    @property
    def reference_porosity(self) -> str:
        """Porosity of the reference with its interval; empty if the model does not include it."""
        facts = self.model.provenance
        own, interval = facts.get("reference_porosity"), facts.get("reference_interval")
        return "" if own is None else format_interval(own, None if interval is None else (interval[0], interval[1]))

    @property
    def location(self) -> str:
        """Sentence that describes the location of the model."""
        if self.path is not None:
            return f"In the file {self.path.name}."
        return "Kept in the gallery." if self.kept is not None else "Not saved; the model is lost when napari closes."


class ModelList:
    """List of trained and loaded models, oldest first; new models never replace earlier ones."""

    added = Signal(ModelEntry)
    noted = Signal()
    """Emitted when models may have another name, or may have left the gallery."""

    def __init__(self) -> None:
        self._entries: list[ModelEntry] = []

    def add(self, entry: ModelEntry) -> None:
        """Add a model and emit `added`."""
        self._entries.append(entry)
        self.added.emit(entry)

    def find_kept(self, path: Path) -> ModelEntry | None:
        """Return the entry of a model of the gallery; None if it was not opened or trained since napari was started."""
        return next((entry for entry in self if entry.kept is not None and entry.kept.path == path), None)

    def read_notes(self) -> None:
        """Read again what the gallery says about the models, and whether it still has them."""
        for entry in self:
            if entry.kept is not None:
                entry.kept = entry.kept.read(entry.kept.path) if entry.kept.path.exists() else None
        self.noted.emit()

    def clear(self) -> None:
        """Remove all models."""
        self._entries.clear()

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def last(self) -> ModelEntry | None:
        """Newest model."""
        return self._entries[-1] if self._entries else None


MODELS = ModelList()
"""Models of all panels, which are kept until napari closes, even if a panel is closed."""


def load_model(path: Path) -> "Model":
    """Load PyTorch and read a model file."""
    from napari_swnn.core.model.model import Model

    return Model.load(path)
