"""Models for a range of porosities: trained, chosen from with a slider, previewed."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from napari_swnn._layer_style import PREVIEW_NAME
from napari_swnn.core.numerics.machine_load import LoadMeter
from napari_swnn.widgets.reconstruction import range_preview
from napari_swnn.widgets.reconstruction.preflight import CurrentCost, describe_cost


@pytest.fixture
def ranged(panel, range_model, add_model):
    """The panel with a model for a range chosen."""
    add_model(panel, range_model)
    return panel


def previews(viewer):
    return [layer for layer in viewer.layers if layer.name.startswith(PREVIEW_NAME)]


def test_a_range_trains_one_model_with_a_slider(ready, viewer, user):
    assert ready.models.porosity.isHidden() or not ready.models.porosity.isVisibleTo(ready.models)
    ready.settings.target.ranged.setChecked(True)
    ready.settings.target.low.setValue(0.2)
    ready.settings.target.high.setValue(0.4)
    assert "three times as long" in ready.settings.target.price.text()
    user.waits_for(ready.run_bar.run_button.isEnabled)
    user.clicks(ready.run_bar.run_button)
    user.waits_for_end(ready)
    model = ready.models.entry.model
    assert model.porosity_range == (0.2, 0.4)
    assert ready.models.target == pytest.approx(model.porosity, abs=1e-3)
    assert ready.models.reference_porosity.text().startswith("Reference 0.3")
    assert "95 %" in ready.models.reference_porosity.text()
    low, high = model.provenance["reference_interval"]
    assert low < model.provenance["reference_porosity"] < high
    assert "porosity 0.20 to 0.40" in ready.models.choice.currentText()


def test_a_range_the_wrong_way_round_is_refused_beside_the_control(ready, user):
    target = ready.settings.target
    target.ranged.setChecked(True)
    target.low.setValue(0.4)
    target.high.setValue(0.2)
    assert "lower end below its upper end" in ready.settings.form.problems["porosity"].text()
    assert not ready.run_bar.run_button.isEnabled()
    target.low.setValue(0.9)  # the middle of this range is far from the reference, but nobody has entered it
    assert ready.settings.targets.reach.far.isHidden()
    target.ranged.setChecked(False)
    user.waits_for(ready.run_bar.run_button.isEnabled)


def test_the_slider_covers_the_range_and_generate_takes_its_value(ranged, viewer, user):
    slider = ranged.models.porosity
    assert (slider.number.minimum(), slider.number.maximum()) == (0.2, 0.4)
    slider.number.setValue(0.35)
    user.clicks(ranged.models.generate_button)
    user.waits_for_end(ranged)
    layer = viewer.layers[-1]
    assert layer.name == "seed 0 · rock · porosity 0.35 · custom"
    assert layer.metadata["swnn"]["porosity"] == pytest.approx(0.35)


def test_the_preview_follows_the_slider_in_a_layer_of_its_own(ranged, viewer, layer, user):
    assert previews(viewer) == []
    before = np.array(layer.data)
    ranged.models.porosity.number.setValue(0.35)
    user.waits_for(lambda: previews(viewer) and not ranged.layers.preview.is_busy)
    (preview,) = previews(viewer)
    assert preview.data.shape == (64, 64, 64)
    assert preview.name.endswith("0.350")
    first = np.array(preview.data)
    ranged.models.porosity.number.setValue(0.22)
    user.waits_for(lambda: previews(viewer)[0].name.endswith("0.220"))
    assert previews(viewer) == [preview]
    assert (preview.data == 1).sum() < (first == 1).sum()
    np.testing.assert_array_equal(layer.data, before)
    assert ranged.settings.reference.findText(preview.name) < 0


def test_of_many_moves_the_last_one_counts(ranged, viewer, user, monkeypatch):
    asked = []
    sample = range_preview.generate_preview
    monkeypatch.setattr(range_preview, "generate_preview", lambda *args: asked.append(args[1]) or sample(*args))
    for step in range(30):
        ranged.models.porosity.number.setValue(0.2 + step / 200)
    user.waits_for(lambda: previews(viewer) and not ranged.layers.preview.is_busy)
    assert asked[-1] == pytest.approx(0.345)
    assert len(asked) <= 3


def test_a_preview_that_fails_is_told_below_the_slider(ranged, viewer, user, monkeypatch):
    def broken(*_args):
        raise RuntimeError("CUDA out of memory")

    note = ranged.models.preview_problem
    with monkeypatch.context() as patch:
        patch.setattr(range_preview, "generate_preview", broken)
        ranged.models.porosity.number.setValue(0.35)
        user.waits_for(lambda: "There is no preview: There is not enough memory" in note.text())
    assert not note.isHidden()
    ranged.models.porosity.number.setValue(0.25)
    user.waits_for(lambda: previews(viewer))
    assert note.isHidden()


def test_the_preview_goes_with_its_model(ranged, viewer, user, range_model, add_model):
    ranged.models.porosity.number.setValue(0.35)
    user.waits_for(lambda: previews(viewer))
    add_model(ranged, replace(range_model), "other")
    assert previews(viewer) == []


def test_closing_the_panel_takes_the_preview_away(ranged, viewer, user):
    ranged.models.porosity.number.setValue(0.35)
    user.waits_for(lambda: previews(viewer))
    viewer.window.remove_dock_widget(ranged.dock)
    assert previews(viewer) == []


def test_several_realisations_take_the_seeds_that_follow(ranged, viewer, user):
    ranged.settings.count.setValue(3)
    ranged.settings.seed.setValue(4)
    user.clicks(ranged.models.generate_button)
    user.waits_for_end(ranged)
    assert [layer.metadata["swnn"]["seed"] for layer in viewer.layers] == [4, 5, 6]
    assert [layer.name[:6] for layer in viewer.layers] == ["seed 4", "seed 5", "seed 6"]
    assert not np.array_equal(viewer.layers[0].data, viewer.layers[1].data)
    assert all(b.translate[-1] > a.extent.world[1][-1] for a, b in pairwise(viewer.layers))  # none hides another
    assert ranged.run_bar.progress.status.text().startswith("Done: 3 realisations, porosity 0.")


def test_time_and_memory_are_foretold_by_the_run_button(ready, user):
    user.waits_for(lambda: ready.run_bar.cost.text().startswith("About"))
    assert ready.run_bar.cost.text().startswith("About 25 s to train, 1 s to generate · ")
    ready.settings.count.setValue(60)
    assert ready.run_bar.cost.text() == "Estimating the time…"
    user.waits_for(lambda: "1 min to generate" in ready.run_bar.cost.text())


def test_the_estimate_knows_how_busy_the_computer_is(ready, user, monkeypatch):
    monkeypatch.setattr("napari_swnn.core.numerics.machine_load.measure_load", lambda _n: 4.0)
    monkeypatch.setattr("napari_swnn.core.numerics.machine_load.METER", LoadMeter())
    ready.settings.seed.setValue(1)
    user.waits_for(lambda: "this busy" in ready.run_bar.cost.text())
    assert ready.run_bar.cost.text().startswith(
        "About 25 s to train, 1 s to generate; 1 to 2 min while the computer is th"
    )


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (1.2, "About 1.6 h to train, 2.0 h to generate"),
        (4.0, "About 25 min to train, 30 min to generate; 2 to 4 h while the computer is this busy"),
    ],
)
def test_the_time_is_that_of_a_free_machine_with_that_under_its_load(load, said):
    text = describe_cost(CurrentCost(5800, 7200, 2**30, load))
    assert text == f"{said} · 1.0 GiB of memory"


def test_the_time_for_what_is_left_stands_beside_that_of_the_whole_training():
    text = describe_cost(CurrentCost(5800, 0, 2**30, rest=1500))
    assert text == "About 1.6 h to train (25 min with Resume) · 1.0 GiB of memory"


def test_a_failed_estimate_is_told_in_its_place(ready, user, monkeypatch):
    def failing(*_args, **_kwargs):
        raise RuntimeError("CUDA out of memory")

    user.waits_for(lambda: ready.run_bar.cost.text().startswith("About"))
    with monkeypatch.context() as patch:
        patch.setattr("napari_swnn.core.training.cost.estimate_cost", failing)
        ready.settings.count.setValue(2)
        problem = "Time and memory could not be estimated: There is not enough memory"
        user.waits_for(lambda: ready.run_bar.cost.text().startswith(problem))
        assert ready.run_bar.memory.isHidden()
        assert ready.run_bar.run_button.isEnabled()
    ready.settings.count.setValue(3)
    assert ready.run_bar.cost.text() == "Estimating the time…"
    user.waits_for(lambda: ready.run_bar.cost.text().startswith("About"))


def test_too_little_memory_is_said_before_the_run(ready, user, monkeypatch):
    monkeypatch.setattr("napari_swnn.widgets.reconstruction.preflight.free_memory", lambda: 2**29 + 2**20)
    ready.settings.count.setValue(2)
    user.waits_for(lambda: "is free" in ready.run_bar.memory.text())


def test_a_small_reference_is_warned_about(panel, viewer, user):
    labels = np.zeros((40, 40), np.uint8)
    labels[8:12, 10:30] = 1
    viewer.add_labels(labels)
    user.waits_for(panel.run_bar.run_button.isEnabled)
    assert "image" in panel.settings.reach.warning.text()


def test_what_a_training_says_stays_until_it_ends(running, user):
    from napari_swnn.core.training.run import TrainingStep

    step = TrainingStep(
        1, 2, 1, 0.1, 0.3, np.zeros((2, 2, 2), np.uint8), fraction=0.5, note="the loss diverged; went back"
    )
    running.run_bar.add_step(step)
    assert running.run_bar.progress.remark.text() == "The loss diverged; went back."
    running.run_bar.add_step(replace(step, note=""))
    assert running.run_bar.progress.remark.text() != ""
    user.clicks(running.run_bar.stop_button)
    user.waits_for_end(running)
    assert running.run_bar.progress.remark.text() == ""
