"""Advice that leads from an Image layer, or from an unsuitable reference, to one that can be used."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.errors import BadInputError, Remedy
from napari_swnn.widgets.kit.panels import open_panel
from napari_swnn.widgets.layers.conversion import convert_to_labels, may_hold_labels, square_pixels

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from napari.viewer import Viewer


class Selection(Protocol):
    """Control that holds a layer and can select another one, such as a `LayerCombo`."""

    @property
    def value(self) -> Any:
        """Selected layer, or None."""

    def choose(self, layer: Any) -> None:
        """Select a layer of the viewer."""


class Lead(QWidget):
    """Advice with the buttons *Convert to labels*, *Prepare…* and *Make a copy with equal sides*."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = Note()
        self.convert = QPushButton("Convert to labels")
        self.prepare = QPushButton("Prepare…")
        self.resample = QPushButton(str(Remedy.RESAMPLE))
        self.image: Image | None = None
        self._text = ""
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
        self._text = text
        self.note.show_text(text)
        self.setVisible(image is not None)

    def offer(self, remedy: Remedy | None) -> None:
        """Offer a remedy for the reference, or none."""
        self.resample.setVisible(remedy is Remedy.RESAMPLE)
        self.note.show_text(self._text)
        self.setVisible(self.image is not None or remedy is Remedy.RESAMPLE)

    def refuse(self, problem: BadInputError) -> None:
        """Show why no layer could be made."""
        self.note.show_text(str(problem))
        self.convert.hide()

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
    lead : Lead
        Buttons.
    combo : Selection
        Control that holds the layer to copy, and selects a new one.
    refresh : callable
        Function that updates the layers of `combo`.
    """

    def __init__(self, viewer: "Viewer", lead: Lead, combo: Selection, refresh: Callable[[], None]) -> None:
        self._viewer = viewer
        self._lead = lead
        self._combo = combo
        self._refresh = refresh
        lead.convert.clicked.connect(self.convert)
        lead.prepare.clicked.connect(self.prepare)
        lead.resample.clicked.connect(self.resample)

    def convert(self) -> None:
        """Add a Labels layer with the values of the image, and select it."""
        if self._lead.image is not None:
            self._replace(self._lead.image, convert_to_labels)

    def resample(self) -> None:
        """Add a copy of the selected layer with square pixels, and select it."""
        if self._combo.value is not None:
            self._replace(self._combo.value, square_pixels)

    def prepare(self) -> None:
        """Open the panel *SWNN prepare*."""
        open_panel(self._viewer, "SWNN prepare")

    def _replace(self, layer: "Layer", make: Callable[[Any], tuple[Any, dict[str, Any]]]) -> None:
        """Add the layer that `make` returns, hide the original, and show why if there is none."""
        try:
            data, attributes = make(layer)
        except BadInputError as problem:
            self._lead.refuse(problem)
            return
        added = self._viewer.add_labels(data, **attributes)
        layer.visible = False
        self._refresh()
        self._combo.choose(added)
