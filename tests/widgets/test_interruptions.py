"""What can come between: stopping, errors, and things that disappear while a run goes on."""

import numpy as np
import pytest
import torch

from napari_swnn.widgets import _output_layers
from napari_swnn.widgets._output_layers import PREVIEW_NAME


def names(viewer):
    return [layer.name for layer in viewer.layers]


@pytest.fixture
def endless_generation(monkeypatch):
    """A generation that goes on until it is cancelled."""
    from napari_swnn.core import generation

    def endless(model, shape, **_arguments):
        while True:
            yield generation.GenerationStep(1, 100, 0.1, 60.0)

    monkeypatch.setattr(generation, "iter_generate", endless)


def failing(error):
    """Work that fails at its second step."""

    def work(*_args, **_kwargs):
        yield from ()
        raise error

    return work


def test_stop_in_training_finishes_the_model_and_generates(running, viewer, user):
    user.clicks(running.stop_button)
    assert running.progress.status.text() == "Stopping: finishing the model…"
    assert not running.stop_button.isEnabled()
    user.waits_for_end(running)
    assert names(viewer)[-1].startswith("rock · porosity")
    assert PREVIEW_NAME not in names(viewer)
    assert running.models.entry.model.provenance["stopped_early"]
    assert viewer.layers[-1].metadata["swnn"]["model"]["stopped_early"]


def test_stop_in_generation_keeps_the_model(ready, viewer, user, endless_generation):
    user.clicks(ready.run_button)
    user.waits_for(lambda: ready.progress.status.text().startswith("Generating"))
    user.clicks(ready.stop_button)
    user.waits_for_end(ready)
    assert names(viewer) == ["rock"]
    assert ready.progress.status.text() == "Cancelled; the model is kept."
    assert ready.models.entry is not None
    assert ready.models.generate_button.isEnabled()
    assert ready.run_button.isEnabled()


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
        patch.setattr("napari_swnn.core.training.iter_training", failing(error))
        user.clicks(ready.run_button)
        user.waits_for_end(ready)
    assert text in ready.progress.problem.text()
    assert not ready.progress.problem.isHidden()
    assert "\n" not in ready.progress.problem.text()
    assert names(viewer) == ["rock"]
    user.clicks(ready.run_button)
    user.waits_for_end(ready)
    assert len(viewer.layers) == 2
    assert ready.progress.problem.isHidden()


def test_an_error_in_generation_keeps_the_model(ready, user, monkeypatch):
    monkeypatch.setattr("napari_swnn.core.generation.iter_generate", failing(RuntimeError("no luck")))
    user.clicks(ready.run_button)
    user.waits_for_end(ready)
    assert "no luck" in ready.progress.problem.text()
    assert "The model is kept" in ready.progress.status.text()
    assert ready.models.entry is not None


def test_the_reference_may_be_removed_while_running(running, viewer, layer, user):
    viewer.layers.remove(layer)
    user.waits(0.3)
    user.clicks(running.stop_button)
    user.waits_for_end(running)
    assert names(viewer) == ["rock · porosity 0.30 · seed 0"]
    np.testing.assert_allclose(viewer.layers[0].scale, 0.5)


def test_painting_on_the_reference_changes_nothing_in_the_run(running, layer, user):
    layer.data[:] = 0
    layer.refresh()
    user.clicks(running.stop_button)
    user.waits_for_end(running)
    assert running.models.entry.model.provenance["reference_porosity"] == pytest.approx(0.3, abs=0.01)


def test_the_preview_may_be_removed_while_running(running, viewer, user, monkeypatch):
    monkeypatch.setattr(_output_layers, "PREVIEW_INTERVAL", 0.0)
    viewer.layers.remove(PREVIEW_NAME)
    steps = len(running.progress.curve)
    user.waits_for(lambda: len(running.progress.curve) > steps + 5)
    assert PREVIEW_NAME not in names(viewer)  # it does not come back
    user.clicks(running.stop_button)
    user.waits_for_end(running)
    assert len(viewer.layers) == 2


def test_the_preview_has_the_size_of_its_scale(running, viewer):
    preview = viewer.layers[PREVIEW_NAME]
    np.testing.assert_allclose(preview.scale, 0.5 * 2)  # the coarser of two stages
    assert running.settings.reference.findText(PREVIEW_NAME) < 0


def test_the_preview_is_throttled(running, viewer, user):
    refreshes = []
    viewer.layers[PREVIEW_NAME].events.data.connect(lambda _event: refreshes.append(1))
    steps = len(running.progress.curve)
    user.waits(2.2)
    assert 1 <= len(refreshes) <= 3
    assert len(running.progress.curve) - steps > 3 * len(refreshes)


def test_closing_the_dock_ends_the_run(running, viewer, user):
    worker = running._runner._worker
    viewer.window.remove_dock_widget(running.dock)
    user.waits_for(lambda: not worker.is_running)
    user.waits(0.2)
    assert names(viewer) == ["rock"]
    assert running._order is None


def test_a_model_outlives_its_panel(ready, viewer, user):
    user.clicks(ready.run_button)
    user.waits_for_end(ready)
    viewer.window.remove_dock_widget(ready.dock)
    _, again = viewer.window.add_plugin_dock_widget("napari-swnn", "SWNN reconstruction")
    assert again.models.entry is ready.models.entry
    user.waits_for(again.models.generate_button.isEnabled)
    assert "not saved" in again.models.choice.currentText()


def test_closing_the_viewer_ends_the_run(running, viewer, user):
    worker = running._runner._worker
    viewer.close()
    user.waits_for(lambda: not worker.is_running)
    user.waits(0.2)
    assert not running._runner.busy


def test_closing_the_dock_while_the_reference_is_looked_at(panel, viewer, layer, user):
    viewer.window.remove_dock_widget(panel.dock)
    user.waits(0.5)
    assert panel.reference.survey is None
