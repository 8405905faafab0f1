"""Controls for the target of a training: the porosity, a range of it, or the fraction of each phase."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_swnn.widgets.kit.controls import Form
from napari_swnn.widgets.kit.formatting import shorten
from napari_swnn.widgets.reconstruction.phase_table import PhaseTable
from napari_swnn.widgets.reconstruction.porosity import IntervalNote, PorosityChoice

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.widgets.reconstruction.preflight import Findings

_ROWS = {
    "phases": "Phases with their fractions in the section and the targets of the reconstruction. Names can be edited.",
    "porosity": "Target volume fraction of the phase of interest. The default is that of the reference. The slider "
    "covers the reachable range: the fractions that mixtures of the patterns of the reference can have.",
}
"""Tooltip of each row."""


class TargetControls(QObject):
    """Rows of a form that set the target of a training.

    `renamed` is emitted after a phase has got another name, `changed` when the target has changed.

    Parameters
    ----------
    form : Form
        Form that receives the rows.

    Attributes
    ----------
    phases : PhaseTable
        Table of the phases, hidden for two of them.
    porosity : PorosityChoice
        Target fraction of the phase of interest, or its range.
    reach : IntervalNote
        Notes on the porosity of the reference.
    """

    renamed = Signal()
    changed = Signal()

    def __init__(self, form: Form, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.phases = PhaseTable()
        self.porosity = PorosityChoice()
        self.reach = IntervalNote()
        self._form = form
        form.add_row("phases", None, self.phases, _ROWS["phases"])
        notes = (self.porosity.price, self.reach.note, self.reach.warning, self.reach.far)
        form.add_row("porosity", "Porosity", self.porosity, _ROWS["porosity"], *notes)
        self.phases.named.connect(self.renamed)
        self.phases.changed.connect(self.changed)
        self.porosity.changed.connect(self._on_porosity)
        self.porosity.setEnabled(False)

    @property
    def value(self) -> float | tuple[float, float]:
        """Target porosity, or the lower and upper ends of its range."""
        return self.porosity.value

    @property
    def fractions(self) -> dict[int, float] | None:
        """Target fraction of each phase; None if they follow from the porosity."""
        return self.phases.fractions if self.porosity.has_each else None

    @property
    def problems(self) -> Mapping[str, str]:
        """Reasons that the target cannot be used, by row, as far as known without the reference."""
        if not self.porosity.isEnabled():
            return {}
        found = {"phases": self.phases.sum_problem, "porosity": self.porosity.problem}
        return {key: text for key, text in found.items() if text}

    def forget(self) -> None:
        """Follow the fractions of the reference again."""
        self.porosity.forget()
        self.phases.forget()

    def clear(self) -> None:
        """Show no reference, until another one has been analysed."""
        self.forget()
        self._show_none()

    def set_aim(self, aim: Mapping[str, Any]) -> None:
        """Enter the target of an earlier training of the reference; see `Request.aim`."""
        self.porosity.set_value(aim.get("porosity"))
        if "fractions" in aim:
            self.phases.set_fractions(aim["fractions"])

    def show_findings(self, findings: "Findings", layer: "LabelsLayer | None") -> None:
        """Show the phases and the reachable range of an analysed reference.

        Parameters
        ----------
        findings : Findings
            Analysis of the reference.
        layer : napari.layers.Labels or None
            Layer of the reference, which holds the names and colours of its phases.
        """
        analysis = findings.analysis
        if analysis is None:
            self._show_none()
            return
        self.porosity.setEnabled(True)
        reference, reachable = analysis.reference, analysis.reachable
        self.porosity.set_range(*reachable, own=reference.porosity)
        self.reach.show_interval(reference.porosity, findings.interval, reachable)
        self._judge_target()
        self._show_phases(reference.fractions, reference.names, layer)

    def _judge_target(self) -> None:
        self.reach.judge(None if self.porosity.problem else self.porosity.middle)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.phases.set_dark(dark)
        for note in (self.reach.warning, self.reach.far):
            note.set_dark(dark)

    def _show_none(self) -> None:
        self.porosity.setEnabled(False)
        self.reach.clear()
        self._show_phases({}, {}, None)

    def _show_phases(
        self, fractions: Mapping[int, float], names: Mapping[int, str], layer: "LabelsLayer | None"
    ) -> None:
        is_several = len(fractions) > 2
        self.porosity.offer_each(is_several)
        self.phases.show_phases(fractions, layer)
        self.phases.follow(self.porosity.middle)
        name = names.get(next(iter(fractions)), "") if is_several else ""
        self._form.name_row("porosity", f"Fraction of\n{shorten(name)}" if name else "Porosity")

    def _on_porosity(self) -> None:
        self.phases.set_free(self.porosity.has_each)
        self.phases.follow(self.porosity.middle)
        self._judge_target()
        self.changed.emit()
