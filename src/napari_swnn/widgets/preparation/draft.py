"""Recipe as the panel edits it: at most one step of each kind, in a fixed order."""

from dataclasses import dataclass, replace
from types import UnionType
from typing import Any

from napari_swnn.preparation import (
    Crop,
    Denoise,
    FillHoles,
    FlattenBackground,
    Recipe,
    RemoveSpecks,
    SegmentScribbles,
    Smooth,
    Step,
    Threshold,
)
from napari_swnn.widgets.preparation.colours import name_by_brightness
from napari_swnn.widgets.preparation.strokes import Strokes

Segmentation = Threshold | SegmentScribbles | Strokes

KINDS: dict[str, type[Step] | UnionType] = {
    "crop": Crop,
    "background": FlattenBackground,
    "noise": Denoise,
    "segmentation": Threshold | SegmentScribbles,
    "specks": RemoveSpecks,
    "holes": FillHoles,
    "smoothing": Smooth,
}
"""Types of the steps by field of a draft, in the order in which they are applied."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Steps of a recipe; a step that is None is switched off.

    Attributes
    ----------
    crop : Crop or None
        Part of the image to use.
    background : FlattenBackground or None
        Correction of uneven brightness.
    noise : Denoise or None
        Noise reduction.
    segmentation : Threshold, SegmentScribbles, Strokes or None
        Segmentation into phases. Strokes are scribbles whose classifier has not been trained yet.
    specks : RemoveSpecks or None
        Removal of small objects.
    holes : FillHoles or None
        Removal of small holes.
    smoothing : Smooth or None
        Smoothing of the boundaries.
    names : tuple of str
        Names of the phases, in the order of their labels.
    phase : int
        Position of the phase of interest among the names.
    """

    crop: Crop | None = None
    background: FlattenBackground | None = None
    noise: Denoise | None = None
    segmentation: Segmentation | None = Threshold()
    specks: RemoveSpecks | None = None
    holes: FillHoles | None = None
    smoothing: Smooth | None = None
    names: tuple[str, ...] = ("dark", "bright")
    phase: int = 0

    def with_step(self, slot: str, step: Any) -> "Draft":
        """Return a draft with another step in one of the fields; None switches the step off."""
        return self.with_segmentation(step) if slot == "segmentation" else replace(self, **{slot: step})

    @property
    def first_label(self) -> int:
        """Lowest label: 0 for thresholds, 1 for scribbles, in which 0 means that nothing is painted."""
        return 0 if isinstance(self.segmentation, Threshold) else 1

    @property
    def labels(self) -> dict[int, str]:
        """Names of the phases, by label."""
        return dict(enumerate(self.names, self.first_label))

    @property
    def label(self) -> int:
        """Label of the phase of interest."""
        return self.first_label + self.phase

    def with_segmentation(self, step: Segmentation | None) -> "Draft":
        """Return a draft with another segmentation, and names for its phases.

        The names of the user are kept unless the number of phases changes.
        """
        n_phases = len(self.names)
        if isinstance(step, Threshold):
            n_phases = step.n_phases
        elif isinstance(step, SegmentScribbles) and not isinstance(self.segmentation, Strokes):
            n_phases = max(2, int(step.samples.phases.max()))
        names = self.names if n_phases == len(self.names) else name_by_brightness(n_phases)
        draft = replace(self, segmentation=step, names=names, phase=min(self.phase, n_phases - 1))
        holes = self.holes
        if holes is not None and holes.phase is not None:  # the same phase, whose label may be another one now
            position = min(max(0, holes.phase - self.first_label), n_phases - 1)
            draft = replace(draft, holes=replace(holes, phase=draft.first_label + position))
        return draft

    @property
    def steps(self) -> dict[str, Step | Strokes]:
        """Steps that are switched on, by field, in the order in which they are applied."""
        steps = {slot: getattr(self, slot) for slot in KINDS}
        return {slot: step for slot, step in steps.items() if step is not None}

    def to_recipe(self) -> Recipe:
        """Return the recipe.

        Raises
        ------
        ValueError
            If the classifier of the scribbles has not been trained.
        """
        if isinstance(self.segmentation, Strokes):
            raise ValueError("segmentation must be trained on the scribbles, got strokes; segment the image first")
        return Recipe(tuple(step for step in self.steps.values() if isinstance(step, Step)))

    def with_recipe(self, recipe: Recipe) -> "Draft":
        """Return a draft with the steps of a recipe.

        Raises
        ------
        ValueError
            If the panel cannot show the recipe, as it has several steps of one kind or another order.
        """
        found: dict[str, Any] = {}
        for step in recipe.steps:
            slot = next((slot for slot, kind in KINDS.items() if isinstance(step, kind)), None)
            later = [] if slot is None else list(KINDS)[list(KINDS).index(slot) :]
            if slot is None or any(name in found for name in later):
                raise ValueError(
                    "recipe must have at most one step of each kind, in the order of the panel, got "
                    f"{', '.join(type(each).__name__ for each in recipe.steps)}; apply it in Python or in the shell"
                )
            found[slot] = step
        segmentation = found.pop("segmentation", None)
        others: dict[str, Any] = {slot: found.get(slot) for slot in KINDS if slot != "segmentation"}
        draft = replace(self, **others | {"holes": None}).with_segmentation(segmentation)
        return replace(draft, holes=others["holes"])
