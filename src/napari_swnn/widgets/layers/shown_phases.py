"""Phases of a volume that are shown in 3-D, while the others are transparent."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_swnn._layer_style import (
    METADATA_KEY,
    OWN_COLOURS,
    OWN_TYPE,
    colours_as_json,
    read_colours,
    read_metadata,
)
from napari_swnn.widgets.kit.viewer_layers import unwrap
from napari_swnn.widgets.layers.colormap import make_colormap
from napari_swnn.widgets.layers.reading import read_colour
from napari_swnn.widgets.layers.zero_label import WIDE, can_show_zero, is_transparent

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

MATRIX_COLOUR = (0.62, 0.66, 0.72, 1.0)
"""Colour of a phase that is transparent in 2-D."""
_CYCLIC: "WeakKeyDictionary[LabelsLayer, Any]" = WeakKeyDictionary()
"""Colour map of napari with which a layer began, as long as phases are hidden."""


def show_only(layer: "LabelsLayer", phases: Collection[int] | None) -> None:
    """Make all labels but some transparent, or give all of them their colours again for None.

    A phase that is transparent in 2-D, such as the matrix around pores, gets a grey of its own while it is shown.
    """
    if phases is None and OWN_COLOURS not in read_metadata(layer):
        return
    facts = layer.metadata.setdefault(METADATA_KEY, {})
    own = read_colours({"colours": facts[OWN_COLOURS]}) if OWN_COLOURS in facts else _direct_colours(layer)
    if phases is None:
        del facts[OWN_COLOURS]
        if OWN_TYPE in facts:
            layer.data = layer.data.astype(facts.pop(OWN_TYPE))
        layer.colormap = make_colormap(own) if own else _CYCLIC.pop(unwrap(layer), None) or _napari_colours()
        return
    if not own and OWN_COLOURS not in facts:
        _CYCLIC[unwrap(layer)] = layer.colormap
    facts[OWN_COLOURS] = colours_as_json(own)
    if 0 in phases and can_show_zero(layer) and layer.data.dtype != WIDE:
        facts[OWN_TYPE] = layer.data.dtype.name
        layer.data = layer.data.astype(WIDE)
    if own:
        shown = {label: own.get(label, "transparent") for label in {*own, *phases}}
    else:  # napari's own colours leave label 0 transparent
        cyclic = _cyclic_colours(layer)
        shown = {label: tuple(map(float, cyclic.map(label))) for label in phases}
    for label in phases:
        if is_transparent(shown.get(label)):
            shown[label] = MATRIX_COLOUR
    layer.colormap = make_colormap({label: shown[label] if label in phases else "transparent" for label in shown})


def read_shown(layer: "LabelsLayer") -> list[int] | None:
    """Return the labels of the phases that `show_only` has left, in ascending order; None if it has hidden none."""
    if OWN_COLOURS not in read_metadata(layer):
        return None
    return sorted(label for label, colour in _direct_colours(layer).items() if not is_transparent(colour))


def read_own_colour(layer: "LabelsLayer", label: int) -> Any:
    """Return the colour of a label, also while it is hidden in 3-D; None if it is transparent in 2-D and 3-D."""
    facts = read_metadata(layer)
    shown = read_colour(layer, label)
    if shown is not None or OWN_COLOURS not in facts:
        return shown
    own = read_colours({"colours": facts[OWN_COLOURS]})
    colour = own.get(label) if own else _cyclic_colours(layer).map(label)
    return None if is_transparent(colour) else colour


def find_colours(layer: "LabelsLayer", phases: Collection[int]) -> dict[int, Any]:
    """Return the colour of each of some phases; one that is transparent in 2-D has the grey that it has in 3-D."""
    found = {label: read_colour(layer, label) for label in phases}
    return {label: MATRIX_COLOUR if colour is None else colour for label, colour in found.items()}


def _direct_colours(layer: "LabelsLayer") -> dict[int, Any]:
    """Return the colours that a layer states for its labels; empty for napari's own."""
    stated: Mapping[Any, Any] = getattr(layer.colormap, "color_dict", None) or {}
    return {
        label: "transparent" if is_transparent(colour) else tuple(map(float, colour))
        for label, colour in stated.items()
        if label is not None
    }


def _cyclic_colours(layer: "LabelsLayer") -> Any:
    """Return napari's own colours of a layer that states none for its labels."""
    return _CYCLIC.get(unwrap(layer)) or _napari_colours()


def _napari_colours() -> Any:
    from napari.utils.colormaps import label_colormap

    return label_colormap(49, 0.5)  # the one with which each layer begins
