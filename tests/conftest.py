"""Structures and small settings that the whole suite shares."""

import os

import numpy as np
import pytest
import torch
from hypothesis import settings

from napari_swnn._sample_data import gaussian_level_set
from napari_swnn.core.training.config import TrainingConfig

# Each run draws the same examples, so that a failure belongs to a change; HYPOTHESIS_PROFILE=explore draws new ones.
# No example has a limit of time, which a busy machine would exceed.
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    """Measurements and checkpoints of the tests are kept apart from those of the user."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *args, **kwargs: str(folder / "data"))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *args, **kwargs: str(folder))


_NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, _NO_GPU])])
def device(request):
    """Device to compute on: the CPU, and a GPU where there is one."""
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(12345)


@pytest.fixture(scope="session")
def blobs():
    """64 x 64 labels 0 and 1, a Gaussian level set of porosity 0.3."""
    return gaussian_level_set(0.3, lambda k: np.exp(-(np.hypot(*k) ** 2) * 9 / 2), seed=0, side=64).astype(np.uint8)


@pytest.fixture(scope="session")
def overlapping_spheres():
    """Maker of periodic, fully penetrable spheres (the Boolean model): 1 is the void between them."""

    def make(rng, side, *, radius, void):
        expected = -np.log(void) * side**3 / (4 / 3 * np.pi * radius**3)
        solid = np.zeros((side,) * 3, bool)
        around = np.arange(-int(radius) - 1, int(radius) + 2)
        for centre in rng.random((rng.poisson(expected), 3)) * side:
            voxels = [int(c) + around for c in centre]
            squares = [(v + 0.5 - c) ** 2 for v, c in zip(voxels, centre, strict=True)]
            ball = squares[0][:, None, None] + squares[1][:, None] + squares[2] <= radius**2
            solid[np.ix_(*(v % side for v in voxels))] |= ball
        return (~solid).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def tiny_config():
    """Settings that train two small stages in a second or two."""
    return TrainingConfig(
        n_scales=2,
        template_size=3,
        n_blocks=2,
        n_channels=8,
        n_steps=3,
        n_coarse_steps=4,
        cube_size=16,
        coarse_cube_size=12,
        n_projections=8,
        max_patterns=500,
        n_calibration_blocks=1,
    )
