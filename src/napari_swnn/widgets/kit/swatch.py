"""Colour swatches that identify volumes in lists and tables."""

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap


def make_swatch(colour: str | None) -> QIcon:
    """Return an icon filled with a colour, for example ``"#1f77b4"``, or transparent for None."""
    picture = QPixmap(16, 10)
    picture.fill(Qt.GlobalColor.transparent if colour is None else QColor(colour))
    return QIcon(picture)
