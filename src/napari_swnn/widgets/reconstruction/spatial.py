"""What is asked of the places in a volume: a map of porosities, a mask, periodic axes; it knows no control."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from napari_swnn._types import AXES, Shape
from napari_swnn.widgets.kit.errors import to_bad_input

if TYPE_CHECKING:
    from napari_swnn.core.volume.spec import VolumeSpec

T = TypeVar("T")
_CONTROLS = {"shape": "periodic", "periodic": "periodic", "mask": "mask", "exact": "exact"}


@dataclass(frozen=True, eq=False)
class Place:
    """Where a volume is to have which porosity, and where it is to have structure.

    Attributes
    ----------
    kind : {"same", "gradient", "map", "regions"}
        How the porosity is given.
    start, stop, axis
        Of a gradient.
    values : numpy.ndarray or None
        Porosities of a map, or labels of regions.
    porosities : mapping
        Of the regions, by label.
    mask : numpy.ndarray or None
        Labels of which all but 0 have structure.
    mask_axis : int
        Along which a 2-D mask is extruded.
    mask_method : {"composite", "noise"}
        How the mask acts; see `SpatialMask`.
    outside : int or None
        Label outside of the mask; None for what the method leaves there.
    periodic : tuple of bool
        For each of the axes z, y and x.
    exact : bool
        Whether each volume is to have just the porosity asked for.
    """

    kind: Literal["same", "gradient", "map", "regions"] = "same"
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
    exact: bool = False

    @property
    def plain(self) -> bool:
        """Whether any model can do it: the same everywhere, not periodic, no more exact than it comes."""
        return self.kind == "same" and self.mask is None and not any(self.periodic) and not self.exact

    def spec(self, shape: Shape, porosity: float | None, seed: int = 0) -> "VolumeSpec":
        """Return the description of a volume; `porosity` is that of a uniform one.

        Raises
        ------
        BadInputError
            If a map or the mask cannot be used, beside the control for it.
        """
        from napari_swnn.core.volume.spec import VolumeSpec

        target = porosity if self.kind == "same" else _beside("map", self._map)
        mask = None if self.mask is None else _beside("mask", self._mask)
        periodic = self.periodic if any(self.periodic) else False
        return VolumeSpec(shape, seed, target, mask, periodic, exact=self.exact)

    def check(self, model: Any, shape: Shape, porosity: float | None) -> None:
        """Refuse what a model cannot do, without doing any of it.

        Parameters
        ----------
        model : Model or Prospect
            That is to generate.
        shape : tuple of int
            Of the volume.
        porosity : float or None
            As for `spec`.

        Raises
        ------
        BadInputError
            Beside the control that it concerns.
        """
        from napari_swnn.core.volume.spec import check_spec

        spec = self.spec(shape, porosity)
        try:
            check_spec(spec, model.network, model.porosity)
        except (TypeError, ValueError) as error:
            raise to_bad_input(error, _CONTROLS, default="map") from error

    def told(self, porosity: float | None) -> str:
        """The porosity in a word or two, for the name of a layer."""
        if self.kind == "gradient":
            return f"porosity {self.start:.2f} to {self.stop:.2f} along {AXES[self.axis]}"
        if self.kind != "same":
            return "porosity map"
        return "" if porosity is None else f"porosity {porosity:.2f}"

    def facts(self) -> dict[str, Any]:
        """What a volume's metadata should hold of it: plain values."""
        facts: dict[str, Any] = {}
        if self.kind == "gradient":
            facts["porosity_map"] = {"start": self.start, "stop": self.stop, "axis": self.axis}
        elif self.kind == "regions":
            facts["porosity_map"] = {"regions": {str(label): value for label, value in self.porosities.items()}}
        elif self.kind == "map":
            facts["porosity_map"] = "an image"
        if self.mask is not None:
            facts["mask"] = {"axis": self.mask_axis, "outside": self.outside, "method": self.mask_method}
        if any(self.periodic):
            facts["periodic"] = list(self.periodic)
        if self.exact:
            facts["exact_porosity"] = True
        return facts

    def _map(self) -> Any:
        from napari_swnn.core.volume.porosity_map import PorosityMap

        if self.kind == "gradient":
            return PorosityMap.gradient(self.start, self.stop, self.axis)
        if self.kind == "map":
            return PorosityMap.from_array(self.values)
        return PorosityMap.from_labels(self.values, self.porosities)

    def _mask(self) -> Any:
        from napari_swnn.core.volume.spatial_mask import SpatialMask

        return SpatialMask(self.mask, outside=self.outside, axis=self.mask_axis, method=self.mask_method)


EVERYWHERE = Place()
"""The same all over, without a mask, not periodic."""


@dataclass(frozen=True, eq=False)
class Prospect:
    """What is known of a model before it is trained: enough for `Place.check`."""

    network: Any
    porosity: float

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return int(self.network.dimension)


def _beside(control: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except (TypeError, ValueError) as error:
        raise to_bad_input(error, {}, default=control) from error
