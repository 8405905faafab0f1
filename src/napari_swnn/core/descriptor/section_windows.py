"""Windows of the sections of a reference, larger than patterns, drawn with a porosity or fractions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.patterns import extract_patterns
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.resampling import Means, TargetFamily
from napari_swnn.core.descriptor.section import Section
from napari_swnn.core.descriptor.symmetry import find_symmetries

_STORED_PIXELS = 2**22
"""Number of pixels of all stored windows of one direction."""
_MIN_STORED = 64
"""Minimum number of stored windows of one direction."""
_MIN_EFFECTIVE = 50
"""Minimum effective number of windows with a target porosity, for which larger windows are given up."""


class SectionWindows:
    """Windows of a reference, drawn with the weights of the control strategy, ``∝ exp(λ·means)``.

    Parameters
    ----------
    reference : Reference
        Reference; windows lie entirely inside its region of interest.
    targets : sequence of float or sequence
        Means of the channels with which windows will be drawn: porosities for two phases, otherwise the fractions of
        all phases.
    scale : int
        Side of a block of pixels that is averaged to one voxel.
    side : int
        Side of the windows, in voxels.
    least_side : int
        Side down to which windows shrink if too few of them have the target means.

    Attributes
    ----------
    directions : tuple of TargetFamily
        Windows of each direction of the reference.
    symmetries : Symmetries
        Mirror images by which windows are varied.
    """

    def __init__(
        self, reference: Reference, targets: Sequence[Means], *, scale: int, side: int, least_side: int
    ) -> None:
        self.symmetries = find_symmetries(reference)
        sides = range(side, least_side - 1, -max(1, side // 5))
        self.directions = tuple(
            _largest_windows(direction, reference.n_channels, targets, scale, sides)
            for direction in reference.directions
        )

    def draw(self, n: int, means: Means, axis: int, rng: np.random.Generator) -> FloatArray:
        """Draw windows of the sections normal to `axis`, with given means of the channels.

        Returns
        -------
        numpy.ndarray
            ``(n, phases, side, side)`` area fractions in [0, 1].
        """
        windows = self.directions[axis % len(self.directions)].near(means).draw(n, rng)
        return self.symmetries.vary(windows, rng)


def _largest_windows(
    sections: Sequence[Section], n_channels: int, targets: Sequence[Means], scale: int, sides: Sequence[int]
) -> TargetFamily:
    """Return the largest windows of the sections of which enough have each of the target means."""
    for side in sides:
        most = max(_MIN_STORED, _STORED_PIXELS // side**2)
        windows = TargetFamily(extract_patterns(sections, side, scale=scale, n_channels=n_channels, max_patterns=most))
        if all(windows.reaches_with(means, _MIN_EFFECTIVE) for means in targets):
            break
    return windows
