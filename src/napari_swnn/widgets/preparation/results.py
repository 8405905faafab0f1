"""References that the panel adds to the viewer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._layer_style import METADATA_KEY, read_names, write_names
from napari_swnn.preparation import Crop, Recipe
from napari_swnn.widgets.preparation.colours import make_colormap
from napari_swnn.widgets.preparation.placement import find_layer, place_beside, place_part, place_stack
from napari_swnn.widgets.preparation.preview import clip_crop

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.widgets.preparation.work import PreparedImage

SUFFIX = "labels"
_OPACITY = 0.7


def add_reference(viewer: "Viewer", group: "Sequence[PreparedImage]", *, is_beside: bool = False) -> "LabelsLayer":
    """Add segmented sections of one image as a Labels layer at the position of the image.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layer.
    group : sequence of PreparedImage
        One section, or several sections of a stack, in their order.
    is_beside : bool
        If True, a single section is placed to the right of all layers instead.
    """
    first = group[0]
    image = first.source.layer
    draft = first.job.draft
    place = place_part(image, find_crop(first.job.recipe, first.source.shape))
    labels = first.labels
    name = first.source.title
    if len(group) > 1:
        labels = np.stack([each.labels for each in group])
        name = first.source.name
        place = place_stack(image, place, first.source.sections[-1])
    elif is_beside:
        place = place_beside(viewer, place)
    own = {METADATA_KEY: describe_preparation(first)}
    added = viewer.add_labels(labels, name=f"{name} · {SUFFIX}", opacity=_OPACITY, metadata=own, **place)
    layer: LabelsLayer = find_layer(viewer, added)
    layer.colormap = make_colormap(tuple(draft.labels), draft.label)
    write_names(layer, draft.labels)
    return layer


def find_origin(prepared: "PreparedImage") -> dict[str, Any]:
    """Return the image and the sections that a reference is made from as JSON-serialisable values."""
    return {"image": prepared.source.name, "section": list(prepared.source.sections)}


def describe_preparation(prepared: "PreparedImage") -> dict[str, Any]:
    """Return the origin and the recipe of a reference as JSON-serialisable values."""
    draft = prepared.job.draft
    return {
        **find_origin(prepared),
        "phase": draft.label,
        "recipe": prepared.job.recipe.to_json(),
    }


def read_preparation(layer: "LabelsLayer") -> "tuple[Recipe, dict[int, str], int | None]":
    """Return the recipe by which a layer was made, the names of its phases by label, and its phase of interest.

    Raises
    ------
    ValueError or TypeError
        If the metadata of the layer hold no valid recipe.
    """
    facts = layer.metadata[METADATA_KEY]
    return Recipe.from_json(facts["recipe"]), read_names(layer), facts.get("phase")


def find_crop(recipe: "Recipe", shape: tuple[int, int]) -> Crop:
    """Return the part of an image of a shape, ``(height, width)``, that a recipe uses."""
    crop = next((step for step in recipe.steps if isinstance(step, Crop)), None)
    return clip_crop(shape, crop)
