"""Small preview volume that follows the porosity slider of a model for a porosity range."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_swnn._types import Labels
from napari_swnn.widgets.kit.threads import Checker
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.layers.view_3d import show_in_3d

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_swnn.core.model.model import Model

SIDE = 64
"""Edge length of the preview in voxels."""


@dataclass(frozen=True, eq=False)
class Preview:
    """Small preview volume with a target porosity.

    Attributes
    ----------
    model : Model
        Model that generated it.
    porosity : float
        Target porosity, in [0, 1].
    labels : numpy.ndarray
        Labels of the volume.
    """

    model: "Model"
    porosity: float
    labels: Labels


def generate_preview(model: "Model", porosity: float, seed: int, device: str) -> Preview:
    """Generate a small volume that consists of one block."""
    from napari_swnn.core.volume.spec import VolumeSpec
    from napari_swnn.core.volume.virtual_volume import describe_volume

    spec = VolumeSpec((SIDE,) * model.dimension, seed=seed, porosity=porosity)
    volume = describe_volume(model, spec, device=device)
    (block,) = volume.blocks()
    return Preview(model, porosity, volume.labels(block))


class RangePreview(QObject):
    """Preview of a model at the porosity of the slider, which it follows as fast as previews are generated.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the preview as a separate layer.
    """

    failed = Signal(str)
    """Emitted with the reason that no preview is available, or with an empty text on success."""

    def __init__(self, viewer: "Viewer", parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._output: OutputLayers | None = None
        self._model: Model | None = None
        self._turned: Any = None
        self._checker = Checker(self, live=True)
        self._checker.done.connect(self._on_preview)
        self._checker.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """True while a preview is pending."""
        return bool(self._checker.busy)

    def request(self, model: "Model", porosity: float, seed: int, device: str) -> None:
        """Show a preview as soon as the one in progress is done, also while the slider moves."""
        self._checker.request(generate_preview, model, porosity, seed, device)

    def keep_for(self, model: "Model | None") -> None:
        """Remove the preview if it belongs to another model."""
        if self._model is not None and self._model is not model:
            self.remove()

    def stop(self) -> None:
        """Cancel pending previews; the current preview remains visible."""
        self._checker.drop()

    def remove(self) -> None:
        """Remove the preview."""
        self.stop()
        if self._output is not None:
            self._output.remove_preview()
        self._output = None
        self._model = None

    def _on_preview(self, preview: Preview) -> None:
        if self._output is None:
            self._output = OutputLayers(self._viewer)
        self._model = preview.model
        layer = self._output.show_porosity(preview.labels, Look.of_model(preview.model), preview.porosity)
        if self._viewer.dims.ndisplay == 3 and layer is not self._turned and preview.model.dimension == 3:
            self._turned = layer
            show_in_3d(self._viewer, layer)
        self.failed.emit("")

    def _on_failed(self, text: str) -> None:
        self.failed.emit(f"There is no preview: {text}")
