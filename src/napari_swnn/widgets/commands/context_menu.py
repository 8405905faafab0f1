"""Entries in the context menu of layers.

The manifest of a plugin cannot contribute to this menu, so they are registered with the application when the plugin is
first used. If the menu has another name in a future napari, the entries are not shown.
"""

from typing import Any

MENU = "napari/layers/context"
ENTRIES = {
    "reconstruct_layer": "Reconstruct a 3-D Microstructure",
    "compare_layer": "Compare with the Reference",
    "compute_layer": "Conductivity and Permeability",
}
"""Titles by the name of the function in `napari_swnn.widgets.commands.panels`."""
_REGISTERED: set[Any] = set()


def activate(_context: Any = None) -> None:
    """Add the entries; napari calls this when the plugin is first used."""
    from app_model import Action, Application
    from app_model.expressions import parse_expression
    from app_model.types import MenuRule

    app = Application.get_app("napari")
    if app is None or app in _REGISTERED:
        return
    _REGISTERED.add(app)
    for i, (name, title) in enumerate(ENTRIES.items()):
        app.register_action(
            Action(
                id=f"napari-swnn.context.{name}",
                title=title,
                callback=f"napari_swnn.widgets.commands.panels:{name}",
                enablement=parse_expression("active_layer_type == 'labels'"),
                menus=[MenuRule(id=MENU, group="8_swnn", order=i)],
                palette=False,
            )
        )
