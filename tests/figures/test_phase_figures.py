"""Figures and pages of reports on more than two phases."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from napari_swnn import Reference, save_report, validate
from napari_swnn.figures import pair_figure, reconstruction_figure, report_figures, report_html, sections_figure
from napari_swnn.figures._block import draw_block

COLOURS = {1: "#ff0000", 2: "#00ff00", 4: "#0000ff"}


@pytest.fixture(scope="module")
def layers():
    """A section and a volume of layers along x of the labels 1, 2 and 4; no phase percolates along x."""
    section = np.tile(np.repeat([1, 2, 4], 4), (60, 5))
    return section, np.broadcast_to(section[:12, :12], (12, 12, 12)).astype(np.uint8)


@pytest.fixture(scope="module")
def report(layers):
    section, volume = layers
    return validate([volume, volume], Reference(section, names={1: "pore", 2: "a < b"}), physics=True)


def test_each_phase_and_pair_has_its_panel(report):
    figures = {figure.name: figure.figure for figure in report_figures(report, colours=COLOURS)}
    assert list(figures) == ["sections", "correlation", "pairs", "distributions", "transport", "fields"]
    titles = [axes.get_title("left") for axes in figures["correlation"].axes]
    assert titles[:6] == ["pore", "a < b", "phase 4", "pore: origin", "a < b: origin", "phase 4: origin"]
    assert [axes.get_title("left") for axes in figures["pairs"].axes] == [pair.name for pair in report.pairs]
    drawn = {line.get_label(): line.get_ydata() for line in figures["pairs"].axes[0].lines}
    np.testing.assert_allclose(drawn["reference"], report.pairs[0].curves["cross_correlation"].reference.values)


def test_sections_have_the_colours_that_are_given(report, layers):
    pictures = [axes.images[0].get_array() for axes in sections_figure(report, COLOURS).axes if len(axes.images) == 1]
    assert pictures[0].shape == (12, 12, 3)
    shown = layers[0][24:36, 24:36]
    for label, colour in COLOURS.items():
        np.testing.assert_array_equal(pictures[0][shown == label], np.tile(to_rgb(colour), ((shown == label).sum(), 1)))
    (legend,) = sections_figure(report, COLOURS).legends
    assert [text.get_text() for text in legend.get_texts()] == ["pore", "a < b", "phase 4"]


def test_the_faces_of_a_block_meet_at_its_edges():
    # Seen from above one corner: the corner nearest to the eye, small z, large y and large x, is in the middle.
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[:4, 4:, 4:] = 1
    axes = Figure(figsize=(4, 4), dpi=50).add_subplot()
    draw_block(axes, labels, {0: "#000000", 1: "#ff0000"})
    agg = FigureCanvasAgg(axes.figure)
    agg.draw()
    picture = np.asarray(agg.buffer_rgba())[..., :3].astype(int)
    red = (picture[..., 0] > 120) & (picture[..., 1] < 60) & (picture[..., 2] < 60)
    rows, columns = np.nonzero(red)
    middle = axes.transData.transform((0, 0))  # the nearest corner, (0, 8, 8), is seen at (0, -16 / √6)
    nearest = axes.transData.transform((0, -16 / np.sqrt(6)))
    assert middle[0] == pytest.approx(nearest[0])
    assert columns.mean() == pytest.approx(nearest[0], abs=2)
    assert picture.shape[0] - rows.mean() == pytest.approx(nearest[1], abs=2)
    side = axes.transData.transform((4 / np.sqrt(2), 0))[0] - middle[0]
    assert np.ptp(columns) == pytest.approx(2 * side, abs=3)  # a hexagon without gaps between its faces
    assert red.sum() == pytest.approx(3 * np.sqrt(3) / 2 * (2 * side / np.sqrt(3)) ** 2, rel=0.1)


def test_a_reconstruction_is_pictured_in_colours(report, layers):
    section, volume = layers
    figure = reconstruction_figure(volume, Reference(section, names={1: "pore"}), report, colours=COLOURS)
    assert figure.axes[0].get_title() == "reference, pore 0.333"
    assert figure.axes[0].images[0].get_array().shape == (12, 12, 3)


def test_the_page_has_a_table_row_for_each_phase_and_group(report, tmp_path):
    save_report(report, tmp_path / "report.html", colours=COLOURS)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for group in (*report.phases, report.whole):
        assert f"{group.name.replace('<', '&lt;')}</th></tr>" in page
    for pair in report.pairs:
        assert page.count(f"</span>{pair.name.replace('<', '&lt;')}</td>") == 2  # its interface and its curve
    assert "a < b" not in page
    assert page.count('<span class="swatch" style="background:#ff0000">') > 3
    assert "tortuosity factor of pore" in page
    assert "∞, not percolating" in page
    assert "triple-phase boundary" in page
    assert "<td>z, y</td>" in page  # no layer percolates along x


def test_two_phases_have_no_pairs_to_draw(blobs):
    report = validate(blobs, Reference(blobs))
    with pytest.raises(ValueError, match="more than two phases"):
        pair_figure(report)
    assert "swatch" not in report_html(report).split("</style>")[1]
