"""Signals of Qt for new and renamed models."""

from qtpy.QtCore import QObject, Signal

from napari_swnn.widgets.layers.trained_models import MODELS


class ModelRelay(QObject):
    """Relay that forwards changes of the list of models to the panels; Qt disconnects deleted panels."""

    added = Signal(object)
    noted = Signal()


MODEL_RELAY = ModelRelay()
MODELS.added.connect(MODEL_RELAY.added.emit)
MODELS.noted.connect(MODEL_RELAY.noted.emit)
