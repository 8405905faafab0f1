"""List of further sections of a reference, with their sizes and porosities."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.layer_list import LayerList

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer


class SectionList(LayerList):
    """Checkable list of Labels layers that can be further sections of the material."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(1, parent)
        self._shares: Mapping[str, str] = MappingProxyType({})

    def show_shares(self, shares: Mapping[str, str]) -> None:
        """Show the share of the phase of interest of each ticked layer, by name."""
        self._shares = dict(shares)
        self.show_layers()

    def describe(self, layer: "LabelsLayer") -> str:
        """Return the name, size and share of the phase of interest of a layer."""
        data = layer.data[0] if layer.multiscale else layer.data
        share = self._shares.get(layer.name, "") if layer in self.chosen else ""
        return f"{layer.name}  ({format_shape(data.shape)}{', ' if share else ''}{share})"
