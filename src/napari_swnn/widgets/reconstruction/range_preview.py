"""A small volume that follows the porosity slider of a model for a range."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_swnn._types import Labels
from napari_swnn.widgets.kit.threads import Checker
from napari_swnn.widgets.layers.output import Look, OutputLayers

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_swnn.core.model.model import Model

SIDE = 64
_PATIENCE = 120
"""Milliseconds that the slider has to rest."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A small volume of a porosity."""

    model: "Model"
    porosity: float
    labels: Labels


def sample(model: "Model", porosity: float, seed: int, device: str) -> Sample:
    """Generate a small volume."""
    from napari_swnn.core.volume.spec import VolumeSpec
    from napari_swnn.core.volume.virtual_volume import describe_volume

    spec = VolumeSpec((SIDE,) * model.dimension, seed, porosity)
    volume = describe_volume(model, spec, device=device)
    (block,) = volume.blocks()
    return Sample(model, porosity, volume.labels(block))


class RangePreview(QObject):
    """Shows what a model makes of the porosity that is being chosen; of several requests, the last one counts.

    Parameters
    ----------
    viewer : napari.Viewer
        Where to show it, as a layer of its own.
    """

    told = Signal(str)
    """Why there is no preview; empty once there is one."""

    def __init__(self, viewer: "Viewer", parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._output: OutputLayers | None = None
        self._model: Model | None = None
        self._wanted: tuple[Model, float, int, str] | None = None
        self._checker, self._timer = Checker(self), QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE)
        self._timer.timeout.connect(self._begin)
        self._checker.done.connect(self._on_sample)
        self._checker.failed.connect(self._on_failed)

    @property
    def busy(self) -> bool:
        """Whether a volume is to come."""
        return bool(self._timer.isActive() or self._checker.busy)

    def request(self, model: "Model", porosity: float, seed: int, device: str) -> None:
        """Show this once the slider rests."""
        self._wanted = (model, porosity, seed, device)
        self._timer.start()

    def keep_for(self, model: "Model | None") -> None:
        """Remove the preview unless it is of this model."""
        if self._model is not None and self._model is not model:
            self.remove()

    def stop(self) -> None:
        """Show no more; what is shown stays."""
        self._timer.stop()
        self._checker.drop()

    def remove(self) -> None:
        """Take the preview away."""
        self.stop()
        if self._output is not None:
            self._output.remove_preview()
        self._output = self._model = None

    def _begin(self) -> None:
        if self._wanted is not None:
            self._checker.request(sample, *self._wanted)

    def _on_sample(self, found: Sample) -> None:
        if self._output is None:
            self._output = OutputLayers(self._viewer)
        self._model = found.model
        self._output.show_porosity(found.labels, Look.of_model(found.model), found.porosity)
        self.told.emit("")

    def _on_failed(self, text: str) -> None:
        self.told.emit(f"There is no preview: {text}")
