"""All steps of a draft from top to bottom."""

from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_swnn.preparation import Denoise, FillHoles, FlattenBackground, RemoveSpecks, Smooth
from napari_swnn.widgets.kit.controls import make_line
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.preparation.crop_box import CropBox
from napari_swnn.widgets.preparation.draft import Draft
from napari_swnn.widgets.preparation.preview import Preview
from napari_swnn.widgets.preparation.segmentation_box import SegmentationBox
from napari_swnn.widgets.preparation.step_box import Setting, StepEditor

_BACKGROUND_METHODS = {"gaussian": "mean of the surroundings", "opening": "below bright objects"}
_NOISE_METHODS = {"median": "Median", "non_local_means": "Non-local means", "total_variation": "Total variation"}


class StepsPanel(QWidget):
    """Controls of all steps of a draft.

    `changed` carries the field of the draft and the new step, or None if it was switched off.

    Attributes
    ----------
    crop : CropBox
        Crop.
    segmentation : SegmentationBox
        Segmentation.
    editors : dict of str to StepEditor
        Controls of the other steps, by field of the draft.
    """

    changed = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.crop = CropBox()
        self.segmentation = SegmentationBox()
        self.editors = _make_editors()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(_heading("1  Image"))
        layout.addWidget(self.crop)
        for slot in ("background", "noise"):
            layout.addWidget(self.editors[slot])
        layout.addWidget(_heading("2  Segmentation"))
        layout.addWidget(self.segmentation)
        layout.addWidget(_heading("3  Clean-up"))
        for slot in ("specks", "holes", "smoothing"):
            layout.addWidget(self.editors[slot])
        for slot, box in self._boxes.items():
            box.changed.connect(partial(self.changed.emit, slot))

    @property
    def _boxes(self) -> dict[str, CropBox | SegmentationBox | StepEditor]:
        return {"crop": self.crop, "segmentation": self.segmentation, **self.editors}

    def show_draft(self, draft: Draft) -> None:
        """Show a draft without emitting a signal."""
        self.crop.show_step(draft.crop)
        self.segmentation.show_step(draft.segmentation)
        self.segmentation.phases.show_names(draft.names)
        for slot, editor in self.editors.items():
            editor.show_step(getattr(draft, slot))
        self._show_holes(draft)

    def _show_holes(self, draft: Draft) -> None:
        """Offer the phases whose holes can be filled; a loaded recipe may fill those of every phase."""
        holes = draft.holes
        entries: dict[int | None, str] = {label: f"{name} (label {label})" for label, name in draft.labels.items()}
        if holes is not None and holes.phase not in entries:
            entries[holes.phase] = "every phase" if holes.phase is None else f"label {holes.phase}"
        self.editors["holes"].settings["phase"].offer(entries, draft.label if holes is None else holes.phase)

    def show_preview(self, preview: Preview | None) -> None:
        """Show the histogram and the effect of each step on the porosity."""
        if preview is not None:
            self.segmentation.show_preview(preview)
        effects = {} if preview is None else preview.effects
        for slot, editor in self.editors.items():
            before_after = effects.get(slot)
            editor.effect.setText("" if before_after is None else format_effect(*before_after))

    def show_problem(self, problem: BadInputError | None) -> None:
        """Show a problem beside the step that it belongs to."""
        for slot, box in self._boxes.items():
            box.problem.show_text(str(problem) if problem is not None and problem.control == slot else "")

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in self._boxes.values():
            part.set_dark(dark)


def format_effect(before: float, after: float) -> str:
    """Return the effect of a step on the porosity, for example ``"25.3 % → 25.1 %"``."""
    return f"{100 * before:.1f} % → {100 * after:.1f} %"


def _heading(text: str) -> QWidget:
    heading = QWidget()
    layout = QVBoxLayout(heading)
    layout.setContentsMargins(0, 6, 0, 0)
    layout.setSpacing(2)
    label = QLabel(f"<b>{text}</b>")
    layout.addWidget(make_line())
    layout.addWidget(label)
    return heading


def _make_editors() -> dict[str, StepEditor]:
    return {
        "background": StepEditor(
            "Flatten the background",
            "Removes brightness that varies slowly across the image, such as shading and charging.",
            FlattenBackground,
            {
                "radius": Setting("Radius", "Several times the size of the largest feature.", 50.0, (2, 5000), " px"),
                "method": Setting("Background", "Estimate of the background.", "gaussian", _BACKGROUND_METHODS),
            },
        ),
        "noise": StepEditor(
            "Reduce noise",
            "Smooths noise within the phases and keeps their boundaries sharp.",
            Denoise,
            {
                "method": Setting(
                    "Method",
                    "Median: fast, removes single pixels. Non-local means: keeps fine texture, slow. Total variation: "
                    "even areas with sharp boundaries.",
                    "median",
                    _NOISE_METHODS,
                ),
                "strength": Setting(
                    "Strength",
                    "Radius in pixels for the median; for the others, a multiple of the noise in the image.",
                    1.0,
                    (0.1, 20),
                ),
            },
        ),
        "specks": StepEditor(
            "Remove specks",
            "Gives small isolated spots of any phase to their surroundings.",
            RemoveSpecks,
            {"max_size": Setting("Up to", "Area of the largest spot to remove.", 20, (1, 1_000_000), " px")},
        ),
        "holes": StepEditor(
            "Fill holes",
            "Gives small areas that one phase encloses to this phase. Holes in the solid may be real pores.",
            FillHoles,
            {
                "phase": Setting("Holes in", "Phase that encloses the holes; they become part of it.", 0, {0: ""}),
                "max_size": Setting("Up to", "Area of the largest hole to fill.", 20, (1, 1_000_000), " px"),
            },
        ),
        "smoothing": StepEditor(
            "Smooth the boundaries",
            "Rounds off boundaries that are ragged from noise.",
            Smooth,
            {"radius": Setting("Radius", "Details smaller than this are rounded off.", 1.0, (1, 100), " px")},
        ),
    }
