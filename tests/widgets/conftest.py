"""A viewer with the panel, tiny settings, and a user."""

import gc
import threading
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import MappingProxyType

import numpy as np
import pytest
import torch
from napari.components import ViewerModel
from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QFileDialog, QWidget
from skimage.data import binary_blobs
from superqt.utils import WorkerBase

from napari_swnn import Reference, train
from napari_swnn._progress import Progress
from napari_swnn.core.numerics.machine_load import LoadMeter
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.widgets.kit.threads import CHECK_THREAD
from napari_swnn.widgets.reconstruction.request import MODELS, ModelEntry

TINY = TrainingConfig(
    n_scales=2,
    n_blocks=1,
    n_channels=8,
    n_steps=3,
    n_coarse_steps=3,
    cube_size=12,
    coarse_cube_size=12,
    n_projections=8,
    max_patterns=200,
    n_calibration_blocks=1,
)
LONG = replace(TINY, n_coarse_steps=100_000)
"""A training that does not end by itself within a test."""


@pytest.fixture
def tiny():
    """Settings of a training that takes a second."""
    return TINY


@pytest.fixture(autouse=True, scope="module")
def _little_to_collect():
    """Napari collects garbage after each viewer: half a million objects of imported modules need not be looked at."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _checks_end_with_the_test():
    """Wait for checks, of which a closing viewer starts more, so that none runs into the patches of another test."""
    yield
    deadline = perf_counter() + 60
    while _join_checks() and perf_counter() < deadline:
        QApplication.processEvents()  # may start the next check


@pytest.fixture(autouse=True)
def _one_thread():
    """Leave the other core to the viewer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _tiny_presets(monkeypatch):
    presets = MappingProxyType({"standard": TINY, "long": LONG})
    monkeypatch.setattr("napari_swnn.widgets.reconstruction.settings.PRESETS", presets)


@pytest.fixture(autouse=True)
def _known_speed(monkeypatch):
    """A free machine of known speed: nothing is measured, and nothing is written to the user's cache."""
    from napari_swnn.core.training import cost

    timing = cost.Timing(steps=(0.5, 2.0), banks=(0.0, 3.0), block=1.0)
    monkeypatch.setattr(cost, "_timing", lambda _plan, _load, _cache: timing)
    monkeypatch.setattr("napari_swnn.core.numerics.machine_load.measure_load", lambda _n: 1.0)
    monkeypatch.setattr("napari_swnn.core.numerics.machine_load.METER", LoadMeter())


@pytest.fixture(autouse=True)
def _no_questions(monkeypatch):
    """Nobody answers when a window with unsaved models closes."""
    monkeypatch.setattr("napari_swnn.widgets.reconstruction.models.ask_to_save", lambda *_: False)


@pytest.fixture(autouse=True)
def _no_models():
    MODELS.clear()
    yield
    MODELS.clear()


@pytest.fixture(scope="session")
def range_model():
    """A hardly trained model for porosities from 0.2 to 0.4, of a reference with 0.3."""
    labels = binary_blobs(64, blob_size_fraction=0.12, n_dim=2, volume_fraction=0.3, rng=1).astype(np.uint8)
    return train(Reference(labels), porosity=(0.2, 0.4), config=TINY)


@pytest.fixture(scope="session")
def rock_model():
    """A hardly trained model of a reference with the porosity 0.3 and pixels of 0.5 µm."""
    labels = binary_blobs(64, blob_size_fraction=0.12, n_dim=2, volume_fraction=0.3, rng=1).astype(np.uint8)
    return train(Reference(labels, voxel_size=0.5, unit="µm"), config=TINY)


@pytest.fixture
def section():
    """A segmented section, ``(64, 64)``, values 0 and 1."""
    return binary_blobs(64, blob_size_fraction=0.12, n_dim=2, volume_fraction=0.3, rng=1).astype(np.uint8)


@pytest.fixture
def viewer(make_napari_viewer_proxy, qtbot):
    viewer = make_napari_viewer_proxy()
    yield viewer
    _wait_for_threads(qtbot)


@pytest.fixture
def panel(viewer, qtbot):
    """The docked panel, with its devices found; `panel.dock` is its dock."""
    dock, widget = viewer.window.add_plugin_dock_widget("napari-swnn", "SWNN reconstruction")
    widget.dock = dock
    qtbot.waitUntil(lambda: bool(widget.session.checks.devices), timeout=60_000)
    for side in widget.settings.size.sides:
        side.setValue(32)
    yield widget
    widget.session.close(keep_training=False)
    _wait_for_threads(qtbot)
    del widget.dock


@pytest.fixture
def layer(viewer, section):
    """A reference with 0.5 µm pixels."""
    return viewer.add_labels(section, name="rock", scale=(0.5, 0.5), units=("um", "um"))


@pytest.fixture
def ready(panel, layer, qtbot):
    """The panel with a reference that was found good."""
    qtbot.waitUntil(panel.run_bar.run_button.isEnabled, timeout=20_000)
    return panel


@pytest.fixture
def running(ready, user):
    """The panel in a training that goes on until it is stopped, with its preview shown."""
    user.choose(ready.settings.preset, "long")
    user.waits_for(ready.run_bar.run_button.isEnabled)
    user.clicks(ready.run_bar.run_button)
    user.waits_for(lambda: len(ready.run_bar.curve) > 2)
    return ready


@pytest.fixture
def add_model():
    """Adds a model to a panel, as if it had been trained or loaded there."""

    def add(panel, model, source="rock", preset="standard"):
        entry = ModelEntry(model, source, preset)
        MODELS.add(entry)
        panel.models.choose(entry)

    return add


@pytest.fixture
def impatient(monkeypatch):
    """Layers are looked at soon after they have changed."""
    monkeypatch.setattr("napari_swnn.widgets.layers.watch.PATIENCE", 20)


@pytest.fixture
def model():
    """A viewer without a window: many times as quick."""
    return ViewerModel()


@pytest.fixture
def beside(model, qtbot):
    """Makes a panel with that viewer, told of layers as napari tells it; its work is ended with the test."""
    panels = []
    window = QWidget()
    qtbot.addWidget(window)

    def make(kind):
        widget = kind(model)
        for event in ("inserted", "removed", "reordered", "renamed"):
            getattr(model.layers.events, event).connect(widget.reset_choices)
        widget.setParent(window)
        panels.append(widget)
        return widget

    yield make
    for widget in panels:
        widget.session.close()
    _wait_for_threads(qtbot)


@pytest.fixture
def in_viewer(viewer):
    """Docks a panel in a whole viewer, by its name; its work is ended with the test."""
    widgets = []

    def make(name):
        dock, widget = viewer.window.add_plugin_dock_widget("napari-swnn", name)
        widget.dock = dock
        widgets.append(widget)
        return widget

    yield make
    for widget in widgets:
        widget.session.close()
        del widget.dock


class ManualWorker:
    """A worker whose outcome a test decides."""

    stepped = Signal(object)
    done = Signal(object)
    failed = Signal(str)
    cancelled = Signal()
    waiting = Signal(str)

    def __init__(self):
        self.calls = []

    def run(self, work, *args):
        self.calls.append(("run", *args))

    def stop(self):
        self.calls.append("stop")

    def abandon(self):
        self.calls.append("abandon")


@pytest.fixture
def worker():
    return ManualWorker()


@pytest.fixture
def endless():
    """Work of a run that ends only when it is cancelled."""

    def work(_request):
        while True:
            yield Progress(fraction=0.5, activity="half-way")

    return work


@pytest.fixture
def dialog(monkeypatch):
    """Answers file dialogs with a path, or cancels where it is None."""

    class Answer:
        path: Path | None = None

    monkeypatch.setattr(QFileDialog, "exec", lambda _self: Answer.path is not None)
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda _self: [str(Answer.path)])
    return Answer


class User:
    """Does with the panel what a person can do."""

    def __init__(self, qtbot):
        self._qtbot = qtbot

    def clicks(self, button):
        assert button.isEnabled()
        self._qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def choose(self, combo, value):
        combo.setCurrentIndex([combo.itemData(i) for i in range(combo.count())].index(value))

    def waits_for(self, condition, seconds=20):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=1000 * seconds)

    def waits_for_end(self, panel):
        self.waits_for(lambda: not panel.session.is_busy, seconds=90)  # a busy machine trains several times slower

    def reads_problem(self, panel, key):
        note = panel.settings.form.problems[key]
        return "" if note.isHidden() else note.text()

    def waits_for_threads(self, seconds=20):
        WorkerBase.await_workers(1000 * seconds)  # an error if one goes on

    def waits(self, seconds):
        self._qtbot.wait(int(1000 * seconds))


@pytest.fixture
def user(qtbot):
    return User(qtbot)


def _wait_for_threads(qtbot):
    WorkerBase.await_workers(60_000)
    _join_checks()
    qtbot.wait(20)


def _join_checks():
    """Wait for the checks that are running; returns True if there was one."""
    checks = [thread for thread in threading.enumerate() if thread.name == CHECK_THREAD]
    for thread in checks:
        thread.join(60)
    return bool(checks)
