"""The panel as a user meets it: what it offers, what it refuses, and a run from the click to the layer."""

import json
from math import ceil

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_swnn import generate
from napari_swnn._voxel_size import VoxelSize


def problem(panel, key):
    """What the panel says beside a control."""
    note = panel.settings.form.problems[key]
    return "" if note.isHidden() else note.text()


def entries(combo):
    return [combo.itemText(i) for i in range(combo.count())]


def test_without_layers_it_says_what_is_missing(panel):
    assert not panel.run_bar.run_button.isEnabled()
    assert "Add a Labels layer" in panel.run_bar.hint.text()
    assert not panel.models.generate_button.isEnabled()
    assert not panel.models.save_button.isEnabled()
    assert not panel.settings.target.isEnabled()


def test_the_device_is_named(panel):
    assert panel.settings.device.currentText().startswith("Automatic: ")
    assert any("CPU (1 thread)" in text for text in entries(panel.settings.device))


def test_it_follows_layers(panel, viewer, section, user):
    reference, region = panel.settings.reference, panel.settings.region
    viewer.add_image(np.zeros((8, 8)))
    assert entries(reference) == []
    first, second = viewer.add_labels(section, name="first"), viewer.add_labels(section, name="second")
    assert entries(reference) == ["first", "second"]
    assert entries(region) == ["whole image", "second"]
    user.choose(reference, second)
    second.name = "renamed"
    viewer.layers.move(2, 0)
    assert reference.value == second
    assert reference.currentText() == "renamed"
    viewer.layers.remove(second)
    assert reference.value == first
    viewer.layers.remove(first)
    assert reference.value is None
    assert entries(region) == ["whole image"]


def test_it_shows_the_porosity_and_the_reachable_range(ready, section):
    own = section.mean()
    assert ready.settings.target.single.value == pytest.approx(own, abs=6e-4)
    assert ready.settings.reach.text().startswith(f"Reference {own:.3f} (95 %: ")
    assert "Correlation length" in ready.settings.reasons.text()
    assert ready.settings.phase.currentText().startswith("1")


def test_the_slider_is_limited_to_the_reachable_range(panel, viewer, user):
    stripes = np.zeros((40, 40), np.uint8)
    stripes[:, ::3] = 1  # every 7 x 7 pattern holds 2 or 3 of 7 columns
    viewer.add_labels(stripes)
    user.waits_for(panel.run_bar.run_button.isEnabled)
    slider = panel.settings.target.single.slider
    assert (slider.minimum(), slider.maximum()) == (286, 428)
    panel.settings.target.single.number.setValue(0.9)
    assert panel.settings.target.single.value == pytest.approx(0.428)


def test_the_porosity_follows_the_reference_until_the_user_chooses(ready, layer, user):
    painted = np.array(layer.data)
    painted[:20] = 1
    layer.data = painted
    assert not ready.run_bar.run_button.isEnabled()
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert ready.settings.target.single.value == pytest.approx(painted.mean(), abs=6e-4)
    ready.settings.target.single.number.setValue(0.2)
    layer.data = np.roll(painted, 3)
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert ready.settings.target.single.value == pytest.approx(0.2)


def test_painting_is_noticed(ready, layer, user):
    layer.paint((30, 30), 1)
    assert not ready.run_bar.run_button.isEnabled()
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert ready.session.checks.findings.analysis.reference.porosity == pytest.approx((layer.data == 1).mean())


def test_another_phase_is_looked_at_again(ready, section, user):
    user.choose(ready.settings.phase, 0)
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert ready.settings.target.single.value == pytest.approx(1 - section.mean(), abs=6e-4)


def test_the_size_is_given_in_the_units_of_the_reference(ready, user):
    assert ready.settings.extent.text() == "16 × 16 × 16 µm"
    ready.settings.size.sides[0].setValue(64)
    assert ready.settings.extent.text() == "32 × 16 × 16 µm"
    ready.settings.show_model_voxel(VoxelSize(0.5, "µm"))
    assert ready.settings.extent.text() == "32 × 16 × 16 µm"
    ready.settings.show_model_voxel(VoxelSize(3, "nm"))
    assert ready.settings.extent.text() == "32 × 16 × 16 µm · 192 × 96 × 96 nm with the selected model"


@pytest.mark.parametrize(
    ("data", "scale", "text"),
    [
        (np.zeros((32, 32), np.uint8), (1, 1), "contains only the value 0"),
        (np.zeros((2, 2, 16, 16), np.uint8), (1, 1, 1, 1), "has 4 axes"),
        (np.eye(32, dtype=np.uint8), (1, 2), "must be squares"),
        (np.eye(2, dtype=np.uint8), (1, 1), "must hold a square of at least"),
    ],
)
def test_a_bad_reference_is_refused_beside_the_control(panel, viewer, user, data, scale, text):
    viewer.add_labels(data, scale=scale)
    user.waits_for(lambda: text in problem(panel, "reference"))
    assert not panel.run_bar.run_button.isEnabled()
    assert panel.run_bar.hint.text() == "Correct the input marked above."
    assert "\n" not in problem(panel, "reference")


@pytest.mark.parametrize(
    ("region", "place", "text"),
    [
        (np.ones((8, 8), np.uint8), (500.0, 0.0), "it lies beside it"),
        (np.zeros((64, 64), np.uint8), (0.0, 0.0), "is empty"),
    ],
)
def test_a_bad_region_is_refused_beside_the_control(ready, viewer, user, region, place, text):
    layer = viewer.add_labels(region, scale=(0.5, 0.5), units=("um", "um"), translate=place)
    user.choose(ready.settings.region, layer)
    user.waits_for(lambda: text in problem(ready, "region"))
    assert not ready.run_bar.run_button.isEnabled()
    user.choose(ready.settings.region, None)
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert problem(ready, "region") == ""


@pytest.mark.parametrize("levels", [1, 2])
def test_a_volume_too_large_to_be_read_on_demand_is_refused_as_reference(panel, viewer, user, levels):
    data = da.zeros((600, 600, 600), dtype=np.uint8, chunks=(1, 600, 600))
    viewer.add_labels(data if levels == 1 else [data, data[::2, ::2, ::2]], multiscale=levels > 1, name="large")
    user.waits_for(lambda: "has 600 × 600 × 600 voxels; crop" in problem(panel, "reference"))
    assert not panel.run_bar.run_button.isEnabled()


def test_a_region_of_interest_counts(ready, viewer, section, user):
    region = np.zeros_like(section)
    region[:40, :30] = 1
    user.choose(ready.settings.region, viewer.add_labels(region, scale=(0.5, 0.5), units=("um", "um")))
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert ready.session.checks.findings.analysis.reference.porosity == pytest.approx(section[:40, :30].mean())


def test_a_size_beyond_the_memory_is_refused_before_any_work(ready):
    for side in ready.settings.size.sides:
        side.setValue(side.maximum())
    assert "GiB" in problem(ready, "size")
    assert not ready.run_bar.run_button.isEnabled()


def test_missing_pytorch_is_said_beside_the_device(viewer, monkeypatch, user, layer):
    def broken():
        raise OSError("[WinError 1114] Error loading torch/lib/c10.dll")

    monkeypatch.setattr("napari_swnn.widgets.reconstruction.jobs.find_devices", broken)
    _, panel = viewer.window.add_plugin_dock_widget("napari-swnn", "SWNN reconstruction")
    user.waits_for(lambda: "PyTorch could not be loaded" in problem(panel, "device"))
    assert not panel.run_bar.run_button.isEnabled()


def test_a_run_gives_a_layer_with_size_and_origin(ready, viewer, layer, section, user):
    ready.settings.target.single.number.setValue(0.25)
    ready.settings.seed.setValue(3)
    user.clicks(ready.run_bar.run_button)
    assert not ready.run_bar.run_button.isEnabled()
    assert ready.run_bar.stop_button.isEnabled()
    layer.opacity = 0.4  # the viewer stays usable
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    user.waits_for_end(ready)
    result = viewer.layers[-1]
    assert [item.name for item in viewer.layers] == ["rock", "seed 3 · rock · porosity 0.25 · custom"]
    assert result.data.shape == (32, 32, 32)
    assert result.data.dtype == np.uint8
    assert set(np.unique(result.data)) <= {0, 1}
    np.testing.assert_allclose(result.scale, 0.5)
    assert set(result.units) == set(layer.units)
    facts = result.metadata["swnn"]
    assert facts["porosity"] == pytest.approx(0.25)
    assert (facts["seed"], facts["preset"], facts["reference"]) == (3, "standard", "rock")
    assert facts["porosity_of_volume"] == pytest.approx((result.data == 1).mean())
    assert facts["model"]["training"]["n_steps"] == 3
    json.dumps(facts)
    assert ready.run_bar.progress.status.text().startswith("Done")
    assert ready.run_bar.run_button.isEnabled()
    assert not ready.run_bar.stop_button.isEnabled()
    assert viewer.layers.selection.active == result


def test_results_stand_beside_the_reference(ready, viewer, layer, user):
    user.clicks(ready.run_bar.run_button)
    user.waits_for_end(ready)
    user.clicks(ready.models.generate_button)
    user.waits_for_end(ready)
    right_edges = [item.extent.world[1][-1] for item in viewer.layers]
    left_edges = [item.extent.world[0][-1] for item in viewer.layers]
    assert all(left > right for left, right in zip(left_edges[1:], right_edges[:-1], strict=True))


def test_the_camera_stays_where_the_user_puts_it(running, viewer, user):
    viewer.scene.camera.zoom = 7.5
    user.clicks(running.run_bar.stop_button)
    user.waits_for_end(running)
    assert viewer.scene.camera.zoom == 7.5


def test_generate_makes_a_new_realisation_without_training(ready, viewer, user):
    user.clicks(ready.run_bar.run_button)
    user.waits_for_end(ready)
    ready.settings.seed.setValue(1)
    ready.settings.size.sides[0].setValue(20)
    user.clicks(ready.models.generate_button)
    user.waits_for_end(ready)
    first, second = viewer.layers[-2:]
    assert second.name.startswith("seed 1 · ")
    assert second.data.shape == (20, 32, 32)
    assert not np.array_equal(first.data[:20], second.data)


def test_a_phase_whose_background_is_not_zero_is_visible(panel, viewer, section, user):
    layer = viewer.add_labels(section + 4, name="two phases")
    user.waits_for(panel.run_bar.run_button.isEnabled)
    user.choose(panel.settings.phase, 4)
    user.waits_for(panel.run_bar.run_button.isEnabled)
    user.clicks(panel.run_bar.run_button)
    user.waits_for_end(panel)
    result = viewer.layers[-1]
    assert set(np.unique(result.data)) <= {4, 5}
    np.testing.assert_allclose(result.get_color(4), layer.get_color(4))
    assert result.get_color(5)[3] == 0


def test_a_volume_serves_as_reference(panel, viewer, user):
    volume = np.random.default_rng(0).integers(0, 2, (24, 24, 24), dtype=np.uint8)
    viewer.add_labels(volume, name="volume")
    user.waits_for(panel.run_bar.run_button.isEnabled)
    assert len(panel.session.checks.findings.analysis.reference.directions) == 3


def test_values_set_behind_the_viewer_are_noticed_at_the_last_moment(ready, layer, user):
    layer.data[:10] = 1  # no event
    user.clicks(ready.run_bar.run_button)
    assert not ready.session.is_busy
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert ready.session.checks.findings.analysis.reference.porosity == pytest.approx(layer.data.mean())


def test_show_in_3d_turns_the_viewer(ready, viewer, user):
    assert ready.result_bar.isHidden()
    user.clicks(ready.run_bar.run_button)
    user.waits_for_end(ready)
    user.clicks(ready.result_bar.buttons["view"])
    assert viewer.dims.ndisplay == 3
    section, volume = viewer.layers
    assert volume.visible
    assert volume.bounding_box.visible
    assert not section.visible  # it would stand in front
    viewer.dims.ndisplay = 2
    assert section.visible
    assert volume.bounding_box.visible  # as before
    viewer.layers.remove(viewer.layers[-1])
    assert ready.result_bar.isHidden()


def test_changed_settings_are_shown_as_such(ready, user):
    settings = ready.settings
    settings.advanced.controls["n_steps"].value = 2
    assert settings.preset_name == "standard (changed)"
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert ready.session.checks.findings.analysis.config.n_steps == 2
    user.choose(settings.preset, "long")
    assert settings.preset_name == "long"
    assert settings.advanced.value.n_coarse_steps == 100_000


def test_it_follows_the_theme(ready, viewer):
    styles = set()
    for theme in ("light", "dark"):
        viewer.theme = theme
        styles.add(ready.run_bar.progress.problem.styleSheet())
    assert len(styles) == 2


def test_the_wheel_scrolls_the_panel_and_changes_nothing(ready, qtbot):
    from qtpy.QtCore import QPoint, QPointF
    from qtpy.QtGui import QWheelEvent
    from qtpy.QtWidgets import QApplication

    seed = ready.settings.seed
    seed.clearFocus()
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(seed, wheel)
    assert seed.value() == 0


def test_the_panel_fits_a_small_laptop(ready):
    assert ready.sizeHint().width() <= 360
    assert ready.widget().minimumSizeHint().width() <= 340


def test_a_size_of_few_correlation_lengths_is_warned_of(ready):
    length = ready.session.checks.findings.analysis.choice.correlation_length
    settings = ready.settings
    for side in settings.size.sides:
        side.setValue(ceil(10 * length))
    assert settings.small.isHidden()
    settings.size.sides[1].setValue(ceil(10 * length) - 1)
    assert "9." in settings.small.text()
    assert f"Choose {ceil(10 * length)} or more" in settings.small.text()


def test_a_coarser_resolution_keeps_the_physical_size(ready, add_model, rock_model, viewer, user):
    add_model(ready, rock_model)
    user.waits_for(lambda: ready.session.can_generate)
    for scale in (1, 2):
        user.choose(ready.destination.resolution, scale)
        user.waits_for(lambda: ready.session.can_generate and ready.session.checks.prepared is not None)
        user.clicks(ready.models.generate_button)
        user.waits_for_end(ready)
    fine, coarse = viewer.layers[-2:]
    assert coarse.data.shape == tuple(side // 2 for side in fine.data.shape)
    assert tuple(coarse.scale) == (1.0, 1.0, 1.0)
    np.testing.assert_allclose(np.ptp(coarse.extent.world, axis=0) + coarse.scale, 16.0)
    np.testing.assert_allclose(np.ptp(fine.extent.world, axis=0) + fine.scale, 16.0)
    facts = coarse.metadata["swnn"]
    assert (facts["scale"], facts["voxel_size"]) == (2, 1.0)
    assert "1/2 resolution" in coarse.name
    same = generate(rock_model, (16, 16, 16), seed=0, scale=2)
    np.testing.assert_array_equal(coarse.data, same)


def test_a_resolution_that_the_model_lacks_is_refused(ready, add_model, rock_model, user):
    add_model(ready, rock_model)
    user.choose(ready.destination.resolution, 8)
    note = ready.destination.form.problems["resolution"]
    user.waits_for(lambda: "The model has no scale of 1/8; choose one of full, 1/2." in note.text())
    assert not ready.models.generate_button.isEnabled()
    user.choose(ready.destination.resolution, 1)
    user.waits_for(note.isHidden)
