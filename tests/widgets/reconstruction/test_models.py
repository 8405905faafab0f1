"""Models in the panel: kept, saved, loaded."""

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from napari_swnn import Model


@pytest.fixture
def trained(ready, user, add_model, rock_model):
    """The panel with a model that is not saved, as after a training."""
    add_model(ready, rock_model)
    user.waits_for(ready.models.generate_button.isEnabled)
    return ready


def test_a_saved_model_generates_the_same_after_loading(trained, viewer, user, dialog, tmp_path):
    user.clicks(trained.models.generate_button)
    user.waits_for_end(trained)
    dialog.path = tmp_path / "rock.swnn"
    assert "not saved" in trained.models.choice.currentText()
    user.clicks(trained.models.save_button)
    assert trained.models.state.text().startswith("In the file rock.swnn.")
    assert "not saved" not in trained.models.choice.currentText()
    user.clicks(trained.models.load_button)
    user.waits_for(lambda: not trained.models.reader.is_busy)
    assert trained.models.choice.count() == 2
    user.clicks(trained.models.generate_button)
    user.waits_for_end(trained)
    before, after = viewer.layers[-2:]
    np.testing.assert_array_equal(before.data, after.data)
    np.testing.assert_allclose(after.scale, before.scale)
    assert after.units == before.units


def test_a_loaded_model_needs_no_reference(trained, panel, viewer, user, dialog, tmp_path):
    dialog.path = tmp_path / "kept.swnn"
    trained.models.entry.model.save(dialog.path)
    viewer.layers.clear()
    user.clicks(panel.models.load_button)
    user.waits_for(lambda: not panel.models.reader.is_busy)
    user.clicks(panel.models.generate_button)
    user.waits_for_end(panel)
    assert [layer.name for layer in viewer.layers] == ["seed 0 · kept · porosity 0.30 · custom"]


def test_a_damaged_file_is_refused_in_one_sentence(trained, user, dialog, tmp_path):
    dialog.path = tmp_path / "broken.swnn"
    dialog.path.write_bytes(b"not a model")
    user.clicks(trained.models.load_button)
    user.waits_for(lambda: "damaged or in another format" in trained.models.problem.text())
    assert "\n" not in trained.models.problem.text()
    assert trained.models.choice.count() == 1
    assert trained.models.generate_button.isEnabled()


def test_a_layer_of_any_name_gives_a_name_for_a_file(trained, user, monkeypatch):
    trained.models.entry.source = "a/b: rock"
    proposed = []
    monkeypatch.setattr(QFileDialog, "exec", lambda _self: False)
    monkeypatch.setattr(QFileDialog, "selectFile", lambda _self, name: proposed.append(name))
    user.clicks(trained.models.save_button)
    user.choose(trained.destination.output, "file")
    user.waits_for(trained.models.generate_button.isEnabled)
    user.clicks(trained.models.generate_button)
    assert proposed == ["a-b - rock.swnn", "a-b - rock.zarr"]


def test_a_cancelled_dialog_changes_nothing(trained, user, dialog):
    for button in (trained.models.save_button, trained.models.load_button):
        user.clicks(button)
    assert trained.models.choice.count() == 1
    assert trained.models.entry.path is None


def test_a_file_that_cannot_be_written_keeps_the_model(trained, user, dialog, tmp_path):
    dialog.path = tmp_path / "nowhere" / "rock.swnn"
    user.clicks(trained.models.save_button)
    assert "was not saved" in trained.models.problem.text()
    assert trained.models.entry.path is None


def test_a_result_of_a_draft_says_that_it_is_one(trained, viewer, user, add_model):
    assert "draft" not in trained.run_bar.progress.status.text().lower()
    model = trained.models.entry.model
    add_model(trained, replace(model, provenance={**model.provenance, "preset": "draft"}), "rock", "as loaded")
    user.waits_for(trained.models.generate_button.isEnabled)
    user.clicks(trained.models.generate_button)
    user.waits_for_end(trained)
    assert trained.run_bar.progress.status.text().endswith("(target 0.300). Draft: for a first look.")
    assert viewer.layers[-1].name == "seed 0 · rock · porosity 0.30 · draft"


def test_a_second_training_keeps_the_first_model(trained, user):
    first = trained.models.entry
    user.clicks(trained.run_bar.run_button)
    user.waits_for_end(trained)
    assert trained.models.entry is not first
    assert trained.models.choice.count() == 2
    user.choose(trained.models.choice, first)
    assert trained.models.entry is first


def test_the_saved_file_is_an_ordinary_model(trained, user, dialog, tmp_path):
    dialog.path = tmp_path / "rock.swnn"
    user.clicks(trained.models.save_button)
    assert Model.load(dialog.path).porosity == trained.models.entry.model.porosity
