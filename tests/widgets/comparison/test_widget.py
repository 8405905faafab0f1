"""The comparison panel: what it ticks, refuses, measures, shows and writes."""

import csv
import json

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import Qt
from skimage.data import binary_blobs

from napari_swnn import Reference, validate
from napari_swnn.widgets.comparison.widget import CompareWidget


def blobs(n, fraction, seed):
    return binary_blobs(n, blob_size_fraction=0.2, n_dim=3, volume_fraction=fraction, rng=seed).astype(np.uint8)


def tick(panel, name, on=True):
    volumes = panel.settings.volumes
    item = next(volumes.item(i) for i in range(volumes.count()) if volumes.item(i).text() == name)
    item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)


@pytest.fixture
def docked(impatient, in_viewer):
    """The panel in a whole viewer."""
    return in_viewer("SWNN compare")


@pytest.fixture
def panel(impatient, beside):
    """The panel with a viewer that has no window."""
    return beside(CompareWidget)


@pytest.fixture
def layers(model, section):
    """A reference of 0.5 µm pixels, and two volumes of such voxels."""
    place = {"scale": (0.5,) * 3, "units": ("um",) * 3}
    model.add_labels(section, name="rock", scale=(0.5, 0.5), units=("um", "um"))
    model.add_labels(blobs(20, 0.3, 1), name="one", **place)
    model.add_labels(blobs(20, 0.4, 2), name="two", **place)
    return list(model.layers)


@pytest.fixture
def shown(panel, layers, user):
    """The panel with a comparison of both volumes."""
    user.waits_for(lambda: panel.check.found)
    for name in ("one", "two"):
        tick(panel, name)
    user.waits_for(lambda: panel.view.comparison and len(panel.view.comparison.names) == 2)
    return panel


def test_it_says_what_is_missing(panel, model, section, user):
    assert "Add a Labels layer" in panel.hint.text()
    model.add_labels(section, name="rock")
    user.waits_for(lambda: "no other Labels layer" in panel.hint.text())
    model.add_labels(section, name="other")
    user.waits_for(lambda: "Tick the volumes" in panel.hint.text())
    assert not panel.run_button.isEnabled()
    assert panel.view.isHidden()


def test_the_numbers_are_those_of_the_arrays(shown, layers):
    table = shown.view.table
    row = table.row_of("porosity")
    assert table.text(row, 0).startswith(f"{layers[0].data.mean():.2f}")
    for column, layer in enumerate(layers[1:], 1):
        value, half_width = map(float, table.text(row, column).split(" ± "))
        assert value == pytest.approx(layer.data.mean(), abs=5e-3)
        assert half_width > 0
    assert table.text(table.row_of("fraction in the largest"), 0) == "–"
    assert table.row_of("percolates") == table.rowCount() - 1


def test_the_report_is_that_of_the_script(shown, layers, section):
    reference = Reference(section, phase=1, voxel_size=0.5, unit="µm")
    expected = validate([layer.data for layer in layers[1:]], reference)
    assert shown.view.comparison.report.to_dict() == expected.with_names("rock", ["one", "two"]).to_dict()


def test_the_lines_are_the_curves(shown, user):
    report = shown.view.comparison.report
    for key in report.curves:
        user.choose(shown.view.curve, key)
        assert len(shown.view.plot.lines) == 3  # two volumes and the reference
    user.choose(shown.view.curve, "two_point_correlation")
    x, y = shown.view.plot.lines[0].getData()
    np.testing.assert_allclose(x, report.two_point.distance)
    np.testing.assert_allclose(y, report.two_point.realisations[0].values)
    shown.view.origin.setChecked(True)
    assert len(shown.view.plot.lines[0].getData()[0]) == 9


def test_it_follows_the_layers(shown, layers, user):
    first = shown.view.comparison
    tick(shown, "two", False)
    user.waits_for(lambda: shown.view.comparison.names == ("one",))
    assert shown.settings.volumes.colour(layers[1]) == first.colours[0]
    painted = np.array(layers[1].data)
    painted[:8] = 1
    layers[1].data = painted
    user.waits_for(lambda: shown.view.comparison.report.porosities[0] == pytest.approx(painted.mean()))
    tick(shown, "one", False)
    user.waits_for(shown.view.isHidden)


def test_results_of_the_reference_are_ticked_automatically(panel, model, layers, user):
    model.add_labels(blobs(20, 0.3, 3), name="made", scale=(0.5,) * 3, metadata={"swnn": {"reference": "rock"}})
    user.waits_for(lambda: panel.view.comparison)
    assert panel.view.comparison.names == ("made",)
    assert "has no unit of length" in panel.settings.note.text()


def test_layers_are_left_as_they_are(shown, model, section, layers):
    assert [layer.name for layer in model.layers] == ["rock", "one", "two"]
    np.testing.assert_array_equal(layers[0].data, section)
    np.testing.assert_array_equal(layers[1].data, blobs(20, 0.3, 1))


def test_a_volume_without_the_phase_is_named_and_the_others_are_compared(shown, model, user):
    model.add_labels(np.full((20, 20, 20), 7), name="seven", scale=(0.5,) * 3, units=("um",) * 3)
    tick(shown, "seven")
    user.waits_for(lambda: "“seven” does not contain label 1" in user.reads_problem(shown, "volumes"))
    assert shown.view.comparison.names == ("one", "two")


@pytest.mark.parametrize(
    ("data", "options", "text"),
    [
        (np.eye(24, dtype=int), {"scale": (0.5, 0.5), "units": ("um",) * 2}, "tick either volumes or sections"),
        (
            np.ones((8, 8, 8), int),
            {"scale": (1,) * 3, "units": ("um",) * 3},
            "measure 1 µm, but the pixels of the reference measure 0.5",
        ),
        (
            np.ones((8, 8, 8), int),
            {"scale": (1, 2, 1), "units": ("um",) * 3},
            "they must be cubes",
        ),
        (np.ones((2, 8, 8, 8), int), {}, "has 4 axes"),
    ],
)
def test_what_cannot_be_compared_is_refused_beside_the_list(shown, model, user, data, options, text):
    before = shown.view.comparison
    model.add_labels(data, name="odd", **options)
    tick(shown, "odd")
    user.waits_for(lambda: text in user.reads_problem(shown, "volumes"))
    assert not shown.run_button.isEnabled()
    assert shown.view.comparison is before
    tick(shown, "odd", False)
    user.waits_for(lambda: not user.reads_problem(shown, "volumes"))


def test_a_volume_with_unequal_sides_is_copied_with_one_click(panel, model, layers, user):
    flat = model.add_labels(blobs(32, 0.3, 5)[::2], name="flat", scale=(1.0, 0.5, 0.5), units=("um",) * 3)
    for name in ("one", "two", "flat"):
        tick(panel, name, name == "flat")
    user.waits_for(lambda: not panel.settings.lead.isHidden())
    panel.settings.lead.resample.click()
    assert [layer.name for layer in panel.settings.volumes.chosen] == ["flat (cubic voxels)"]
    assert not flat.visible
    user.waits_for(lambda: panel.view.comparison is not None)
    assert panel.settings.lead.isHidden()


def test_physics_and_lazy_layers_wait_for_the_button(panel, model, section, user):
    model.add_labels(section, name="rock")
    lazy = da.from_array(blobs(16, 0.5, 1), chunks=8)
    model.add_labels(lazy, name="lazy")
    user.waits_for(lambda: panel.check.found)
    tick(panel, "lazy")
    user.waits_for(lambda: "computed on demand" in panel.hint.text())
    panel.settings.physics.setChecked(True)
    user.waits_for(lambda: "take minutes" in panel.hint.text())
    assert panel.view.comparison is None
    user.clicks(panel.run_button)
    user.waits_for(lambda: panel.view.comparison, 60)
    assert len(panel.view.comparison.report.transport) == 1
    assert panel.view.table.row_of("conductivity") > 0


def test_too_large_a_volume_is_refused_before_it_is_read(shown, model, user):
    huge = da.zeros((8000, 8000, 8000), chunks=500, dtype=np.uint8)
    model.add_labels(huge, name="huge", scale=(0.5,) * 3, units=("um",) * 3)
    tick(shown, "huge")
    user.waits_for(lambda: "GiB" in user.reads_problem(shown, "volumes"))


@pytest.mark.parametrize(("button", "ending"), [("CSV", "csv"), ("JSON", "json"), ("HTML report", "html")])
def test_files_hold_what_the_table_shows(shown, user, dialog, tmp_path, button, ending):
    dialog.path = tmp_path / f"rock.{ending}"
    user.clicks(shown.view.buttons[button])
    user.waits_for(lambda: shown.view.state.text() == f"Saved rock.{ending}.")
    text, porosity = dialog.path.read_text(encoding="utf-8"), shown.view.comparison.report.porosities[1]
    if ending == "csv":
        rows = [row for row in csv.DictReader(text.splitlines()) if row["statistic"] == "porosity"]
        assert list(dict.fromkeys(row["name"] for row in rows)) == ["rock", "one", "two"]
        found = next(row["value"] for row in rows if (row["realisation"], row["axis"]) == ("2", "mean"))
        assert float(found) == pytest.approx(porosity)
    elif ending == "json":
        found = json.loads(text)
        assert found["porosities"][1]["value"] == pytest.approx(porosity)
        assert (found["reference_name"], found["volume_names"]) == ("rock", ["one", "two"])
    else:
        assert text.startswith("<!DOCTYPE html>")
        assert f"{shown.view.comparison.report.porosity:.3f}" in text
        assert "Reference: rock<br>Realisation 1: one<br>Realisation 2: two" in text
        assert "<td>realisation 2 (two)</td>" in text


def test_figures_are_written_into_a_folder(shown, user, dialog, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("napari_swnn.figures.save_figures", lambda *given, colours: asked.append((*given, colours)))
    dialog.path = tmp_path
    user.clicks(shown.view.buttons["Figures"])
    user.waits_for(lambda: "Saved" in shown.view.state.text())
    assert asked == [(shown.view.comparison.report, tmp_path, {})]


def test_a_folder_that_is_not_there_is_reported(shown, user, dialog, tmp_path):
    dialog.path = tmp_path / "nowhere" / "rock.csv"
    user.clicks(shown.view.buttons["CSV"])
    user.waits_for(lambda: "rock.csv could not be written" in shown.view.problem.text())


def test_stop_keeps_what_is_shown(shown, endless, user):
    before = shown.view.comparison
    shown.session.work = endless
    user.clicks(shown.run_button)
    user.waits_for(lambda: "half-way" in shown.progress.status.text())
    user.clicks(shown.stop_button)
    user.waits_for(lambda: not shown.session.is_busy)
    assert "the previous ones" in shown.progress.status.text()
    assert shown.view.comparison is before
    assert shown.run_button.isEnabled()


@pytest.mark.parametrize("close", ["dock", "viewer"])
def test_closing_ends_the_comparison(docked, viewer, section, endless, user, close):
    docked.session.work = endless
    for name in ("rock", "one"):
        viewer.add_labels(section, name=name)
    user.waits_for(lambda: docked.check.found)
    tick(docked, "one")
    user.waits_for(lambda: "half-way" in docked.progress.status.text())
    if close == "dock":
        viewer.window.remove_dock_widget(docked.dock)
        assert [layer.name for layer in viewer.layers] == ["rock", "one"]
    else:
        viewer.close()
    user.waits_for_threads()
    assert not docked.session.is_busy


def test_it_fits_a_small_laptop_and_follows_the_theme(shown, model):
    assert shown.sizeHint().width() <= 430
    assert shown.widget().minimumSizeHint().width() <= 350
    styles = set()
    for theme in ("light", "dark"):
        model.theme = theme
        styles.add(shown.view.problem.styleSheet())
    assert len(styles) == 2


def test_it_opens_with_the_reference_of_the_selected_result_and_changes_to_that_of_another(model, section, beside):
    for name in ("old", "rock"):
        model.add_labels(section, name=name)
    for name in ("old", "rock", "rock"):
        facts = {"swnn": {"seed": 0, "reference": name}}
        model.add_labels(blobs(20, 0.3, 1), name=f"result of {name}", metadata=facts)
    panel = beside(CompareWidget)
    assert panel.settings.reference.value.name == "rock"
    assert [layer.name for layer in panel.settings.volumes.chosen] == ["result of rock", "result of rock [1]"]
    panel.choose_reference(model.layers["old"])
    assert [layer.name for layer in panel.settings.volumes.chosen] == ["result of old"]
    model.layers.selection.active = model.layers["result of old"]
    assert beside(CompareWidget).settings.reference.value.name == "old"
