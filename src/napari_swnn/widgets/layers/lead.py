"""Advice that leads from an Image layer, or from an unsuitable reference, to one that can be used."""

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.errors import BadInputError, Remedy
from napari_swnn.widgets.layers.conversion import convert_to_labels, may_hold_labels, square_pixels

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.widgets.layers.reference_controls import ReferenceControls


class Lead(QWidget):
    """Advice with the buttons *Convert to labels*, *Prepare…* and *Make a copy with square pixels*."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = Note()
        self.convert = QPushButton("Convert to labels")
        self.prepare = QPushButton("Prepare…")
        self.resample = QPushButton(str(Remedy.RESAMPLE))
        self.image: Image | None = None
        self._few: dict[int, bool] = {}
        self.convert.setToolTip("Make a Labels layer with the same values, scale and units.")
        self.prepare.setToolTip("Open the panel that turns a raw micrograph into a Labels layer.")
        self.resample.setToolTip("Make a copy in which each pixel takes the label of the nearest original one.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.note)
        row = QHBoxLayout()
        for button in (self.convert, self.prepare, self.resample):
            row.addWidget(button)
        layout.addLayout(row)
        self.lead_from(None)

    def lead_from(self, image: "Image | None") -> None:
        """Advise on an image that is there instead of a reference; None for no advice."""
        self.image = image
        few = image is not None and self._has_few_values(image)
        self.convert.setVisible(few)
        self.prepare.setVisible(image is not None)
        self.resample.hide()
        text = ""
        if image is not None:
            kind = "a colour image" if image.rgb else "a grey image"
            text = f"“{image.name}” is {kind}; prepare it first: every pixel needs the label of its phase."
            if few:
                text = f"“{image.name}” is an image with few values, such as a segmented one; convert it to labels."
        self.note.show_text(text)
        self.setVisible(image is not None)

    def offer(self, remedy: Remedy | None) -> None:
        """Offer a remedy for the reference, or none."""
        self.resample.setVisible(remedy is Remedy.RESAMPLE)
        self.setVisible(self.image is not None or remedy is Remedy.RESAMPLE)

    def _has_few_values(self, image: "Image") -> bool:
        key = id(image.data)
        if key not in self._few:  # the values of an image rarely change
            self._few = {key: may_hold_labels(image)}
        return self._few[key]


class Guide:
    """Actions of the buttons of a `Lead`: they add layers to the viewer or open another panel.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layers.
    controls : ReferenceControls
        Controls of the reference, which select the new layer.
    """

    def __init__(self, viewer: "Viewer", controls: "ReferenceControls") -> None:
        self._viewer = viewer
        self._controls = controls
        lead = controls.lead
        lead.convert.clicked.connect(self.convert)
        lead.prepare.clicked.connect(self.prepare)
        lead.resample.clicked.connect(self.resample)

    def convert(self) -> None:
        """Add a Labels layer with the values of the image, and select it."""
        image = self._controls.lead.image
        if image is None:
            return
        try:
            data, attributes = convert_to_labels(image)
        except BadInputError as problem:
            self._controls.lead.note.show_text(str(problem))
            self._controls.lead.convert.hide()
            return
        self._controls.choose(self._add(data, attributes))
        image.visible = False

    def resample(self) -> None:
        """Add a copy of the reference with square pixels, and select it."""
        layer = self._controls.reference.value
        if layer is None:
            return
        try:
            data, attributes = square_pixels(layer)
        except BadInputError as problem:
            self._controls.lead.note.show_text(str(problem))
            return
        self._controls.choose(self._add(data, attributes))
        layer.visible = False

    def prepare(self) -> None:
        """Open the panel *SWNN prepare*."""
        self._viewer.window.add_plugin_dock_widget("napari-swnn", "SWNN prepare")

    def _add(self, data: object, attributes: dict[str, object]) -> "LabelsLayer":
        layer = self._viewer.add_labels(data, **attributes)
        self._controls.refresh_layers()
        return layer
