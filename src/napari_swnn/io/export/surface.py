"""Smooth, closed surface of a phase, for meshing and 3-D printing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_in_range, check_labels, check_phase_present
from napari_swnn._files import replaced_when_complete
from napari_swnn._types import FloatArray, Path
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.io.export.target import check_target
from napari_swnn.io.stored_image import check_fits

SURFACE_ENDINGS = (".stl", ".ply", ".obj")
"""Endings of the names of files that `save_surface` writes."""
SMOOTHING = 0.7
"""Default width of the smoothing in voxels: it removes the steps of the voxels and keeps features of two voxels."""
_FIRST_STEP = 0.05
"""First change of the level."""
_LEVELS = (0.05, 0.95)
"""Range of the level."""
_TOLERANCE = 1e-3
"""Relative error of the enclosed volume at which the search for the level ends."""
_MOST_STEPS = 6
_BYTES_PER_VOXEL = 16
"""Memory for the smoothed field and its copies."""


@dataclass(frozen=True, eq=False, slots=True)
class PhaseSurface:
    """Closed triangulated surface of a phase.

    Attributes
    ----------
    vertices : numpy.ndarray
        ``(n, 3)`` positions ``(x, y, z)`` in the unit of the voxel size; the volume fills the box from 0 to its extent.
    triangles : numpy.ndarray
        ``(m, 3)`` indices of vertices, counterclockwise seen from outside the phase.
    """

    vertices: FloatArray
    triangles: NDArray[np.int64]


def phase_surface(labels: Any, phase: int, *, voxel_size: float = 1.0, smoothing: float = SMOOTHING) -> PhaseSurface:
    """Return the surface of a phase, closed along the faces of the volume.

    The indicator of the phase is smoothed by a Gaussian filter, and the surface is its level set by marching cubes. The
    level is chosen so that the surface encloses the volume of the phase; a fixed level would shrink a sparse phase.

    Parameters
    ----------
    labels : array_like
        Labels ``(z, y, x)``.
    phase : int
        Label of the phase.
    voxel_size : float
        Edge length of a voxel.
    smoothing : float
        Standard deviation of the Gaussian filter in voxels, from 0 (steps of the voxels are bevelled only) to 5.

    Raises
    ------
    ValueError
        If the labels are not a volume, the phase is absent or fills it, or a parameter is out of range.
    """
    from scipy.ndimage import gaussian_filter

    side = VoxelSize(voxel_size).value
    width = check_in_range(smoothing, 0, 5, name="smoothing", hint="it is in voxels")
    volume = check_labels(labels, ndim=(3,), axes=("z", "y", "x"))
    check_phase_present(volume, phase)
    check_fits(volume.shape, _BYTES_PER_VOXEL, "the volume")
    inside = volume == phase
    field = inside.astype(np.float32)
    if width > 0:
        field = gaussian_filter(field, width, mode="nearest")
    vertices, triangles = _enclosing(field, int(np.count_nonzero(inside)))
    return PhaseSurface(vertices * side, triangles)


def save_surface(
    path: Path,
    labels: Any,
    phase: int,
    *,
    voxel_size: float = 1.0,
    smoothing: float = SMOOTHING,
) -> PhaseSurface:
    """Write the surface of a phase; see `phase_surface`.

    Parameters
    ----------
    path : path-like
        File to write, ``.stl`` (binary), ``.ply`` or ``.obj``; an existing file is replaced when the new one is
        complete. None of the formats stores a unit: coordinates are in the unit of `voxel_size`.
    labels, phase, voxel_size, smoothing
        See `phase_surface`.

    Returns
    -------
    PhaseSurface
        The surface that was written.

    Raises
    ------
    ValueError
        If the ending is unknown, or as for `phase_surface`.
    OSError
        If the file cannot be written.
    """
    import trimesh

    out = check_target(path, SURFACE_ENDINGS)
    surface = phase_surface(labels, phase, voxel_size=voxel_size, smoothing=smoothing)
    mesh = trimesh.Trimesh(surface.vertices, surface.triangles, process=False)
    with replaced_when_complete(out) as partial:
        mesh.export(partial, file_type=out.suffix[1:].lower())
    return surface


def _enclosing(field: FloatArray, n_voxels: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return the level set that encloses a number of voxels, by the secant method."""
    level = 0.5
    surface = _level_set(field, level)
    excess = _volume(*surface) - n_voxels
    following = level + np.copysign(_FIRST_STEP, excess)
    for _ in range(_MOST_STEPS):
        if abs(excess) <= _TOLERANCE * n_voxels:
            break
        previous, before = level, excess
        level = float(np.clip(following, *_LEVELS))
        surface = _level_set(field, level)
        excess = _volume(*surface) - n_voxels
        if excess == before:
            break
        following = level - excess * (level - previous) / (excess - before)
    return surface


def _level_set(field: FloatArray, level: float) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return vertices ``(x, y, z)`` and triangles of a level set; a voxel has the edge 1, and the box begins at 0."""
    from skimage.measure import marching_cubes

    vertices, triangles, _, _ = marching_cubes(_closed(field, level), level, allow_degenerate=False)
    # One voxel was added on each side, and the box ends half a voxel beyond the centres of its voxels.
    return vertices[:, ::-1].astype(np.float64) - 0.5, triangles.astype(np.int64)


def _volume(vertices: FloatArray, triangles: NDArray[np.int64]) -> float:
    """Return the volume inside a closed surface, by the divergence theorem."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def _closed(field: FloatArray, level: float) -> FloatArray:
    """Return the field with one more voxel on each side, so that its level set ends on the faces of the box."""
    padded = np.pad(field, 1, mode="edge")
    result: FloatArray = level - np.abs(padded - level)
    result[1:-1, 1:-1, 1:-1] = field
    return result
