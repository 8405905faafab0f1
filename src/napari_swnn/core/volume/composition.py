"""Description of a composition: parts that fill the regions of a global structure (sect. 3.3 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import permutations
from typing import Any

import numpy as np

from napari_swnn._checks import check_in_range, check_label, check_mapping, check_seed, check_whole
from napari_swnn._types import FloatArray, Labels, Shape
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.border_profile import BorderProfile
from napari_swnn.core.volume.fraction_map import FractionMap
from napari_swnn.core.volume.part_frame import PartFrame
from napari_swnn.core.volume.porosity_map import PorosityMap
from napari_swnn.core.volume.regions import GeneratedRegions


@dataclass(frozen=True, eq=False)
class Part:
    """Structure that fills a region of a composition.

    Parameters
    ----------
    model : Model
        Model of the structure.
    porosity : float, array_like, PorosityMap or BorderProfile, optional
        Target porosity for a model trained for a range: a number, a map over the whole composition, or a function of
        the distance to the border of the region.
    fractions : mapping or FractionMap, optional
        Target fractions for a model trained for ranges of fractions.
    axes : sequence of int, optional
        Axis of the part that lies along each axis of the volume: ``(1, 0, 2)`` exchanges z and y. By default the axes
        of the model.
    angle : float
        Angle in degrees by which the part is rotated about `axis`, after its axes are exchanged: from the first towards
        the second of the other two axes; about z, from y towards x, which is counter-clockwise on the screen. The
        rotation is about the origin of the volume.
    axis : int
        Axis of the volume to rotate about.
    seed : int, optional
        Seed of the part; by default it is derived from the seed of the composition and the region.
    labels : mapping of int to int, optional
        Label in the composition for labels of the model, where they differ.

    Raises
    ------
    TypeError
        If `model` is no model, or `labels` no mapping.
    ValueError
        If the axes are no permutation, the angle is not finite, a label is unknown, or a seed is invalid.
    """

    model: Model
    _: KW_ONLY
    porosity: float | FloatArray | PorosityMap | BorderProfile | None = None
    fractions: Mapping[int, float | FloatArray] | FractionMap | None = None
    axes: Sequence[int] | None = None
    angle: float = 0.0
    axis: int = 0
    seed: int | None = None
    labels: Mapping[int, int] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.model, Model):
            raise TypeError(f"model must be a trained model, got {type(self.model).__name__}; pass Model.load(path)")
        n = self.model.dimension
        if self.axes is not None and not _is_permutation(self.axes, n):
            raise ValueError(f"axes must hold each of {', '.join(map(str, range(n)))} once, got {self.axes!r}")
        check_in_range(self.angle, -1e6, 1e6, name="angle")
        check_whole(self.axis, name="axis", low=0, high=n - 1)
        if self.seed is not None:
            check_seed(self.seed)
        own = self.model.labels.phases
        changed = {} if self.labels is None else self.labels
        for label, target in check_mapping(changed, name="labels", maps="labels of the model to others").items():
            if label not in own:
                raise ValueError(f"labels must name labels of the model, {', '.join(map(str, own))}, got {label!r}")
            check_label(target, name=f"labels[{label}]")

    @property
    def frame(self) -> PartFrame:
        """Orientation of the part in the volume."""
        axes = tuple(range(self.model.dimension)) if self.axes is None else tuple(self.axes)
        return PartFrame(axes, float(self.angle), self.axis)

    @property
    def painted(self) -> tuple[int, ...]:
        """Label in the composition of each phase of the model, in the order of the model."""
        changed = self.labels or {}
        return tuple(int(changed.get(label, label)) for label in self.model.labels.phases)


def _is_permutation(axes: Any, n: int) -> bool:
    return isinstance(axes, Sequence | np.ndarray) and any(tuple(axes) == each for each in permutations(range(n)))


Filling = Part | Model | int
"""Structure of a region: a part, a model with its own axes, or a single label."""


@dataclass(frozen=True, eq=False)
class Composition:
    """Description of a composition by a user; it is validated when it is composed.

    Attributes
    ----------
    parts : mapping
        For each label of the regions, the structure that fills it: a `Part`, a model, or a label for a region that is
        all of one phase.
    shape : tuple of int
        Voxels along each axis.
    regions : array_like or GeneratedRegions
        Global structure: labels of any size, stretched over the volume so that each voxel takes the nearest entry; or a
        model that generates it.
    seed : int
        Seed of the composition.
    periodic : bool or sequence of bool
        Periodic boundary conditions: one flag for all axes, or one per axis.
    """

    parts: Mapping[int, Filling]
    shape: Shape
    _: KW_ONLY
    regions: Labels | GeneratedRegions
    seed: int = 0
    periodic: bool | Sequence[bool] = False


def as_filling(value: Any, region: int) -> Part | int:
    """Return what fills a region as a part or a label.

    Raises
    ------
    TypeError, ValueError
        If it is neither a part, a model nor a label.
    """
    if isinstance(value, Part):
        return value
    if isinstance(value, Model):
        return Part(value)
    try:
        return check_label(value, name=f"parts[{region}]")
    except ValueError as error:
        raise TypeError(
            f"parts[{region}] must be a part, a model, or a label for a region of one phase, got "
            f"{type(value).__name__}; use swnn.Part(model)"
        ) from error
