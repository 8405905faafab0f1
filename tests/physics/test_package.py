import pickle
import subprocess
import sys
from functools import partial

import pytest
import torch

from napari_swnn import physics
from napari_swnn.physics._backend import NumpyBackend, TorchBackend, make_backend


def test_processor_alone_needs_no_torch():
    code = """
import sys
import numpy as np
from napari_swnn import physics
volume = np.indices((4, 4, 4)).sum(axis=0) % 2
physics.effective_conductivity(volume, {0: 1.4, 1: 0.026}, options=physics.SolverOptions(device="cpu"))
assert not {"torch", "napari", "qtpy", "magicgui", "matplotlib"} & set(sys.modules), sorted(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_exist():
    assert sorted(physics.__all__) == list(physics.__all__)
    for name in physics.__all__:
        assert getattr(physics, name) is not None


def test_device_is_chosen(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert isinstance(make_backend("auto", "float64"), NumpyBackend)
    with pytest.raises(ValueError, match="needs a CUDA GPU"):
        make_backend("cuda", "float64")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert make_backend("auto", "float32").torch_device == "cuda"
    assert isinstance(make_backend("cpu", "float32"), NumpyBackend)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
@pytest.mark.parametrize(
    ("solve", "method"),
    [
        (partial(physics.effective_conductivity, conductivities={0: 1.4, 1: 0.026}), None),
        (partial(physics.permeability, phase=1), "stokes"),
        (partial(physics.permeability, phase=1), "lbm"),
    ],
    ids=["conductivity", "stokes", "lbm"],
)
def test_gpu_and_cpu_agree(blobs, solve, method):
    assert isinstance(make_backend("cuda", "float64"), TorchBackend)
    volume = blobs((24, 24, 24), 0.4)
    gpu, cpu = (
        solve(volume, options=physics.SolverOptions(device=device, method=method, tolerance=1e-8)).value
        for device in ("cuda", "cpu")
    )
    assert gpu == pytest.approx(cpu, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0}, r"tolerance must lie in \(0, 1\), got 0"),
        ({"tolerance": 2}, "tolerance must lie in"),
        ({"max_iterations": 0}, "max_iterations must be a whole number of at least 1"),
        ({"precision": "float16"}, "precision must be one of 'float64', 'float32'"),
        ({"device": "gpu"}, "device must be one of 'auto', 'cpu', 'cuda'"),
        ({"method": "fem"}, "method must be one of 'stokes', 'lbm'"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        physics.SolverOptions(**options)


def test_errors_can_be_pickled(layers):
    with pytest.raises(physics.NotPercolatingError) as raised:
        physics.effective_conductivity(layers([1, 0, 1]), {0: 0.0, 1: 1.0}, axis=0)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert str(copy) == str(raised.value)
    assert copy.result.outcome is physics.Outcome.NOT_PERCOLATING
