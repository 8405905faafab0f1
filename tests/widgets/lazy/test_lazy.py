"""Volumes too large for memory: lazy layers, boxes of them, and files."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtWidgets import QMessageBox, QProgressDialog, QPushButton, QWidget

from napari_swnn import Reference, _writer, generate, train
from napari_swnn._layer_style import read_names
from napari_swnn._sample_data import three_phase_electrode
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import VirtualVolume, describe_volume
from napari_swnn.io import open_ome_zarr
from napari_swnn.runs import iter_generation
from napari_swnn.runs.lazy_volume import measure_written
from napari_swnn.widgets.layers.output import OutputLayers
from napari_swnn.widgets.lazy import saving
from napari_swnn.widgets.lazy.block_count import BlockCount
from napari_swnn.widgets.lazy.layers import get_tiles, open_lazily, pause_tiles
from napari_swnn.widgets.lazy.tiles import Tiles


@pytest.fixture
def tiles(range_model, qtbot):
    tiles = Tiles(describe_volume(range_model, VolumeSpec((70, 130, 90))), [0, 1])
    yield tiles
    tiles.stop()


def failing(error):
    """A method that fails."""

    def method(*_args):
        raise error

    return method


def elsewhere(work):
    """The outcome of work in another thread."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(60)
    return found[0]


@pytest.mark.parametrize("stride", [1, 2, 4, 64])
def test_a_level_holds_every_nth_voxel(tiles, range_model, stride):
    whole, level = generate(range_model, (70, 130, 90)), tiles.level(stride)
    expected = whole[::stride, ::stride, ::stride]
    assert level.shape == expected.shape
    np.testing.assert_array_equal(elsewhere(lambda: np.asarray(level)), expected)
    cut = (slice(0, None, 1), slice(min(5, len(expected[0]) - 1), 40), -1)
    np.testing.assert_array_equal(elsewhere(lambda: np.asarray(level[cut])), expected[cut])
    np.testing.assert_array_equal(elsewhere(lambda: np.asarray(level[0][..., 0:1])), expected[0][..., 0:1])


def test_the_viewer_does_not_wait(tiles):
    plane = np.asarray(tiles.level(1)[3])
    assert (plane == tiles.pending).all()
    assert tiles.pending not in (0, 1)
    key = (0, 1, 0)
    block = tiles.compute(key)
    np.testing.assert_array_equal(np.asarray(tiles.level(1)[3])[64:128, :64], block[3])


def test_napari_s_own_save_of_a_large_layer_names_the_one_that_can_be_stopped(tiles, tmp_path, monkeypatch):
    monkeypatch.setattr(_writer, "MOST_COMPUTED", 1000)
    for write in (_writer.write_nrrd, _writer.write_surface):
        with pytest.raises(ValueError, match="Use Save volume…"):
            write(tmp_path / "a.nrrd", [tiles.level(1), tiles.level(2)], {"multiscale": True, "name": "rock"})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def lazy(panel, viewer, user, range_model, add_model):
    """The panel with a lazy layer of 256³."""
    add_model(panel, range_model)
    for side in panel.settings.size.sides:
        side.setValue(256)
    user.choose(panel.destination.output, "lazy")
    user.clicks(panel.models.generate_button)
    user.waits_for_end(panel)
    yield panel
    for layer in viewer.layers:
        if get_tiles(layer) is not None:
            get_tiles(layer).stop()


def test_a_lazy_layer_opens_and_fills_what_is_looked_at(lazy, viewer, user):
    layer = viewer.layers[-1]
    tiles = get_tiles(layer)
    assert tuple(layer.data[0].shape) == (256, 256, 256)
    assert layer.metadata["swnn"]["lazy"]
    assert lazy.settings.reference.findText(layer.name) < 0  # it would be computed whole
    assert "lazy, " in layer.name
    counts = []
    tiles.counted.connect(lambda *count: counts.append(count))
    viewer.dims.set_point(0, 200)
    user.waits_for(lambda: (16, 16) in counts)
    assert counts[0] == (0, 16)
    assert counts == sorted(counts)
    assert 16 <= tiles.n_kept <= 32  # the blocks of a plane, never the 64 of the volume
    viewer.layers.remove(layer)
    assert not tiles.busy


CLOSED_AT_WORK = """
import sys

import napari
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtWidgets import QWidget

from napari_swnn import Model
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume
from napari_swnn.widgets.layers.output import OutputLayers
from napari_swnn.widgets.lazy.layers import get_tiles, open_lazily


def wait(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()  # unlike processEvents, it deletes a closed window


viewer, panel = napari.Viewer(), QWidget()
viewer.window.add_dock_widget(panel)
volume = describe_volume(Model.load(sys.argv[1]), VolumeSpec((256, 256, 256)))
tiles = get_tiles(open_lazily(viewer, volume, "lazy", {}, OutputLayers(viewer)))
wait(100)
print("at work" if tiles.busy else "at rest")
panel.window().close()
while tiles.busy:
    wait(100)
print("went on" if tiles.n_kept >= 16 else "stopped")
"""


def test_closing_the_window_while_blocks_are_computed_ends_quietly(range_model, tmp_path):
    model = tmp_path / "rock.swnn"
    range_model.save(model)
    command = [sys.executable, "-c", CLOSED_AT_WORK, str(model)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout.split("\n")[:2]) == (0, ["at work", "stopped"])
    assert "deleted" not in done.stderr


def test_3d_computes_a_box_and_never_the_volume(lazy, viewer, user, range_model):
    tiles = get_tiles(viewer.layers[-1])
    lazy.destination.side.setValue(40)
    viewer.dims.ndisplay = 3
    user.waits_for(lambda: "box at" in viewer.layers[-1].name)
    box = viewer.layers[-1]
    assert box.data.shape == (40, 40, 40)
    whole = viewer.layers[-2]
    start = np.round((np.array(box.translate) - whole.translate) / whole.scale).astype(int)
    expected = describe_volume(range_model, VolumeSpec((256, 256, 256), porosity=lazy.models.target))[
        tuple(slice(a, a + 40) for a in start)
    ]
    np.testing.assert_array_equal(box.data, expected)
    assert tiles.n_kept < 64
    user.waits(0.3)
    assert not tiles.busy


@pytest.fixture
def boxed(lazy, viewer, user):
    """The panel with a lazy layer of 64³ that was shown in 3-D; with the layer, and its box of 16³."""
    for side in lazy.settings.size.sides:
        side.setValue(64)
    user.waits_for(lazy.models.generate_button.isEnabled)
    user.clicks(lazy.models.generate_button)
    user.waits_for_end(lazy)
    whole = viewer.layers[-1]
    lazy.destination.side.setValue(16)
    user.clicks(lazy.result_bar.buttons["view"])
    user.waits_for(lambda: "box at" in viewer.layers[-1].name)
    user.waits_for_end(lazy)
    return lazy, whole, viewer.layers[-1]


def save_as(panel, path, dialog, user):
    """Press *Save volume…*, and return what was saved and the message on it."""
    dialog.path = path
    user.clicks(panel.result_bar.buttons["save"])
    user.waits_for(lambda: panel.result_bar.saved.text().startswith("Saved "), 60)
    return open_ome_zarr(path).levels[0].shape, panel.result_bar.saved.text()


def test_the_result_is_the_lazy_volume_and_not_the_box_that_3d_shows(boxed, viewer, user, dialog, tmp_path):
    panel, whole, box = boxed
    assert viewer.layers.selection.active == whole
    assert panel.layers.newest == whole
    assert panel.result_bar.buttons["more"].isEnabled()
    shape, said = save_as(panel, tmp_path / "big.ome.zarr", dialog, user)
    assert shape == (64, 64, 64)
    assert said == "Saved big.ome.zarr (64 × 64 × 64 voxels)."
    viewer.layers.selection.active = box
    assert "select it in the list of layers" in panel.result_bar.buttons["save"].toolTip()
    shape, said = save_as(panel, tmp_path / "box.ome.zarr", dialog, user)
    assert shape == (16, 16, 16)
    assert said == "Saved box.ome.zarr (16 × 16 × 16 voxels)."
    viewer.layers.selection.active = whole
    assert panel.layers.newest == whole


def test_each_lazy_volume_gets_a_box_of_its_own_in_3d(boxed, viewer, user):
    panel, _, first = boxed
    user.waits_for(panel.models.generate_button.isEnabled)
    user.clicks(panel.models.generate_button)
    user.waits_for_end(panel)
    second = panel.layers.newest
    assert viewer.dims.ndisplay == 3
    user.clicks(panel.result_bar.buttons["view"])
    user.waits_for(lambda: viewer.layers[-1].name.startswith(f"{second.name} · box at"))
    user.waits_for_end(panel)
    assert panel.layers.in_3d == viewer.layers[-1] != first


def test_views_of_a_lazy_volume_are_those_of_its_box(boxed, viewer, user):
    panel, whole, box = boxed
    user.choose(panel.result_bar.axis, 0)
    assert len(box.experimental_clipping_planes) == 1
    beside = viewer.add_labels(np.ones((8, 8), int), translate=(-5000, -5000))
    viewer.dims.ndisplay = 2
    viewer.layers.selection.active = beside
    user.clicks(panel.result_bar.buttons["view"])
    assert not beside.visible
    assert viewer.layers.selection.active == whole
    assert panel.layers.newest == whole
    assert len([layer for layer in viewer.layers if "box at" in layer.name]) == 1
    viewer.layers.remove(whole)
    assert panel.layers.newest != box  # another volume is left


def test_a_block_that_fails_is_reported_once_and_tried_again(lazy, viewer, user, monkeypatch):
    layer = viewer.layers[-1]
    tiles = get_tiles(layer)
    user.waits_for(lambda: not tiles.busy)
    reported = []
    monkeypatch.setattr("napari.utils.notifications.show_error", reported.append)
    with monkeypatch.context() as patch:
        patch.setattr(VirtualVolume, "labels", failing(RuntimeError("CUDA out of memory")))
        for plane in (20, 220):
            viewer.dims.set_point(0, plane)
            user.waits_for(lambda: not tiles.busy)
            user.waits_for(lambda: reported)
    user.waits(0.1)
    (text,) = reported
    assert text.startswith(f"“{layer.name}” could not be computed")
    assert "not enough memory" in text
    layer.refresh()
    user.waits_for(lambda: not tiles.busy)
    assert (np.asarray(layer.data[0][int(viewer.dims.point[0])]) != tiles.pending).all()


def test_a_box_beyond_the_memory_is_refused_beside_its_control(lazy, viewer, user, monkeypatch):
    n_layers = len(viewer.layers)
    monkeypatch.setattr("napari_swnn.widgets.kit.memory.free_memory", lambda: 2**29 + 2**20)
    lazy.destination.side.setValue(200)
    user.clicks(lazy.destination.compute_button)
    note = lazy.destination.form.problems["box"]
    assert "A box of 200 × 200 × 200 voxels needs about 0.5 GiB" in note.text()
    assert not note.isHidden()
    assert not lazy.session.is_busy
    lazy.destination.side.setValue(40)
    user.clicks(lazy.destination.compute_button)
    assert note.isHidden()
    user.waits_for(lambda: len(viewer.layers) > n_layers)


def test_a_rectangle_beside_the_layer_is_refused_beside_the_control(lazy, viewer, user):
    rectangle = np.array(viewer.layers[-1].translate)[-2:] - [[500, 500], [500, 400], [400, 400], [400, 500]]
    viewer.layers.selection.active = viewer.add_shapes([rectangle], shape_type="rectangle")
    user.clicks(lazy.destination.compute_button)
    assert "lies outside" in lazy.destination.form.problems["box"].text()


def test_a_marked_rectangle_gives_the_box(lazy, viewer, user):
    layer = viewer.layers[-1]
    corner = np.array(layer.translate)[-2:]
    rectangle = corner + np.array([[20, 30], [20, 90], [70, 90], [70, 30]]) * layer.scale[-1]
    viewer.layers.selection.active = viewer.add_shapes([rectangle], shape_type="rectangle")
    lazy.destination.side.setValue(8)
    user.clicks(lazy.destination.compute_button)
    user.waits_for(lambda: not lazy.session.is_busy)
    box = viewer.layers[-1]
    assert box.data.shape == (8, 50, 60)
    np.testing.assert_allclose((np.array(box.translate)[-2:] - corner) / layer.scale[-1], (20, 30), atol=1)


def test_too_large_a_volume_is_offered_as_a_lazy_layer(ready, user):
    for side in ready.settings.size.sides:
        side.setValue(side.maximum())
    assert "lazy layer" in ready.settings.form.problems["size"].text()
    assert not ready.run_bar.run_button.isEnabled()
    user.choose(ready.destination.output, "lazy")
    user.waits_for(ready.run_bar.run_button.isEnabled)


@pytest.fixture
def slow(monkeypatch):
    """The blocks that were asked for; each one takes a while."""
    asked, labels = [], VirtualVolume.labels

    def slowed(volume, block):
        asked.append(block)
        time.sleep(0.05)
        return labels(volume, block)

    monkeypatch.setattr(VirtualVolume, "labels", slowed)
    return asked


@pytest.mark.parametrize("end", ["clear", "remove_selected", "pause"])
def test_a_layer_that_was_removed_or_paused_computes_no_further_block(model, range_model, slow, qtbot, end):
    seen = PublicOnlyProxy(model)  # as a panel sees it
    volume = describe_volume(range_model, VolumeSpec((64, 512, 512)))
    layer = open_lazily(seen, volume, "lazy", {}, OutputLayers(seen))
    tiles, text = get_tiles(layer), model.canvas.overlays.text
    qtbot.waitUntil(lambda: text.visible and 2 <= len(slow) < 40)
    if end == "pause":
        pause_tiles(seen)
    else:
        model.layers.select_all()
        getattr(model.layers, end)()
    assert not text.visible
    n_asked = len(slow)
    qtbot.wait(450)  # longer than the time between two refreshes
    assert len(slow) == n_asked
    assert not tiles.busy
    assert not text.visible


@pytest.fixture
def file(monkeypatch, tmp_path):
    path = tmp_path / "rock.zarr"
    monkeypatch.setattr("napari_swnn.widgets.lazy.output_panel.ask_for_volume_file", lambda *_: path)
    return path


@pytest.fixture
def gate(monkeypatch):
    """Lets one block be computed; further ones wait until it is set."""
    gate, first, labels = threading.Event(), threading.Semaphore(1), VirtualVolume.labels

    def gated(volume, block):
        if not first.acquire(blocking=False):
            gate.wait(60)
        return labels(volume, block)

    monkeypatch.setattr(VirtualVolume, "labels", gated)
    yield gate
    gate.set()


def test_a_file_is_written_stopped_and_resumed(panel, viewer, user, range_model, file, gate, add_model):
    add_model(panel, range_model)
    panel.settings.size.sides[0].setValue(200)
    user.choose(panel.destination.output, "file")
    user.clicks(panel.models.generate_button)
    user.waits_for(lambda: panel.run_bar.progress.bar.value() > 0)
    user.clicks(panel.run_bar.stop_button)
    gate.set()
    user.waits_for_end(panel)
    assert "resumes it" in panel.run_bar.progress.status.text()
    assert not file.exists()
    assert Path(f"{file}.partial").exists()
    user.clicks(panel.models.generate_button)
    user.waits_for_end(panel)
    assert file.is_dir()
    assert not Path(f"{file}.partial").exists()
    layer = viewer.layers[-1]
    assert layer.multiscale
    expected = generate(range_model, (200, 32, 32), porosity=panel.models.target)
    np.testing.assert_array_equal(np.asarray(layer.data[0]), expected)


def test_a_small_file_opens_too(panel, viewer, user, range_model, file, add_model):
    add_model(panel, range_model)
    user.choose(panel.destination.output, "file")
    user.clicks(panel.models.generate_button)
    user.waits_for_end(panel)
    assert panel.run_bar.progress.problem.isHidden()
    expected = generate(range_model, (32, 32, 32), porosity=panel.models.target)
    np.testing.assert_array_equal(np.asarray(viewer.layers[-1].data), expected)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rock.png", "end in .zarr or .tif"),
        ("there.zarr", "already exists"),
        ("begun.zarr", "was started with another model"),
        ("no/rock.zarr", "There is no folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_training(ready, user, monkeypatch, tmp_path, name, text):
    (tmp_path / "there.zarr").mkdir()
    (tmp_path / "begun.zarr.partial").mkdir()
    path = tmp_path / name
    monkeypatch.setattr("napari_swnn.widgets.lazy.output_panel.ask_for_volume_file", lambda *_: path)
    user.choose(ready.destination.output, "file")
    user.waits_for(ready.run_bar.run_button.isEnabled)
    user.clicks(ready.run_bar.run_button)
    note = ready.destination.form.problems["output"]
    assert text in note.text()
    assert not note.isHidden()
    assert not ready.session.is_busy
    assert ready.run_bar.run_button.isEnabled()
    user.choose(ready.destination.output, "memory")
    assert note.isHidden()


@pytest.mark.parametrize("name", ["rock.zarr", "rock.tif"])
def test_a_file_that_the_disk_cannot_hold_is_refused_before_the_training(ready, user, monkeypatch, tmp_path, name):
    path = tmp_path / name
    monkeypatch.setattr("napari_swnn.widgets.lazy.output_panel.ask_for_volume_file", lambda *_: path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    user.choose(ready.destination.output, "file")
    user.waits_for(ready.run_bar.run_button.isEnabled)
    user.clicks(ready.run_bar.run_button)
    assert "disk must have space for" in ready.destination.form.problems["output"].text()
    assert not ready.session.is_busy
    assert list(tmp_path.iterdir()) == []


def test_labels_that_a_tiff_cannot_hold_are_refused_before_the_training(
    panel, viewer, section, user, file, monkeypatch
):
    tiff = file.with_suffix(".tif")
    viewer.add_labels(section.astype(np.int32) * 70_000)
    user.choose(panel.destination.output, "file")
    user.waits_for(panel.run_bar.run_button.isEnabled)
    with monkeypatch.context() as patch:
        patch.setattr("napari_swnn.widgets.lazy.output_panel.ask_for_volume_file", lambda *_: tiff)
        user.clicks(panel.run_bar.run_button)
    note = panel.destination.form.problems["output"]
    assert "labels from 0 to 65535, got 0 to 70000; relabel the reference, or choose a .zarr" in note.text()
    assert not panel.session.is_busy
    user.clicks(panel.run_bar.run_button)
    assert note.isHidden()
    user.waits_for_end(panel)
    assert file.is_dir()


def test_a_file_of_another_job_is_refused_when_generate_is_pressed(panel, user, range_model, file, add_model):
    begun = iter_generation(range_model, VolumeSpec((32, 32, 32), porosity=0.25), out=file)
    next(begun)
    begun.close()
    add_model(panel, range_model)
    user.choose(panel.destination.output, "file")
    user.clicks(panel.models.generate_button)
    note = panel.destination.form.problems["output"]
    assert "begun with other settings (porosity)" in note.text()
    assert not note.isHidden()
    assert not panel.session.is_busy
    file.with_name("rock.zarr.partial").rename(file.with_name("elsewhere"))
    user.clicks(panel.models.generate_button)
    assert note.isHidden()
    user.waits_for_end(panel)
    assert file.is_dir()


def test_the_blocks_in_view_are_counted_on_the_canvas_beside_no_text_of_the_user(model, tiles):
    text = model.canvas.overlays.text
    BlockCount(model, tiles)
    tiles.counted.emit(12, 1024)
    assert (text.text, text.visible) == ("12 of 1,024 blocks computed", True)
    tiles.counted.emit(1024, 1024)
    assert not text.visible
    text.text, text.visible = "mine", True
    tiles.counted.emit(12, 1024)
    tiles.stop()
    assert (text.text, text.visible) == ("mine", True)


def test_blocks_to_come_have_a_label_of_their_own_among_three_phases(model, tiny):
    labels = three_phase_electrode()[0][0][:64, :64]
    reference = Reference(np.array([0, 128, 255], np.uint8)[labels], phase=0)
    volume = describe_volume(train(reference, config=tiny), VolumeSpec((32, 32, 32)))
    layer = open_lazily(model, volume, "lazy", {}, OutputLayers(model))
    assert get_tiles(layer).pending not in (0, 128, 255)
    shown = {tuple(np.round(layer.colormap.map(label), 2)) for label in (0, 128, 255, get_tiles(layer).pending)}
    assert len(shown) == 4
    get_tiles(layer).stop()


def test_the_status_bar_names_what_a_lazy_layer_lacks(model, tiny):
    labels = three_phase_electrode()[0][0][:64, :64]
    reference = Reference(labels, phase=0, names={0: "pore", 1: "NMC", 2: "binder"})
    layer = open_lazily(
        model, describe_volume(train(reference, config=tiny), VolumeSpec((32,) * 3)), "lazy", {}, OutputLayers(model)
    )
    get_tiles(layer).stop()
    middle = np.mean(layer.extent.world, axis=0)
    assert layer.get_status(middle, world=True)["coordinates"].endswith("phase: not computed yet")
    model.dims.ndisplay = 3
    ray = {"view_direction": np.array([1.0, 0.0, 0.0]), "dims_displayed": [0, 1, 2]}
    assert layer.get_status(middle, world=True, **ray)["coordinates"].endswith("phase: none (3-D shows only boxes)")
    assert read_names(layer) == {0: "pore", 1: "NMC", 2: "binder"}


def test_a_box_that_3d_lacks_during_a_run_follows_it(lazy, viewer, user, monkeypatch):
    said, compute = [], VirtualVolume.labels
    monkeypatch.setattr("napari.utils.notifications.show_info", said.append)
    monkeypatch.setattr(VirtualVolume, "labels", lambda *args: time.sleep(0.5) or compute(*args))
    lazy.destination.side.setValue(16)
    user.choose(lazy.destination.output, "memory")
    whole = viewer.layers[-1]
    for side in lazy.settings.size.sides:
        side.setValue(100)
    user.waits_for(lambda: lazy.models.generate_button.isEnabled())
    user.clicks(lazy.models.generate_button)
    assert lazy.session.is_busy
    viewer.dims.ndisplay = 3
    user.waits_for(lambda: len(said) == 1)
    assert f"3-D shows only boxes of “{whole.name}”" in said[0]
    user.waits_for(lambda: any("box at" in layer.name for layer in viewer.layers), 60)
    user.waits_for_end(lazy)


@pytest.mark.parametrize("is_wanted", [False, True])
def test_a_lazy_volume_is_saved_with_progress_and_resumed_after_a_stop(
    model, range_model, dialog, tmp_path, monkeypatch, qtbot, is_wanted
):
    shape = (64, 128, 130)
    volume = describe_volume(range_model, VolumeSpec(shape))
    layer = open_lazily(model, volume, "lazy", {}, OutputLayers(model))
    saver, owner, asked, said = saving.VolumeSaver(get_tiles(layer)), QWidget(), [], []
    qtbot.addWidget(owner)
    saver.done.connect(said.append)
    answers = QMessageBox.StandardButton

    def answer(_owner, _title, text, *_):
        asked.append(text)
        return answers.Save if is_wanted else answers.Cancel

    monkeypatch.setattr(saving, "_LARGE", 1)
    monkeypatch.setattr(QMessageBox, "question", answer)
    dialog.path = tmp_path / "a.ome.zarr"
    if is_wanted:
        with qtbot.waitSignal(saver.ended, timeout=20000):
            saver.ask(owner, "Save volume", layer)
            qtbot.waitUntil(lambda: len(owner.findChildren(QProgressDialog)) > 0)
            owner.findChildren(QProgressDialog)[0].findChild(QPushButton).click()
        assert said[0].startswith("Stopped; save the volume as a.ome.zarr again")
    written = measure_written(volume, dialog.path)
    with qtbot.waitSignal(saver.ended, timeout=20000):
        saver.ask(owner, "Save volume", layer)
    assert "64 × 128 × 130 voxels: up to" in asked[-1]
    assert ("of it is written already" in asked[-1]) == (0 < written < 1)
    assert (tmp_path / "a.ome.zarr").exists() == is_wanted
    assert not saver.is_busy
    if is_wanted:
        assert said[-1] == "Saved a.ome.zarr (64 × 128 × 130 voxels)."
        np.testing.assert_array_equal(open_ome_zarr(dialog.path).levels[0].compute(), generate(range_model, shape))
    get_tiles(layer).stop()
