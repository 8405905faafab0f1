"""Colour swatches that identify volumes in lists and tables."""

from qtpy.QtGui import QColor, QIcon, QPixmap


def make_swatch(colour: str) -> QIcon:
    """Return an icon filled with a colour, for example ``"#1f77b4"``."""
    picture = QPixmap(16, 10)
    picture.fill(QColor(colour))
    return QIcon(picture)
