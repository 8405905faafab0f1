"""The comparison of more than two phases: their curves, numbers and colours."""

import numpy as np
import pytest
from napari.layers import Labels
from numpy.testing import assert_allclose
from qtpy.QtCore import Qt

from napari_swnn._layer_style import write_names
from napari_swnn._phases import choose_phase
from napari_swnn.widgets.comparison.colours import make_legible, read_phase_colours
from napari_swnn.widgets.comparison.widget import CompareWidget

NAMES = {0: "pore", 1: "nickel", 2: "ceramic"}
COLOURS = {0: (0.1, 0.1, 0.1, 1), 1: (1, 0, 0, 1), 2: (0, 0, 1, 1), None: (0, 0, 0, 0)}


def three_phases(shape, seed):
    """Cells of four voxels with one of three phases each, in which binary statistics differ between phases."""
    cells = np.random.default_rng(seed).choice(3, [n // 4 for n in shape], p=[0.5, 0.3, 0.2])
    return np.kron(cells, np.ones((4,) * len(shape), int)).astype(np.uint8)


@pytest.fixture
def panel(impatient, beside):
    """The panel with a viewer that has no window."""
    return beside(CompareWidget)


@pytest.fixture
def shown(panel, model, user):
    """The panel with a comparison of two volumes of three named phases."""
    from napari.utils.colormaps import DirectLabelColormap

    colormap = DirectLabelColormap(color_dict=COLOURS)
    reference = model.add_labels(three_phases((64, 64), 0), name="anode", colormap=colormap)
    write_names(reference, NAMES)
    for i in (1, 2):
        metadata = {"swnn": {"reference": "anode"}}
        model.add_labels(three_phases((20,) * 3, i), name=f"volume {i}", metadata=metadata)
    user.waits_for(lambda: panel.view.comparison)
    return panel


def texts(combo):
    return [combo.itemText(i) for i in range(combo.count())]


def test_all_phases_come_first_with_their_names_and_colours(shown):
    view, report = shown.view, shown.view.comparison.report
    pairs = ["nickel – pore", "nickel – ceramic", "pore – ceramic"]
    assert texts(view.phases) == ["all phases", "nickel", "pore", "ceramic", *pairs]
    assert view.comparison.phase_colours == {1: "#ff0000", 0: "#1a1a1a", 2: "#0000ff"}
    assert len(view.plot.lines) == 3 * (2 + 1)
    for k, group in enumerate(report.phases):
        curve = group.curves["two_point_correlation"]
        own = view.plot.lines[3 * k : 3 * k + 3]
        for line, expected in zip(own, [*curve.realisations, curve.reference], strict=True):
            assert_allclose(line.getData()[1], expected.values[: len(line.getData()[1])])
    assert view.plot.lines[0].opts["pen"].color().name() == "#ff0000"
    assert "two_point_cluster" not in [view.curve.itemData(i) for i in range(view.curve.count())]
    for name in NAMES.values():
        assert name in view.phase_legend.text()


def test_volumes_in_the_colours_of_the_phases_differ_in_their_lines(shown, user):
    view = shown.view
    lines = [line.opts["pen"].style() for line in view.plot.lines]
    assert (
        lines[:3]
        == lines[3:6]
        == lines[6:]
        == [
            Qt.PenStyle.SolidLine,
            Qt.PenStyle.DotLine,
            Qt.PenStyle.DashLine,  # of the reference
        ]
    )
    first, second = view.comparison.names
    text = view.legend.text()
    assert f"Solid: “{first}”. Dotted: “{second}”." in text
    user.choose(view.phases, (2,))  # one phase is drawn in the colours of the volumes
    assert [line.opts["pen"].style() for line in view.plot.lines[:2]] == [Qt.PenStyle.SolidLine] * 2


def test_the_overview_has_a_row_for_each_phase_and_pair(shown):
    table, report = shown.view.table, shown.view.comparison.report
    names = [table.verticalHeaderItem(i).text().replace("\n", " ") for i in range(table.rowCount())]
    start = names.index("volume fraction")
    assert names[start + 1 : start + 4] == ["nickel", "pore", "ceramic"]
    for row, group in enumerate(report.phases, start + 1):
        value = group.quantities["volume_fraction"].realisations[1].value
        assert float(table.text(row, 2).split(" ± ")[0]) == pytest.approx(value, abs=5e-3)
    assert table.text(start, 0) == ""
    assert not table.verticalHeaderItem(start + 1).icon().isNull()
    start = next(i for i, name in enumerate(names) if name.startswith("interface area"))
    assert names[start + 1 : start + 4] == [pair.name for pair in report.pairs]
    assert sum(name.startswith("active triple-phase boundary") for name in names) == 1


def test_the_overview_names_the_phase_that_flows_through(shown, user):
    shown.settings.physics.setChecked(True)
    user.waits_for(shown.run_button.isEnabled)
    user.clicks(shown.run_button)
    user.waits_for(lambda: shown.view.comparison.report.transport)
    table, report = shown.view.table, shown.view.comparison.report
    row = table.row_of("permeability of nickel (3-D) (voxel²)")
    value = report.quantities["permeability"].realisations[0].value
    assert float(table.text(row, 1)) == pytest.approx(value, rel=1e-3)
    row = table.row_of("tortuosity factor (3-D)")
    assert table.text(row + 2, 2) != ""


def test_a_phase_and_a_pair_can_be_chosen(shown, user):
    view, report = shown.view, shown.view.comparison.report
    user.choose(view.phases, (2,))
    ceramic = report.phases[2]
    assert [view.curve.itemData(i) for i in range(view.curve.count())] == list(ceramic.curves)
    assert len(view.plot.lines) == 3
    row = view.table.row_of("fraction in the largest cluster")
    largest = ceramic.quantities["largest_fraction"].realisations[0].value
    assert float(view.table.text(row, 1)) == pytest.approx(largest, abs=1e-3)
    assert view.phase_legend.isHidden()
    user.choose(view.phases, (0, 2))
    pair = report.pairs[2]
    assert_allclose(view.plot.lines[-1].getData()[1], pair.curves["cross_correlation"].reference.values)
    assert view.table.rowCount() == 1


def test_the_choice_outlives_a_new_comparison(shown, user):
    user.choose(shown.view.phases, (2,))
    user.choose(shown.view.curve, "lineal_path")
    volumes = shown.settings.volumes
    volumes.item(0).setCheckState(Qt.CheckState.Unchecked)
    user.waits_for(lambda: len(shown.view.comparison.names) == 1)
    assert shown.view.phases.value == (2,)
    assert shown.view.curve.value == "lineal_path"


def test_merged_phases_are_compared_as_two(shown, user):
    shown.settings.source.merge.setChecked(True)
    user.waits_for(lambda: shown.view.comparison.report.n_phases == 2)
    assert shown.view.phases.isHidden()
    assert shown.view.table.row_of("porosity") == 0
    assert shown.settings.physics.text() == "conductivity and permeability"


def test_physics_of_several_phases_is_their_tortuosity(shown):
    assert shown.settings.physics.text() == "tortuosity and permeability"
    shown.settings.physics.setChecked(True)
    assert "with 12 solves for each volume" in shown.session.why_not_automatic


def test_files_have_the_colours_of_the_layer(shown, user, dialog, tmp_path):
    dialog.path = tmp_path / "report.html"
    user.clicks(shown.view.buttons["HTML report"])
    user.waits_for(lambda: shown.view.state.text() == "Saved report.html.")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'style="background:#ff0000"></span>nickel' in page


def test_a_theme_changes_the_colours_that_it_hides(shown):
    pens = []
    for dark in (True, False):
        shown.set_dark(dark)
        pens.append([line.opts["pen"].color().name() for line in shown.view.plot.lines[::3]])
    assert pens[0][0] == pens[1][0] == "#ff0000"
    assert pens[1][1] == "#1a1a1a"
    assert pens[0][1] != "#1a1a1a"  # nearly black


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#26262e", "#f5f2c0", "#262930", "#e07b00"])
def test_lines_stand_out_from_the_background(colour, dark):
    def lightness(text):
        return sum(int(text[i : i + 2], 16) for i in (1, 3, 5)) / (3 * 255)

    background = 0.16 if dark else 0.94
    assert abs(lightness(make_legible(colour, dark=dark)) - background) > 0.15
    assert make_legible("#e07b00", dark=dark) == "#e07b00"


def test_a_transparent_phase_has_a_colour_of_its_own():
    layer = Labels(three_phases((16, 16), 0))  # napari shows label 0 as transparent
    colours = read_phase_colours(layer, choose_phase({0: 0.5, 1: 0.3, 2: 0.2}))
    assert list(colours) == [1, 0, 2]
    assert len(set(colours.values())) == 3
    assert read_phase_colours(layer, choose_phase({0: 0.5, 1: 0.5})) == {}
