"""Appearance and metadata of the project's napari layers; the names of phases travel in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from napari_swnn._label_values import to_label
from napari_swnn._phase_names import MAX_LENGTH

METADATA_KEY = "swnn"
"""Key of the napari-swnn entry in layer metadata."""
OWN_TYPE = "own_type"
"""Key, in that entry, of the number type of a layer before it was widened to be drawn in 3-D."""
OWN_COLOURS = "own_colours"
"""Key, in that entry, of the colours of a layer before phases were hidden in 3-D; empty for napari's own colours."""
PHASE_COLOUR = (0.9, 0.6, 0.1, 1.0)
"""Colour of the phase of interest when napari's default colours cannot be used."""
PALETTE: tuple[tuple[float, float, float, float], ...] = (
    PHASE_COLOUR,
    (0.20, 0.55, 0.90, 1.0),
    (0.15, 0.68, 0.48, 1.0),
    (0.84, 0.37, 0.62, 1.0),
    (0.93, 0.88, 0.28, 1.0),
    (0.58, 0.49, 0.90, 1.0),
    (0.72, 0.35, 0.18, 1.0),
    (0.70, 0.70, 0.70, 1.0),
)
"""Colours of the phases by position; they stay distinct with the common colour deficiencies."""
_SAME, _SIMILAR = 0.02, 0.2
"""Differences, in each channel, below which two colours are one, and below which one is not added to the other."""
PREVIEW_NAME = "SWNN preview"
"""Prefix of the name of the layer that previews a training."""
_NAME_COLUMNS = ("phase", "name", "label", "class", "material")
"""Columns of the features of a layer that may hold the names of its phases, in order of preference."""
_HEX = re.compile(r"#[0-9a-f]{6}")
SCRIBBLES = "scribbles"
"""Role, in the metadata, of layers with scribbles, which are no segmentation."""


def read_metadata(layer: Any) -> Mapping[str, Any]:
    """Return the entries of napari-swnn in the metadata of a layer; empty if there are none."""
    return layer.metadata.get(METADATA_KEY) or {}


def read_names(layer: Any) -> dict[int, str]:
    """Return the names of the phases of a Labels layer by label; empty if it has none.

    They are taken from the entry of napari-swnn in its metadata, otherwise from a column of its features that is called
    as names usually are, such as ``"phase"``.
    """
    named = read_metadata(layer).get("phases")
    if isinstance(named, Mapping):
        return _clean(named)
    features = layer.features
    index = list(features["index"] if "index" in features else range(len(features)))
    for column in (name for name in _NAME_COLUMNS if name in features):
        values = list(features[column])
        if values and all(isinstance(value, str) for value in values):
            return _clean(dict(zip(index, values, strict=True)))
    return {}


def read_phase(layer: Any) -> int | None:
    """Return the phase of interest that a layer states; None if it states none."""
    phase = read_metadata(layer).get("phase")
    return phase if isinstance(phase, int) else None


def write_names(layer: Any, names: Mapping[int, str]) -> None:
    """Write the names of the phases into a Labels layer, where napari shows them under the cursor.

    Other features of the layer are kept.
    """
    own = layer.metadata.setdefault(METADATA_KEY, {})
    own["phases"] = {str(label): name for label, name in names.items()}
    table = layer.features
    if len(table) == 0 or set(table) <= {"index", "phase"}:
        layer.features = name_features(names)
    else:
        index = table["index"] if "index" in table else np.arange(len(table))
        layer.features = table.assign(phase=[names.get(int(label), "") for label in index])


def name_features(names: Mapping[int, str]) -> dict[str, Any]:
    """Return the features of a Labels layer with which napari shows the names of its phases under the cursor."""
    return {"index": list(names), "phase": list(names.values())}


def colours_as_json(colours: Mapping[int, Any]) -> dict[str, str]:
    """Return the colours of labels as JSON-compatible values: ``"#e6991a"`` or ``"transparent"`` by label."""
    return {str(label): _as_text(each) for label, each in colours.items()}


def read_colours(facts: Mapping[str, Any]) -> dict[int, Any]:
    """Return the colours of labels that `colours_as_json` wrote into the provenance of a model; empty without them."""
    stored = facts.get("colours")
    found: dict[int, Any] = {}
    for key, colour in stored.items() if isinstance(stored, Mapping) else ():
        label = to_label(key)
        if label is None:
            continue
        if colour == "transparent":
            found[label] = colour
        elif _HEX.fullmatch(str(colour)):
            found[label] = (*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)
    return found


def colours_in(provenance: Mapping[str, Any]) -> dict[int, Any]:
    """Return the colours of labels that the provenance of a volume or a layer states; empty without them."""
    sources = (provenance, *(provenance.get(key) for key in ("origin", "model")))
    found = (read_colours(facts) for facts in sources if isinstance(facts, Mapping))
    return next((colours for colours in found if colours), {})


def merge_colours(sources: Iterable[Mapping[int, Any]]) -> dict[int, Any]:
    """Return the colours of labels of several models; the first that shows a label determines its colour.

    A colour that a label of another model has already is left out, as the two would look alike.
    """
    merged: dict[int, Any] = {}
    for own in sources:
        taken = list(merged.values())
        for label, colour in own.items():
            is_hidden = merged.get(label, "transparent") == "transparent"
            if is_hidden and not _is_similar(colour, taken, _SAME):
                merged[label] = colour
    return merged


def complete_colours(phases: Sequence[int], own: Mapping[int, Any]) -> dict[int, Any]:
    """Return the colours of phases: their own, and for the others those of the palette that are not in use."""
    free = [colour for colour in PALETTE if not _is_similar(colour, own.values(), _SIMILAR)] or PALETTE
    others = [label for label in phases if label not in own]
    return {**dict(zip(others, cycle(free), strict=False)), **own}


def volume_colours(phases: Sequence[int], own: Mapping[int, Any]) -> dict[int, Any]:
    """Return the colours of the phases of a volume, of which two are the phase of interest and a transparent rest."""
    if len(phases) > 2:
        return complete_colours(phases, own)
    return {phases[0]: PHASE_COLOUR, phases[1]: "transparent", **own}


def _is_similar(colour: Any, others: Iterable[Any], distance: float) -> bool:
    """Return True if a visible colour hardly differs from one of the others; distances are those of the channels."""
    if isinstance(colour, str):
        return False
    seen = (other for other in others if not isinstance(other, str))
    return any(np.abs(np.subtract(colour[:3], other[:3])).max() < distance for other in seen)


def _as_text(colour: Any) -> str:
    if isinstance(colour, str):
        return colour
    return "transparent" if len(colour) > 3 and colour[3] == 0 else to_hex(colour)


def to_hex(colour: Sequence[float]) -> str:
    """Return red, green and blue, each in [0, 1], as text, for example ``"#e6991a"``."""
    return "#" + "".join(f"{round(255 * float(channel)):02x}" for channel in colour[:3])


def _clean(names: Mapping[Any, Any]) -> dict[int, str]:
    """Return names on one line each by label; none at all if they do not tell the phases apart."""
    found = ((to_label(key), " ".join(str(name).split())[:MAX_LENGTH]) for key, name in names.items())
    named = {label: name for label, name in found if label is not None and name}
    return named if len(set(named.values())) == len(named) else {}


def layer_data(levels: Sequence[Any]) -> tuple[Any, bool]:
    """Return the data of a layer and its ``multiscale`` argument.

    napari would read a list with one array as a stack of planes; a single level is therefore returned as an array.

    Parameters
    ----------
    levels : sequence of array_like
        Resolutions of one image, finest first.
    """
    multiscale = len(levels) > 1
    return (list(levels) if multiscale else levels[0]), multiscale
