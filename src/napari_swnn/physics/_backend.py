"""Array operations in which NumPy and SciPy (CPU) differ from torch (GPU).

Solvers are written once, using arithmetic, slices and in-place operators; all other operations are defined here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from scipy import fft
from scipy.linalg import get_blas_funcs

from napari_swnn.physics._slabs import SlabPool

if TYPE_CHECKING:
    from napari_swnn._types import FloatArray, Shape

Array: TypeAlias = Any
"""A NumPy array or a torch tensor."""


class Backend(Protocol):
    """Arithmetic of a solve: array library, device and precision.

    Attributes
    ----------
    xp : module
        ``numpy`` or ``torch``.
    torch_device : str
        Torch device used by this backend.
    """

    xp: Any
    torch_device: str

    def array(self, values: np.ndarray[Any, Any]) -> Array:
        """Copy `values` to the device; floats and complex numbers are converted to the precision of the solve."""

    def single(self) -> Backend:
        """Return a single-precision version of this backend, for approximate calculations."""

    def cast(self, array: Array) -> Array:
        """Return `array` in the precision of the solve."""

    def numpy(self, array: Array) -> FloatArray:
        """Return `array` as a NumPy array."""

    def empty(self, shape: Shape) -> Array:
        """Return an uninitialised array of `shape`."""

    def zeros(self, shape: Shape) -> Array:
        """Return an array of zeros with `shape`."""

    def dot(self, left: Array, right: Array) -> float:
        """Return the inner product."""

    def for_each_slab(self, work: Callable[[slice], object], shape: Shape) -> None:
        """Call `work` with the range of layers of each slab of an array of `shape`, in parallel where it pays."""

    def add_scaled(self, total: Array, array: Array, factor: float) -> None:
        """Add ``factor * array`` to `total` in place."""

    def sum_at(self, values: Array, indices: Array, shape: Shape) -> Array:
        """Return the sum of `values` at each flat index of `shape`; indices may repeat."""

    def rfftn(self, array: Array, *, first: int = 0) -> Array:
        """Return the real Fourier transform over all axes from `first` on."""

    def irfftn(self, array: Array, shape: Shape, *, first: int = 0) -> Array:
        """Return the inverse of `rfftn`."""

    def inverse_laplacian(self, shape: Shape, *, half_cell: bool) -> InverseLaplacian:
        """Return the solver of Poisson's equation that preconditions conduction.

        With `half_cell` the potential is 0 on the outer faces of the first and last layers, otherwise one voxel from
        their centres.
        """


class InverseLaplacian(Protocol):
    """Solver of −Δu = f on a grid, where u is 0 beyond both ends of axis 0 and periodic along the other axes.

    The discrete Laplacian is diagonal in sines along axis 0 and in Fourier modes along the others.
    """

    def __call__(self, source: Array) -> Array:
        """Return u for the right-hand side `source`."""


def make_backend(device: str, precision: str) -> Backend:
    """Return the backend for a device; ``"auto"`` selects a CUDA GPU if available.

    Raises
    ------
    ValueError
        If a CUDA GPU is requested but not available.
    """
    if device == "cpu":
        return NumpyBackend(precision)
    import torch

    if torch.cuda.is_available():
        return TorchBackend("cuda", precision)
    if device == "cuda":
        raise ValueError("device='cuda' needs a CUDA GPU that torch can use, and none was found; use device='cpu'")
    return NumpyBackend(precision)


class NumpyBackend:
    """NumPy arrays with SciPy transforms, on as many threads as torch would use."""

    xp: Any = np
    torch_device = "cpu"

    def __init__(self, precision: str) -> None:
        self._real = np.dtype(precision)
        self._complex = np.result_type(self._real, np.complex64)
        self._axpy = get_blas_funcs("axpy", dtype=self._real)
        self._pool = SlabPool()

    def array(self, values: np.ndarray[Any, Any]) -> Array:
        kind = {"f": self._real, "c": self._complex}.get(values.dtype.kind, values.dtype)
        return np.array(values, dtype=kind, order="C")

    def single(self) -> Backend:
        return NumpyBackend("float32")

    def cast(self, array: Array) -> Array:
        return array.astype(self._real, copy=False)

    def numpy(self, array: Array) -> FloatArray:
        return np.asarray(array)

    def empty(self, shape: Shape) -> Array:
        return np.empty(shape, self._real)

    def zeros(self, shape: Shape) -> Array:
        return np.zeros(shape, self._real)

    def dot(self, left: Array, right: Array) -> float:
        return float(np.vdot(left, right))

    def for_each_slab(self, work: Callable[[slice], object], shape: Shape) -> None:
        self._pool.for_each(work, shape)

    def add_scaled(self, total: Array, array: Array, factor: float) -> None:
        self._axpy(array.reshape(-1), total.reshape(-1), a=factor)

    def sum_at(self, values: Array, indices: Array, shape: Shape) -> Array:
        total = np.bincount(indices, values, minlength=int(np.prod(shape)))
        return total.astype(self._real, copy=False).reshape(shape)

    def rfftn(self, array: Array, *, first: int = 0) -> Array:
        return fft.rfftn(array, axes=range(first, array.ndim), workers=self._pool.n)

    def irfftn(self, array: Array, shape: Shape, *, first: int = 0) -> Array:
        axes = range(first, array.ndim)
        return fft.irfftn(array, s=shape[first:], axes=axes, overwrite_x=True, workers=self._pool.n)

    def inverse_laplacian(self, shape: Shape, *, half_cell: bool) -> InverseLaplacian:
        """Return a solver based on sine transforms along axis 0 and Fourier transforms along the sides.

        It always computes in single precision, which halves the time; a preconditioner need not be exact.
        """
        kind = 2 if half_cell else 1
        sides = tuple(range(1, len(shape)))
        along = 2 - 2 * np.cos(np.pi * np.arange(1, shape[0] + 1) / (shape[0] + (not half_cell)))
        along = along.reshape(-1, *[1] * len(sides))
        across = _outer_sum(_periodic_eigenvalues(shape[1:]))

        def solve(source: Array) -> Array:
            waves = np.empty(shape, np.float32)
            solution = self.empty(shape)

            def transform(rows: slice) -> None:
                part = source[:, rows].astype(np.float32)
                waves[:, rows] = fft.dst(part, type=kind, axis=0, norm="ortho", overwrite_x=True)

            def divide(layers: slice) -> None:
                modes = fft.rfftn(waves[layers], axes=sides)
                modes *= (1 / (along[layers] + across)).astype(np.float32)
                waves[layers] = fft.irfftn(modes, s=shape[1:], axes=sides, overwrite_x=True)

            def transform_back(rows: slice) -> None:
                solution[:, rows] = fft.idst(waves[:, rows], type=kind, axis=0, norm="ortho")

            self._pool.for_each(transform, shape, axis=1)
            self._pool.for_each(divide, shape)
            self._pool.for_each(transform_back, shape, axis=1)
            return solution

        return solve


class TorchBackend:
    """Torch tensors on a device."""

    def __init__(self, device: str, precision: str) -> None:
        import torch

        self.xp: Any = torch
        self.torch_device = device
        self._real = getattr(torch, precision)
        self._complex = {"float32": torch.complex64, "float64": torch.complex128}[precision]

    def array(self, values: np.ndarray[Any, Any]) -> Array:
        kind = {"f": self._real, "c": self._complex}.get(values.dtype.kind)
        return self.xp.tensor(values, dtype=kind, device=self.torch_device)

    def single(self) -> Backend:
        return TorchBackend(self.torch_device, "float32")

    def cast(self, array: Array) -> Array:
        return array.to(self._real)

    def numpy(self, array: Array) -> FloatArray:
        return np.asarray(array.cpu().numpy())

    def empty(self, shape: Shape) -> Array:
        return self.xp.empty(shape, dtype=self._real, device=self.torch_device)

    def zeros(self, shape: Shape) -> Array:
        return self.xp.zeros(shape, dtype=self._real, device=self.torch_device)

    def dot(self, left: Array, right: Array) -> float:
        return float(self.xp.dot(left.reshape(-1), right.reshape(-1)))

    def for_each_slab(self, work: Callable[[slice], object], shape: Shape) -> None:
        work(slice(0, shape[0]))

    def add_scaled(self, total: Array, array: Array, factor: float) -> None:
        total.add_(array, alpha=factor)

    def sum_at(self, values: Array, indices: Array, shape: Shape) -> Array:
        return self.zeros((int(np.prod(shape)),)).index_add_(0, indices, values).reshape(shape)

    def rfftn(self, array: Array, *, first: int = 0) -> Array:
        return self.xp.fft.rfftn(array, dim=tuple(range(first, array.ndim)))

    def irfftn(self, array: Array, shape: Shape, *, first: int = 0) -> Array:
        return self.xp.fft.irfftn(array, s=tuple(shape[first:]), dim=tuple(range(first, array.ndim)))

    def inverse_laplacian(self, shape: Shape, *, half_cell: bool) -> InverseLaplacian:
        """Return a solver based on Fourier transforms of the odd extension along axis 0.

        Torch has no sine transform.
        """
        length = 2 * shape[0] + (0 if half_cell else 2)
        extended = (length, *shape[1:])
        waves = 2 * np.pi * np.arange(length) / length
        eigenvalues = _outer_sum([2 - 2 * np.cos(waves), *_periodic_eigenvalues(shape[1:])])
        eigenvalues.flat[0] = 1  # an odd function has no mean
        inverse = self.array(1 / eigenvalues)

        def solve(source: Array) -> Array:
            odd = self.zeros(extended)
            odd[: shape[0]] = source
            odd[length - shape[0] - (0 if half_cell else 1) : length - (0 if half_cell else 1)] = -source.flip(0)
            return self.irfftn(self.rfftn(odd) * inverse, extended)[: shape[0]].contiguous()

        return solve


def _periodic_eigenvalues(shape: Shape) -> list[FloatArray]:
    """Return the eigenvalues of −Δ along each periodic axis; for the last axis, only the half that `rfftn` keeps."""
    waves = [2 * np.pi * np.arange(n if axis < len(shape) - 1 else n // 2 + 1) / n for axis, n in enumerate(shape)]
    return [2 - 2 * np.cos(wave) for wave in waves]


def _outer_sum(terms: list[FloatArray]) -> FloatArray:
    """Return the outer sum of 1-D arrays, one along each axis."""
    total = np.zeros(())
    for term in terms:
        total = np.add.outer(total, term)
    return total
