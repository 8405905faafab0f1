"""What the pages on large volumes and clusters tell a reader to type."""

import re
from pathlib import Path

import pytest

import napari_swnn as swnn

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
SMALLER = {
    "(1024, 1024, 1024)": "(70, 20, 20)",
    "(512, 512, 512)": "(20, 20, 20)",
    "(128, 128, 128)": "(20, 20, 20)",
    "n_trainings=4, n_realisations=5": "n_trainings=1, n_realisations=2, shape=(20, 20, 20)",
}


def snippets(page):
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_snippets_run(reference, model, quick_config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("napari_swnn.core.training.config.PRESETS", {"standard": quick_config})
    names = {"reference": reference, "model": model}
    for block in snippets("large.md"):
        for large, small in SMALLER.items():
            block = block.replace(large, small)
        exec(compile(block, "large.md", "exec"), names)
    assert (tmp_path / "rock-ensemble" / "summary.csv").exists()
    assert (tmp_path / "rock.ome.zarr").is_dir()


@pytest.mark.parametrize("block", snippets("cluster.md"))
def test_snippets_for_clusters_are_python(block):
    compile(block, "cluster.md", "exec")
    for name in re.findall(r"swnn\.(\w+)", block):
        assert hasattr(swnn, name)
