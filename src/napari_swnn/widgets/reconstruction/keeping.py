"""Record of a training besides its steps: the model in the gallery, and the distance to aim at."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.checkpoint import Checkpoint
    from napari_swnn.io.model_gallery import KeptModel


@dataclass(eq=False)
class Keeping:
    """Record of a training, which its thread fills in before it returns.

    Attributes
    ----------
    resume : bool
        Continue an unfinished training.
    provenance : mapping
        Facts about the reference that the model states besides those of its training.
    aim : mapping or None
        Target of the training as an argument of its plan.
    facts : mapping of str to str
        Facts about the model for the gallery.
    most : int
        Number of models that the gallery keeps; 0 to keep none.
    is_discarded : bool
        True once the user has chosen to keep no model.
    kept : KeptModel or None
        Model in the gallery.
    checkpoint : Checkpoint or None
        File with the last state of the training.
    piece_distances : mapping of int to float
        Distance between two pieces of the reference for each scale.
    """

    resume: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    most: int = 0
    is_discarded: bool = False
    kept: "KeptModel | None" = None
    checkpoint: "Checkpoint | None" = None
    piece_distances: Mapping[int, float] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    aim: Mapping[str, Any] | None = None

    def keep(self, model: "Model") -> None:
        """Write a model to the gallery; if that fails, the panel says that the model is not saved."""
        from napari_swnn.io.model_gallery import Gallery

        if self.most < 1 or self.is_discarded:
            return
        from napari_swnn.widgets.layers.trained_models import ModelEntry

        description = ModelEntry(model, "", "").description.strip(" ·")
        complete = replace(model, provenance={**model.provenance, **self.provenance})
        try:
            self.kept = Gallery(most=self.most).add(complete, description=description, **self.facts)
        except OSError:
            self.kept = None
