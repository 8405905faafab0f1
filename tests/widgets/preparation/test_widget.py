"""The preparation panel: from an image to a reference, by hand."""

import dask.array as da
import numpy as np
import pytest
import tifffile
from napari.layers._source import layer_source
from qtpy.QtCore import Qt

from napari_swnn._layer_style import METADATA_KEY, PREVIEW_NAME
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.preparation import (
    Crop,
    FillHoles,
    FlattenBackground,
    Recipe,
    RemoveSpecks,
    SegmentScribbles,
    Threshold,
    prepare,
)
from napari_swnn.widgets.kit.panels import open_panel
from napari_swnn.widgets.layers.pixel_size import write_pixel_size
from napari_swnn.widgets.preparation.recipe_bar import ApplyDialog
from napari_swnn.widgets.preparation.widget import PrepareWidget

PLACE = {"scale": (0.5, 0.5), "units": ("um", "um")}


@pytest.fixture
def panel(beside):
    """The panel with a viewer that has no window."""
    return beside(PrepareWidget)


@pytest.fixture
def image(model, micrograph):
    return model.add_image(micrograph, name="sem", translate=(3, 4), **PLACE)


@pytest.fixture
def shown(panel, image, user):
    """The panel with the preview of an image."""
    user.waits_for(lambda: panel.session.live.assessment)
    return panel


@pytest.fixture
def settled(user):
    """Waits until the preview shows the draft."""

    def wait(panel):
        user.waits_for(lambda: not panel.session.live.is_pending and panel.session.live.preview is not None)

    return wait


@pytest.fixture
def made(shown, user):
    """The panel after a reference was made."""
    user.clicks(shown.run_button)
    user.waits_for_end(shown)
    return shown


def layer_of(model, part):
    return next((layer for layer in model.layers if part in layer.name), None)


def switch(panel, slot, on=True):
    panel.steps.editors[slot].switch.setChecked(on)


def stroke(layer, solid):
    """Paint a stroke in each phase."""
    for label, where in ((1, ~solid), (2, solid)):
        pixels = np.argwhere(where)[:: where.sum() // 12]
        with layer.block_history():
            for pixel in pixels:
                layer.paint(tuple(pixel), label)


def test_it_says_that_an_image_is_missing(panel):
    assert "Add an Image layer" in panel.choice.note.text()
    assert not panel.run_button.isEnabled()
    assert not panel.steps.isEnabled()
    assert not panel.choice.write_button.isEnabled()


def test_computed_fields_are_not_segmented_unless_chosen(panel, model, micrograph):
    model.add_image(micrograph, name="temperature", metadata={METADATA_KEY: {"axis": 0}})
    assert panel.session.source is None
    model.add_image(micrograph, name="sem")
    assert panel.choice.image.currentText() == "sem"


def test_from_an_image_to_a_reference(made, model, micrograph):
    layer = layer_of(model, "sem · labels")
    np.testing.assert_array_equal(layer.data, prepare(micrograph, Recipe((Threshold(),))))
    np.testing.assert_allclose(layer.scale, (0.5, 0.5))
    np.testing.assert_allclose(layer.translate, (3, 4))
    assert str(layer.units[0]) == "micrometer"
    facts = layer.metadata[METADATA_KEY]
    assert Recipe.from_json(facts["recipe"]) == Recipe((Threshold(),))
    assert facts["phase"] == 0
    pore, solid = layer.colormap.map(np.array([0, 1]))
    np.testing.assert_allclose(pore[:3], (0.9, 0.6, 0.1), atol=0.01)
    assert solid[3] == 0  # the image stays visible in the other phase
    assert not layer_of(model, PREVIEW_NAME).visible
    assert "Added" in made.progress.status.text()


def test_a_new_reference_hides_that_of_the_same_image_but_no_other(made, model, user):
    former = model.layers["sem · labels"]
    facts = former.metadata[METADATA_KEY]
    others = [
        model.add_labels(former.data, metadata={METADATA_KEY: facts | {"image": "other"}}),
        model.add_labels(former.data, metadata={METADATA_KEY: facts | {"section": [3]}}),
        model.add_labels(former.data),
    ]
    user.clicks(made.run_button)
    user.waits_for_end(made)
    assert model.layers["sem · labels [1]"].visible
    assert not former.visible
    assert all(layer.visible for layer in others)


def test_the_image_is_left_as_it_is(made, model, image, micrograph):
    np.testing.assert_array_equal(image.data, micrograph)
    assert model.layers[0] is image
    assert image.metadata == {}


def test_the_reference_is_handed_over(made, model, monkeypatch):
    class Reconstruction:
        chosen = None

        def choose_reference(self, layer, phase=None):
            self.chosen = (layer, phase)

    reconstruction = Reconstruction()
    asked = []

    def open_panel(viewer, name):
        asked.append((viewer, name))
        return reconstruction

    monkeypatch.setattr("napari_swnn.widgets.preparation.references.open_panel", open_panel)
    made.reconstruct_button.click()
    assert asked == [(model, "SWNN reconstruction")]
    assert reconstruction.chosen == (layer_of(model, "sem · labels"), 0)


def test_the_preview_lies_on_the_cropped_part(shown, model, settled):
    shown.session.editor.set_step("crop", Crop(10, 20, 60, 50))
    settled(shown)
    preview = layer_of(model, PREVIEW_NAME)
    assert preview.data.shape == (60, 50)
    np.testing.assert_allclose(preview.translate, (3 + 5, 4 + 10))
    assert model.layers.index(preview) == 1  # directly above the image


def test_a_rectangle_crops(shown, model, image, user):
    shown.steps.crop.switch.setChecked(True)
    user.clicks(shown.steps.crop.draw_button)
    shapes = layer_of(model, "sem · crop")
    assert shapes.mode == "add_rectangle"
    shapes.add_rectangles([[9.5, 19.5], [69.5, 79.5]])
    user.waits_for(lambda: shown.session.editor.draft.crop == Crop(10, 20, 60, 60))
    assert "60 × 60 px" in shown.steps.crop.note.text()


def test_the_steps_show_their_effect(shown, settled):
    switch(shown, "specks")
    settled(shown)
    before, after = shown.session.live.preview.effects["specks"]
    assert shown.steps.editors["specks"].effect.text() == f"{100 * before:.1f} % → {100 * after:.1f} %"
    switch(shown, "specks", False)
    settled(shown)
    assert shown.steps.editors["specks"].effect.text() == ""


def test_a_dragged_line_sets_the_threshold(shown, settled, micrograph):
    controls = shown.steps.segmentation.threshold
    assert len(controls.histogram.lines) == 1
    controls.histogram.lines[0].setValue(90.0)
    settled(shown)
    assert controls.method.value == "manual"
    assert shown.session.editor.draft.segmentation == Threshold("manual", levels=(90.0,))
    np.testing.assert_array_equal(shown.session.live.preview.labels, micrograph > 90)
    controls.n_phases.setValue(3)
    settled(shown)
    assert len(controls.histogram.lines) == 2
    assert shown.summary.phase.count() == 3


def test_other_grey_values_leave_an_automatic_threshold_alone(shown, model, micrograph, user):
    model.add_image(micrograph.astype(np.uint16) * 200 + 9000, name="16 bit")
    user.choose(shown.choice.image, model.layers["16 bit"])
    user.waits_for(lambda: shown.session.live.assessment and shown.session.source.name == "16 bit")
    assert shown.session.editor.draft.segmentation == Threshold("otsu")
    assert shown.steps.segmentation.threshold.histogram.levels[0] > 9000


def test_every_method_of_the_threshold(shown, settled):
    method = shown.steps.segmentation.threshold.method
    for index in range(method.count()):
        method.setCurrentIndex(index)
        settled(shown)
        assert shown.session.problem is None
        assert shown.session.editor.draft.segmentation.method == method.value


def test_undo_shows_the_controls_again(shown, settled, user):
    switch(shown, "specks")
    settled(shown)
    user.clicks(shown.recipe_bar.undo_button)
    assert not shown.steps.editors["specks"].is_on
    user.clicks(shown.recipe_bar.redo_button)
    assert shown.steps.editors["specks"].is_on
    assert not shown.recipe_bar.redo_button.isEnabled()


def test_keys_undo_even_in_a_number_box(shown, settled, qtbot):
    switch(shown, "specks")
    box = shown.steps.editors["specks"].settings["max_size"].control
    box.setValue(50)
    settled(shown)
    shown.window().show()
    shown.activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: box.value() == 20)
    assert shown.steps.editors["specks"].is_on


@pytest.fixture
def scribbled(shown, model, solid, user):
    """The panel with a stroke in each phase."""
    user.choose(shown.steps.segmentation.method, "scribbles")
    stroke(layer_of(model, "scribbles"), solid)
    user.waits_for(lambda: shown.session.live.preview.trained)
    return shown


def test_another_segmentation_hides_the_finished_one_on_its_image(made, model, solid, user):
    finished = layer_of(model, "sem · labels")
    assert finished.visible
    user.choose(made.steps.segmentation.method, "scribbles")
    assert not finished.visible
    finished.visible = True  # the user wants to see both
    stroke(layer_of(model, "scribbles"), solid)
    user.waits_for(lambda: made.session.live.preview.segmented)
    assert finished.visible


def test_scribbles_repaint_the_preview(scribbled, model, solid):
    layer = layer_of(model, "scribbles")
    assert model.layers.selection.active is layer
    assert layer.mode == "paint"
    assert ((layer_of(model, PREVIEW_NAME).data == 2) == solid).mean() > 0.9
    assert isinstance(scribbled.session.recipe.steps[0], SegmentScribbles)


def test_the_uncertainty_is_a_layer_on_request(scribbled, model):
    assert layer_of(model, "uncertainty") is None
    scribbled.steps.segmentation.phases.uncertainty.setChecked(True)
    assert layer_of(model, "uncertainty").data.max() <= 1
    scribbled.steps.segmentation.phases.uncertainty.setChecked(False)
    assert layer_of(model, "uncertainty") is None


def test_scribbles_are_no_reference(scribbled, model, user):
    assert layer_of(model, "scribbles") not in scribbled.labels_layers()
    user.choose(scribbled.steps.segmentation.method, "threshold")
    assert not layer_of(model, "scribbles").visible
    user.choose(scribbled.steps.segmentation.method, "scribbles")
    assert layer_of(model, "scribbles").visible
    assert scribbled.session.editor.draft.segmentation.used == (1, 2)


def test_the_brush_follows_the_list_of_phases(scribbled, model):
    phases = scribbled.steps.segmentation.phases
    layer = layer_of(model, "scribbles")
    phases.add_button.click()
    assert phases.names == ("dark", "bright", "phase 3")
    assert layer.selected_label == 3
    layer.selected_label = 1
    assert phases.phase == 0
    phases.select(1)
    assert layer.selected_label == 2


def test_undo_takes_strokes_back(scribbled, model, user):
    while scribbled.session.editor.can_undo and scribbled.session.editor.draft.segmentation.used:
        user.clicks(scribbled.recipe_bar.undo_button)
    assert not layer_of(model, "scribbles").data.any()
    user.clicks(scribbled.recipe_bar.redo_button)
    assert layer_of(model, "scribbles").data.any()


def test_a_recipe_is_saved_and_loaded(scribbled, dialog, tmp_path, settled, user):
    switch(scribbled, "specks")
    settled(scribbled)
    recipe = scribbled.session.recipe
    dialog.path = tmp_path / "recipe.json"
    user.clicks(scribbled.recipe_bar.save_button)
    assert Recipe.load(dialog.path) == recipe
    switch(scribbled, "specks", False)
    user.clicks(scribbled.recipe_bar.load_button)
    assert scribbled.session.recipe == recipe
    assert scribbled.steps.editors["specks"].is_on
    assert scribbled.steps.segmentation.method.value == "learned"
    dialog.path.write_text("{}")
    user.clicks(scribbled.recipe_bar.load_button)
    assert "not loaded" in scribbled.recipe_bar.problem.text()


def test_the_recipe_of_a_layer_is_taken_over(made, model, settled, user):
    layer = layer_of(model, "sem · labels")
    recipe = made.session.recipe
    user.choose(made.steps.segmentation.threshold.method, "multi_otsu")
    made.summary.phase.setCurrentIndex(2)
    settled(made)
    made.recipe_bar.layer_menu.aboutToShow.emit()
    action = made.recipe_bar.layer_menu.actions()[0]
    assert action.text() == layer.name
    action.trigger()
    assert made.session.recipe == recipe
    assert made.session.editor.draft.label == layer.metadata[METADATA_KEY]["phase"]


def test_layers_without_a_valid_recipe(shown, model, solid):
    menu = shown.recipe_bar.layer_menu
    menu.aboutToShow.emit()
    assert [action.isEnabled() for action in menu.actions()] == [False]
    model.add_labels(solid.astype(int), name="odd", metadata={METADATA_KEY: {"recipe": "{}"}})
    menu.aboutToShow.emit()
    menu.actions()[0].trigger()
    assert "odd” was not loaded" in shown.recipe_bar.problem.text()


def test_a_recipe_in_another_order_is_explained(shown):
    shown.recipe_bar.loaded.emit(Recipe((Threshold(), FillHoles(9), RemoveSpecks(9))))
    assert "in the order of the panel" in shown.recipe_bar.problem.text()


@pytest.mark.parametrize(
    "kind",
    ["colour", "colour with alpha", "16 bit", "float", "boolean", "dask", "multiscale"],
)
def test_every_kind_of_image(kind, panel, model, micrograph, solid, user):
    options = {"name": "sem", **PLACE}
    data = {
        "colour": np.repeat(micrograph[..., None], 3, -1),
        "colour with alpha": np.dstack([*([micrograph] * 3), np.full_like(micrograph, 255)]),
        "16 bit": micrograph.astype(np.uint16) * 200,
        "float": micrograph / 255,
        "boolean": solid,
        "dask": da.from_array(micrograph, chunks=50),
        "multiscale": [micrograph, micrograph[::2, ::2]],
    }[kind]
    model.add_image(data, multiscale=kind == "multiscale", rgb=kind.startswith("colour"), **options)
    user.waits_for(lambda: panel.session.live.preview)
    user.clicks(panel.run_button)
    user.waits_for_end(panel)
    layer = layer_of(model, "sem · labels")
    assert layer.data.shape == solid.shape
    assert ((layer.data == 1) == solid).mean() > 0.97


def test_a_section_of_a_stack(panel, model, micrograph, user):
    stack = np.stack([micrograph, micrograph[::-1], micrograph[:, ::-1]])
    model.add_image(stack, name="stack", scale=(2, 0.5, 0.5), units=("um",) * 3)
    model.dims.set_current_step(0, 2)
    user.waits_for(lambda: panel.session.source.sections == (2,) and panel.session.live.preview)
    expected = prepare(stack[2], Recipe((Threshold(),)))
    user.waits_for(lambda: np.array_equal(panel.session.live.preview.labels, expected))
    panel.choice.section.setValue(1)
    assert not panel.choice.follows.isChecked()
    assert panel.session.source.sections == (1,)


def test_scribbles_of_a_section_are_found_again(panel, model, micrograph, solid, user):
    model.add_image(np.stack([micrograph, micrograph[::-1]]), name="stack")
    model.dims.set_current_step(0, 0)
    user.waits_for(lambda: panel.session.source.sections == (0,) and panel.session.live.preview)
    user.choose(panel.steps.segmentation.method, "scribbles")
    stroke(layer_of(model, "scribbles"), solid)
    user.waits_for(lambda: panel.session.live.preview.trained)
    model.dims.set_current_step(0, 1)
    user.waits_for(lambda: panel.session.source.sections == (1,) and panel.session.live.preview)
    user.waits_for(lambda: panel.session.live.preview.labels is not None)
    assert panel.steps.segmentation.method.value == "learned"
    assert ((panel.session.live.preview.labels == 2) == solid[::-1]).mean() > 0.9
    model.dims.set_current_step(0, 0)
    user.waits_for(lambda: panel.steps.segmentation.method.value == "scribbles")
    user.waits_for(lambda: panel.session.live.preview and panel.session.live.preview.trained)
    assert panel.session.editor.draft.segmentation.used == (1, 2)


def test_all_sections_become_one_layer(panel, model, micrograph, monkeypatch, user):
    stack = np.stack([micrograph, micrograph[::-1], micrograph[:, ::-1]])
    model.add_image(stack, name="stack", scale=(2, 0.5, 0.5), units=("um",) * 3)
    user.waits_for(lambda: panel.session.can_run)
    monkeypatch.setattr(
        ApplyDialog, "exec", lambda dialog: dialog.list.item(0).setCheckState(Qt.CheckState.Checked) or 1
    )
    user.clicks(panel.recipe_bar.apply_button)
    user.waits_for_end(panel)
    layer = layer_of(model, "stack · labels")
    np.testing.assert_array_equal(layer.data[1], prepare(stack[1], Recipe((Threshold(),))))
    np.testing.assert_allclose(layer.scale, (2, 0.5, 0.5))


@pytest.fixture
def applied(shown, model, micrograph, monkeypatch, user):
    """Applies the recipe of the panel to two more images, which begin at a column of pixels; returns all three."""

    def tick_all(dialog):
        for row in range(dialog.list.count()):
            dialog.list.item(row).setCheckState(Qt.CheckState.Checked)
        return 1

    def apply(first, second):
        flipped = micrograph[::-1]
        for name, at in (("b", first), ("c", second)):
            model.add_image(flipped, name=name, translate=(3, 4 + 0.5 * at), **PLACE)
        user.waits_for(lambda: shown.session.can_run)
        user.clicks(shown.recipe_bar.apply_button)
        user.waits_for_end(shown)
        np.testing.assert_array_equal(layer_of(model, "c · labels").data, prepare(flipped, Recipe((Threshold(),))))
        return [layer_of(model, name) for name in ("sem", "b · labels", "c · labels")]

    monkeypatch.setattr(ApplyDialog, "exec", tick_all)
    return apply


def test_results_of_images_on_each_other_lie_beside_them(applied, shown):
    layers = applied(0, 0)
    starts, ends = zip(*(layer.extent.world[:, 1] for layer in layers), strict=True)
    assert ends[0] < starts[1] < ends[1] < starts[2]
    np.testing.assert_allclose([layer.extent.world[0, 0] for layer in layers], 3)
    np.testing.assert_allclose(layers[2].scale, (0.5, 0.5))
    assert "beside the images" in shown.progress.status.text()


def test_results_of_images_beside_each_other_lie_on_them(applied, model):
    _, first, second = applied(200, 400)
    np.testing.assert_allclose(first.translate, model.layers["b"].translate)
    np.testing.assert_allclose(second.translate, model.layers["c"].translate)


def test_a_typed_pixel_size_is_written_without_a_button(panel, model, micrograph, user, qtbot):
    image = model.add_image(micrograph)
    user.waits_for(lambda: panel.session.can_run)
    choice, field = panel.choice, panel.choice.size.lineEdit()

    def types(text):
        field.selectAll()
        qtbot.keyClicks(field, text)

    def size():
        return (image.scale[-1], str(image.units[-1]))

    types("25")
    choice.size.editingFinished.emit()
    assert size() == (1, "pixel")  # there is no unit yet
    user.choose(choice.unit, "nm")
    assert size() == (25, "nanometer")
    types("30")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert size() == (30, "nanometer")
    user.waits_for(lambda: panel.session.voxel == VoxelSize(30, "nm") and panel.session.can_run)
    types("40")
    user.clicks(panel.run_button)
    user.waits_for_end(panel)
    assert size() == (40, "nanometer")
    np.testing.assert_allclose(layer_of(model, "labels").scale, (40, 40))


def test_a_unit_waits_for_its_number(panel, model, micrograph, user, qtbot):
    image = model.add_image(micrograph)
    user.waits_for(lambda: panel.session.can_run)
    choice = panel.choice
    user.choose(choice.unit, "nm")
    qtbot.keyClicks(choice.size.lineEdit(), "2")
    qtbot.keyClick(choice.size.lineEdit(), Qt.Key.Key_Backspace)
    choice.size.editingFinished.emit()
    panel.images.read()  # as after any change of the layer
    assert (image.scale[-1], str(image.units[-1]), choice.unit.value) == (1, "pixel", "nm")
    choice.size.lineEdit().selectAll()
    qtbot.keyClicks(choice.size.lineEdit(), "1")
    choice.size.editingFinished.emit()
    assert (image.scale[-1], str(image.units[-1])) == (1, "nanometer")


def test_the_pixel_size_is_written_on_request(shown, image, user):
    assert shown.choice.size.value() == 0.5
    assert shown.choice.unit.value == "µm"
    user.choose(shown.choice.unit, "nm")
    shown.choice.size.setValue(20)
    user.clicks(shown.choice.write_button)
    np.testing.assert_allclose(image.scale, (20, 20))
    assert str(image.units[0]) == "nanometer"
    user.waits_for(lambda: shown.session.live.assessment and shown.session.live.assessment.unit == "nm")


def test_the_layers_of_the_panel_follow_the_pixel_size(scribbled, model, image, user):
    user.choose(scribbled.choice.unit, "nm")
    scribbled.choice.size.setValue(20)
    user.clicks(scribbled.choice.write_button)
    user.waits_for(lambda: scribbled.session.live.assessment and scribbled.session.live.assessment.unit == "nm")
    for layer in model.layers:
        np.testing.assert_allclose(layer.scale, image.scale)
        np.testing.assert_allclose(layer.translate, image.translate)


def test_a_size_that_cannot_be_shown_is_refused_beside_the_control(shown, model, image, user):
    model.add_image(np.zeros((8, 8)), name="atoms", scale=(0.05, 0.05), units=("angstrom",) * 2)
    shown.choice.image.choose(image)
    user.choose(shown.choice.unit, "mm")
    assert shown.choice.refusal.text().startswith("⚠ The viewer cannot show pixels of 0.5 mm together with")
    assert shown.choice.unit.value == "µm"
    assert str(image.units[-1]) == "micrometer"
    user.choose(shown.choice.unit, "nm")
    assert shown.choice.refusal.isHidden()


def test_a_hidden_preview_of_a_part_follows_the_pixel_size_and_stays_hidden(shown, model, image, user):
    shown.session.editor.set_step("crop", Crop(8, 16, 64, 48))
    user.waits_for(lambda: shown.session.live.preview.job.draft.crop and not shown.session.live.is_pending)
    preview = layer_of(model, "SWNN preview · segmentation")
    shown.overlays.preview.hide()
    write_pixel_size(image, VoxelSize(25, "nm"))  # as another panel does
    np.testing.assert_allclose(preview.scale, (25, 25))
    np.testing.assert_allclose(preview.translate, (350, 600))
    assert preview.units == image.units
    user.waits_for(lambda: shown.session.live.assessment and shown.session.live.assessment.unit == "nm")
    assert not preview.visible
    shown.session.editor.set_step("crop", Crop(8, 16, 48, 48))
    user.waits_for(lambda: preview.visible)


def test_the_pixel_size_of_the_file_is_offered(panel, model, micrograph, tmp_path, user):
    path = tmp_path / "sem.tif"
    tifffile.imwrite(path, micrograph, imagej=True, resolution=(4, 4), metadata={"unit": "um"})
    with layer_source(path=str(path)):
        model.add_image(micrograph, name="sem")
    user.waits_for(lambda: panel.session.live.preview)
    assert panel.choice.size.value() == pytest.approx(0.25)
    assert "click Set" in panel.choice.note.text()
    user.clicks(panel.choice.write_button)
    np.testing.assert_allclose(model.layers[0].scale, (0.25, 0.25))
    user.waits_for(lambda: "click Set" not in panel.choice.note.text())


def test_pixels_that_are_no_squares_are_named(panel, model, micrograph):
    model.add_image(micrograph, scale=(1, 2))
    assert "measure 1 × 2" in panel.choice.form.problems["pixel_size"].text()
    assert not panel.run_button.isEnabled()


def test_a_flat_image_is_explained_beside_the_segmentation(panel, model, user):
    model.add_image(np.full((64, 64), 9, np.uint8))
    user.waits_for(lambda: panel.steps.segmentation.problem.text())
    assert "grey values" in panel.steps.segmentation.problem.text()


def test_deleted_layers_end_the_preview(shown, model, image):
    model.layers.remove(image)
    assert layer_of(model, PREVIEW_NAME) is None
    assert not shown.run_button.isEnabled()


@pytest.mark.parametrize("runs", [False, True])
def test_closing_while_it_works(runs, shown, model, user):
    if runs:
        user.clicks(shown.run_button)
    else:
        switch(shown, "noise")
    shown.setParent(None)
    assert layer_of(model, PREVIEW_NAME) is None
    user.waits_for_threads()
    user.waits(0.3)
    assert [layer.name for layer in model.layers] == ["sem"]


def test_loaded_steps_keep_what_the_panel_does_not_show(shown, settled):
    shown.session.editor.load(Recipe((Threshold(), RemoveSpecks(7), FillHoles(30, phase=1))))
    settled(shown)
    holes = shown.steps.editors["holes"]
    assert holes.settings["max_size"].value == 30
    holes.settings["max_size"].control.setValue(40)
    assert shown.session.editor.draft.holes == FillHoles(40, phase=1)


def test_holes_belong_to_one_phase(shown, settled, user):
    switch(shown, "holes")
    assert shown.session.editor.draft.holes == FillHoles(20, phase=0)  # the phase of interest
    settings = shown.steps.editors["holes"].settings
    assert settings["phase"].control.currentText() == "dark (label 0)"
    user.choose(settings["phase"].control, 1)
    assert shown.session.editor.draft.holes == FillHoles(20, phase=1)
    user.choose(shown.steps.segmentation.method, "scribbles")  # labels count from 1
    assert shown.session.editor.draft.holes == FillHoles(20, phase=2)
    assert settings["phase"].control.currentText() == "bright (label 2)"
    shown.session.editor.load(Recipe((Threshold(), FillHoles(30))))
    assert settings["phase"].control.currentText() == "every phase"
    settings["max_size"].control.setValue(40)
    assert shown.session.editor.draft.holes == FillHoles(40)
    settled(shown)


def test_a_segmentation_into_one_phase_is_explained(shown, settled):
    shown.steps.changed.emit("segmentation", Threshold("manual", levels=(300.0,)))
    settled(shown)
    assert "all of it" in shown.summary.verdict.text()


def test_the_size_is_not_judged_with_a_data_bar_in_the_image(panel, model, solid, settled, user):
    noise = np.random.default_rng(1).normal(0, 5, solid.shape)
    grey = np.where(solid, 150, 60) + noise
    bar = np.zeros((30, grey.shape[1]))
    bar[10:14, 20:60] = 255
    model.add_image(np.concatenate([grey, bar]))
    user.waits_for(lambda: "data bar is still in the image" in panel.summary.verdict.text())
    user.clicks(panel.steps.crop.bar_button)
    settled(panel)
    user.waits_for(lambda: "correlation lengths across" in panel.summary.verdict.text())


def test_specks_of_noise_are_not_taken_for_pores(panel, model, solid, settled, user):
    noise = np.random.default_rng(1).normal(0, 25, solid.shape)
    model.add_image(np.where(solid, 150, 60) + noise)
    user.waits_for(lambda: panel.session.live.assessment)
    assert "most of them specks" in panel.summary.facts.text()
    assert "Specks count as pores" in panel.summary.verdict.text()  # their number says nothing on the structure
    switch(panel, "specks")
    settled(panel)
    user.waits_for(lambda: panel.session.live.assessment and "specks" not in panel.summary.facts.text())


def test_uneven_brightness_is_named_until_it_is_flattened(panel, model, solid, settled, user):
    ramp = np.linspace(-25, 25, solid.shape[1])
    noise = np.random.default_rng(1).normal(0, 5, solid.shape)
    model.add_image(np.where(solid, 150, 60) + ramp + noise)
    user.waits_for(lambda: "brightness is uneven" in panel.summary.verdict.text())
    panel.steps.changed.emit("background", FlattenBackground(25))
    settled(panel)
    user.waits_for(lambda: "sampling error of the porosity" in panel.summary.verdict.text())


def test_features_are_ready_before_the_first_strokes(shown, user):
    user.choose(shown.steps.segmentation.method, "scribbles")
    user.waits_for(lambda: shown.session.live.preview.classifier)
    user.waits_for(lambda: shown.session.live.preview.classifier.memory > 0)
    assert shown.session.live.preview.labels is None


def test_an_interrupted_run_adds_nothing(shown, model, user):
    shown.session.run()
    shown.session.stop()
    user.waits_for_end(shown)
    user.waits_for_threads()
    assert layer_of(model, "labels") is None or "Added" in shown.progress.status.text()
    assert shown.run_button.isEnabled()


def test_the_panel_opens_from_the_menu_and_closes_with_the_viewer(in_viewer, viewer, micrograph, user):
    panel = in_viewer("SWNN prepare")
    viewer.add_image(micrograph, name="sem")
    user.waits_for(lambda: panel.session.live.assessment)
    user.clicks(panel.run_button)
    user.waits_for_end(panel)
    user.waits_for(lambda: _is_whole(panel.reconstruct_button, panel))
    panel.reconstruct_button.click()
    reconstruction = open_panel(viewer, "SWNN reconstruction")
    assert reconstruction.settings.source.reference.value is layer_of(viewer, "sem · labels")
    assert reconstruction.settings.source.phase.value == 0
    user.choose(panel.steps.segmentation.method, "scribbles")
    assert viewer.layers.selection.active == layer_of(viewer, "scribbles")
    panel.steps.crop.switch.setChecked(True)
    user.clicks(panel.steps.crop.draw_button)
    assert viewer.layers.selection.active == layer_of(viewer, "crop")
    reconstruction.session.close()


def _is_whole(button, panel):
    """Return True if a button is inside the visible part of a panel."""
    top = button.mapTo(panel.viewport(), button.rect().topLeft()).y()
    return top >= 0 and top + button.height() <= panel.viewport().height()
