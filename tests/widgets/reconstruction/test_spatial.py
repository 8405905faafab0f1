"""Porosity maps, masks and periodic volumes in the panel."""

import dask.array as da
import numpy as np
import pytest

from napari_swnn import SpatialMask, generate
from napari_swnn.widgets.kit.controls import Note


@pytest.fixture
def ranged(panel, range_model, add_model):
    add_model(panel, range_model)
    return panel


def problem(panel, key):
    note = panel.settings.spatial.form.problems[key]
    return "" if note.isHidden() else note.text()


def generated(panel, viewer, user):
    user.waits_for(lambda: panel.session.checks.prepared is not None and panel.models.generate_button.isEnabled())
    user.clicks(panel.models.generate_button)
    user.waits_for_end(panel)
    assert panel.run_bar.progress.problem.isHidden(), panel.run_bar.progress.problem.text()
    return viewer.layers[-1]


def test_a_gradient_rises_along_its_axis(ranged, viewer, user):
    spatial = ranged.settings.spatial
    user.choose(spatial.kind, "gradient")
    spatial.start.setValue(0.2)
    spatial.stop.setValue(0.4)
    user.choose(spatial.axis, 1)
    for side in ranged.settings.size.sides:
        side.setValue(64)
    layer = generated(ranged, viewer, user)
    assert layer.name == "seed 0 · rock · porosity 0.20 to 0.40 along y · custom"
    assert layer.metadata["swnn"]["porosity_map"] == {"start": 0.2, "stop": 0.4, "axis": 1}
    assert (layer.data[:, 40:] == 1).mean() > (layer.data[:, :24] == 1).mean()


def test_a_map_needs_a_model_for_a_range(ready, user):
    user.choose(ready.settings.spatial.kind, "gradient")
    user.waits_for(lambda: "tick Train for a range" in problem(ready, "map"))
    assert not ready.run_bar.run_button.isEnabled()
    ready.settings.target.ranged.setChecked(True)
    ready.settings.target.low.setValue(0.1)
    user.waits_for(ready.run_bar.run_button.isEnabled)
    assert problem(ready, "map") == ""


def test_what_generate_can_do_and_run_cannot_is_told_apart(ready, range_model, user, add_model):
    add_model(ready, range_model)
    spatial = ready.settings.spatial
    spatial.start.setValue(0.2)
    user.choose(spatial.kind, "gradient")
    user.waits_for(lambda: problem(ready, "map").startswith("⚠ For Run: "))
    assert ready.models.generate_button.isEnabled()
    assert not ready.run_bar.run_button.isEnabled()


def test_each_label_gets_its_porosity(ranged, viewer, user):
    label_map = np.zeros((16, 16), np.uint8)
    label_map[:, 8:] = 5
    viewer.add_labels(label_map)
    spatial = ranged.settings.spatial
    user.choose(spatial.kind, "labels")
    user.waits_for(lambda: list(spatial.table.porosities) == [0, 5])
    user.waits_for(lambda: "must lie in the model's range" in problem(ranged, "map"))
    spatial.table.cellWidget(0, 1).setValue(0.2)
    spatial.table.cellWidget(1, 1).setValue(0.4)
    layer = generated(ranged, viewer, user)
    assert layer.metadata["swnn"]["porosity_map"] == {"labels": {"0": 0.2, "5": 0.4}}


def test_an_image_that_is_no_map_is_refused(ranged, viewer, user):
    viewer.add_image(np.full((8, 8), 3.0))
    user.choose(ranged.settings.spatial.kind, "image")
    user.waits_for(lambda: "must hold values in [0, 1]" in problem(ranged, "map"))
    assert not ranged.models.generate_button.isEnabled()


@pytest.mark.parametrize(("key", "chosen"), [("map", "image"), ("map", "labels"), ("mask", "mask")])
def test_a_layer_too_large_to_be_read_on_demand_is_refused(ranged, viewer, user, key, chosen):
    data = da.zeros((600, 600, 600), dtype=np.uint8, chunks=(1, 600, 600))
    layer = viewer.add_image(data / 255) if chosen == "image" else viewer.add_labels(data)
    spatial = ranged.settings.spatial
    if key == "map":
        user.choose(spatial.kind, chosen)
    user.choose(getattr(spatial, chosen), layer)
    user.waits_for(lambda: "has 600 × 600 × 600 voxels; crop" in problem(ranged, key))
    assert not ranged.models.generate_button.isEnabled()


def test_a_mask_cuts_and_paints_outside(ranged, viewer, user):
    disc = (np.hypot(*(np.indices((32, 32)) - 15.5)) < 12).astype(np.uint8)
    mask = viewer.add_labels(disc)
    spatial = ranged.settings.spatial
    user.choose(spatial.mask, mask)
    spatial.outside.setCurrentIndex(1)
    spatial.outside_label.setValue(7)
    user.choose(spatial.mask_axis, 2)
    layer = generated(ranged, viewer, user)
    np.testing.assert_array_equal(layer.data[..., 0] == 7, disc == 0)
    np.testing.assert_array_equal(layer.data[..., 9] == 7, disc == 0)


@pytest.mark.parametrize("painted", [None, 1])
def test_the_porosity_is_counted_inside_the_mask(ranged, viewer, user, painted):
    disc = (np.hypot(*(np.indices((32, 32)) - 15.5)) < 12).astype(np.uint8)
    spatial, mask = ranged.settings.spatial, viewer.add_labels(disc)
    user.choose(spatial.mask, mask)
    if painted is not None:
        spatial.outside.setCurrentIndex(1)
        spatial.outside_label.setValue(painted)
    layer = generated(ranged, viewer, user)
    expected = (layer.data[:, disc == 1] == 1).mean()
    assert layer.metadata["swnn"]["porosity_of_volume"] == pytest.approx(expected)
    assert f"porosity inside the mask {expected:.3f} (target" in ranged.session.status


def test_the_papers_mask_is_a_choice_beside_the_mask(ranged, viewer, user, range_model):
    disc = (np.hypot(*(np.indices((32, 32)) - 15.5)) < 12).astype(np.uint8)
    spatial, mask = ranged.settings.spatial, viewer.add_labels(disc)
    assert spatial.mask_method.isHidden()
    user.choose(spatial.mask, mask)
    assert not spatial.mask_method.isHidden()
    assert spatial.mask_method.value == "composite"
    assert spatial.outside.itemText(0) == "outside: background"
    user.choose(spatial.mask_method, "noise")
    assert spatial.outside.itemText(0) == "outside: as generated"
    assert "Multiply the noise" in spatial.mask_method.toolTip()
    layer = generated(ranged, viewer, user)
    assert layer.metadata["swnn"]["mask"] == {"axis": 0, "outside": None, "method": "noise"}
    expected = generate(
        range_model, (32, 32, 32), porosity=ranged.models.target, mask=SpatialMask(disc, method="noise")
    )
    np.testing.assert_array_equal(layer.data, expected)


def test_a_period_that_does_not_fit_names_those_that_do(ranged, viewer, user):
    ranged.settings.size.sides[1].setValue(31)
    ranged.settings.spatial.periodic[1].setChecked(True)
    user.waits_for(lambda: "the nearest valid extents are 30 and 32" in problem(ranged, "periodic"))
    assert not ranged.models.generate_button.isEnabled()
    ranged.settings.size.sides[1].setValue(32)
    layer = generated(ranged, viewer, user)
    assert layer.metadata["swnn"]["periodic"] == [False, True, False]


def test_an_exact_volume_has_the_porosity_asked_for(ranged, viewer, user):
    for side in ranged.settings.size.sides:
        side.setValue(40)
    ranged.models.porosity.number.setValue(0.3)
    scattered = generated(ranged, viewer, user)
    ranged.settings.exact.setChecked(True)
    layer = generated(ranged, viewer, user)
    assert (layer.data == 1).mean() == pytest.approx(0.3, abs=1e-4)
    assert (scattered.data == 1).mean() != pytest.approx(0.3, abs=1e-3)
    assert layer.metadata["swnn"]["exact_porosity"] is True


def test_an_exact_volume_cannot_be_lazy_or_follow_a_map(ranged, user):
    note = ranged.settings.form.problems["exact"]
    ranged.settings.exact.setChecked(True)
    user.choose(ranged.destination.output, "lazy")
    user.waits_for(lambda: "needs the whole volume" in note.text() and not note.isHidden())
    assert not ranged.models.generate_button.isEnabled()
    user.choose(ranged.destination.output, "memory")
    user.waits_for(ranged.models.generate_button.isEnabled)
    ranged.settings.spatial.start.setValue(0.2)
    user.choose(ranged.settings.spatial.kind, "gradient")
    user.waits_for(lambda: "got a map from 0.2 to 0.25" in note.text() and not note.isHidden())


def test_a_map_of_other_proportions_is_said_to_be_stretched(ranged, viewer, user):
    spatial = ranged.settings.spatial
    viewer.add_image(np.full((16, 32, 32), 0.3), name="flat")
    user.choose(spatial.kind, "image")
    note = "The map (16 × 32 × 32) has other proportions than the volume (32 × 32 × 32), and is stretched."
    shown = [each.text() for each in spatial.findChildren(Note) if not each.isHidden()]
    assert any(note in text for text in shown)
    ranged.settings.size.sides[0].setValue(16)
    assert not any("stretched" in each.text() for each in spatial.findChildren(Note))


def test_a_volume_passes_through_a_section_of_a_layer(ranged, viewer, user, range_model):
    section = generate(range_model, (32, 32, 32), seed=5)[:, 7]
    layer = viewer.add_labels(section, name="measured")
    choice = ranged.settings.spatial.section
    user.choose(choice.layer, layer)
    user.choose(choice.axis, 1)
    ranged.settings.size.sides[2].setValue(48)
    user.waits_for(lambda: "change the size" in problem(ranged, "through"))
    assert choice.fit_button.text() == "Use 32 × 32 × 32"
    user.clicks(choice.fit_button)
    assert choice.fit_button.isHidden()
    assert ranged.widget().minimumSizeHint().width() <= 340
    choice.position.setValue(32)
    user.waits_for(lambda: "below voxel 32" in problem(ranged, "through"))
    assert not ranged.models.generate_button.isEnabled()
    choice.position.setValue(9)
    ranged.settings.spatial.periodic[0].setChecked(True)
    user.waits_for(lambda: "periodic axes" in problem(ranged, "through"))
    ranged.settings.spatial.periodic[0].setChecked(False)
    user.waits_for(lambda: "Through the section: about" in ranged.run_bar.cost.text(), 60)
    result = generated(ranged, viewer, user)
    np.testing.assert_array_equal(result.data[:, 9], section)
    assert viewer.dims.current_step[1] == 9
    user.choose(choice.layer, None)
    user.waits_for(lambda: "Through the section" not in ranged.run_bar.cost.text())
    assert result.metadata["swnn"]["through"] == {"axis": 1, "position": 9, "layer": "measured"}


def test_a_volume_agrees_with_a_coarse_scan_of_a_layer(ranged, viewer, user, range_model):
    labels = generate(range_model, (16, 16, 16), seed=5)
    layer = viewer.add_labels(labels, name="scan")
    choice = ranged.settings.spatial.scan
    ranged.settings.size.sides[0].setValue(20)
    user.choose(choice.layer, layer)
    user.waits_for(lambda: "2, 4 or 8 times as large as the scan" in problem(ranged, "coarse"))
    ranged.settings.size.sides[0].setValue(32)
    result = generated(ranged, viewer, user)
    np.testing.assert_array_equal(result.data[::2, ::2, ::2], labels)
    assert result.metadata["swnn"]["coarse"] == {"kind": "samples", "layer": "scan"}
    averages = (labels == 1).astype(np.float32)
    grey = viewer.add_image(10 * averages, name="grey")
    user.choose(choice.layer, grey)
    choice.phase.setValue(0)
    user.waits_for(lambda: "and phase must differ" in problem(ranged, "coarse"))
    choice.phase.setValue(10)
    result = generated(ranged, viewer, user)
    assert ((result.data == 1).reshape(16, 2, 16, 2, 16, 2).mean((1, 3, 5)) == averages).all()
