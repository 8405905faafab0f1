"""Thumbnails of sections with the axes of their plane drawn on them."""

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPixmap, QPolygonF

from napari_swnn.widgets.kit.swatch import FRAME
from napari_swnn.widgets.layers.reading import read_values

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

SIDE = 84
"""Edge length of a thumbnail in pixels, with its axes."""
_MARGIN = 14
_HEAD = 3.5


def draw_thumbnail(layer: "LabelsLayer | None", axes: tuple[str, str], *, turned: bool, dark: bool) -> QPixmap:
    """Return a thumbnail of a section with arrows along its axes; an empty frame without a section.

    Parameters
    ----------
    layer : napari.layers.Labels or None
        Section.
    axes : tuple of str
        Names of the axes along the columns (downwards) and along the rows (to the right).
    turned : bool
        True to turn the section by 90 degrees.
    dark : bool
        True for light lines on a dark background.
    """
    picture = QPixmap(SIDE, SIDE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    place = QRectF(_MARGIN, _MARGIN, SIDE - _MARGIN - 1, SIDE - _MARGIN - 1)
    if layer is not None:
        image = _render(layer, turned=turned)
        scale = min(place.width() / image.width(), place.height() / image.height())
        place = QRectF(place.x(), place.y(), scale * image.width(), scale * image.height())
        painter.drawImage(place, image)
    painter.setPen(QColor(FRAME))
    painter.drawRect(place)
    _draw_axes(painter, place, axes, QColor("white" if dark else "black"))
    painter.end()
    return picture


def _render(layer: "LabelsLayer", *, turned: bool) -> QImage:
    values = read_values(layer, "planes")
    step = max(1, max(values.shape) // SIDE)
    labels = np.asarray(values[::step, ::step])
    colours = {int(label): np.asarray(layer.colormap.map(int(label)), float).ravel() for label in np.unique(labels)}
    shown = np.zeros((*labels.shape, 4), np.uint8)
    for label, colour in colours.items():
        shown[labels == label] = np.round(255 * colour)
    shown = np.ascontiguousarray(np.rot90(shown) if turned else shown)
    height, width = shown.shape[:2]
    return QImage(shown.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def _draw_axes(painter: QPainter, place: QRectF, axes: tuple[str, str], colour: QColor) -> None:
    """Draw an arrow downwards beside a section, and one to the right above it, with the names of the axes."""
    painter.setPen(colour)
    painter.setBrush(colour)
    font = painter.font()
    font.setPixelSize(11)
    painter.setFont(font)
    corner = QPointF(_MARGIN / 2, _MARGIN / 2)
    for name, tip in ((axes[0], QPointF(corner.x(), place.bottom())), (axes[1], QPointF(place.right(), corner.y()))):
        length = np.hypot(tip.x() - corner.x(), tip.y() - corner.y())
        along = (tip - corner) / max(length, 1.0)
        across = QPointF(-along.y(), along.x())
        middle = (corner + tip) / 2
        room = QRectF(middle.x() - 6, middle.y() - 7, 12, 14)
        painter.drawLine(corner, middle - 7 * along)
        painter.drawLine(middle + 7 * along, tip)
        base = tip - 2 * _HEAD * along
        painter.drawPolygon(QPolygonF([tip, base + _HEAD * across, base - _HEAD * across]))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, name)
