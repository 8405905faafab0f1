"""Solution of the Stokes and Poisson equations in Fourier space, mode by mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_swnn._types import Shape
    from napari_swnn.physics._backend import Array, Backend


class SpectralSolver:
    """Solver for the modes of fields on the staggered grid, with the transforms.

    With mirrors, the velocity along axis 0 is expanded in cosines on the n + 1 faces from mirror to mirror, and all
    other fields in sines. The cosines have one additional mode, which is uniform and unaffected by the pressure.

    Parameters
    ----------
    shape : tuple of int
        Shape of the grid of centres.
    backend : Backend
        Arithmetic of the arrays.
    mirrored : bool
        True if axis 0 ends at mirrors.
    """

    def __init__(self, shape: Shape, backend: Backend, *, mirrored: bool) -> None:
        self.shape = shape
        self.backend = backend
        self._mirrored = mirrored
        z, y, x = (2 * np.pi * np.arange(n) / n for n in shape)
        if mirrored:
            z = np.pi * np.arange(shape[0] + 1) / shape[0]
        modes = np.ix_(z, y, x[: shape[-1] // 2 + 1])  # the half that a real transform keeps
        gradient: list[NDArray[Any]] = [np.exp(1j * mode) - 1 for mode in modes]
        if mirrored:
            gradient[0] = 2 * np.sin(modes[0] / 2)
        laplacian = np.asarray(sum(np.abs(symbol) ** 2 for symbol in gradient))
        laplacian[0, 0, 0] = np.inf  # the mean is undetermined
        gradient[0] = gradient[0][-shape[0] :]
        self._gradient = [backend.array(symbol) for symbol in gradient]
        self._divergence = [backend.array(np.conj(symbol)) for symbol in gradient]
        self._inverse_laplacian = backend.array(1 / laplacian)
        self._inverse_at_centres = self._inverse_laplacian[-shape[0] :]
        # as matrices: up to a few hundred voxels, faster than fast transforms along the axis of the longest stride
        self._cosines = backend.array(fft.dct(np.eye(shape[0] + 1), type=1, axis=0, norm="ortho"))
        self._sines = backend.array(fft.dst(np.eye(shape[0]), type=2, axis=0, norm="ortho"))

    def to_modes(self, grid: Array, component: int) -> Array:
        """Return the modes of one component of a field on the faces."""
        if not self._mirrored:
            return self.backend.rfftn(grid)
        return self.backend.rfftn(_transform(self._sines if component else self._cosines, grid), first=1)

    def to_faces(self, modes: Array, component: int) -> Array:
        """Return one component of a field on the faces."""
        if component:
            return self.to_centres(modes)
        if not self._mirrored:
            return self.backend.irfftn(modes, self.shape)
        return _transform(self._cosines, self.backend.irfftn(modes, self.shape, first=1))  # a self-inverse matrix

    def to_centres(self, modes: Array) -> Array:
        """Return a field at the centres, or on the faces along axis 1 or 2, which have the same modes."""
        if not self._mirrored:
            return self.backend.irfftn(modes, self.shape)
        return _transform(self._sines.T, self.backend.irfftn(modes, self.shape, first=1))

    def solve_stokes(self, forces: Sequence[Array]) -> tuple[list[Array], Array]:
        """Return the modes of velocity and pressure for the modes of the forces, which are overwritten."""
        n = self.shape[0]
        velocity = list(forces)
        pressure = self.backend.xp.empty_like(velocity[1])
        pressed = [modes[-n:] for modes in velocity]
        velocity[0][:-n] *= self._inverse_laplacian[:-n]  # the uniform mode between mirrors, without pressure

        def solve(layers: slice) -> None:
            inverse = self._inverse_at_centres[layers]
            parts = [modes[layers] for modes in pressed]
            gradients, divergences = (
                (symbols[0][layers], *symbols[1:]) for symbols in (self._gradient, self._divergence)
            )
            pressure[layers] = sum(part * divergence for part, divergence in zip(parts, divergences, strict=True))
            pressure[layers] *= inverse
            for part, gradient in zip(parts, gradients, strict=True):
                part -= gradient * pressure[layers]
                part *= inverse

        self.backend.for_each_slab(solve, tuple(pressure.shape))
        return velocity, pressure

    def solve_poisson(self, source: Array) -> Array:
        """Return the zero-mean field at the centres whose Laplacian is −`source`."""
        return self.to_centres(self.to_modes(source, 1) * self._inverse_at_centres)


def _transform(matrix: Array, field: Array) -> Array:
    """Return `field` transformed along axis 0."""
    return (matrix @ field.reshape(len(field), -1)).reshape(field.shape)
