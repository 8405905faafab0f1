import re
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn import Reference, save_report, validate
from napari_swnn.figures import (
    correlation_figure,
    distribution_figure,
    draw_surface,
    field_figure,
    reconstruction_figure,
    report_figures,
    report_html,
    save_figure,
    save_figures,
    sections_figure,
    transport_figure,
)
from napari_swnn.validation import format_with_error


@pytest.fixture(scope="module")
def report(blobs):
    """Two small volumes: one with an open slit, one whose phase percolates nowhere."""
    slit = np.zeros((12, 12, 12), np.uint8)
    slit[:, 3:9] = 1
    closed = np.zeros_like(slit)
    closed[3:9, 3:9, 3:9] = 1
    return validate([slit, closed], Reference(blobs, voxel_size=2.0, unit="um"), physics=True)


def drawn(inside):
    axes = Figure().add_subplot()
    draw_surface(axes, inside)
    return axes.collections[0]


def test_surface_is_seen_from_above_one_corner():
    # A cube seen along its diagonal is a regular hexagon of area side² * sqrt(3).
    inside = np.zeros((48, 48, 48), bool)
    inside[8:40, 8:40, 8:40] = True
    triangles = np.array([path.vertices[:3] for path in drawn(inside).get_paths()])
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    area = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / 2
    assert area == pytest.approx(32**2 * np.sqrt(3), rel=0.1)


def test_the_corner_nearest_to_the_eye_is_painted_last():
    inside = np.zeros((40, 40, 40), bool)
    inside[:20, 20:, 20:] = True  # small z is up, large y in front, large x at the right: nearest to the eye
    inside[20:, :20, :20] = True
    last = drawn(inside).get_paths()[-1].vertices.mean(0)
    nearest = np.array([0, 40, 40])
    seen = [nearest @ [0, -1, 1] / np.sqrt(2), nearest @ [-2, -1, -1] / np.sqrt(6)]
    assert np.linalg.norm(last - seen) < 2


def test_figure_has_sections_surface_and_curves(blobs, rng, tmp_path):
    volume = np.kron(rng.integers(0, 2, (6, 6, 6)), np.ones((8, 8, 8))).astype(np.uint8)
    reference = Reference(blobs, voxel_size=0.5, unit="um")
    figure = reconstruction_figure(volume, reference, validate(volume, reference), target=0.3)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0].startswith("reference, porosity")
    assert titles[4] == f"porosity {volume.mean():.3f} (target 0.300)"
    assert figure.axes[5].get_xlabel() == "r (µm)"
    assert_array_equal(figure.axes[2].images[0].get_array(), volume[:, 24])
    save_figure(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_where_there_is_no_surface_the_box_is_drawn():
    axes = Figure().add_subplot()
    draw_surface(axes, np.zeros((16, 16, 16), bool))
    assert len(axes.collections) == 0
    assert len(axes.lines) == 12


def test_a_thin_volume_has_a_surface():
    inside = np.zeros((4, 320, 320), bool)
    inside[:, :160] = True
    triangles = np.array([path.vertices for path in drawn(inside).get_paths()])
    corners = np.array(list(np.ndindex(2, 2, 2))) * (4, 160, 320)
    seen = corners @ np.array([[0, -1, 1], [-2, -1, -1]]).T / np.sqrt([2, 6])
    assert_allclose(triangles.min(axis=(0, 1)), seen.min(axis=0), atol=8)
    assert_allclose(triangles.max(axis=(0, 1)), seen.max(axis=0), atol=8)


@pytest.mark.parametrize("empty", ["middle", "thin"])
def test_volumes_without_a_surface_to_show_are_reported(blobs, rng, empty):
    volume = np.kron(rng.integers(0, 2, (2, 10, 10)), np.ones((2, 10, 10))).astype(np.uint8)
    if empty == "middle":
        volume = np.pad(np.zeros((110, 110, 110), np.uint8), 5, constant_values=1)
    reference = Reference(blobs)
    report = validate(volume, reference)
    assert "<img" in report_html(report)
    pictures = [axes.images[0].get_array().shape for axes in sections_figure(report).axes if axes.images]
    assert pictures[0] == (64, 64)  # all of the reference, however thin the volume
    figure = reconstruction_figure(volume, reference, report)
    assert figure.axes[0].images[0].get_array().shape == (64, 64)


def test_a_section_is_pictured_beside_its_reference(blobs, tmp_path):
    reference = Reference(blobs)
    figure = reconstruction_figure(blobs.T, reference, validate(blobs.T, reference), target=0.3)
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 0, 0]
    assert_array_equal(figure.axes[1].images[0].get_array(), blobs.T)
    assert figure.axes[1].get_title() == f"porosity {blobs.mean():.3f} (target 0.300)"
    save_figure(figure, tmp_path / "figure.png")


def lines(axes):
    return {line.get_label(): line.get_xydata().T for line in axes.lines}


def test_curves_are_those_of_the_report_and_their_origin(report):
    whole, origin, *_ = correlation_figure(report).axes
    mean = next(data for label, data in lines(whole).items() if label.startswith("mean of realisations"))
    assert_allclose(mean, [report.two_point.distance, report.two_point.mean])
    assert_allclose(lines(whole)["reference"][1], report.two_point.reference.values)
    assert_allclose(lines(origin)["reference"][1], report.two_point.reference.values[:9])


def test_every_other_curve_is_drawn(report):
    figure = distribution_figure(report)
    assert [axes.get_title() for axes in figure.axes] == [
        report.curves[key].name for key in ("autocovariance", "chord_lengths", "two_point_cluster", "pore_sizes")
    ]


def test_sections_have_one_magnification(report, blobs):
    pictures = [axes.images[0].get_array() for axes in sections_figure(report).axes if axes.images]
    assert {picture.shape for picture in pictures} == {(12, 12)}
    assert_array_equal(pictures[0], blobs[26:38, 26:38].astype(bool))
    assert len(pictures) == 1 + 2 * 3


def test_a_reference_with_three_directions_shows_three_sections(rng):
    volume = rng.integers(0, 2, (16, 16, 16))
    titles = [axes.get_title() for axes in sections_figure(validate(volume, Reference(volume))).axes]
    assert titles[:3] == ["reference, section 1", "reference, section 2", "reference, section 3"]


def test_transport_has_a_dot_for_each_realisation_and_axis(report):
    left, right = transport_figure(report).axes
    dots = np.concatenate([line.get_ydata() for line in left.lines if line.get_marker() in "os"])
    values = np.concatenate([[*q.by_axis, q.value] for q in report.quantities["conductivity"].realisations])
    assert_allclose(dots, values)
    blocked = [text.get_text() for text in right.texts]  # the slit leads along z and x, the other volume nowhere
    assert [int(text.split(" of 2\nnot percolating")[0]) for text in blocked] == [1, 2, 1]


def test_fields_are_drawn_and_no_flow_is_said(report):
    panels = field_figure(report).axes
    assert_allclose(panels[0].images[0].get_array(), report.transport[0].temperature.values)
    assert panels[1].get_title() == "realisation 1: velocity, gradient along z"
    assert panels[3].texts[0].get_text().startswith("no flow")


def test_without_physics_there_is_no_transport_to_draw(blobs):
    plain = validate(blobs, Reference(blobs))
    assert [plate.name for plate in report_figures(plain)] == ["sections", "correlation", "distributions"]
    for draw in (transport_figure, field_figure):
        with pytest.raises(ValueError, match="must contain physics"):
            draw(plain)


class Page(HTMLParser):
    """What a page holds: text of the cells, sources of pictures, and whether every tag is closed."""

    VOID = ("meta", "img")

    def __init__(self, text):
        super().__init__()
        self.cells, self.sources, self.open, self.references = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.references += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells.append(data)


@pytest.fixture(scope="module")
def html(report, tmp_path_factory):
    """The page of `report`, as it is saved."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    save_report(report, path)
    return path.read_text(encoding="utf-8")


def test_page_stands_alone_and_holds_the_numbers(report, html):
    page = Page(html)
    assert page.open == []
    assert len(page.references) == 5
    assert all(re.match(r"data:image/(png|svg\+xml);base64,", reference) for reference in page.references)
    assert not re.search(r"https?://|url\(|@import|<script|<link", html)
    assert len(html) < 3_000_000
    for quantity in report.quantities.values():
        assert format_with_error(quantity.mean, quantity.spread) in page.cells
    assert "0, not percolating" in page.cells
    assert "1/µm³" in page.cells


def test_pictures_in_the_page_are_whole(html):
    for reference in Page(html).references:
        kind, data = reference.split(";base64,")
        content = b64decode(data)
        if kind.endswith("png"):
            assert content.startswith(b"\x89PNG")
            assert content.endswith(b"IEND\xaeB`\x82")
        else:
            assert content.rstrip().endswith(b"</svg>")


def test_notes_are_escaped(report, blobs):
    page = report_html(validate(blobs, Reference(blobs, unit="<b>")))
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_plates_are_saved_as_png_and_svg(report, tmp_path):
    files = save_figures(report, tmp_path / "figures", dpi=50)
    assert {file.name for file in files} == {
        f"{name}.{ending}"
        for name in ("sections", "correlation", "distributions", "transport", "fields")
        for ending in ("png", "svg")
    }
    assert all(1000 < file.stat().st_size < 3_000_000 for file in files)


def test_the_ending_says_the_format(report, tmp_path):
    for ending in ("json", "csv"):
        save_report(report, tmp_path / f"report.{ending}")
        assert (tmp_path / f"report.{ending}").stat().st_size > 1000
    with pytest.raises(ValueError, match=r"must end in \.html, \.json or \.csv"):
        save_report(report, tmp_path / "report.pdf")
