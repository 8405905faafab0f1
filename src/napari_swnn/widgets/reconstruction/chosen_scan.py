"""Coarse scan to which volumes add detail, without the controls that choose it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_swnn._types import Shape
from napari_swnn.widgets.kit.errors import BadInputError, to_bad_input
from napari_swnn.widgets.kit.formatting import format_shape

if TYPE_CHECKING:
    from napari_swnn.core.volume.coarse_scan import CoarseScan

ScanKind = Literal["samples", "majority", "grey"]
_FACTORS = (2, 4, 8)


@dataclass(frozen=True, eq=False)
class ChosenScan:
    """Coarse scan to which volumes add detail.

    Attributes
    ----------
    values : numpy.ndarray
        Labels or grey values.
    kind : {"samples", "majority", "grey"}
        Meaning of a voxel; see `CoarseScan`.
    background, phase : float
        Grey values of voxels that are all background, and all of the phase of interest.
    name : str
        Name of the layer.
    """

    values: np.ndarray
    kind: ScanKind
    background: float
    phase: float
    name: str

    def metadata(self) -> dict[str, Any]:
        """Return metadata for a layer as JSON-serialisable values."""
        levels = {"background": self.background, "phase": self.phase} if self.kind == "grey" else {}
        return {"kind": self.kind, "layer": self.name, **levels}

    def scan(self, shape: Shape) -> "CoarseScan":
        """Return the scan for a volume.

        Raises
        ------
        BadInputError
            If the values cannot be used, or the volume is not 2, 4 or 8 times as large as the scan.
        """
        scan = _for_scan(self._make)
        own = self.values.shape
        if shape not in [tuple(k * n for n in own) for k in _FACTORS]:
            sizes = ", ".join(format_shape(tuple(k * n for n in own)) for k in _FACTORS)
            raise BadInputError("coarse", f"The volume must be 2, 4 or 8 times as large as the scan: {sizes} voxels.")
        return scan

    def _make(self) -> "CoarseScan":
        from napari_swnn.core.volume.coarse_scan import CoarseScan

        if self.kind == "grey":
            return CoarseScan.from_grey(self.values, background=self.background, phase=self.phase)
        return CoarseScan.from_labels(self.values, kind=self.kind)


def _for_scan(make: "Callable[[], CoarseScan]") -> "CoarseScan":
    try:
        return make()
    except (TypeError, ValueError) as error:
        raise to_bad_input(error, {}, default="coarse") from error
