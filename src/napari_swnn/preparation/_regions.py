"""Connected regions of equal labels, and the labels that they touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import Labels


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Connected regions of pixels that share an edge and a label.

    Attributes
    ----------
    numbers : (y, x) int
        Number of the region of each pixel, from 0.
    sizes : (n,) int
        Number of pixels of each region.
    labels : (n,) int
        Label of each region.
    """

    numbers: NDArray[np.int32]
    sizes: NDArray[np.int64]
    labels: Labels


def find_regions(labels: Labels) -> Regions:
    """Return the connected regions of all labels of a section."""
    from scipy import ndimage

    numbers = np.empty(labels.shape, np.int32)
    found: list[int] = []
    for label in np.unique(labels):
        inside = labels == label
        own, count = ndimage.label(inside)
        own += len(found) - 1
        np.copyto(numbers, own, where=inside)
        found += [int(label)] * count
    sizes = np.bincount(numbers.ravel(), minlength=len(found))
    return Regions(numbers, sizes, np.array(found, labels.dtype))


def contacts(numbers: NDArray[Any], chosen: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the pairs of a chosen region and a neighbour, once for each edge between two pixels.

    Parameters
    ----------
    numbers : (y, x) int
        Number of the region of each pixel.
    chosen : (n,) bool
        True for the regions whose contacts are wanted.

    Returns
    -------
    regions, neighbours : (m,) int
        Numbers of the chosen region and of the region on the other side of the edge.
    """
    regions = []
    neighbours = []
    for first, second in ((numbers[:-1], numbers[1:]), (numbers[:, :-1], numbers[:, 1:])):
        edge = first != second
        a, b = first[edge], second[edge]
        for one, other in ((a, b), (b, a)):
            of_chosen = chosen[one]
            regions.append(one[of_chosen])
            neighbours.append(other[of_chosen])
    return np.concatenate(regions), np.concatenate(neighbours)
