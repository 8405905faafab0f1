"""Plot of the loss during training."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor, isnan, log10, nan

import pyqtgraph as pg
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QVBoxLayout, QWidget
from superqt.utils import QSignalThrottler

from napari_swnn.widgets.kit.controls import Note

_REFRESH = 250
"""Time between two redraws in milliseconds; steps may follow each other much faster."""

_LINES = {True: "#f0a830", False: "#0b5cad"}
"""Colour of the curve on a dark (True) and a light background."""


class _DecimalAxis(pg.AxisItem):
    """Logarithmic axis with a few round tick values in decimal notation."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """Return the exponents of the ticks, with fewer ticks per decade for a longer range."""
        digits = (
            (1, 1.5, 2, 3, 4, 5, 7)
            if high - low < 0.6
            else (1, 2, 5)
            if high - low < 1.2
            else (1, 3)
            if high - low < 2
            else (1,)
        )
        decades = range(floor(low), ceil(high) + 1)
        ticks = [decade + log10(digit) for decade in decades for digit in digits]
        return [(1.0, [tick for tick in ticks if low <= tick <= high])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Return the tick labels."""
        return [f"{10**value:.3g}" for value in values]


@dataclass(frozen=True)
class LossHistory:
    """Course of a training.

    Attributes
    ----------
    steps : tuple of tuple
        Number, loss and scale of each step.
    aims : mapping of int to float
        Distance to aim at, for each scale.
    """

    steps: tuple[tuple[int, float, int], ...] = ()
    aims: Mapping[int, float] = field(default_factory=dict)


class LossCurve(QWidget):
    """Plot of the logarithmic loss against the training step, with dashed lines between scales."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = pg.PlotWidget(background=None, axisItems={"left": _DecimalAxis("left")})
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        self._plot.setLogMode(y=True)
        self._plot.setStyleSheet("background: transparent")  # otherwise, the view keeps the colour of the first theme
        self._plot.setLabel("bottom", "training step")
        self._plot.getPlotItem().layout.setContentsMargins(0, 0, 0, 6)  # the label extends below its axis
        self._plot.setLabel("left", "distance to reference")
        self._plot.getAxis("left").enableAutoSIPrefix(False)
        self._aim = self._plot.plot([])
        self._curve = self._plot.plot([])
        self.note = Note()
        self._borders: list[pg.InfiniteLine] = []
        self._iterations: list[int] = []
        self._losses: list[float] = []
        self._scales: list[int] = []
        self._aims: Mapping[int, float] = {}
        self._aimed: list[float] = []
        self._throttler = QSignalThrottler(parent=self)
        self._throttler.setTimeout(_REFRESH)
        self._throttler.triggered.connect(self.refresh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._plot)
        layout.addWidget(self.note)
        self._plot.setFixedHeight(170)
        self.set_dark(True)

    def clear(self) -> None:
        """Start a new curve."""
        self._iterations = []
        self._losses = []
        self._scales = []
        self._aims = {}
        self._aimed = []
        self.note.show_text("")
        for border in self._borders:
            self._plot.removeItem(border)
        self._borders = []
        self.refresh()

    def aim_at(self, distances: Mapping[int, float]) -> None:
        """Draw the distance between two pieces of the reference for each scale; a good model comes near it."""
        self._aims = dict(distances)
        self.note.show_text("Horizontal dashes: distance between two halves of the reference." if distances else "")

    def add(self, iteration: int, loss: float, scale: int) -> None:
        """Add a step, which `refresh` draws."""
        if self._scales and self._scales[-1] != scale:
            self._borders.append(self._plot.addLine(x=iteration - 0.5, pen=self._border_pen()))
        self._scales.append(scale)
        self._iterations.append(iteration)
        self._losses.append(loss)
        self._aimed.append(self._aims.get(scale, nan))

    def refresh_soon(self) -> None:
        """Draw the added steps, at most once per `_REFRESH`."""
        self._throttler.throttle()

    def refresh(self) -> None:
        """Draw the added steps."""
        self._curve.setData(self._iterations, self._losses)
        known = [not isnan(value) for value in self._aimed]
        self._aim.setData(
            [each for each, is_known in zip(self._iterations, known, strict=True) if is_known],
            [each for each, is_known in zip(self._aimed, known, strict=True) if is_known],
        )

    @property
    def history(self) -> LossHistory:
        """Course of the training that is shown; without steps if there is none."""
        steps = zip(self._iterations, self._losses, self._scales, strict=True)
        return LossHistory(tuple(steps), self._aims)

    def show_history(self, history: LossHistory) -> None:
        """Show the course of an earlier training."""
        self.clear()
        self.aim_at(history.aims)
        for step in history.steps:
            self.add(*step)
        self.refresh()

    @property
    def aimed(self) -> list[float]:
        """Distance to aim at in each step; NaN where it is not known."""
        return list(self._aimed)

    @property
    def n_borders(self) -> int:
        """Number of dashed lines between scales."""
        return len(self._borders)

    def __len__(self) -> int:
        return len(self._losses)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self._text = QColor("#f0f1f2" if dark else "#1e1e21")
        self._curve.setPen(pg.mkPen(_LINES[dark], width=1.5))
        self._aim.setPen(pg.mkPen(self._text, width=1.5, style=pg.QtCore.Qt.PenStyle.DashLine))
        for name in ("bottom", "left"):
            axis = self._plot.getAxis(name)
            axis.setPen(self._text)
            axis.setTextPen(self._text)
        for border in self._borders:
            border.setPen(self._border_pen())

    def _border_pen(self) -> object:
        colour = QColor(self._text)
        colour.setAlpha(110)
        return pg.mkPen(colour, style=pg.QtCore.Qt.PenStyle.DashLine)
