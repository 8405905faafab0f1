"""Colour swatches that identify volumes in lists and tables."""

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap

_FRAME = "#808080"
"""Colour of the frame, without which a colour like that of the panel is not seen."""


def make_swatch(colour: str | None) -> QIcon:
    """Return a framed icon filled with a colour, for example ``"#1f77b4"``, or empty for None."""
    picture = QPixmap(16, 10)
    picture.fill(Qt.GlobalColor.transparent if colour is None else QColor(colour))
    painter = QPainter(picture)
    painter.setPen(QColor(_FRAME))
    painter.drawRect(0, 0, picture.width() - 1, picture.height() - 1)
    painter.end()
    return QIcon(picture)
