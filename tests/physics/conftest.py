"""Microstructures with known physics, as functions that any test may call."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_swnn.physics import _problem
from napari_swnn.physics._backend import NumpyBackend, TorchBackend


@pytest.fixture(scope="session")
def blobs():
    """Level cut of a smooth periodic Gaussian field: 1 in a given fraction of the voxels, else 0."""

    def make(shape, fraction, *, sigma=3.0, seed=0):
        noise = np.random.default_rng(seed).standard_normal(shape)
        smooth = gaussian_filter(noise, sigma, mode="wrap")
        return (smooth < np.quantile(smooth, fraction)).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def sphere():
    """One sphere in the middle of a cube, 1 inside: the cell of a simple-cubic array."""

    def make(n, fraction):
        radius = (3 * fraction / (4 * np.pi)) ** (1 / 3)
        squares = ((np.arange(n) + 0.5) / n - 0.5) ** 2
        return (squares[:, None, None] + squares[:, None] + squares < radius**2).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def layers():
    """Layers across an axis, one value each: ``(n, 4, ...)`` with that axis moved to its place."""

    def make(values, *, axis=0, ndim=3):
        stack = np.broadcast_to(np.reshape(values, (-1, *[1] * (ndim - 1))), (len(values), *[4] * (ndim - 1)))
        return np.moveaxis(stack, 0, axis).copy()

    return make


@pytest.fixture(scope="session")
def channel():
    """Plane channel along axes 0 and 2: fluid 1 over `height` voxels of axis 1, a wall 0 over the rest."""

    def make(height, wall):
        volume = np.zeros((3, height + wall, 2), np.uint8)
        volume[:, :height] = 1
        return volume

    return make


@pytest.fixture(params=[NumpyBackend("float64"), TorchBackend("cpu", "float64")], ids=["scipy", "torch"])
def backend(request):
    """Arithmetic of the CPU, and that of a GPU, run on the CPU."""
    return request.param


@pytest.fixture
def any_backend(backend, monkeypatch):
    """Run the solvers on the CPU through SciPy, and through the code that a GPU would run."""
    if isinstance(backend, TorchBackend):
        monkeypatch.setattr(_problem, "make_backend", lambda device, precision: TorchBackend("cpu", precision))
