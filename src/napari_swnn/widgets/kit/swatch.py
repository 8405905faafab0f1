"""Colour swatches that identify volumes in lists and tables."""

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap

FRAME = "#808080"
"""Colour of the frame, without which a colour like that of the panel is not seen."""


def make_swatch(*colours: str | None) -> QIcon:
    """Return a framed icon filled with a colour, for example ``"#1f77b4"``, or empty for None.

    Several colours, such as those of a pair of phases, share it from left to right.
    """
    picture = QPixmap(16, 10)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    n = len(colours)
    for i, colour in enumerate(colours):
        if colour is not None:
            left, right = (round(k * picture.width() / n) for k in (i, i + 1))
            painter.fillRect(left, 0, right - left, picture.height(), QColor(colour))
    painter.setPen(QColor(FRAME))
    painter.drawRect(0, 0, picture.width() - 1, picture.height() - 1)
    painter.end()
    return QIcon(picture)
