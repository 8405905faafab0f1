"""Spatial variation of a volume: porosity map, mask, periodic boundary conditions, a section or a coarse scan of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from napari_swnn._types import AXES, BoolArray, Shape
from napari_swnn.widgets.kit.errors import BadInputError, to_bad_input
from napari_swnn.widgets.reconstruction.chosen_scan import ChosenScan
from napari_swnn.widgets.reconstruction.chosen_section import ChosenSection

if TYPE_CHECKING:
    from napari_swnn.core.volume.porosity_map import PorosityMap
    from napari_swnn.core.volume.spatial_mask import SpatialMask
    from napari_swnn.core.volume.spec import VolumeSpec

Kind = Literal["uniform", "gradient", "image", "labels"]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class SpatialVariation:
    """Porosity map, mask and periodic axes of a volume.

    Attributes
    ----------
    kind : {"uniform", "gradient", "image", "labels"}
        Source of the local porosity.
    start, stop : float
        Porosities at the two ends of a gradient, in [0, 1].
    axis : int
        Axis of a gradient.
    values : numpy.ndarray or None
        Porosities of an image, or labels of a label map.
    porosities : mapping of int to float
        Porosity of each label of a label map.
    mask : numpy.ndarray or None
        Labels of the mask; structure is generated where they are not 0.
    mask_axis : int
        Axis along which a 2-D mask is extruded.
    mask_method : {"composite", "noise"}
        Method of masking; see `SpatialMask`.
    outside : int or None
        Label outside the mask; None for the default of the method.
    periodic : tuple of bool
        Periodic boundary conditions along z, y and x.
    section : ChosenSection or None
        Section that the volume passes through.
    scan : ChosenScan or None
        Coarse scan to which the volume adds detail.
    """

    kind: Kind = "uniform"
    start: float = 0.0
    stop: float = 0.0
    axis: int = 0
    values: np.ndarray | None = None
    porosities: Mapping[int, float] = field(default_factory=dict)
    mask: np.ndarray | None = None
    mask_axis: int = 0
    mask_method: str = "composite"
    outside: int | None = None
    periodic: tuple[bool, ...] = (False, False, False)
    section: ChosenSection | None = None
    scan: ChosenScan | None = None

    @property
    def is_plain(self) -> bool:
        """True for a volume without a porosity map, mask, periodic axes, section or scan."""
        measured = self.section is not None or self.scan is not None
        return self.kind == "uniform" and self.mask is None and not any(self.periodic) and not measured

    def spec(self, shape: Shape, *, seed: int, porosity: float | None, exact: bool) -> "VolumeSpec":
        """Return the description of a volume with this variation.

        Parameters
        ----------
        shape : tuple of int
            Number of voxels along each axis.
        seed : int
            Seed of the realisation.
        porosity : float or None
            Target porosity if there is no porosity map; None for the model's porosity.
        exact : bool
            Match the target porosity exactly.

        Raises
        ------
        BadInputError
            If the map, the mask, the section or the scan cannot be used; the error names the control.
        """
        from napari_swnn.core.volume.spec import VolumeSpec

        if self.section is not None:
            self._check_section(shape)
        periodic = self.periodic[-len(shape) :] if any(self.periodic) else False
        target = porosity if self.kind == "uniform" else _for_control("map", self._porosity_map)
        mask = None if self.mask is None else _for_control("mask", self._spatial_mask)
        coarse = None if self.scan is None else self.scan.scan(shape)
        return VolumeSpec(shape, seed, target, mask, periodic, exact=exact, coarse=coarse)

    def inside(self, shape: Shape) -> BoolArray | None:
        """Return the voxels of a volume inside the mask, or None if there is no mask."""
        from napari_swnn.core.grid.windows import Window

        if self.mask is None:
            return None
        field = self._spatial_mask().over(shape, (False,) * len(shape))  # the nearest entry needs no periodic axis
        inside: BoolArray = field.window(Window.of_shape(shape))
        return np.broadcast_to(inside, shape)

    def describe_porosity(self, porosity: float | None, subject: str = "porosity") -> str:
        """Describe the porosity, or the fraction of a phase with this name, briefly for the name of a layer."""
        if self.kind == "gradient":
            return f"{subject} {self.start:.2f} to {self.stop:.2f} along {AXES[self.axis]}"
        if self.kind != "uniform":
            return "porosity map"
        return "" if porosity is None else f"{subject} {porosity:.2f}"

    def metadata(self) -> dict[str, Any]:
        """Return metadata for a layer as JSON-serialisable values."""
        facts: dict[str, Any] = {}
        if self.kind == "gradient":
            facts["porosity_map"] = {"start": self.start, "stop": self.stop, "axis": self.axis}
        elif self.kind == "labels":
            facts["porosity_map"] = {"labels": {str(label): value for label, value in self.porosities.items()}}
        elif self.kind == "image":
            facts["porosity_map"] = "an image"
        if self.mask is not None:
            facts["mask"] = {"axis": self.mask_axis, "outside": self.outside, "method": self.mask_method}
        if self.section is not None:
            facts["through"] = self.section.metadata()
        if self.scan is not None:
            facts["coarse"] = self.scan.metadata()
        if any(self.periodic):
            facts["periodic"] = list(self.periodic)
        return facts

    def _check_section(self, shape: Shape) -> None:
        assert self.section is not None
        if len(shape) < 3:
            raise BadInputError("through", "A section needs a model of volumes; choose no section.")
        if self.kind != "uniform" or self.mask is not None or any(self.periodic) or self.scan is not None:
            text = "A section needs a volume without a porosity map, mask, periodic axes or scan; omit them."
            raise BadInputError("through", text)
        self.section.check(shape)

    def _porosity_map(self) -> "PorosityMap":
        from napari_swnn.core.volume.porosity_map import PorosityMap

        if self.kind == "gradient":
            return PorosityMap.gradient(self.start, self.stop, self.axis)
        if self.kind == "image":
            return PorosityMap.from_array(self.values)
        return PorosityMap.from_labels(self.values, self.porosities)

    def _spatial_mask(self) -> "SpatialMask":
        from napari_swnn.core.volume.spatial_mask import SpatialMask

        return SpatialMask(self.mask, outside=self.outside, axis=self.mask_axis, method=self.mask_method)


UNIFORM = SpatialVariation()
"""Uniform volume without a porosity map, mask, periodic axes, section or scan."""


def _for_control(control: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except (TypeError, ValueError) as error:
        raise to_bad_input(error, {}, default=control) from error
