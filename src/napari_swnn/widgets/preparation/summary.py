"""Facts on the segmentation: porosity, correlation length, number of objects, and the verdict on the size."""

from collections.abc import Mapping

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout, QWidget

from napari_swnn._layer_style import PALETTE, to_hex
from napari_swnn._sentences import as_sentence
from napari_swnn._voxel_size import format_lengths
from napari_swnn.preparation import Assessment
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.swatch import make_swatch
from napari_swnn.widgets.preparation.draft import Draft
from napari_swnn.widgets.preparation.preview import Preview

ONE_PHASE = (
    "⚠ The phase of interest covers none of the image or all of it. Choose another phase, or change the segmentation."
)

DATA_BAR = (
    "⚠ The data bar is still in the image and counts as structure. Crop it away above; then the size can be judged."
)
UNEVEN = (
    "⚠ The brightness is uneven, so one threshold for the whole image can give a wrong porosity. Tick Flatten the "
    "background above."
)
NOISY = "⚠ Specks count as pores or grains here. Remove them; then the size can be judged."

WITH_SPECKS = "Judged with the specks in the image; Remove specks above can change it."

_SPECKS = 4
"""Number of separate areas, for each pore or grain that the correlation length suggests, above which most are noise."""


class Summary(QWidget):
    """Phase of interest and the facts on it.

    `phase_chosen` carries the position of the phase that the user selects, `grey_shown` the state of the check box.

    Attributes
    ----------
    phase : Combo
        Phase of interest.
    facts : Note
        Porosity with its interval, correlation length and number of objects.
    verdict : Note
        Verdict on the size of the image.
    grey : QCheckBox
        Switch of the layer with the prepared grey values.
    """

    phase_chosen = Signal(int)
    grey_shown = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.phase = Combo()
        self.phase.setToolTip("Phase that the porosity refers to, usually the pores.")
        self.facts = Note()
        self.verdict = Note()
        self.part = Note()
        self.grey = QCheckBox("Show the grey image before segmentation")
        self.grey.setToolTip("Show as a layer the grey values after flattening and noise reduction.")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Phase of\ninterest", self.phase)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        for note in (self.facts, self.verdict, self.part):
            layout.addWidget(note)
        layout.addWidget(self.grey)
        self.phase.currentIndexChanged.connect(self._on_phase)
        self.grey.toggled.connect(self.grey_shown)

    def show_phases(self, labels: Mapping[int, str], phase: int) -> None:
        """Offer the phases, given by name and label, and select one by its position, without emitting a signal."""
        entries = [(f"{name} (label {label})", k) for k, (label, name) in enumerate(labels.items())]
        self.phase.set_entries(entries, phase)
        for k in range(len(labels)):
            self.phase.setItemIcon(k, make_swatch(to_hex(PALETTE[k % len(PALETTE)])))

    def show_facts(
        self, preview: Preview | None, assessment: Assessment | None, *, pending: bool, is_cropped: bool | None
    ) -> None:
        """Show the porosity of a preview, and the assessment once it is complete.

        Parameters
        ----------
        preview : Preview or None
            Newest preview.
        assessment : Assessment or None
            Facts on its labels.
        pending : bool
            True while a preview is being computed.
        is_cropped : bool or None
            False if a data bar is in the image, whose size then is not judged; None if that is not known yet.
        """
        if preview is None or preview.labels is None:
            self.facts.show_text("Computing the preview…" if pending else "")
            self.verdict.show_text("")
            self.part.show_text("")
            return
        self.facts.show_text(describe_facts(preview.porosity, assessment))
        if preview.porosity in (0, 1):
            self.verdict.show_text(ONE_PHASE)
        elif is_cropped is False:
            self.verdict.show_text(DATA_BAR)
        elif preview.is_uneven and is_cropped:
            self.verdict.show_text(UNEVEN)
        else:
            known = assessment if is_cropped else None
            self.verdict.show_text("" if known is None else describe_verdict(known, preview.job.draft))
        window = preview.job.window
        self.part.show_text(
            ""
            if preview.is_whole
            else f"The image is large: the preview shows {window.height} × {window.width} px of it. "
            "Make reference computes the whole image."
        )

    def _on_phase(self, _index: int) -> None:
        if self.phase.value is not None:
            self.phase_chosen.emit(self.phase.value)


def describe_facts(porosity: float, assessment: Assessment | None) -> str:
    """Return the porosity with its interval, the correlation length and the number of objects as text."""
    if assessment is None:
        return f"Porosity {100 * porosity:.1f} %"
    low, high = assessment.interval
    unit = "px" if assessment.unit == "voxel" else assessment.unit
    return (
        f"Porosity {100 * assessment.porosity:.1f} % (95 %: {100 * low:.1f}–{100 * high:.1f} %) · correlation length "
        f"{format_lengths((assessment.correlation_length,), unit, 3)} · {assessment.n_objects} separate areas"
        f"{', most of them specks: reduce noise or remove specks' if _is_noisy(assessment) else ''}"
    )


def describe_verdict(assessment: Assessment, draft: Draft) -> str:
    """Return the verdict on the size of the image with a sign, and say if there may be specks that a step removes.

    Parameters
    ----------
    assessment : Assessment
        Facts on the labels after the steps of the draft.
    draft : Draft
        Steps that were applied.
    """
    if _is_noisy(assessment):
        return NOISY
    verdict = f"{'✓' if assessment.large_enough else '⚠'} {as_sentence(assessment.verdict)}"
    has_specks = draft.specks is None and assessment.n_objects > assessment.n_features
    return f"{verdict} {WITH_SPECKS}" if has_specks else verdict


def _is_noisy(assessment: Assessment) -> bool:
    """Return True if most of the separate areas are noise."""
    return assessment.n_objects > _SPECKS * max(1, assessment.n_features)
