"""What importing costs, and who may import whom."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

import napari_swnn

ROOT = Path(__file__).parents[1]
FIRST_FOR_NUMPY_2 = {"imagecodecs": "2024.6.1", "matplotlib": "3.8.4", "scikit-image": "0.23.1", "scipy": "1.13"}
"""First releases built for the binary interface of numpy 2; with older ones an import fails."""
HEAVY = ("torch", "napari", "qtpy", "magicgui", "matplotlib", "PyQt6", "scipy", "skimage", "dask")


def loaded_after(code):
    script = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import napari_swnn; dir(napari_swnn)") == []


def test_training_and_generating_load_no_interface():
    code = """
import numpy as np
import napari_swnn as swnn
labels = np.random.default_rng(0).integers(0, 2, (40, 40))
config = swnn.TrainingConfig(n_scales=1, template_size=3, n_blocks=1, n_channels=8, n_steps=1, cube_size=8,
                             n_calibration_blocks=1)
model = swnn.train(swnn.Reference(labels), config=config)
swnn.validate(swnn.generate(model, (16, 16, 16)), swnn.Reference(labels))
"""
    assert set(loaded_after(code)).isdisjoint({"napari", "qtpy", "magicgui", "matplotlib", "PyQt6"})


def test_statistics_load_no_torch():
    assert "torch" not in loaded_after("import napari_swnn.statistics")


@pytest.mark.parametrize("name", napari_swnn.__all__)
def test_every_public_name_resolves(name):
    assert getattr(napari_swnn, name) is not None


def test_version_is_the_distribution_version():
    assert napari_swnn.__version__.count(".") >= 2


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        napari_swnn.nonsense  # noqa: B018


@pytest.mark.parametrize("name", FIRST_FOR_NUMPY_2)
def test_declared_minima_work_with_numpy_2(name):
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    minima = dict(re.fullmatch(r"([\w-]+)(?:\[.*\])?>=([\d.]+)", entry).groups() for entry in declared)
    assert Version(minima["numpy"]) >= Version("2")
    assert Version(minima[name]) >= Version(FIRST_FOR_NUMPY_2[name])


def test_every_dependency_is_pinned_for_development():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = settings["optional-dependencies"]
    declared = {
        normalised(re.match(r"[\w-]+", entry)[0])
        for entry in (*settings["dependencies"], *extras["dev"], *extras["cluster"])
    }
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert declared <= {normalised(pin.split("==")[0]) for pin in pins if "==" in pin}


def test_dependencies_are_those_that_are_imported():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.match(r"[\w-]+", entry)[0] for entry in settings["dependencies"]}
    names = {"PIL": "pillow", "lazy_loader": "lazy-loader", "mpl_toolkits": "matplotlib", "skimage": "scikit-image"}
    names |= {"nrrd": "pynrrd", "sklearn": "scikit-learn"}
    of_napari = {
        "app_model",
        "magicgui",
        "napari",
        "npe2",
        "psygnal",
        "qtpy",
        "superqt",
        "vispy",
    }  # the panels run within napari
    optional = {*of_napari, "distributed", "triton"}
    imported = {names.get(name, name) for name in imported_packages()} - optional
    assert imported | {"imagecodecs", "scikit-learn"} == declared  # tifffile decodes with imagecodecs


def imported_packages():
    found = set()
    for path in ROOT.glob("src/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - {"napari_swnn"}


def normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_page_of_licences_lists_every_dependency():
    rows = (ROOT / "docs" / "reference" / "licences.md").read_text(encoding="utf-8").splitlines()
    listed = {row.split("|")[1].strip().lower().replace("_", "-") for row in rows if row.startswith("|")}
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert {re.match(r"[\w-]+", need)[0].lower() for need in needed} <= listed
