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
physics.effective_conductivity(volume, {0: 1.4, 1: 0.026}, device="cpu")
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
    with pytest.raises(ValueError, match="needs a CUDA card"):
        make_backend("cuda", "float64")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert make_backend("auto", "float32").torch_device == "cuda"
    assert isinstance(make_backend("cpu", "float32"), NumpyBackend)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA card")
@pytest.mark.parametrize(
    "solve",
    [
        partial(physics.effective_conductivity, conductivities={0: 1.4, 1: 0.026}),
        partial(physics.permeability, phase=1),
        partial(physics.permeability, phase=1, method="lbm"),
    ],
    ids=["conductivity", "stokes", "lbm"],
)
def test_card_and_processor_agree(blobs, solve):
    assert isinstance(make_backend("cuda", "float64"), TorchBackend)
    volume = blobs((24, 24, 24), 0.4)
    card, processor = (solve(volume, device=device, tolerance=1e-8).value for device in ("cuda", "cpu"))
    assert card == pytest.approx(processor, rel=1e-6)


def test_errors_survive_the_way_from_another_process(layers):
    with pytest.raises(physics.NotPercolatingError) as raised:
        physics.effective_conductivity(layers([1, 0, 1]), {0: 0.0, 1: 1.0}, axis=0)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert str(copy) == str(raised.value)
    assert copy.result.outcome is physics.Outcome.NOT_PERCOLATING
