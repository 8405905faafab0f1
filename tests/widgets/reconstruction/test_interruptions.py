"""What can come between: stopping, errors, and things that disappear while a run goes on."""

import gc
import time
from weakref import ref

import numpy as np
import pytest
import torch
from qtpy.QtCore import QThreadPool

from napari_swnn._layer_style import PREVIEW_NAME
from napari_swnn.core.training.run import TrainingStep
from napari_swnn.core.volume.assembly import GenerationStep
from napari_swnn.io.model_gallery import Gallery
from napari_swnn.widgets.layers import output as output_layers
from napari_swnn.widgets.reconstruction import jobs
from napari_swnn.widgets.reconstruction.request import MODELS


def names(viewer):
    return [layer.name for layer in viewer.layers]


def threads_at_work():
    return QThreadPool.globalInstance().activeThreadCount()


@pytest.fixture
def endless_generation(monkeypatch):
    """A generation that continues until it is cancelled."""

    def endless(*_args, **_kwargs):
        while True:
            time.sleep(0.01)
            yield GenerationStep(1, 100, fraction=0.01, time_left=60.0)

    monkeypatch.setattr("napari_swnn.runs.iter_generation", endless)


@pytest.fixture
def endless_training(monkeypatch):
    """A training whose model is never finished."""
    step = TrainingStep(1, 2, 1, 0.1, 0.3, np.zeros((2, 2, 2), np.uint8), fraction=0.5, activity="training")

    def endless(*_args, **_kwargs):
        while True:
            time.sleep(0.01)
            yield step

    monkeypatch.setattr("napari_swnn.core.training.run.iter_training", endless)


def failing(error):
    """Work that fails at its second step."""

    def work(*_args, **_kwargs):
        yield from ()
        raise error

    return work


def test_stop_in_training_finishes_the_model_and_generates(running, viewer, user):
    progress, shown = running.run_bar.progress, []

    def look(step):
        if step.activity == "finding the threshold":
            progress.refresh()
            shown.append(progress.bar.format())

    running.session.stepped.connect(look)
    user.clicks(running.run_bar.stop_button)
    assert running.run_bar.progress.status.text() == "Stopping: finishing the model…"
    assert not running.run_bar.stop_button.isEnabled()
    user.waits_for_end(running)
    assert all("/ 100" in text for text in shown)
    assert any(text.endswith("left") for text in shown)
    assert names(viewer)[-1].startswith("seed 0 · rock · porosity")
    step = running.models.entry.model.provenance["n_steps"]
    assert names(viewer)[-1].endswith(f"stopped at step {step}")
    assert PREVIEW_NAME not in names(viewer)
    assert running.models.entry.model.provenance["stopped_early"]
    assert viewer.layers[-1].metadata["swnn"]["model"]["stopped_early"]


def test_discard_ends_a_training_without_a_model(running, viewer, user):
    before = len(Gallery().list_models())
    user.clicks(running.run_bar.discard_button)
    user.waits_for_end(running)
    assert running.run_bar.progress.status.text() == "Discarded: nothing was kept."
    assert len(MODELS) == 0
    assert len(Gallery().list_models()) == before
    assert names(viewer) == ["rock"]
    assert running.run_bar.discard_button.isHidden()
    assert running.run_bar.curve.isHidden()
    assert running.run_bar.run_button.isEnabled()


def test_a_discarded_training_cannot_be_resumed(running, user, monkeypatch):
    monkeypatch.setattr("napari_swnn.core.training.checkpoint.INTERVAL", 0.0)
    user.waits_for(lambda: running.session.work.keeping.checkpoint.exists)
    user.clicks(running.run_bar.discard_button)
    user.waits_for_end(running)
    user.waits_for(running.run_bar.run_button.isEnabled)
    assert not running.session.checks.prepared.resumable
    assert running.run_bar.resume_button.isHidden()


def test_discard_ends_a_training_that_is_being_finished(running, viewer, user):
    user.clicks(running.run_bar.stop_button)
    user.clicks(running.run_bar.discard_button)
    user.waits_for_end(running)
    assert len(MODELS) == 0
    assert names(viewer) == ["rock"]


def test_the_log_tells_a_run_from_start_to_end_and_is_saved(ready, user, dialog, tmp_path):
    user.clicks(ready.run_bar.run_button)
    user.waits_for_end(ready)
    dialog.path = tmp_path / "log.txt"
    ready.log.save_button.click()
    lines = dialog.path.read_text(encoding="utf-8").splitlines()
    messages = [
        "Preparing the training",
        "Reference “rock”",
        "at 1/2",
        "at full resolution",
        "Model “rock",
        "Generating",
        "Done",
    ]
    places = [next(i for i, line in enumerate(lines) if text in line) for text in messages]
    assert places == sorted(places)


def test_stop_in_generation_keeps_the_model(ready, viewer, user, endless_generation):
    user.clicks(ready.run_bar.run_button)
    user.waits_for(lambda: ready.run_bar.progress.status.text().startswith("Generating"))
    user.clicks(ready.run_bar.stop_button)
    user.waits_for_end(ready)
    assert names(viewer) == ["rock"]
    assert ready.run_bar.progress.status.text() == "Cancelled; the model is kept."
    assert ready.models.entry is not None
    assert ready.models.generate_button.isEnabled()
    assert ready.run_bar.run_button.isEnabled()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied\nlong trace"), "mat1 and mat2"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB"), "not enough memory"),
        (ValueError("porosity must lie in [0.1, 0.3], got 0.5"), "Porosity must lie in"),
        (KeyError("stage"), "Something went wrong"),
    ],
)
def test_an_error_in_training_is_shown_and_the_panel_is_usable_again(ready, viewer, user, monkeypatch, error, text):
    with monkeypatch.context() as patch:
        patch.setattr("napari_swnn.core.training.run.iter_training", failing(error))
        user.clicks(ready.run_bar.run_button)
        user.waits_for_end(ready)
    assert text in ready.run_bar.progress.problem.text()
    assert not ready.run_bar.progress.problem.isHidden()
    assert "\n" not in ready.run_bar.progress.problem.text()
    assert names(viewer) == ["rock"]
    user.clicks(ready.run_bar.run_button)
    user.waits_for_end(ready)
    assert len(viewer.layers) == 2
    assert ready.run_bar.progress.problem.isHidden()


def test_an_error_in_generation_keeps_the_model(ready, user, monkeypatch):
    monkeypatch.setattr("napari_swnn.runs.iter_generation", failing(RuntimeError("no luck")))
    user.clicks(ready.run_bar.run_button)
    user.waits_for_end(ready)
    assert "no luck" in ready.run_bar.progress.problem.text()
    assert "The model is kept" in ready.run_bar.progress.status.text()
    assert ready.models.entry is not None


def test_the_reference_may_be_removed_while_running(running, viewer, layer, user):
    viewer.layers.remove(layer)
    user.waits(0.3)
    user.clicks(running.run_bar.stop_button)
    user.waits_for_end(running)
    (name,) = names(viewer)
    assert name.startswith("seed 0 · rock · porosity 0.30 · custom, stopped at step ")
    np.testing.assert_allclose(viewer.layers[0].scale, 0.5)


def test_painting_on_the_reference_changes_nothing_in_the_run(running, layer, user):
    layer.data[:] = 0
    layer.refresh()
    user.clicks(running.run_bar.stop_button)
    user.waits_for_end(running)
    facts = running.models.entry.model.provenance
    assert facts["reference_porosity"] == pytest.approx(0.3, abs=0.01)
    low, high = facts["reference_interval"]
    assert low < 0.3 < high


def test_the_preview_may_be_removed_while_running(running, viewer, user, monkeypatch):
    monkeypatch.setattr(output_layers, "PREVIEW_INTERVAL", 0.0)
    viewer.layers.remove(PREVIEW_NAME)
    steps = len(running.run_bar.curve)
    user.waits_for(lambda: len(running.run_bar.curve) > steps + 5)
    assert PREVIEW_NAME not in names(viewer)  # it does not come back
    user.clicks(running.run_bar.stop_button)
    user.waits_for_end(running)
    assert len(viewer.layers) == 2


def test_the_preview_has_the_size_of_its_scale(running, viewer):
    preview = viewer.layers[PREVIEW_NAME]
    np.testing.assert_allclose(preview.scale, 0.5 * 2)  # the coarser of two stages
    assert running.settings.reference.findText(PREVIEW_NAME) < 0


def test_the_preview_is_throttled(running, viewer, user):
    refreshes = []
    viewer.layers[PREVIEW_NAME].events.data.connect(lambda _event: refreshes.append(1))
    steps = len(running.run_bar.curve)
    user.waits(2.2)
    assert 1 <= len(refreshes) <= 3
    assert len(running.run_bar.curve) - steps > 3 * len(refreshes)


def test_closing_the_dock_in_a_training_finishes_the_model(running, viewer, user):
    viewer.window.remove_dock_widget(running.dock)
    assert names(viewer) == ["rock"]  # no preview is left
    _, again = viewer.window.add_plugin_dock_widget("napari-swnn", "SWNN reconstruction")
    user.waits_for(lambda: not threads_at_work())
    user.waits_for(lambda: again.models.entry is not None)
    assert again.models.entry.source == "rock"
    assert again.models.entry.model.provenance["stopped_early"]
    user.waits(0.2)
    assert names(viewer) == ["rock"]
    assert not running.session.is_busy


def test_a_closed_panel_lives_until_its_model_is_finished(viewer, layer, user):
    from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget

    def trained_and_closed():
        dock, panel = viewer.window.add_plugin_dock_widget("napari-swnn", "SWNN reconstruction")
        user.choose(panel.settings.preset, "long")
        user.waits_for(panel.run_bar.run_button.isEnabled, seconds=60)
        user.clicks(panel.run_bar.run_button)
        user.waits_for(lambda: len(panel.run_bar.curve) > 2)
        viewer.window.remove_dock_widget(dock)
        return ref(panel)

    gone = trained_and_closed()
    gc.collect()
    user.waits_for(lambda: len(MODELS))
    assert not ReconstructionWidget.finishing
    user.waits(0.2)
    gc.collect()
    assert gone() is None


def test_closing_the_viewer_does_not_wait_for_the_model_of_a_closed_panel(ready, viewer, user, endless_training):
    user.clicks(ready.run_bar.run_button)
    user.waits_for(lambda: len(ready.run_bar.curve) > 2)
    viewer.window.remove_dock_widget(ready.dock)
    user.waits(0.2)
    assert threads_at_work()
    viewer.close()
    user.waits_for(lambda: not threads_at_work(), seconds=5)
    assert len(MODELS) == 0
    assert ready not in ready.finishing


def test_closing_the_dock_in_a_generation_ends_it(ready, viewer, user, endless_generation):
    user.clicks(ready.run_bar.run_button)
    user.waits_for(lambda: ready.run_bar.progress.status.text().startswith("Generating"))
    viewer.window.remove_dock_widget(ready.dock)
    user.waits_for(lambda: not threads_at_work())
    assert names(viewer) == ["rock"]
    assert not ready.session.is_busy
    assert len(MODELS) == 1


def test_a_model_outlives_its_panel(ready, viewer, user):
    user.clicks(ready.run_bar.run_button)
    user.waits_for_end(ready)
    viewer.window.remove_dock_widget(ready.dock)
    _, again = viewer.window.add_plugin_dock_widget("napari-swnn", "SWNN reconstruction")
    assert again.models.entry is ready.models.entry
    user.waits_for(again.models.generate_button.isEnabled)
    assert "Kept in the gallery." in again.models.state.text()


def test_closing_the_viewer_ends_the_run(running, viewer, user):
    viewer.close()
    user.waits_for(lambda: not threads_at_work())
    user.waits(0.2)
    assert not running.session.is_busy


def test_closing_the_viewer_keeps_all_steps(running, viewer, user):
    reference = running.session.work.plan.reference
    checkpoint = running.session.work.keeping.checkpoint
    user.waits_for(lambda: len(running.run_bar.curve) > 5)
    checkpoint.remove()
    n_seen = len(running.run_bar.curve)
    begun = time.monotonic()
    viewer.close()
    user.waits_for(lambda: not threads_at_work())
    assert time.monotonic() - begun < 5
    (kept,) = [each for each in jobs.find_unfinished(reference) if each.path == checkpoint.path]
    assert kept.n_done >= n_seen
    checkpoint.remove()


def test_closing_the_dock_while_the_reference_is_analysed(panel, viewer, layer, user):
    viewer.window.remove_dock_widget(panel.dock)
    user.waits(0.5)
    assert panel.session.checks.findings is None
