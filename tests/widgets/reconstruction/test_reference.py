"""The reference of the panel: chosen by the user or by another panel, and led to from whatever layers there are."""

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import Qt
from scipy.ndimage import label

from napari_swnn._layer_style import METADATA_KEY
from napari_swnn.widgets.layers.phase_pick import AllBut
from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget

UM = {"scale": (0.5, 0.5), "units": ("um", "um")}


@pytest.fixture
def panel(model, beside, user, impatient):
    widget = beside(ReconstructionWidget)
    user.waits_for(lambda: widget.session.checks.devices, seconds=60)
    return widget


def checked(panel, user):
    user.waits_for(lambda: panel.session.checks.findings is not None)
    return panel.session.checks.findings.checked


def entries(combo):
    return [combo.itemText(i) for i in range(combo.count())]


def test_reference_and_phase_can_be_chosen_from_outside(panel, model, user, section):
    model.add_labels(section, name="first")
    other = model.add_labels(3 * section, name="prepared")
    panel.choose_reference(other, 3)
    assert checked(panel, user).choice.phase == 3
    assert panel.settings.reference.value is other
    panel.choose_reference(other, 0)
    assert checked(panel, user).choice.phase == 0


def test_only_layers_of_the_viewer_can_be_chosen_as_the_reference(panel, model, section):
    model.add_labels(section)
    with pytest.raises(ValueError, match="layer must be one of the layers in the list"):
        panel.choose_reference(Labels(np.eye(8, dtype=np.uint8)))


def test_a_grey_image_leads_to_its_preparation(panel, model, section):
    lead = panel.settings.source.lead
    assert lead.isHidden()
    model.add_image(np.random.default_rng(0).normal(size=(32, 32)), name="SEM")
    assert "“SEM” is a grey image; prepare it first" in lead.note.text()
    assert not lead.prepare.isHidden()
    assert lead.convert.isHidden()
    model.add_labels(section)
    assert lead.isHidden()


def test_an_image_of_a_mask_is_converted_with_one_click(panel, model, section, user):
    image = model.add_image(255 * section, name="mask", **UM)
    lead = panel.settings.source.lead
    assert "convert it to labels" in lead.note.text()
    lead.convert.click()
    layer = panel.settings.reference.value
    assert layer.name == "mask labels"
    np.testing.assert_array_equal(layer.data, 255 * section)
    np.testing.assert_allclose(layer.scale, image.scale)
    assert lead.isHidden()
    assert checked(panel, user).choice.phase == 255


def test_pixels_that_are_no_squares_are_resampled_with_one_click(panel, model, section, user):
    model.add_labels(section, name="oblong", scale=(0.5, 0.25), units=("um", "um"))
    user.waits_for(lambda: "0.5 µm × 0.25 µm" in user.reads_problem(panel, "reference"))
    resample = panel.settings.source.lead.resample
    assert not resample.isHidden()
    resample.click()
    assert panel.settings.reference.value.name == "oblong (square pixels)"
    assert checked(panel, user).snapshot.labels.shape == (128, 64)
    assert resample.isHidden()


def test_results_come_last_and_are_never_chosen_by_themselves(panel, model, section):
    facts = {METADATA_KEY: {"seed": 0}}
    model.add_labels(np.stack([section] * 64), name="result", metadata=facts)
    assert panel.settings.reference.value is None
    own = model.add_labels(section, name="own")
    assert panel.settings.reference.value is own
    assert entries(panel.settings.reference) == ["own", "result"]
    model.layers.remove(own)
    assert panel.settings.reference.value is None


def test_the_reference_is_not_offered_as_its_own_region(panel, model, section):
    model.add_labels(section, name="rock")
    model.add_labels(section, name="mask")
    model.add_shapes(name="drawn")
    assert entries(panel.settings.region) == ["whole image", "drawn", "mask"]
    panel.settings.reference.setCurrentIndex(1)
    assert entries(panel.settings.region) == ["whole image", "drawn", "rock"]


def test_a_shape_that_is_drawn_later_counts(panel, model, section, user):
    model.add_labels(section, name="rock", **UM)
    shapes = model.add_shapes(name="drawn", ndim=2, **UM)
    panel.settings.region.choose(shapes)
    user.waits_for(lambda: "encloses no area" in user.reads_problem(panel, "region"))
    shapes.add_rectangles([[-0.5, -0.5], [19.5, 29.5]])
    found = checked(panel, user)
    assert found.snapshot.region.sum() == 600
    assert found.choice.fraction == pytest.approx(section[:20, :30].mean())
    shapes.translate = (5, 0)  # ten pixels down
    user.waits_for(lambda: panel.session.checks.findings is None)
    assert checked(panel, user).choice.fraction == pytest.approx(section[10:30, :30].mean())


def test_further_sections_are_ticked(panel, model, section, user):
    model.add_labels(section, name="A", **UM)
    model.add_labels(section.T[:32].copy(), name="B", **UM)
    rows = panel.settings.source.further
    assert panel.settings.form.is_row_shown("further")
    assert [rows.item(i).text() for i in range(rows.count())] == ["B  (32 × 64)"]
    assert len(list(checked(panel, user).snapshot.parts())) == 1
    rows.item(0).setCheckState(Qt.CheckState.Checked)
    user.waits_for(lambda: panel.session.checks.findings is None)
    found = checked(panel, user)
    assert len(found.reference().sections) == 2
    assert rows.item(0).text().startswith("B  (32 × 64, ")
    assert "2 sections, weighted by area" in panel.settings.source.notes.sections.text()
    assert entries(panel.settings.region) == ["whole image"]


def test_a_stack_can_be_taken_as_separate_sections(panel, model, section, user):
    model.add_labels(np.stack([section, section.T, section[::-1]] * 2), name="stack")
    found = checked(panel, user)
    assert "6 planes are few for a volume" in panel.settings.source.notes.planes.text()
    panel.settings.source.stack.setCurrentIndex(1)
    user.waits_for(lambda: panel.session.checks.findings is None)
    found = checked(panel, user)
    assert len(found.reference().sections) == 6
    assert panel.settings.source.notes.planes.isHidden()


def test_watershed_objects_can_be_taken_together(panel, model, section, user):
    model.add_labels(label(section)[0], name="grains")
    user.waits_for(lambda: "numbers of objects" in user.reads_problem(panel, "phase"))
    assert not panel.run_bar.run_button.isEnabled()
    phase = panel.settings.phase
    assert phase.count() == 2
    phase.setCurrentIndex(1)
    assert phase.pick == AllBut(0)
    user.waits_for(panel.run_bar.run_button.isEnabled)
    assert panel.session.checks.findings.analysis.reference.porosity == pytest.approx(section.mean())


def test_a_pixel_size_is_entered(panel, model, section, user):
    layer = model.add_labels(section, name="rock")
    assert checked(panel, user).snapshot.voxel.unit == "voxel"
    control = panel.settings.source.pixel
    control.number.setText("20")
    control.unit.setCurrentText("nm")
    user.waits_for(lambda: panel.session.checks.findings is None)
    assert str(checked(panel, user).snapshot.voxel) == "20 nm"
    np.testing.assert_allclose(layer.scale, 20)
    assert "nm" in panel.settings.extent.text()


def test_merged_labels_are_told(panel, model, section, user):
    model.add_labels(section + np.roll(section, 20, axis=0), name="three")
    checked(panel, user)
    note = panel.settings.source.notes.phase
    assert note.text() == ""
    panel.settings.source.merge.setChecked(True)
    checked(panel, user)
    assert note.text() == "Labels 0 and 2 become one background, label 3."
    assert "become" not in panel.settings.reasons.text()  # once is enough


def test_the_view_follows_a_new_pixel_size(panel, model, section):
    layer = model.add_labels(section, name="rock")
    before = model.scene.camera.zoom
    panel.settings.source.pixel.number.setText("500")
    panel.settings.source.pixel.number.editingFinished.emit()
    assert layer.scale[0] == 500
    assert model.scene.camera.zoom == pytest.approx(before / 500)
