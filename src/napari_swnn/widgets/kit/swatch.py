"""Colour swatches that identify volumes in lists and tables."""

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap


def to_hex(colour: Sequence[float]) -> str:
    """Return red, green and blue, each in [0, 1], as text, for example ``"#e6991a"``."""
    return "#" + "".join(f"{round(255 * float(channel)):02x}" for channel in colour[:3])


def make_swatch(colour: str | None) -> QIcon:
    """Return an icon filled with a colour, for example ``"#1f77b4"``, or transparent for None."""
    picture = QPixmap(16, 10)
    picture.fill(Qt.GlobalColor.transparent if colour is None else QColor(colour))
    return QIcon(picture)
