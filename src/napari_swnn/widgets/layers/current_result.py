"""The result layer that the controls of a panel are about, among all that the panel has added."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary, ref

from psygnal import Signal

from napari_swnn.widgets.kit.viewer_layers import unwrap

if TYPE_CHECKING:
    from napari.viewer import Viewer

Facts = TypeVar("Facts")


class CurrentResult(Generic[Facts]):
    """Result layer that the controls of a panel are about.

    It is the newest one, or the one that the user has selected since in the list of layers. Once it is removed, it is
    one of those that are left, a visible one if there is any. A layer that returns to the viewer counts again.

    A part of a volume, such as a box of a lazy layer, is only a view of that volume, unless the user selects the part.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Viewer that shows the results.
    """

    changed = Signal()
    """Emitted when the layer is another one, there is none left, or a part was added."""

    def __init__(self, viewer: "Viewer") -> None:
        self._viewer = viewer
        self._facts: WeakKeyDictionary[Any, Facts] = WeakKeyDictionary()  # removed volumes may be large
        self._wholes: WeakKeyDictionary[Any, ref[Any]] = WeakKeyDictionary()
        self._current: Any = None
        self._is_following = False

    @property
    def layer(self) -> Any:
        """Current layer; None if there are no results in the viewer."""
        if self._current is not None and self._current in self._viewer.layers:
            return self._current
        left = [layer for layer in self._facts if layer in self._viewer.layers]
        return max(reversed(left), key=lambda layer: (layer not in self._wholes, layer.visible), default=None)

    @property
    def view(self) -> Any:
        """Layer that shows the current one in 3-D: its newest part, or itself if it has none."""
        layer = self.layer
        parts = [part for part, whole in self._wholes.items() if whole() is layer and part in self._viewer.layers]
        return layer if layer is None or not parts else parts[-1]

    @property
    def facts(self) -> Facts | None:
        """Facts that were noted about the current layer; None if there is none."""
        layer = self.layer
        return None if layer is None else self._facts[layer]

    def add(self, layer: Any, facts: Facts) -> None:
        """Note a new layer, and make it the current one."""
        own = unwrap(layer)
        self._facts[own] = facts
        self._current = own
        self.changed.emit()

    def add_part(self, part: Any, whole: Any, facts: Facts) -> None:
        """Note a new part of a volume, which becomes the current layer only once the user selects it."""
        own = unwrap(part)
        self._facts[own] = facts
        self._wholes[own] = ref(unwrap(whole))
        self.changed.emit()

    def follow(self) -> None:
        """Follow the layer that the user selects in the list of layers."""
        if not self._is_following:
            self._viewer.layers.selection.events.active.connect(self._on_selected)
        self._is_following = True

    def stop(self) -> None:
        """Release the viewer, which may be closing."""
        if self._is_following:
            self._viewer.layers.selection.events.active.disconnect(self._on_selected)
        self._is_following = False

    def refresh(self) -> None:
        """Take another layer if the current one was removed."""
        layer = self.layer
        if layer is not self._current:
            self._current = layer
            self.changed.emit()

    def _on_selected(self, _event: Any = None) -> None:
        own = unwrap(self._viewer.layers.selection.active)
        if own is not None and own is not self._current and own in self._facts and own in self._viewer.layers:
            self._current = own
            self.changed.emit()
