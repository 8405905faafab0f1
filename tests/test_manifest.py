"""The plugin as napari finds it."""

import subprocess
import sys
from importlib import resources

import pytest

from napari_swnn.io.export.surface import SURFACE_ENDINGS
from napari_swnn.io.export.volume import VOLUME_ENDINGS

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
    assert names == ["SWNN prepare", "SWNN reconstruction", "SWNN compose", "SWNN compare", "SWNN properties"]
    two_phases = {"silica", "rock", "electrode", "superalloy"}
    three_phases = {"three_phase_electrode", "three_phase_alloy"}
    assert {sample.key for sample in contributions.sample_data} == two_phases | three_phases | {"raw"}
    assert {"napari/layers/segment", "napari/layers/data", "napari/layers/measure"} <= set(contributions.menus)


def test_every_command_is_used(manifest):
    contributions = manifest.contributions
    kinds = (contributions.widgets, contributions.sample_data, contributions.readers, contributions.writers)
    used = {item.command for kind in kinds for item in kind}
    used |= {item.command for items in contributions.menus.values() for item in items}
    in_palette = {f"napari-swnn.{name}_layer" for name in ("reconstruct", "compare", "compute")}
    assert used | in_palette == {command.id for command in contributions.commands}


def test_commands_that_need_a_path_cannot_be_chosen_in_the_command_palette(manifest):
    contributions = manifest.contributions
    with_path = {item.command for item in (*contributions.readers, *contributions.writers)}
    assert {command.id for command in contributions.commands if command.enablement == "False"} == with_path


@pytest.mark.parametrize("word", ["porosity", "microstructure", "permeability", "tortuosity", "conductivity", "STL"])
def test_the_command_palette_knows_the_words_of_the_trade(manifest, word):
    assert any(word in command.title for command in manifest.contributions.commands)


def test_all_formats_of_volumes_and_surfaces_can_be_saved(manifest):
    offered = {ending for writer in manifest.contributions.writers for ending in writer.filename_extensions}
    assert {*VOLUME_ENDINGS, *SURFACE_ENDINGS} <= offered
    assert all(writer.layer_types == ["labels"] for writer in manifest.contributions.writers)


def test_the_icon_is_part_of_the_package(manifest):
    package, _, name = manifest.icon.partition(":")
    assert resources.files(package).joinpath(name).read_text(encoding="utf-8").startswith("<svg")


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
