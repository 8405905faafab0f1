"""Colours of phases in the curves, tables and reports of a comparison."""

from colorsys import hls_to_rgb, rgb_to_hls
from typing import TYPE_CHECKING

from napari_swnn._layer_style import PALETTE, to_hex
from napari_swnn.widgets.layers.reading import read_colour

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

    from napari_swnn._phases import PhaseChoice

_LEAST_CONTRAST = 2.2
"""Least ratio of the luminances of a line and its background."""
_BACKGROUNDS = {True: "#262930", False: "#f0f1f2"}
"""Background of the plot in napari's dark and light theme."""
_LEAST_SATURATION = 0.3
"""Least saturation of a colour that was changed, if it had a hue at all."""
_TINGE = 0.05
"""Saturation above which a grey has a hue."""
_DISTINCT = 0.25
"""Least distance in red, green and blue of two colours that look different."""
_GREY = (0.6, 0.6, 0.6)

Rgb = tuple[float, float, float]


def read_phase_colours(layer: "LabelsLayer", choice: "PhaseChoice") -> dict[int, str]:
    """Return the colour of each phase in the viewer, as ``"#rrggbb"``, for more than two phases; empty for two.

    A transparent phase gets a colour that no other has.
    """
    if choice.background is not None:
        return {}
    found = {label: read_colour(layer, label) for label in choice.phases}
    colours = {label: to_hex(colour) for label, colour in found.items() if colour is not None}
    for label in choice.phases:
        if label not in colours:
            colours[label] = _find_free(list(colours.values()))
    return {label: colours[label] for label in choice.phases}


def make_legible(colour: str, *, dark: bool) -> str:
    """Return a colour for a line in the plot, made lighter or darker until it stands out from the background.

    A tinge of hue becomes stronger with it, so that what was nearly black is not taken for another phase in grey.
    """
    rgb, background = _from_hex(colour), _from_hex(_BACKGROUNDS[dark])
    if _contrast(rgb, background) >= _LEAST_CONTRAST:
        return colour
    hue, lightness, saturation = rgb_to_hls(*rgb)
    saturation = max(saturation, _LEAST_SATURATION) if saturation > _TINGE else 0.0
    end = 1.0 if dark else 0.0
    for step in range(1, 21):
        changed = hls_to_rgb(hue, lightness + step / 20 * (end - lightness), saturation)
        if _contrast(changed, background) >= _LEAST_CONTRAST:
            return to_hex(changed)
    return to_hex((end,) * 3)


def _find_free(taken: list[str]) -> str:
    others = [_from_hex(colour) for colour in taken]
    for candidate in (_GREY, *(colour[:3] for colour in PALETTE)):
        if all(sum((a - b) ** 2 for a, b in zip(candidate, other, strict=True)) > _DISTINCT**2 for other in others):
            return to_hex(candidate)
    return to_hex(_GREY)


def _contrast(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (Web Content Accessibility Guidelines 2.1)."""
    darker, lighter = sorted(_luminance(colour) for colour in (first, second))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(rgb: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _from_hex(colour: str) -> Rgb:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue
