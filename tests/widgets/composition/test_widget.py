"""The compose panel: a row for each region, a preview, a volume with all labels, and what can be missing."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from napari.qt import get_stylesheet
from qtpy.QtWidgets import QLineEdit

from napari_swnn import Part, compose
from napari_swnn._layer_style import METADATA_KEY, PALETTE, to_hex
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.volume.composed_volume import ComposedVolume
from napari_swnn.io import open_volumes
from napari_swnn.io.model_gallery import Gallery
from napari_swnn.widgets.composition.parts import PartRow
from napari_swnn.widgets.composition.request import (
    ComposeRequest,
    PartChoice,
    RegionChoice,
    check_request,
)
from napari_swnn.widgets.composition.settings import ComposeSettings
from napari_swnn.widgets.composition.widget import ComposeWidget
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.reading import read_colour
from napari_swnn.widgets.layers.trained_models import MODELS, ModelEntry
from napari_swnn.widgets.layers.view_3d import list_views
from napari_swnn.widgets.lazy.layers import get_tiles

REGIONS = np.zeros((8, 16, 24), np.uint8)
REGIONS[:, :, 10:] = 1
REGIONS[:, 8:, 10:] = 2


@pytest.fixture
def panel(impatient, beside):
    return beside(ComposeWidget)


@pytest.fixture
def entry(rock_model):
    entry = ModelEntry(rock_model, "rock", "standard")
    MODELS.add(entry)
    return entry


@pytest.fixture
def ready(panel, model, entry, user):
    """The panel with three regions, two of which are filled by a model."""
    model.add_labels(REGIONS, name="colonies")
    user.waits_for(lambda: len(panel.settings.parts.rows) == 3)
    for region in (1, 2):
        panel.settings.parts.rows[region].choose(entry)
    panel.settings.parts.rows[2].angle.setValue(30)
    user.waits_for(panel.run_button.isEnabled)
    return panel


def run(panel, button, user):
    user.clicks(button)
    user.waits_for(lambda: not panel.session.is_busy, 60)


def test_it_says_what_is_missing(panel, model, rock_model, user):
    assert "Add a Labels layer" in panel.hint.text()
    model.add_labels(REGIONS, name="colonies")
    assert "Train a model for each kind of region" in panel.hint.text()
    MODELS.add(ModelEntry(rock_model, "rock", "standard"))
    user.waits_for(lambda: len(panel.settings.parts.rows) == 3)
    assert "one region needs the structure of a model" in panel.form.problems["parts"].text()
    assert panel.settings.size.value == REGIONS.shape


def test_the_section_of_a_structure_is_not_chosen_for_the_regions(panel, model, entry, user):
    """Neither the reference of a model, nor a layer that was prepared or used as a reference."""
    model.add_labels(REGIONS[0], name="rock")
    model.add_labels(REGIONS[0], name="prepared", metadata={METADATA_KEY: {"recipe": "{}"}})
    model.add_labels(REGIONS[0], name="used", metadata={METADATA_KEY: {"reference_names": ["used"]}})
    assert panel.settings.regions.value is None
    assert "another one than the section" in panel.hint.text()
    model.add_labels(REGIONS, name="colonies")
    assert panel.settings.layer.name == "colonies"
    user.choose(panel.settings.regions, model.layers["rock"])
    model.layers["colonies"].name = "grains"
    assert panel.settings.layer.name == "rock"  # a choice of the user stays


def test_a_reconstruction_is_chosen_last_for_the_regions(model, qtbot):
    result = model.add_labels(REGIONS, name="seed 0", metadata={METADATA_KEY: {"seed": 0}})
    settings = ComposeSettings()
    qtbot.addWidget(settings)
    settings.set_layers([result, model.add_labels(REGIONS, name="colonies")])
    assert settings.layer.name == "colonies"


def test_the_volume_is_that_of_the_function(ready, model, rock_model, user):
    run(ready, ready.run_button, user)
    layer = model.layers[-1]
    parts = {0: 2, 1: rock_model, 2: Part(rock_model, angle=30)}
    np.testing.assert_array_equal(layer.data, compose(parts, REGIONS.shape, regions=REGIONS))
    assert ready.settings.parts.rows[0].label.value() == 2  # the first label that no model has
    assert tuple(layer.scale) == (0.5,) * 3
    assert layer.metadata[METADATA_KEY]["parts"] == [
        "region 0: label 2",
        "region 1: rock",
        "region 2: rock, rotated by 30° about z",
    ]
    assert "Fractions:" in ready.results.fractions.text()
    assert not ready.results.isHidden()


def test_the_preview_is_the_middle_plane(ready, model, user):
    run(ready, ready.preview_button, user)
    plane = np.array(model.layers[-1].data)
    assert plane.shape == REGIONS.shape[1:]
    run(ready, ready.run_button, user)
    volume = model.layers[-1].data
    np.testing.assert_array_equal(volume[4], plane)
    assert len(model.layers) == 2  # the preview has gone


def test_a_volume_is_shown_whole_although_the_view_has_moved_since_the_preview(ready, model, user):
    run(ready, ready.preview_button, user)
    model.scene.camera.zoom *= 10
    model.scene.camera.center = (0, 500, 500)
    run(ready, ready.run_button, user)
    low, high = model.layers.extent.world[:, -2:]
    np.testing.assert_allclose(model.scene.camera.center[-2:], (low + high) / 2, atol=0.5)


def test_regions_that_a_model_generates(panel, entry, user):
    panel.settings.regions.setCurrentIndex(0)
    user.waits_for(lambda: list(panel.settings.parts.rows) == [0, 1])
    assert panel.form.is_row_shown("scale")
    panel.settings.parts.rows[1].choose(entry)
    for side in panel.settings.size.sides:
        side.setValue(20)
    user.waits_for(panel.run_button.isEnabled)
    request = panel.session.request
    assert request.to_composition().regions.scale == 4
    assert request.shape == (20, 20, 20)


def test_rows_of_regions_that_stay_keep_their_settings(ready, model, user):
    model.layers["colonies"].data = np.where(REGIONS == 1, 2, REGIONS)
    user.waits_for(lambda: list(ready.settings.parts.rows) == [0, 2])
    assert ready.settings.parts.rows[2].value.angle == 30


@pytest.mark.parametrize("name", ["v.zarr", "v.tif"])
def test_a_file_holds_the_volume_and_is_resumed_after_a_stop(ready, model, rock_model, user, file, monkeypatch, name):
    path = file(name)
    ready.settings.size.sides[2].setValue(200)
    user.choose(ready.settings.output.output, "file")
    n_steps = []
    monkeypatch.setattr("napari_swnn.widgets.kit.run_progress.WorkProgress.reach", lambda *_: n_steps.append(1))
    user.waits_for(ready.run_button.isEnabled)
    gate = threading.Event()
    labels = ComposedVolume.labels

    def gated(volume, block):
        if block.window.start[2]:
            gate.wait(60)
        return labels(volume, block)

    monkeypatch.setattr(ComposedVolume, "labels", gated)
    user.clicks(ready.run_button)
    user.waits_for(lambda: len(n_steps) > 2)
    user.clicks(ready.stop_button)
    gate.set()
    user.waits_for(lambda: not ready.session.is_busy)
    assert ready.session.report.status.endswith(f"the file {name} resumes it.")
    assert len(model.layers) == 1
    assert not path.exists()
    run(ready, ready.run_button, user)
    parts = {0: 2, 1: rock_model, 2: Part(rock_model, angle=30)}
    expected = compose(parts, (8, 16, 200), regions=REGIONS)
    np.testing.assert_array_equal(np.asarray(open_volumes(path)[0]), expected)
    opened = [layer.name for layer in model.layers[1:]]
    assert opened == ([name] if name == "v.zarr" else [])
    assert ready.session.report.status.startswith(f"Done. {name} was written")


@pytest.fixture
def file(monkeypatch, tmp_path):
    """Answers the dialog for the file of a run."""

    def answer(name):
        monkeypatch.setattr("napari_swnn.widgets.lazy.output_panel.ask_for_volume_file", lambda *_: tmp_path / name)
        return tmp_path / name

    return answer


@pytest.mark.parametrize(
    ("name", "words"),
    [("v.png", "must end in .zarr or .tif"), ("no/v.zarr", "no folder"), ("there.zarr", "already exists")],
)
def test_a_file_that_cannot_be_written_is_refused_beside_its_control(ready, user, file, tmp_path, name, words):
    (tmp_path / "there.zarr").mkdir()
    file(name)
    user.choose(ready.settings.output.output, "file")
    user.waits_for(ready.run_button.isEnabled)
    user.clicks(ready.run_button)
    assert words in ready.settings.output.form.problems["output"].text()
    assert ready.settings.large.isExpanded()
    assert not ready.session.is_busy


def test_a_lazy_layer_is_the_volume_and_3d_shows_its_box(ready, model, rock_model, user):
    user.choose(ready.settings.output.output, "lazy")
    user.waits_for(ready.run_button.isEnabled)
    assert ready.cost.isHidden()
    run(ready, ready.run_button, user)
    lazy = model.layers[-1]
    assert lazy.multiscale
    assert model.layers.selection.active is lazy
    assert lazy not in [ready.settings.regions.itemData(i) for i in range(ready.settings.regions.count())]
    ready.settings.output.side.setValue(24)
    run(ready, ready.settings.output.compute_button, user)
    box = model.layers[-1]
    parts = {0: 2, 1: rock_model, 2: Part(rock_model, angle=30)}
    np.testing.assert_array_equal(box.data, compose(parts, REGIONS.shape, regions=REGIONS))
    np.testing.assert_array_equal(box.get_color(2), lazy.get_color(2))
    assert ready.results.current.layer == lazy
    user.clicks(ready.results.view.button)
    assert not ready.session.is_busy  # 3-D has that box
    assert model.layers.selection.active == lazy
    get_tiles(lazy).stop()


def test_a_box_that_3d_lacks_during_a_run_follows_it(ready, model, user, monkeypatch):
    said = []
    monkeypatch.setattr("napari.utils.notifications.show_info", said.append)
    user.choose(ready.settings.output.output, "lazy")
    user.waits_for(ready.run_button.isEnabled)
    run(ready, ready.run_button, user)
    whole = model.layers[-1]
    user.clicks(ready.run_button)
    user.clicks(ready.results.view.button)
    assert f"3-D shows only boxes of “{whole.name}”" in said[0]
    user.waits_for(lambda: any("box at" in layer.name for layer in model.layers), 60)
    user.waits_for(lambda: not ready.session.is_busy)
    assert len([layer for layer in model.layers if "box at" in layer.name]) == 1
    for layer in model.layers:
        if get_tiles(layer) is not None:
            get_tiles(layer).stop()


@pytest.mark.parametrize("output", ["memory", "lazy"])
def test_phases_keep_the_colours_of_their_models(ready, model, rock_model, user, output):
    """A label that no model has gets a colour that is not in use."""
    blue = "#338ce6"  # of the palette
    provenance = {**rock_model.provenance, "colours": {"0": "#000080", "1": blue}}
    labels = PhaseLabels(rock_model.labels.phases, ("pore", "rock"))  # the label without a model has no name
    entry = ModelEntry(replace(rock_model, labels=labels, provenance=provenance), "coloured", "standard")
    MODELS.add(entry)
    run(ready, ready.preview_button, user)
    for region in (1, 2):
        ready.settings.parts.rows[region].choose(entry)
    user.choose(ready.settings.output.output, output)
    user.waits_for(ready.run_button.isEnabled)
    run(ready, ready.run_button if output == "lazy" else ready.preview_button, user)
    layer = model.layers[-1]
    assert [to_hex(read_colour(layer, label)) for label in (0, 1, 2)] == ["#000080", blue, to_hex(PALETTE[0])]
    if output == "lazy":
        assert sorted(next(phases for _, phases in list_views(layer))) == [0, 1, 2]  # in 3-D, each can be shown alone
        get_tiles(layer).stop()


def test_run_after_two_previews_composes_the_volume(ready, model, user):
    for _ in range(2):
        run(ready, ready.preview_button, user)
    run(ready, ready.run_button, user)
    assert model.layers[-1].data.shape == REGIONS.shape


def test_time_and_memory_are_estimated_before_a_run_and_the_size_of_a_file(ready, user, monkeypatch):
    monkeypatch.setattr("napari_swnn.core.volume.block_time.estimate_time", lambda _: 90.0)
    ready.settings.size.sides[0].setValue(9)
    assert ready.cost.text().startswith("Estimating the time…")
    user.waits_for(lambda: ready.cost.text().startswith("About 2 min to compose · 0.5 GiB of memory"))
    user.choose(ready.settings.output.output, "file")
    assert "on the disk" in ready.cost.text()
    user.choose(ready.settings.output.output, "lazy")
    assert ready.cost.isHidden()


def test_the_new_layer_is_selected_unless_the_user_paints(ready, model, user):
    colonies = model.layers["colonies"]
    model.layers.selection.active = colonies
    run(ready, ready.run_button, user)
    assert model.layers.selection.active is model.layers[-1]
    model.layers.selection.active = colonies
    colonies.mode = "paint"
    run(ready, ready.run_button, user)
    assert model.layers.selection.active is colonies


def test_stopping_adds_nothing(ready, model, endless, user):
    ready.session.work = endless
    user.clicks(ready.run_button)
    user.waits_for(ready.stop_button.isEnabled)
    run(ready, ready.stop_button, user)
    assert len(model.layers) == 1
    assert "Cancelled" in ready.session.report.status


def test_the_porosity_of_a_range_can_be_chosen(ready, range_model, user):
    MODELS.add(ModelEntry(range_model, "range", "standard"))
    row = ready.settings.parts.rows[1]
    row.choose(next(each for each in MODELS if each.source == "range"))
    assert row.value.porosity == pytest.approx(0.3, abs=0.02)
    row.porosity.setValue(0.9)
    assert row.value.porosity == pytest.approx(0.4)


def request(parts, shape=(16, 16, 16), n=2):
    return ComposeRequest(RegionChoice("grains", fractions=dict.fromkeys(range(n), 1 / n)), tuple(parts), shape)


def test_the_porosity_beside_the_angle_is_shown_whole(qtbot, range_model):
    entry = ModelEntry(range_model, "range", "standard")
    row = PartRow(1, 2)
    row.setStyleSheet(get_stylesheet("light"))  # its number boxes are those of napari, with wide buttons
    qtbot.addWidget(row)
    row.set_models([entry])
    row.choose(entry)
    row.porosity.setValue(0.375)
    row.angle.setValue(-112.5)
    row.show()
    row.resize(334, row.sizeHint().height())  # as in a narrow dock
    qtbot.waitUntil(lambda: row.width() == 334)
    for box in (row.porosity, row.angle):
        field = box.findChild(QLineEdit)
        assert field.width() > field.fontMetrics().horizontalAdvance(box.text()) + 4, box.text()


def test_requests_that_cannot_run_are_refused(rock_model):
    entry = ModelEntry(rock_model, "rock", "standard")
    other = ModelEntry(replace(rock_model, voxel=replace(rock_model.voxel, value=2.0)), "coarse", "standard")
    part = PartChoice(1, entry)
    pore, void = (
        ModelEntry(replace(rock_model, labels=PhaseLabels((1, 0), (name, ""))), source, "standard")
        for name, source in (("pore", "rock"), ("void", "void"))
    )
    for bad, words in (
        (request([PartChoice(0, None)]), "At least one region"),
        (request([part], n=40), "at most 16 regions"),
        (request([part, PartChoice(0, other)]), "train both on images of one pixel size"),
        (request([part], shape=(10**5,) * 3), "a lazy layer or a file under Large volumes"),
        (request([PartChoice(0, pore), PartChoice(1, void)]), "Label 1 is “pore” in “rock”, but “void” in “void”"),
    ):
        with pytest.raises(BadInputError, match=words):
            check_request(bad)


def test_sizes_are_written_in_micrometres_whatever_the_spelling_of_the_model(rock_model):
    fine, coarse = (
        ModelEntry(replace(rock_model, voxel=VoxelSize(side, "um")), name, "standard")
        for side, name in ((0.25, "fine"), (2.0, "coarse"))
    )
    assert fine.facts == ("Its voxels measure 0.25 µm.",)
    with pytest.raises(BadInputError, match=r"“fine” measure 0\.25 µm, but those of “coarse” 2 µm"):
        check_request(request([PartChoice(0, fine), PartChoice(1, coarse)]))


def test_compositions_are_named_by_the_porosities_and_rotations_of_their_structures(rock_model):
    entry = ModelEntry(rock_model, "rock", "standard")
    titles = [
        request([PartChoice(1, entry, porosity=low, angle=angle), PartChoice(2, entry, porosity=0.375)]).title
        for low, angle in ((0.2, 0), (0.25, 30))
    ]
    assert titles == [
        "grains composed · porosity 0.2, 0.375 · seed 0",
        "grains composed · porosity 0.25, 0.375 · 30° about z · seed 0",
    ]


def test_the_panel_opens_in_napari(in_viewer):
    assert in_viewer("SWNN compose").run_button.text() == "Run"


def test_the_size_is_shown_in_the_unit_of_length_and_a_model_with_its_porosity(ready, entry):
    assert ready.settings.extent.text() == "4 × 8 × 12 µm"
    assert ready.settings.parts.rows[1].structure.toolTip().startswith(entry.title)


def test_a_model_of_the_gallery_is_offered_once(panel, rock_model, user, monkeypatch, tmp_path):
    kept = Gallery(tmp_path, most=3).add(rock_model, name="sandstone")
    monkeypatch.setattr("napari_swnn.widgets.layers.model_reader.ask_model", lambda _: kept)
    for _ in range(2):
        user.clicks(panel.settings.gallery_button)
        user.waits_for(lambda: len(MODELS) == 1)
    assert (MODELS.last.source, MODELS.last.kept) == ("sandstone", kept)


def test_the_controls_go_to_a_volume_that_is_left_and_follow_the_one_that_is_selected(ready, model, user):
    texts = []
    for seed in (0, 1):
        ready.settings.seed.setValue(seed)
        user.waits_for(ready.run_button.isEnabled)
        run(ready, ready.run_button, user)
        texts.append(ready.results.fractions.text())
    first, second = model.layers[-2:]
    assert texts[0] != texts[1]
    model.layers.selection.active = first
    assert ready.results.fractions.text() == texts[0]
    model.layers.remove(first)
    assert ready.results.fractions.text() == texts[1]
    assert not ready.results.isHidden()
    model.layers.remove(second)
    assert ready.results.isHidden()
