"""The plugin as napari finds it."""

import subprocess
import sys

import pytest

HEAVY = ["napari_swnn.statistics", "napari_swnn.physics", "napari_swnn.validation", "matplotlib"]

npe2 = pytest.importorskip("npe2")


@pytest.fixture(scope="module")
def manifest():
    return npe2.PluginManifest.from_distribution("napari-swnn")


def test_every_command_can_be_imported(manifest):
    manifest.validate_imports()


def test_contributions_are_where_users_look(manifest):
    contributions = manifest.contributions
    names = [widget.display_name for widget in contributions.widgets]
    assert names == ["SWNN prepare", "SWNN reconstruction", "SWNN compare", "SWNN properties"]
    two_phases = {"silica", "rock", "electrode", "superalloy"}
    three_phases = {"three_phase_electrode", "three_phase_alloy"}
    assert {sample.key for sample in contributions.sample_data} == two_phases | three_phases | {"raw"}
    assert {"napari/layers/segment", "napari/layers/data", "napari/layers/measure"} <= set(contributions.menus)


def test_every_command_is_used(manifest):
    contributions = manifest.contributions
    used = {item.command for item in (*contributions.widgets, *contributions.sample_data, *contributions.readers)}
    assert used == {command.id for command in contributions.commands}


def test_discovery_loads_neither_torch_nor_napari_nor_qt():
    code = """
import sys
import napari_swnn
from npe2 import PluginManifest
PluginManifest.from_distribution("napari-swnn")
heavy = {"torch", "napari", "qtpy", "PyQt6", "magicgui", "pyqtgraph", "scipy", "skimage"}
print(*sorted(heavy & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


@pytest.mark.parametrize("panel", ["preparation", "reconstruction", "comparison", "properties"])
def test_importing_a_panel_loads_no_torch(panel):
    code = f"import sys, napari_swnn.widgets.{panel}.widget; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]


@pytest.mark.parametrize("panel", ["comparison", "properties"])
def test_importing_a_panel_loads_no_statistics(panel):
    code = f"import sys, napari_swnn.widgets.{panel}.widget; print(*(name for name in sys.modules if name in {HEAVY}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
