"""Watchers of selected layers, which are checked in a thread whenever they change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_swnn._layer_style import read_names
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.session import NotReady
from napari_swnn.widgets.kit.threads import Checker
from napari_swnn.widgets.layers.grid import read_voxel_size
from napari_swnn.widgets.layers.reading import check_readable, read_values

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Layer

PATIENCE = 200
"""Milliseconds without a change before layers are read, since painting emits many changes."""
_WATCHED = ("data", "paint", "scale", "translate", "rotate", "shear", "affine", "units", "name")
"""Events after which a layer must be read again."""


class LayerWatch(QObject):
    """Watcher that emits `changed` when a layer changes and `settled` once the changes have stopped."""

    changed = Signal()
    settled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._watched: list[Any] = []
        self._debouncer = make_debouncer(self, PATIENCE, self.settled.emit)

    def watch(self, layers: "Iterable[Layer]") -> None:
        """Replace the watched layers."""
        wanted = list(layers)
        for layer, connect in [(old, False) for old in self._watched] + [(new, True) for new in wanted]:
            for name in (name for name in _WATCHED if name in layer.events):
                emitter = getattr(layer.events, name)
                (emitter.connect if connect else emitter.disconnect)(self.touch)
        self._watched = wanted

    def touch(self, _event: Any = None) -> None:
        """Report a change."""
        self.wait()
        self.changed.emit()

    def wait(self) -> None:
        """Emit `settled` again once the changes have stopped."""
        self._debouncer.throttle()

    def stop(self) -> None:
        """Stop watching layers."""
        self._debouncer.cancel()
        self.watch([])


@dataclass(frozen=True, eq=False)
class LayerFacts:
    """Contents of a segmented layer.

    Attributes
    ----------
    name : str
        Name of the layer.
    labels : numpy.ndarray or dask array
        Data of the layer, ``(y, x)`` or ``(z, y, x)``, which must not be modified.
    voxel : VoxelSize
        Edge length of a voxel; its unit is ``"voxel"`` if the layer has no unit of length.
    phases : dict of int to float
        Volume fraction of each label; empty until computed.
    names : mapping of int to str
        Names of the phases by label; may be empty.
    """

    name: str
    labels: Any
    voxel: VoxelSize
    phases: dict[int, float]
    names: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def take(cls, layer: "LabelsLayer", control: str) -> "LayerFacts":
        """Describe a layer without reading its labels.

        Raises
        ------
        BadInputError
            If the layer is not a section or volume with cubic voxels, or is lazy and too large to read.
        """
        labels = read_values(layer, control)
        check_readable(layer, labels, control)
        return cls(layer.name, labels, read_voxel_size(layer, labels.ndim, control), {}, read_names(layer))

    def with_phases(self) -> "LayerFacts":
        """Return a copy that includes the fraction of each label; the layer is read block by block."""
        from napari_swnn.statistics.volume_fraction import volume_fractions

        return replace(self, phases=volume_fractions(self.labels))


class LayerCheck(QObject):
    """Check of selected layers, which runs in a thread whenever they change.

    Parameters
    ----------
    take : callable
        Function that reads the layers in the viewer's thread. It returns None if no layer is selected, and raises a
        `BadInputError` if the layers are unsuitable.
    look : callable
        Function that examines the result of `take` in a thread.
    control : str
        Key of the control for errors raised in the thread.

    Attributes
    ----------
    found
        Result of `look`; None until available.
    problem : BadInputError or None
        Reason that the layers cannot be used.
    """

    changed = Signal()

    def __init__(self, take: Callable[[], Any], look: Callable[[Any], Any], control: str, parent: QObject) -> None:
        super().__init__(parent)
        self.found: Any = None
        self.problem: BadInputError | None = None
        self._take = take
        self._look = look
        self._control = control
        self._watch = LayerWatch(self)
        self._checker = Checker(self)
        self._watch.changed.connect(self._forget)
        self._watch.settled.connect(self._begin)
        self._checker.done.connect(self._on_found)
        self._checker.failed.connect(self._on_failed)

    def restart(self, *layers: "Layer | None") -> None:
        """Watch these layers, discard earlier results, and check again."""
        self._watch.watch([layer for layer in layers if layer is not None])
        self._watch.touch()

    def why_not_ready(self, chosen: "Layer | None", missing: str) -> NotReady | None:
        """Return the reason that `found` cannot be used yet; None if it can.

        Parameters
        ----------
        chosen : napari.layers.Layer or None
            Selected layer.
        missing : str
            Sentence that says what to do if no layer is selected.

        Raises
        ------
        BadInputError
            If the layers cannot be used.
        """
        if self.problem is not None:
            raise self.problem
        if chosen is None:
            return NotReady(missing)
        return NotReady("Reading the layer…", is_checking=True) if self.found is None else None

    def stop(self) -> None:
        """Stop watching layers and ignore pending results."""
        self._watch.stop()
        self._checker.drop()

    def _forget(self) -> None:
        self.found = self.problem = None
        self._checker.drop()
        self.changed.emit()

    def _begin(self) -> None:
        try:
            taken = self._take()
        except BadInputError as problem:
            self.problem = problem
            self.changed.emit()
            return
        if taken is not None:
            self._checker.request(self._look, taken)

    def _on_found(self, found: Any) -> None:
        self.found = found
        self.changed.emit()

    def _on_failed(self, text: str) -> None:
        self.problem = BadInputError(self._control, text)
        self.changed.emit()
