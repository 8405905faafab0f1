import pytest
from skimage.io import imsave

from napari_swnn.cli import main


@pytest.fixture
def quick(monkeypatch, tiny_config):
    presets = {"standard": tiny_config, "draft": tiny_config}
    monkeypatch.setattr("napari_swnn.core.training.config.PRESETS", presets)


@pytest.fixture
def image(tmp_path, blobs):
    imsave(tmp_path / "section.png", 255 * blobs, check_contrast=False)
    return str(tmp_path / "section.png")


@pytest.fixture
def model(quick, image, tmp_path, capsys):
    path = str(tmp_path / "m.swnn")
    assert main(["train", image, "-o", path]) == 0
    capsys.readouterr()
    return path
