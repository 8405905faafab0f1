"""Commands of the menus, the command palette and the context menu of layers."""

import numpy as np
import pytest
from app_model import Application
from napari.layers import Labels
from qtpy.QtWidgets import QInputDialog

from napari_swnn._layer_style import read_names, write_names
from napari_swnn.io import read_phase_names, read_voxel_sides, save_volume
from napari_swnn.widgets.commands import context_menu, files, panels
from napari_swnn.widgets.comparison.widget import CompareWidget
from napari_swnn.widgets.properties.widget import PropertiesWidget
from napari_swnn.widgets.reconstruction.request import MODELS
from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget


def docked(viewer, kind):
    found = [widget for widget in viewer.window.dock_widgets.values() if isinstance(widget, kind)]
    return found[0] if len(found) == 1 else None


@pytest.fixture
def volume(viewer, section):
    labels = np.stack([section] * 8)
    layer = viewer.add_labels(labels, name="volume", scale=(0.5,) * 3, units=("um",) * 3)
    write_names(layer, {0: "pore", 1: "NMC"})
    return layer


@pytest.fixture
def messages(monkeypatch):
    """Messages that napari shows."""
    shown = []
    for name in ("show_info", "show_warning", "show_error"):
        monkeypatch.setattr(f"napari.utils.notifications.{name}", shown.append)
    return shown


def test_each_panel_opens_once_with_the_selected_layer(viewer, layer, volume, qtbot):
    viewer.layers.selection.active = layer
    for _ in range(2):
        panels.reconstruct_layer()
        assert docked(viewer, ReconstructionWidget).settings.reference.value == layer
    viewer.layers.selection.active = volume
    panels.compare_layer()
    assert docked(viewer, CompareWidget).settings.volumes.chosen == [volume]
    panels.compute_layer()
    assert docked(viewer, PropertiesWidget).settings.layer.value == volume
    for kind in (ReconstructionWidget, CompareWidget, PropertiesWidget):
        docked(viewer, kind).session.close()


@pytest.mark.parametrize("command", [panels.reconstruct_layer, files.save_labels, files.save_surface])
def test_without_a_labels_layer_the_message_says_what_to_do(viewer, messages, command):
    command()
    viewer.add_image(np.zeros((4, 4)), name="SEM")
    command()
    assert "Select the Labels layer" in messages[0]
    assert "“SEM” is not a Labels layer; segment it first" in messages[1]
    assert len(viewer.window.dock_widgets) == 0


def test_a_segmented_image_opens_with_its_pixel_size_and_names(viewer, section, tmp_path, dialog):
    save_volume(tmp_path / "rock.tif", section, voxel_size=0.5, unit="um", names={1: "pore"})
    dialog.path = tmp_path / "rock.tif"
    files.open_segmented()
    (found,) = viewer.layers
    assert isinstance(found.__wrapped__ if hasattr(found, "__wrapped__") else found, Labels)
    assert tuple(found.scale) == (0.5, 0.5)
    assert read_names(found) == {1: "pore"}


def test_a_file_that_is_not_an_image_is_refused_with_a_message(viewer, tmp_path, messages, dialog):
    (tmp_path / "notes.tif").write_text("none")
    dialog.path = tmp_path / "notes.tif"
    files.open_segmented()
    assert len(messages) == 1
    assert "notes.tif" in messages[0]
    assert len(viewer.layers) == 0


def test_labels_and_surfaces_are_saved(viewer, volume, tmp_path, messages, dialog, user, monkeypatch):
    asked = []

    def choose(_parent, _title, _label, titles, current, _editable):
        asked.append(titles)
        return titles[current], True

    def do(command):
        n = len(messages)
        command()
        user.waits_for(lambda: len(messages) > n)

    monkeypatch.setattr(QInputDialog, "getItem", choose)
    viewer.layers.selection.active = volume
    dialog.path = tmp_path / "a.ome.zarr"
    do(files.save_labels)
    assert read_phase_names(tmp_path / "a.ome.zarr") == {0: "pore", 1: "NMC"}
    assert read_voxel_sides(tmp_path / "a.ome.zarr").lengths == (0.5, 0.5, 0.5)
    volume.selected_label = 1
    dialog.path = tmp_path / "a.stl"
    do(files.save_surface)
    assert (tmp_path / "a.stl").stat().st_size > 84
    dialog.path = tmp_path / "a.doc"
    do(files.save_labels)
    assert messages[:2] == [
        f"Saved a.ome.zarr ({' × '.join(map(str, volume.data.shape))} voxels).",
        "Saved the surface of label 1 as a.stl.",
    ]
    assert "must end in one of" in messages[2]
    volume.scale = (1.0, 0.5, 0.5)
    dialog.path = tmp_path / "b.stl"
    do(files.save_surface)
    assert "must have cubic voxels" in messages[3]
    volume.units = ("s", "um", "um")
    do(files.save_surface)
    do(files.save_labels)
    assert all("must have the same unit along all axes" in message for message in messages[4:])
    assert len(messages) == 6
    assert asked[0] == ["0: pore", "1: NMC"]


def test_cancelled_dialogs_do_nothing(viewer, volume, messages, dialog, monkeypatch):
    viewer.layers.selection.active = volume
    dialog.path = None
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_: ("", False))
    for command in (files.open_segmented, files.open_model, files.save_labels, files.save_surface):
        command()
    assert messages == []
    assert len(viewer.layers) == 1


def test_a_dropped_model_opens_in_the_panel(viewer, rock_model, tmp_path, qtbot):
    rock_model.save(tmp_path / "rock.swnn")
    path = str(tmp_path / "rock.swnn")
    assert viewer.open(path, plugin="napari-swnn") == []
    panel = docked(viewer, ReconstructionWidget)
    qtbot.waitUntil(lambda: len(MODELS) == 1, timeout=60_000)
    assert panel.models.entry.source == "rock"
    assert panel.models.entry.path == tmp_path / "rock.swnn"
    assert files.model_reader([path]) is None
    panel.session.close()


def test_layers_have_the_panels_in_their_context_menu():
    app = Application("napari")
    try:
        context_menu.activate()
        context_menu.activate()
        found = [item.command for item in app.menus.get_menu(context_menu.MENU)]
        assert [command.title for command in found] == list(context_menu.ENTRIES.values())
        assert found[0].enablement.eval({"active_layer_type": "labels"})
        assert not found[0].enablement.eval({"active_layer_type": "image"})
        assert all(callable(getattr(panels, name)) for name in context_menu.ENTRIES)
    finally:
        Application.destroy("napari")
    context_menu.activate()
