"""The plugin as napari finds it."""

import subprocess
import sys

import pytest

npe2 = pytest.importorskip("npe2")


@pytest.fixture(scope="module")
def manifest():
    return npe2.PluginManifest.from_distribution("napari-swnn")


def test_every_command_can_be_imported(manifest):
    manifest.validate_imports()


def test_contributions_are_where_users_look(manifest):
    contributions = manifest.contributions
    assert [widget.display_name for widget in contributions.widgets] == ["SWNN reconstruction"]
    assert {sample.key for sample in contributions.sample_data} == {"silica", "rock", "electrode", "superalloy"}
    assert "napari/layers/data" in contributions.menus


def test_every_command_is_used(manifest):
    contributions = manifest.contributions
    used = {item.command for item in (*contributions.widgets, *contributions.sample_data)}
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


def test_importing_the_panel_loads_no_torch():
    code = "import sys, napari_swnn.widgets.reconstruction; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]
