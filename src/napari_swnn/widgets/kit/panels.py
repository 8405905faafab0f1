"""Opening of panels by other panels and commands, as the menu of plugins opens them."""

from typing import TYPE_CHECKING, Any

from npe2 import PluginManager
from qtpy.QtWidgets import QDockWidget

if TYPE_CHECKING:
    from napari.viewer import Viewer

_PLUGIN = "napari-swnn"


def open_panel(viewer: "Viewer", name: str) -> Any:
    """Open a panel, or bring the one that is open to the front, and return it.

    The dock has the name that the menu of plugins gives it. With napari's own function it has another one, and the menu
    would open a second panel.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer with the panel.
    name : str
        Name of the panel in the manifest.
    """
    manifest = PluginManager.instance().get_manifest(_PLUGIN)
    found = next(each for each in manifest.contributions.widgets or () if each.display_name == name)
    kind: Any = found.get_callable()
    panel = next((each for each in viewer.window.dock_widgets.values() if isinstance(each, kind)), None)
    if panel is None:
        panel = kind(viewer)
        viewer.window.add_dock_widget(panel, name=f"{name} ({manifest.display_name})", tabify=True)
    dock = panel.parent()
    while dock is not None and not isinstance(dock, QDockWidget):
        dock = dock.parent()
    if dock is not None:
        dock.show()
        dock.raise_()
    return panel
