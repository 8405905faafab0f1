"""What the documentation tells a reader to type works, on small volumes and a short training."""

import ast
import doctest
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import label

import napari_swnn as swnn
from napari_swnn._sample_data import raw_micrograph

ROOT = Path(__file__).parents[1]
PAGES = (
    "README.md",
    "docs/tutorial/python.md",
    "docs/how-to/python.md",
    "docs/how-to/preparation.md",
    "docs/how-to/heterogeneous.md",
    "docs/how-to/composition.md",
    "docs/how-to/coarse-scan.md",
    "docs/how-to/validation.md",
    "docs/how-to/directions.md",
)
EXAMPLES = [path for path in ROOT.glob("src/**/*.py") if ">>> " in path.read_text(encoding="utf-8")]
SMALLER = {
    "(256, 256, 256)": "(40, 40, 40)",
    "(128, 128, 128)": "(24, 24, 24)",
    "(48, 48, 48), seed=1, scale=2": "(12, 12, 12), seed=1, scale=2",
    "(96, 96, 96), seed=1)\npolished": "(24, 24, 24), seed=1, n_steps=2)\npolished",
    "(96, 96, 96)": "(24, 24, 24)",
    "n_steps=50": "n_steps=2",
    "n_steps=600": "n_steps=4",
    "max_distance=64": "max_distance=16",
    "swnn.TrainingConfig(n_scales=1)": "plain_config",
}


LABEL = re.compile(r"\*\*([^*]+)\*\*|(?<!\*)\*([^*\n]+)\*(?!\*)")
"""Bold or italic text of a page, which names what a panel shows."""


def snippets(page):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)
    for block in blocks:
        if "from_authors" in block:  # needs a checkpoint that is not part of the project
            continue
        for large, small in SMALLER.items():
            block = block.replace(large, small)
        yield block


@pytest.mark.parametrize("page", PAGES)
def test_snippets_run(page, blobs, tiny_config, tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "napari_swnn.core.training.config.PRESETS", dict.fromkeys(("draft", "standard", "fine"), tiny_config)
    )
    names = {
        "image": np.where(blobs == 1, 60, 140) + rng.integers(-20, 20, blobs.shape),
        "strokes": np.where(np.arange(64)[:, None] % 16, 0, 2 - blobs),
        "labels": np.where(blobs == 1, 1, 2),
        "cathode": np.where(blobs == 1, 1, np.where(rng.random(blobs.shape) < 0.2, 2, 0)),
        "mask": np.ones(blobs.shape, bool),
        "objects": label(blobs == 1)[0],
        "section_a": blobs,
        "section_b": blobs.T,
        "section_xy": blobs,
        "section_xz": blobs[::-1],
        "section_yz": blobs.T,
        "volume": rng.integers(0, 2, (24, 24, 24)),
        "other": rng.integers(0, 2, (24, 24, 24)),
        "reference": swnn.Reference(blobs),
        "shape": (24, 24, 24),
        "stop_was_pressed": False,
        "swnn": swnn,
        "plain_config": replace(tiny_config, n_scales=1),
    }
    if "SEM.tif" in (ROOT / page).read_text(encoding="utf-8"):
        image = raw_micrograph()[0][0]
        swnn.io.save_volume("SEM.tif", image[-300:], voxel_size=0.05, unit="um")
    ran = 0
    for block in snippets(page):
        exec(compile(block, page, "exec"), names)
        ran += 1
    assert ran >= 1


def test_names_in_running_text_are_there_after_the_import_alone():
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    names = set(re.findall(r"(?<=\bnapari_swnn\.)[a-z]\w*(?:\.\w+)*(?=[`(])", text))
    names |= set(re.findall(r"(?<=\bswnn\.)[a-zA-Z]\w*(?:\.\w+)*", text))
    assert {"figures.save_figures", "validation.reference_interval", "physics.streamlines"} <= names
    calls = "\n".join(f"assert swnn.{name} is not None" for name in sorted(names))
    subprocess.run([sys.executable, "-c", f"import napari_swnn as swnn\n{calls}"], check=True)


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_examples_of_docstrings_run(path):
    name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


ALL_PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "benchmarks" / "RESULTS.md",
        *ROOT.glob("docs/**/*.md"),
    )
)


@pytest.mark.parametrize("page", ALL_PAGES)
def test_paths_of_files_exist(page):
    folders = [ROOT, ROOT / "src/napari_swnn", ROOT / "src/napari_swnn/core"]
    for path in re.findall(r"`((?:[\w.]+/)+\w+\.(?:py|md|yaml|txt))`", (ROOT / page).read_text(encoding="utf-8")):
        assert any((folder / path).exists() for folder in folders), f"{page} names {path}"


def test_labels_of_the_panels_exist():
    page = (ROOT / "docs/reference/napari.md").read_text(encoding="utf-8")
    labels = {bold or italic for bold, italic in LABEL.findall(page)}
    shown = " | ".join(
        node.value.replace("\n", " ").lower()
        for path in ROOT.glob("src/napari_swnn/widgets/**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    shown += (ROOT / "src/napari_swnn/napari.yaml").read_text(encoding="utf-8").lower()
    of_napari = {"depiction"}
    named = {" ".join(label.split()).lower() for label in labels if " > " not in label} - of_napari
    assert {"run", "spatial variation"} <= named
    assert sorted(label for label in named if label not in shown) == []


@pytest.mark.parametrize("page", ALL_PAGES)
def test_links_between_pages_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"
