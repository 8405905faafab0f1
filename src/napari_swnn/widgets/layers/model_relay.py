"""Signal of Qt for new models."""

from qtpy.QtCore import QObject, Signal

from napari_swnn.widgets.layers.trained_models import MODELS


class ModelRelay(QObject):
    """Relay that forwards new models to the panels; Qt disconnects deleted panels."""

    added = Signal(object)


MODEL_RELAY = ModelRelay()
MODELS.added.connect(MODEL_RELAY.added.emit)
