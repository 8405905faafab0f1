"""The panel for properties: known answers in its table, layers in their place, and all that can come between."""

import csv
import json

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Vectors
from napari.qt import get_stylesheet
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget
from skimage.data import binary_blobs

from napari_swnn._layer_style import METADATA_KEY, write_names
from napari_swnn._progress import Progress
from napari_swnn.physics import conductivity_bounds
from napari_swnn.widgets.kit.controls import Form
from napari_swnn.widgets.kit.drawer import Drawer
from napari_swnn.widgets.kit.forms import ConfigForm
from napari_swnn.widgets.layers.view_3d import ALL_PHASES, show_in_3d
from napari_swnn.widgets.properties.job import SolverSettings
from napari_swnn.widgets.properties.kinds import CONDUCTIVITY, DIFFUSION, PERMEABILITY
from napari_swnn.widgets.properties.phase_values import PhaseValues
from napari_swnn.widgets.properties.results import Results
from napari_swnn.widgets.properties.widget import PropertiesWidget

LAMINATE = np.repeat(np.array([1, 0, 0, 0], np.uint8), 3)[:, None, None] * np.ones((1, 6, 6), np.uint8)
SERIES = 1 / (0.25 / 0.026 + 0.75 / 1.4)


def cell(panel, name, column=0):
    return panel.results.table.text(panel.results.table.row_of(name), column)


@pytest.fixture(autouse=True)
def _no_results(monkeypatch):
    monkeypatch.setattr("napari_swnn.widgets.properties.results.Results.runs", [])


@pytest.fixture
def docked(impatient, in_viewer):
    """The panel in a whole viewer."""
    return in_viewer("SWNN properties")


@pytest.fixture
def panel(impatient, beside):
    """The panel with a viewer that has no window."""
    return beside(PropertiesWidget)


@pytest.fixture
def laminate(model):
    """Layers across z, of 2 µm voxels, somewhere in the world."""
    return model.add_labels(LAMINATE.copy(), name="layers", scale=(2,) * 3, units=("um",) * 3, translate=(10, 20, 30))


@pytest.fixture
def ready(panel, laminate, user):
    user.waits_for(panel.run_button.isEnabled)
    return panel


def run(panel, user):
    user.clicks(panel.run_button)
    user.waits_for(lambda: not panel.session.is_busy, 60)


def test_without_layers_it_says_what_is_missing(panel):
    assert "Add a Labels layer" in panel.hint.text()
    assert not panel.run_button.isEnabled()
    assert panel.results.isHidden()


def test_the_conductivities_begin_with_those_of_the_paper(ready):
    assert ready.settings.conductivities.values == {0: 1.4, 1: 0.026}
    assert "12 × 6 × 6 voxels of 2 µm" in ready.settings.extent.text()


def test_the_phase_of_a_reconstruction_is_the_pore(panel, model, user):
    model.add_labels(np.eye(8, dtype=np.uint8), metadata={"swnn": {"phase": 0}})
    user.waits_for(panel.run_button.isEnabled)
    assert panel.settings.conductivities.values == {0: 0.026, 1: 1.4}


def test_layers_in_series_give_the_harmonic_mean(ready, user):
    run(ready, user)
    assert float(cell(ready, "effective conductivity (W/(m·K))")) == pytest.approx(SERIES, rel=1e-3)
    bounds = conductivity_bounds([0.75, 0.25], [1.4, 0.026])
    assert float(cell(ready, "Wiener bound, lower")) == pytest.approx(bounds.wiener.lower, rel=1e-3)
    assert float(cell(ready, "Hashin–Shtrikman bound, upper")) == pytest.approx(bounds.hashin_shtrikman.upper, rel=1e-3)
    assert cell(ready, "converged") == "yes"
    assert float(cell(ready, "residual")) < 1e-4


def test_all_directions_give_the_tensor(ready, user):
    user.choose(ready.settings.axis, None)
    for box in (ready.settings.outputs.potential, ready.settings.outputs.flow, ready.settings.outputs.lines):
        box.setChecked(False)
    run(ready, user)
    parallel = 0.25 * 0.026 + 0.75 * 1.4
    values = [float(cell(ready, "effective conductivity", column)) for column in range(3)]
    np.testing.assert_allclose(values, [SERIES, parallel, parallel], rtol=1e-3)
    assert float(cell(ready, "tensor, response along y", 1)) == pytest.approx(parallel, rel=1e-3)


def test_fields_lie_where_the_source_lies(ready, model, laminate, user):
    run(ready, user)
    flux, temperature, lines = model.layers[1:]
    assert [type(layer) for layer in (flux, temperature, lines)] == [Image, Image, Vectors]
    for layer in (flux, temperature, lines):
        np.testing.assert_allclose(layer.scale, laminate.scale)
        np.testing.assert_allclose(layer.translate, laminate.translate)
        assert layer.units == laminate.units
        assert layer.metadata["swnn"]["property"] == "conductivity"
    assert temperature.name == "temperature z · layers"
    half = 0.5 / np.array([0.026, 1.4])  # resistance from a face to the centre of the first and the last layer
    first, last = half / (3 / 0.026 + 9 / 1.4)
    np.testing.assert_allclose(temperature.data[0], 1 - first, rtol=1e-3)
    np.testing.assert_allclose(temperature.data[-1], last, rtol=1e-3)
    np.testing.assert_allclose(flux.data, SERIES, rtol=1e-3)
    starts, ways = lines.data[:, 0], lines.data[:, 1]
    assert (starts > -0.51).all()
    np.testing.assert_allclose(ways[:, 1:], 0, atol=1e-6)  # straight along z
    assert model.layers.selection.active is laminate


@pytest.mark.parametrize(("ndisplay", "factor", "fitted"), [(3, 4.0, True), (3, 0.5, False), (2, 4.0, False)])
def test_the_view_in_3d_is_fitted_to_streamlines_that_are_partly_outside(ready, model, user, ndisplay, factor, fitted):
    model.dims.ndisplay = ndisplay
    model.scene.camera.angles = (-25.0, 35.0, 12.0)
    model.fit_to_view()
    whole = model.scene.camera.zoom
    model.scene.camera.zoom = chosen = factor * whole
    run(ready, user)
    zoom = model.scene.camera.zoom
    assert zoom < whole if fitted else zoom == chosen


def test_the_source_is_not_changed(ready, model, laminate, user):
    run(ready, user)
    np.testing.assert_array_equal(laminate.data, LAMINATE)
    assert model.layers[0].name == "layers"


def test_a_phase_that_does_not_percolate_is_reported(ready, model, user):
    user.choose(ready.settings.property, DIFFUSION)
    run(ready, user)
    text = ready.progress.problem.text()
    assert "Phase 1 does not percolate through “layers” along z" in text
    assert "tortuosity infinite" in text
    assert cell(ready, "tortuosity factor") == "∞"
    assert cell(ready, "converged") == "does not percolate"
    assert len(model.layers) == 1  # nothing flows, nothing is shown
    assert ready.run_button.isEnabled()


def test_straight_pores_have_tortuosity_one(ready, user):
    user.choose(ready.settings.property, DIFFUSION)
    user.choose(ready.settings.axis, 1)
    run(ready, user)
    assert float(cell(ready, "tortuosity factor")) == pytest.approx(1)
    assert float(cell(ready, "relative diffusivity")) == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize("method", ["stokes", "lbm"])
def test_permeability_of_a_slit_in_voxels_and_metres(panel, model, user, method):
    slit = np.zeros((3, 10, 2), np.uint8)
    slit[:, :8] = 1
    model.add_labels(slit, name="slit", scale=(2,) * 3, units=("um",) * 3)
    user.choose(panel.settings.property, PERMEABILITY)
    user.choose(panel.settings.method, method)
    user.waits_for(panel.run_button.isEnabled)
    run(panel, user)
    exact = 0.8 * 8**2 / 12
    assert float(cell(panel, "permeability (voxel²)")) == pytest.approx(exact, rel=0.06)
    mantissa, power = cell(panel, "permeability (m²)").split(" × 10⁻")
    assert (float(mantissa), power) == (pytest.approx(exact * 0.4, rel=0.06), "¹¹")


def test_a_section_conducts_and_is_not_permeable(panel, model, user):
    model.add_labels(LAMINATE[:, 0].copy(), name="section")
    user.waits_for(panel.run_button.isEnabled)
    run(panel, user)
    assert float(cell(panel, "effective conductivity")) == pytest.approx(SERIES, rel=1e-3)
    assert all(layer.ndim == 2 for layer in model.layers)
    user.choose(panel.settings.property, PERMEABILITY)
    assert "needs a 3-D volume" in user.reads_problem(panel, "property")
    assert not panel.run_button.isEnabled()


@pytest.mark.parametrize("text", ["abc", "-1", "", "inf"])
def test_a_bad_number_is_refused_beside_it(ready, user, text):
    ready.settings.conductivities.fields[1].setText(text)
    assert f"got “{text}”" in user.reads_problem(ready, "conductivities")
    assert not ready.run_button.isEnabled()
    ready.settings.conductivities.fields[1].setText("0,5")
    assert ready.settings.conductivities.values[1] == 0.5
    assert ready.run_button.isEnabled()


@pytest.mark.parametrize(
    ("data", "options", "text"),
    [
        (np.arange(27).reshape(3, 3, 3), {}, "give all objects of a phase the same label"),
        (np.ones((2, 4, 4, 4), int), {}, "has 4 axes"),
        (np.ones((4, 4, 4), int), {"scale": (1, 1, 3)}, "they must be cubes"),
        (da.zeros((900, 900, 900), chunks=300, dtype=np.uint8), {}, "crop the part that you need"),
        (np.broadcast_to(np.zeros((), np.uint8), (9000, 9000, 9000)), {}, "GiB"),
    ],
)
def test_a_bad_layer_is_refused_beside_the_control(panel, model, user, data, options, text):
    model.add_labels(data, visible=False, **options)
    user.waits_for(lambda: text in user.reads_problem(panel, "layer"))
    assert not panel.run_button.isEnabled()


def test_the_list_of_phases_names_those_that_3d_shows(panel, model, user):
    """Also if another panel has chosen them; the numbers are of the whole volume, as its tooltip says."""
    labels = np.arange(27, dtype=np.uint8).reshape(3, 3, 3) % 3
    layer = model.add_labels(labels, metadata={METADATA_KEY: {ALL_PHASES: [0, 1, 2]}})
    user.waits_for(lambda: panel.view.phases.count() == 7)
    assert panel.view.phases.currentText() == "All phases"
    show_in_3d(model, layer, [1, 2])
    assert panel.view.phases.currentText() == "Without phase 0"
    panel.reset_choices()
    assert panel.view.phases.currentText() == "Without phase 0"
    show_in_3d(model, layer, [2])
    assert panel.view.phases.currentText() == "Only phase 2"
    assert "The numbers above are of the whole volume" in panel.view.phases.toolTip()
    show_in_3d(model, layer, [0, 1, 2])
    assert panel.view.phases.currentText() == "All phases"


@pytest.mark.parametrize("close", ["dock", "viewer"])
def test_closing_ends_the_run_and_leaves_the_layers_untouched(docked, viewer, endless, user, close):
    layer = viewer.add_labels(LAMINATE.copy(), name="layers")
    user.waits_for(docked.run_button.isEnabled)
    docked.session.work = endless
    user.clicks(docked.run_button)
    user.waits_for(lambda: "half-way" in docked.progress.status.text())
    if close == "dock":
        viewer.window.remove_dock_widget(docked.dock)
        assert [item.name for item in viewer.layers] == ["layers"]
    else:
        viewer.close()
    user.waits_for_threads()
    np.testing.assert_array_equal(layer.data, LAMINATE)
    assert not docked.session.is_busy


def test_stop_adds_nothing(ready, model, endless, user):
    ready.session.work = endless
    user.clicks(ready.run_button)
    user.waits_for(lambda: "half-way" in ready.progress.status.text())
    assert not ready.settings.form.isEnabled()
    user.clicks(ready.stop_button)
    user.waits_for(ready.run_button.isEnabled)
    assert ready.progress.status.text() == "Cancelled; nothing was added."
    assert len(model.layers) == 1


def test_the_layer_may_be_removed_or_painted_while_running(panel, model, user):
    data = binary_blobs(24, n_dim=3, volume_fraction=0.5, rng=0).astype(np.uint8)
    layer = model.add_labels(data, name="gone", scale=(3,) * 3)
    user.waits_for(panel.run_button.isEnabled)
    user.clicks(panel.run_button)
    model.layers.remove(layer)
    user.waits_for(lambda: not panel.session.is_busy)
    assert [item.name.split(" z")[0] for item in model.layers] == ["heat flux", "temperature", "streamlines"]
    np.testing.assert_allclose(model.layers[0].scale, 3)


def test_an_error_is_one_sentence_and_the_panel_stays_usable(ready, model, user):
    def broken(_job):
        yield Progress(fraction=0.0)
        raise RuntimeError("CUDA error\nlong trace")

    ready.session.work = broken
    run(ready, user)
    assert "CUDA error" in ready.progress.problem.text()
    assert "\n" not in ready.progress.problem.text()
    assert len(model.layers) == 1
    assert ready.run_button.isEnabled()


def test_files_equal_the_table(ready, user, dialog, tmp_path):
    run(ready, user)
    user.choose(ready.settings.property, DIFFUSION)
    run(ready, user)
    dialog.path = tmp_path / "numbers.csv"
    user.clicks(ready.results.csv_button)
    rows = list(csv.DictReader(dialog.path.read_text(encoding="utf-8").splitlines()))
    assert {row["run"] for row in rows} == {"1", "2"}
    value = next(row for row in rows if row["quantity"] == "effective conductivity")
    assert (float(value["value"]), value["unit"], value["axis"]) == (pytest.approx(SERIES), "W/(m·K)", "z")
    dialog.path = tmp_path / "numbers.json"
    user.clicks(ready.results.json_button)
    first, second = json.loads(dialog.path.read_text(encoding="utf-8"))
    numbers = {number["name"]: number["value"] for number in first["axes"]["z"]["numbers"]}
    assert numbers["effective conductivity"] == pytest.approx(SERIES)
    assert first["settings"]["conductivities"] == {"0": 1.4, "1": 0.026}
    assert second["axes"]["z"]["outcome"] == "not_percolating"
    user.choose(ready.results.choice, 0)
    assert float(cell(ready, "effective conductivity")) == pytest.approx(SERIES, rel=1e-3)


def test_results_outlive_their_panel(ready, user, qtbot):
    run(ready, user)
    again = Results()
    qtbot.addWidget(again)
    assert float(again.table.text(0, 0)) == pytest.approx(SERIES, rel=1e-3)


def test_only_the_rows_of_the_property_are_shown(ready, user):
    def shown():
        return {key for key in ready.settings.form.problems if ready.settings.form.is_row_shown(key)}

    common = {"layer", "pixel", "property", "axis", "boundary", "outputs"}
    for kind, own in (
        (CONDUCTIVITY, {"conductivities", "unit"}),
        (DIFFUSION, {"phase"}),
        (PERMEABILITY, {"phase", "method"}),
    ):
        user.choose(ready.settings.property, kind)
        assert shown() == common | own


def test_it_fits_a_small_laptop_and_follows_the_theme(ready, model):
    assert ready.sizeHint().width() <= 360
    assert ready.widget().minimumSizeHint().width() <= 350
    styles = set()
    for theme in ("light", "dark"):
        model.theme = theme
        styles.add(ready.progress.problem.styleSheet())
    assert len(styles) == 2


def test_it_fits_a_narrow_dock_during_a_run_too(ready):
    ready.setStyleSheet(get_stylesheet("light"))  # its buttons are wide
    ready.settings.drawer.open()
    ready.run_button.setText(ready.running_label)
    ready.view.offer([("All phases", None), ("Without active material", [1])])
    ready.parent().show()
    assert ready.widget().minimumSizeHint().width() <= 350


@pytest.mark.parametrize("width", [280, 330, 600])
def test_no_advanced_setting_is_squeezed_at_any_width(qtbot, width):
    form = ConfigForm(SolverSettings)
    drawer = Drawer("Advanced settings", form)
    panel = QWidget()
    layout = QVBoxLayout(panel)
    layout.addWidget(drawer)
    layout.addStretch()
    panel.setStyleSheet(get_stylesheet("dark"))
    qtbot.addWidget(panel)
    drawer.open()
    panel.resize(width, 400)
    panel.show()
    qtbot.waitUntil(lambda: form.height() == max(form.sizeHint().height(), form.heightForWidth(form.width())))
    for control in form.controls.values():
        assert control.native.height() >= control.native.sizeHint().height()
    drawer.collapse(animate=False)
    qtbot.waitUntil(lambda: drawer.height() < 40)


def test_a_long_name_of_a_phase_does_not_widen_the_panel(qtbot, model):
    layer = model.add_labels(np.zeros((4, 4, 4), np.uint8))
    widths = set()
    for name in ("cathode", "cathode cathode cathode"):
        write_names(layer, {0: name, 1: "rest"})
        values = PhaseValues()
        qtbot.addWidget(values)
        values.set_phases({0: 0.5, 1: 0.5}, 0, layer)
        widths.add(values.minimumSizeHint().width())
    assert len(widths) == 1


def test_the_selected_or_else_the_newest_volume_is_offered_first(beside, model):
    old, new = (model.add_labels(LAMINATE.copy()) for _ in range(2))
    model.add_labels(LAMINATE[0])  # a section
    assert beside(PropertiesWidget).settings.layer.value is new
    model.layers.selection.active = old
    assert beside(PropertiesWidget).settings.layer.value is old


def test_the_fraction_of_a_phase_is_shown_in_full_on_a_small_laptop(qtbot, model):
    layer = model.add_labels(np.zeros((4, 4, 4), np.uint8))
    write_names(layer, {0: "active material", 1: "rest"})
    form = Form()
    values = PhaseValues()
    form.add_row("values", "Conductivity\nof each phase", values, "")
    qtbot.addWidget(form)
    values.set_phases({0: 0.527, 1: 0.473}, 0, layer)
    form.resize(330, 300)
    form.show()
    label = next(each for each in values.findChildren(QLabel) if "active" in each.text())
    assert label.height() >= label.heightForWidth(label.width())
