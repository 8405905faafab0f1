"""Type aliases for the arrays shared between modules, and the names of their axes.

The axis order is always ``(z, y, x)`` for volumes and ``(y, x)`` for sections.
"""

from __future__ import annotations

from os import PathLike
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Labels: TypeAlias = NDArray[np.integer[Any]]
"""Integer labels ``(y, x)`` or ``(z, y, x)``, one value per phase."""

BoolArray: TypeAlias = NDArray[np.bool_]
"""``True`` where a voxel belongs to the phase of interest."""

FloatArray: TypeAlias = NDArray[np.floating[Any]]

Shape: TypeAlias = tuple[int, ...]
"""Number of voxels along each axis, ``(z, y, x)`` or ``(y, x)``."""

Path: TypeAlias = str | PathLike[str]

AXES = ("z", "y", "x")
"""Names of the axes of a volume; an array with ``n`` axes has the axes ``AXES[-n:]``."""
