"""Metadata of OME-Zarr images, versions 0.1 to 0.5: read and checked in one place, with one kind of error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._types import Shape
from napari_swnn.io.volume_file import PROVENANCE_KEY

_EARLY_AXES = ("t", "c", "z", "y", "x")
"""Axes of versions 0.1 and 0.2, which do not name them."""


class MetadataError(ValueError):
    """Metadata that do not describe an image; the message completes the sentence "cannot be read: …"."""


@dataclass(frozen=True, eq=False, slots=True)
class ImageMetadata:
    """Description of an image.

    Attributes
    ----------
    paths : tuple of str
        Paths of the levels in the group, finest first.
    axes, scale, translation, units : tuple
        As for `napari_swnn.io.OmeZarr`.
    provenance : dict
        Provenance of the labels, if napari-swnn wrote them; otherwise empty.
    """

    paths: tuple[str, ...]
    axes: tuple[str, ...]
    scale: tuple[float, ...]
    translation: tuple[float, ...]
    units: tuple[str, ...]
    provenance: dict[str, Any]


def level_paths(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths of the levels.

    Raises
    ------
    MetadataError
        If the metadata list no levels.
    """
    return tuple(
        _typed(_typed(dataset, Mapping, "a dataset").get("path"), str, "the path of a level")
        for dataset in _datasets(_multiscale(attributes))
    )


def parse_metadata(attributes: Mapping[str, Any], ndim: int) -> ImageMetadata:
    """Return the description of an image whose levels have `ndim` axes.

    Raises
    ------
    MetadataError
        If an entry is missing, has another type, or contradicts the others.
    """
    multiscale = _multiscale(attributes)
    first = _datasets(multiscale)[0]
    axes = _axes(multiscale, ndim)
    transformations = [
        *_entries(first.get("coordinateTransformations", []), "the transformations of a level"),
        *_entries(multiscale.get("coordinateTransformations", []), "the transformations"),
    ]
    scale, translation = _placed(transformations, ndim)
    return ImageMetadata(
        paths=level_paths(attributes),
        axes=tuple(_typed(axis.get("name"), str, "the name of an axis").lower() for axis in axes),
        scale=scale,
        translation=translation,
        units=tuple(_typed(axis.get("unit") or "pixel", str, "the unit of an axis") for axis in axes),
        provenance=_provenance(attributes),
    )


def check_levels(shapes: Sequence[Shape], provenance: Mapping[str, Any]) -> None:
    """Raise an error if the levels do not have the shapes that the provenance of a generated volume implies.

    Raises
    ------
    MetadataError
        If a shape differs.
    """
    request = _typed(provenance.get("request", {}), Mapping, "the request")
    if "shape" not in request:
        return
    shape = [_typed(n, int, "an extent of the requested shape") for n in _entries(request["shape"], "the shape", int)]
    n = _typed(request.get("n", 1), int, "the number of realisations")
    leading = [] if n == 1 else [n]
    for level, found in enumerate(shapes):
        expected = [*leading, *(-(-extent // 2**level) for extent in shape)]
        if list(found) != expected:
            raise MetadataError(
                f"level {level} has the shape {tuple(found)}, but the request implies {tuple(expected)}"
            )


def _multiscale(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    described = _typed(attributes.get("ome", attributes), Mapping, "the entry 'ome'")
    multiscales = _entries(described.get("multiscales"), "multiscales")
    if not multiscales:
        raise MetadataError("multiscales is empty")
    first: Mapping[str, Any] = multiscales[0]
    return first


def _datasets(multiscale: Mapping[str, Any]) -> list[Any]:
    datasets = _entries(multiscale.get("datasets"), "datasets")
    if not datasets:
        raise MetadataError("datasets is empty")
    return datasets


def _provenance(attributes: Mapping[str, Any]) -> dict[str, Any]:
    provenance = dict(_typed(attributes.get(PROVENANCE_KEY, {}), Mapping, f"the entry {PROVENANCE_KEY!r}"))
    labels = _typed(provenance.get("labels", {}), Mapping, "the labels")
    for name in ("phase", "background"):
        _typed(labels.get(name, 0), int, f"the label of the {name}")
    _entries(labels.get("phases", []), "the labels of the phases", int)
    _entries(labels.get("names", []), "the names of the phases", str)
    if ("phase" in labels) != ("background" in labels):
        raise MetadataError("it names one of two labels")
    return provenance


def _axes(multiscale: Mapping[str, Any], ndim: int) -> list[Mapping[str, Any]]:
    if "axes" not in multiscale:
        return [{"name": name} for name in _EARLY_AXES[-ndim:]]
    entries = _entries(multiscale["axes"], "axes", (Mapping, str))
    axes = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in entries]
    if len(axes) != ndim:
        raise MetadataError(f"it names {len(axes)} axes for an array of {ndim}")
    names = [axis.get("name") for axis in axes]
    if any(names.count(name) > 1 for name in names):
        raise MetadataError("it names two axes alike")
    return axes


def _placed(transformations: Sequence[Mapping[str, Any]], ndim: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return scale and position after all transformations in turn."""
    scale, translation = np.ones(ndim), np.zeros(ndim)
    for transformation in transformations:
        kind = transformation.get("type")
        if kind == "scale":
            factor = _vector(transformation.get("scale"), ndim, "a scale")
            scale, translation = scale * factor, translation * factor
        if kind == "translation":
            translation = translation + _vector(transformation.get("translation"), ndim, "a translation")
    return tuple(map(float, scale)), tuple(map(float, translation))


def _vector(value: Any, ndim: int, name: str) -> np.ndarray:
    numbers = _entries(value, name, (int, float))
    if len(numbers) != ndim:
        raise MetadataError(f"{name} has {len(numbers)} numbers for an array of {ndim} axes")
    return np.array([float(number) for number in numbers])


def _entries(value: Any, name: str, kind: Any = Mapping) -> list[Any]:
    """Return a list whose entries have the given type."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise MetadataError(f"{name} must be a list, got {_shown(value)}")
    return [_typed(entry, kind, f"an entry of {name}") for entry in value]


def _typed(value: Any, kind: Any, name: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise MetadataError(f"{name} must be {_NAMES.get(kind, 'of another type')}, got {_shown(value)}")
    return value


_NAMES: dict[Any, str] = {
    Mapping: "an object",
    str: "a text",
    int: "a whole number",
    (int, float): "a number",
    (Mapping, str): "an object or a text",
}


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:36]}…"
