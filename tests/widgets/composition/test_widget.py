"""The compose panel: a row for each region, a preview, a volume with all labels, and what can be missing."""

from dataclasses import replace

import numpy as np
import pytest

from napari_swnn import Part, compose
from napari_swnn._layer_style import METADATA_KEY
from napari_swnn.io.model_gallery import Gallery
from napari_swnn.widgets.composition.request import (
    ComposeRequest,
    PartChoice,
    RegionChoice,
    check_request,
)
from napari_swnn.widgets.composition.widget import ComposeWidget
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.trained_models import MODELS, ModelEntry

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


def test_requests_that_cannot_run_are_refused(rock_model):
    entry = ModelEntry(rock_model, "rock", "standard")
    other = ModelEntry(replace(rock_model, voxel=replace(rock_model.voxel, value=2.0)), "coarse", "standard")
    part = PartChoice(1, entry)
    for bad, words in (
        (request([PartChoice(0, None)]), "At least one region"),
        (request([part], n=40), "at most 16 regions"),
        (request([part, PartChoice(0, other)]), "train both on images of one pixel size"),
        (request([part], shape=(10**5,) * 3), "of memory"),
    ):
        with pytest.raises(BadInputError, match=words):
            check_request(bad)


def test_the_panel_opens_in_napari(in_viewer):
    assert in_viewer("SWNN compose").run_button.text() == "Run"


def test_memory_is_told_before_a_run_and_a_model_with_its_porosity(ready, entry):
    assert ready.settings.extent.text().startswith("4 × 8 × 12 µm · ")
    assert ready.settings.extent.text().endswith(" of memory")
    assert ready.settings.parts.rows[1].structure.toolTip().startswith(entry.title)


def test_a_model_of_the_gallery_is_offered_once(panel, rock_model, user, monkeypatch, tmp_path):
    kept = Gallery(tmp_path, most=3).add(rock_model, name="sandstone")
    monkeypatch.setattr("napari_swnn.widgets.layers.model_reader.ask_model", lambda _: kept)
    for _ in range(2):
        user.clicks(panel.settings.gallery_button)
        user.waits_for(lambda: len(MODELS) == 1)
    assert (MODELS.last.source, MODELS.last.kept) == ("sandstone", kept)
