"""Labels and regions of interest as they are passed to a reference: one section, a list, a volume, or by plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from napari_swnn._checks import check_labels, check_region
from napari_swnn._types import BoolArray, Labels
from napari_swnn.core.descriptor.orientation import by_plane, is_oriented

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False, slots=True)
class GivenSections:
    """Checked arrays of a reference in the order in which they were given.

    Attributes
    ----------
    images : list of numpy.ndarray
        Integer labels of each section, or of a single volume.
    rois : list of numpy.ndarray
        Region of interest of each.
    names : list of str
        Names in error messages, such as ``"labels[1]"`` or ``"xz"``.
    planes : list of str or None
        Plane of each section; None if it is unknown.
    """

    images: list[Labels]
    rois: list[BoolArray]
    names: list[str]
    planes: list[str] | None

    @classmethod
    def of(cls, labels: Any, roi: Any, planes: Mapping[str, Any]) -> GivenSections:
        """Check labels, or sections by plane, and their regions of interest.

        Raises
        ------
        TypeError, ValueError
            See `Reference`.
        """
        if is_oriented(labels, planes):
            return cls._of_planes(by_plane(planes if labels is None else labels, name="sections"), roi)
        if isinstance(labels, Iterator):
            labels = list(labels)
        several = _is_several(labels)
        names = [f"labels[{i}]" for i in range(len(labels))] if several else ["labels"]
        images = _check_images(labels, names, several=several)
        return cls(images, _check_regions(roi, images, "roi", several=several), names, None)

    @classmethod
    def _of_planes(cls, sections: Mapping[str, Any], roi: Any) -> GivenSections:
        if roi is not None and not isinstance(roi, Mapping):
            raise ValueError(
                f"roi must be a mapping for sections by plane, got {type(roi).__name__}; pass a region for each plane, "
                f"such as roi={{{next(iter(sections))!r}: region}}"
            )
        regions = {} if roi is None else by_plane(roi, name="roi")
        if unknown := [plane for plane in regions if plane not in sections]:
            raise ValueError(
                f"roi must be given for planes with sections, got one for {', '.join(unknown)}; leave it out"
            )
        found = cls([], [], [], [])
        assert found.planes is not None
        for plane, given in sections.items():
            several = _is_several(given)
            names = [f"{plane}[{i}]" for i in range(len(given))] if several else [plane]
            images = _check_images(given, names, several=several, ndim=(2,))
            found.images.extend(images)
            found.rois.extend(_check_regions(regions.get(plane), images, f"roi of {plane}", several=several))
            found.names.extend(names)
            found.planes.extend([plane] * len(images))
        return found

    def group(self, items: Sequence[Item]) -> dict[str, tuple[Item, ...]]:
        """Return one item for each section as a tuple for each plane."""
        assert self.planes is not None
        return {
            plane: tuple(item for item, own in zip(items, self.planes, strict=True) if own == plane)
            for plane in dict.fromkeys(self.planes)
        }

    def arrange(self, arrays: Sequence[Any]) -> Any:
        """Return arrays in the form in which they can be given: one array, a tuple, or a mapping from planes."""
        if self.planes is not None:
            return {plane: group[0] if len(group) == 1 else group for plane, group in self.group(arrays).items()}
        return arrays[0] if len(arrays) == 1 else tuple(arrays)


def _is_several(labels: Any) -> bool:
    """Return True for a list of sections, each an array of its own."""
    return isinstance(labels, list | tuple) and len(labels) > 0 and np.ndim(labels[0]) >= 2


def _check_images(labels: Any, names: Sequence[str], *, several: bool, ndim: Sequence[int] = (2, 3)) -> list[Labels]:
    if several:
        pairs = zip(labels, names, strict=True)
        return [check_labels(part, name=name, ndim=(2,), planar=True) for part, name in pairs]
    return [check_labels(labels, name=names[0], ndim=ndim, planar=True)]


def _check_regions(roi: Any, images: Sequence[Labels], name: str, *, several: bool) -> list[BoolArray]:
    if roi is None:
        return [np.ones(image.shape, bool) for image in images]
    if several and not (isinstance(roi, list | tuple) and len(roi) == len(images)):
        got = f"a list of {len(roi)}" if isinstance(roi, list | tuple) else "a single region"
        raise ValueError(
            f"{name} must be a list with one region for each of the {len(images)} sections, got {got}; pass None for a "
            "section that is used as a whole"
        )
    given = list(roi) if several else [roi]
    names = [f"{name}[{i}]" for i in range(len(given))] if several else [name]
    regions = [
        np.ones(image.shape, bool) if region is None else check_region(region, image.shape, name=name)
        for region, image, name in zip(given, images, names, strict=True)
    ]
    if not any(region.any() for region in regions):
        raise ValueError(f"{name} must hold at least one pixel, got an empty region; mark where the material is")
    return regions
