from dataclasses import replace
from pathlib import Path

import pytest

from napari_swnn import Reference, train


@pytest.fixture(scope="package")
def reference(blobs):
    return Reference(blobs, voxel_size=0.5, unit="um")


@pytest.fixture(scope="package")
def quick_config(tiny_config):
    """Settings that train, and generate, as fast as it goes."""
    return replace(tiny_config, n_scales=1, n_blocks=1)


@pytest.fixture(scope="package")
def model(reference, quick_config):
    return train(reference, config=quick_config)


@pytest.fixture(scope="package")
def model_path(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.swnn"
    model.save(path)
    return path


@pytest.fixture
def content():
    """Every file below a path, or the file itself, with its bytes."""

    def read(path):
        path = Path(path)
        files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
        return {str(p.relative_to(path.parent)): p.read_bytes() for p in files}

    return read
