"""Plot of one statistic of the reference and of the volumes."""

from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPen
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_swnn.widgets.comparison.colours import make_legible

if TYPE_CHECKING:
    from napari_swnn.validation import CurveComparison, PhaseGroup
    from napari_swnn.widgets.comparison.work import Comparison

ORIGIN = 8
"""Largest distance in the plot of short distances, in voxels."""
_LABEL_WIDTH = 24
"""Largest number of characters beside the vertical axis."""
VOLUME_LINES = {
    "solid": Qt.PenStyle.SolidLine,
    "dotted": Qt.PenStyle.DotLine,
    "dash-dotted": Qt.PenStyle.DashDotLine,
    "dash-double-dotted": Qt.PenStyle.DashDotDotLine,
}
"""Lines of the volumes in the colours of the phases, used cyclically; dashes belong to the reference."""
_TEXT = {True: "#f0f1f2", False: "#1e1e21"}


class ComparisonPlot(QWidget):
    """Plot of one statistic: the reference as a dashed line, the volumes as solid lines.

    With several phases, each volume has a line of its own, and the confidence band of the reference is omitted.

    Attributes
    ----------
    lines : list of pyqtgraph.PlotDataItem
        Curves of the volumes, followed by the curve of the reference; those of several phases one after the other.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = pg.PlotWidget(background=None)
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        self._plot.setStyleSheet("background: transparent")  # otherwise the view keeps the colour of the first theme
        self._plot.getPlotItem().layout.setContentsMargins(0, 4, 8, 6)  # the label extends below its axis
        for name in ("bottom", "left"):
            self._plot.getAxis(name).enableAutoSIPrefix(False)
        self._shown: tuple[Comparison, tuple[PhaseGroup, ...], str, bool] | None = None
        self.lines: list[pg.PlotDataItem] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self.setFixedHeight(250)
        self.set_dark(True)

    def show_curves(self, comparison: "Comparison", groups: "Sequence[PhaseGroup]", key: str, *, origin: bool) -> None:
        """Plot one statistic of one group of phases in the colours of the volumes, or of several in their own.

        Parameters
        ----------
        comparison : Comparison
            Comparison to show.
        groups : sequence of PhaseGroup
            A phase, a pair of phases, or several phases.
        key : str
            Key of the statistic.
        origin : bool
            If True, only short distances are shown, with markers.
        """
        self._shown = (comparison, tuple(groups), key, origin)
        curves = [group.curves[key] for group in groups]
        part = slice(ORIGIN + 1 if origin else max(map(_end, curves)))
        self._plot.clear()
        self.lines = []
        for group, curve in zip(groups, curves, strict=True):
            if len(groups) == 1:
                self._draw_band(curve, part)
                pens = [pg.mkPen(colour, width=2) for colour in comparison.colours]
                self._draw_curve(curve, part, pens, self._text, marked=origin)
            else:
                own = QColor(make_legible(comparison.phase_colours[group.labels[0]], dark=self._is_dark))
                lines = name_lines(len(curve.realisations))
                pens = [pg.mkPen(own, width=2, style=VOLUME_LINES[line]) for line in lines]
                self._draw_curve(curve, part, pens, own, marked=origin)
        first = curves[0]
        self._plot.setLabel("bottom", _with_unit(first.argument, first.reference.unit))
        text = wrap(_with_unit(first.symbol, first.unit), _LABEL_WIDTH)
        self._plot.setLabel("left", "<br>".join(map(escape, text)))
        self._plot.autoRange(padding=0.04)
        if not origin and all(np.nanmin(curve.reference.values) >= 0 for curve in curves):
            self._plot.setYRange(0, self._plot.viewRange()[1][1], padding=0)

    def clear(self) -> None:
        """Remove all curves."""
        self._shown = None
        self.lines = []
        self._plot.clear()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self._is_dark = dark
        self._text = QColor(_TEXT[dark])
        for name in ("bottom", "left"):
            axis = self._plot.getAxis(name)
            axis.setPen(self._text)
            axis.setTextPen(self._text)
        if self._shown is not None:
            comparison, groups, key, origin = self._shown
            self.show_curves(comparison, groups, key, origin=origin)

    def _draw_curve(
        self, curve: "CurveComparison", part: slice, pens: Sequence[QPen], reference: QColor, *, marked: bool
    ) -> None:
        """Draw the curves of the volumes, then that of the reference as a dashed line."""
        distance = curve.distance[part]
        for volume, pen in zip(curve.realisations, pens, strict=True):
            self.lines.append(self._draw(distance, volume.values[part], pen, marked))
        dashed = pg.mkPen(reference, width=2, style=Qt.PenStyle.DashLine)
        self.lines.append(self._draw(distance, curve.reference.values[part], dashed, marked))

    def _draw(self, x: np.ndarray, y: np.ndarray, pen: QPen, marked: bool) -> pg.PlotDataItem:
        marks = {"symbol": "o", "symbolSize": 6, "symbolBrush": pen.color(), "symbolPen": None} if marked else {}
        return self._plot.plot(x, y, pen=pen, connect="finite", **marks)

    def _draw_band(self, curve: "CurveComparison", part: slice) -> None:
        middle = curve.reference.values[part]
        half = curve.half_width[part]
        distance = curve.distance[part]
        known = np.isfinite(middle) & np.isfinite(half)
        if not known.any():
            return
        low, high = middle - half, middle + half
        if not (middle[known] < 0).any():
            low = np.maximum(low, 0)
        edges = [pg.PlotCurveItem(distance[known], values[known], pen=None) for values in (low, high)]
        colour = QColor(self._text)
        colour.setAlpha(45)
        self._plot.addItem(pg.FillBetweenItem(*edges, brush=pg.mkBrush(colour)))


def name_lines(n_volumes: int) -> list[str]:
    """Return the name of the line of each volume in the colours of the phases; see `VOLUME_LINES`."""
    names = list(VOLUME_LINES)
    return [names[i % len(names)] for i in range(n_volumes)]


def _end(curve: "CurveComparison") -> int:
    """Return the number of distances to show, without the long tail of zeros of a chord-length density."""
    values = np.nan_to_num(np.array([curve.reference.values, *(volume.values for volume in curve.realisations)]))
    seen = np.flatnonzero((np.abs(values) > 0.01 * values.max()).any(axis=0))
    return min(len(curve.distance), int(1.1 * seen[-1]) + 3) if seen.size else len(curve.distance)


def _with_unit(text: str, unit: str) -> str:
    return f"{text} ({unit})" if unit else text
