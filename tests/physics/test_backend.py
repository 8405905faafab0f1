import numpy as np
import pytest

from napari_swnn.physics._backend import NumpyBackend, TorchBackend
from napari_swnn.physics._resistor_network import ResistorNetwork


@pytest.mark.parametrize("boundary", ["face", "voxel"])
@pytest.mark.parametrize("shape", [(7, 5), (6, 4, 5), (5, 1, 6), (3, 3, 3)])
def test_inverse_laplacian_undoes_a_uniform_network(backend, boundary, shape, rng):
    network = ResistorNetwork.from_conductivity(np.ones(shape), boundary, backend)
    source = backend.array(rng.standard_normal(network.shape))
    inverse = backend.inverse_laplacian(network.shape, half_cell=boundary == "face")
    np.testing.assert_allclose(backend.numpy(network.outflow(inverse(source))), backend.numpy(source), atol=1e-5)


@pytest.mark.parametrize("shape", [(7, 5), (6, 4, 5)])
def test_network_is_symmetric(shape, rng):
    backend = NumpyBackend("float64")
    network = ResistorNetwork.from_conductivity(rng.random(shape), "face", backend)
    left, right = rng.standard_normal((2, *shape))
    assert np.vdot(left, network.outflow(right)) == pytest.approx(np.vdot(right, network.outflow(left)), rel=1e-12)


def test_backends_agree(rng):
    values = rng.standard_normal((4, 5, 6))
    answers = []
    for backend in (NumpyBackend("float64"), TorchBackend("cpu", "float64")):
        array = backend.array(values)
        total = backend.zeros(values.shape)
        backend.add_scaled(total, array, -2.5)
        waves = backend.rfftn(array)
        answers.append(
            [backend.numpy(total), backend.numpy(backend.irfftn(waves, values.shape)), backend.dot(array, array)]
        )
    for numpy_answer, torch_answer in zip(*answers, strict=True):
        np.testing.assert_allclose(torch_answer, numpy_answer, rtol=1e-12)
