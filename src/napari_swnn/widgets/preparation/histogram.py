"""Histogram of grey values with movable thresholds."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QVBoxLayout, QWidget

_TEXT = {True: "#f0f1f2", False: "#1e1e21"}
_BARS = {True: "#7d8794", False: "#9aa3ad"}
_LINE = {True: "#ffd166", False: "#b34700"}


class Histogram(QWidget):
    """Histogram of grey values; each threshold is a line that the user can drag.

    `levels_moved` carries the thresholds in ascending order while a line is dragged.

    Attributes
    ----------
    lines : list of pyqtgraph.InfiniteLine
        Lines of the thresholds.
    """

    levels_moved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = pg.PlotWidget(background=None)
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        self._plot.setStyleSheet("background: transparent")  # otherwise, the view keeps the colour of the first theme
        for side in ("left", "bottom"):
            self._plot.hideAxis(side)
        self._plot.getPlotItem().layout.setContentsMargins(0, 2, 2, 0)
        self._plot.getAxis("bottom").enableAutoSIPrefix(False)
        self._bars = pg.PlotDataItem(stepMode="center", fillLevel=0)
        self._plot.addItem(self._bars)
        self.lines: list[pg.InfiniteLine] = []
        self._edges = np.array([0.0, 1.0])
        self._counts = np.zeros(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self.setFixedHeight(120)
        self.setToolTip("Distribution of grey values from dark to bright. Drag a line to set the threshold by hand.")
        self.set_dark(True)

    @property
    def levels(self) -> tuple[float, ...]:
        """Thresholds in ascending order."""
        return tuple(sorted(float(line.value()) for line in self.lines))

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest grey value."""
        return float(self._edges[0]), float(self._edges[-1])

    @property
    def is_dragged(self) -> bool:
        """True while the user drags a line."""
        return any(line.moving for line in self.lines)

    def show_counts(self, counts: np.ndarray, edges: np.ndarray) -> None:
        """Show the number of pixels in each interval of grey values.

        Parameters
        ----------
        counts : numpy.ndarray
            Number of pixels, ``(n,)``.
        edges : numpy.ndarray
            Ends of the intervals, ``(n + 1,)``, ascending.
        """
        self._edges = edges
        self._counts = counts
        self._plot.showAxis("bottom")
        self._bars.setData(edges, np.sqrt(counts))  # small peaks stay visible beside large ones
        self._plot.setXRange(float(edges[0]), float(edges[-1]), padding=0.02)
        self._plot.setYRange(0, max(1.0, 1.05 * float(np.sqrt(counts).max())), padding=0)
        for line in self.lines:
            line.blockSignals(True)  # a line that the bounds move was not dragged
            line.setBounds((float(edges[0]), float(edges[-1])))
            line.blockSignals(False)

    def show_levels(self, levels: Sequence[float]) -> None:
        """Show thresholds, unless the user is dragging one."""
        if self.is_dragged:
            return
        while len(self.lines) > len(levels):
            self._plot.removeItem(self.lines.pop())
        while len(self.lines) < len(levels):
            self.lines.append(self._make_line())
        for line, level in zip(self.lines, levels, strict=True):
            line.blockSignals(True)
            line.setValue(float(level))
            line.blockSignals(False)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        text = QColor(_TEXT[dark])
        axis = self._plot.getAxis("bottom")
        axis.setPen(text)
        axis.setTextPen(text)
        self._pen = pg.mkPen(_LINE[dark], width=2)
        self._hover = pg.mkPen(_LINE[dark], width=4)
        self._bars.setPen(pg.mkPen(_BARS[dark]))
        self._bars.setBrush(pg.mkBrush(_BARS[dark]))
        for line in self.lines:
            line.setPen(self._pen)
            line.setHoverPen(self._hover)

    def _make_line(self) -> pg.InfiniteLine:
        line = pg.InfiniteLine(
            angle=90, movable=True, pen=self._pen, hoverPen=self._hover, bounds=(self._edges[0], self._edges[-1])
        )
        line.sigPositionChanged.connect(self._on_moved)
        self._plot.addItem(line)
        return line

    def _on_moved(self, _line: pg.InfiniteLine) -> None:
        self.levels_moved.emit(self.levels)
