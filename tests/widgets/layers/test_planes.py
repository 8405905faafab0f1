"""Sections of several directions: slots for the planes, and the verdict on the axes that they share."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_swnn.core.descriptor.direction_check import PLANES
from napari_swnn.widgets.layers.checked_reference import CheckedReference
from napari_swnn.widgets.layers.plane_choice import PlaneChoice
from napari_swnn.widgets.layers.plane_thumbnail import SIDE, draw_thumbnail
from napari_swnn.widgets.layers.snapshot import Snapshot
from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget

WIDTHS = {"z": 1.5, "y": 1.5, "x": 6}
"""Widths of the features of a material that is stretched along x."""


def stretched(plane, seed, side=192):
    grey = gaussian_filter(
        np.random.default_rng(seed).normal(size=(side, side)), [WIDTHS[axis] for axis in PLANES[plane]]
    )
    return (grey > np.quantile(grey, 0.7)).astype(np.uint8)


@pytest.fixture
def sections(model):
    return {plane: model.add_labels(stretched(plane, i), name=plane) for i, plane in enumerate(PLANES)}


def look(sections, *, turned=()):
    others = {plane: (sections[plane], plane in turned) for plane in ("xz", "yz")}
    return CheckedReference.look(Snapshot.take(sections["xy"], planes=PlaneChoice("xy", others=others)))


def test_sections_of_three_planes_agree(sections):
    found = look(sections)
    assert found.agreement.agrees
    reference = found.reference()
    assert [len(reference.direction(axis)) for axis in range(3)] == [1, 1, 1]
    np.testing.assert_array_equal(reference.direction(0)[0].image, sections["xy"].data == 1)
    np.testing.assert_array_equal(reference.direction(2)[0].image, sections["yz"].data == 1)


def test_the_share_of_a_section_is_its_own(sections):
    sections["xz"].data = np.where(stretched("xz", 3), 1, stretched("xz", 4))
    assert look(sections).shares["xy"] == pytest.approx(sections["xy"].data.mean())


def test_a_turned_section_is_found_and_turned_back(sections):
    sections["xz"].data = np.rot90(sections["xz"].data)
    assert look(sections).agreement.turns == (("xz",),)
    assert look(sections, turned=["xz"]).agreement.agrees


def test_planes_that_do_not_suffice_are_refused_beside_them(sections):
    choice = PlaneChoice("xy", others={"xz": (sections["xz"], False)}, symmetry_axis="x")
    found = CheckedReference.look(Snapshot.take(sections["xy"], planes=choice))
    assert found.problem.control == "planes"
    assert "add a section of yz" in str(found.problem)
    assert "symmetry_axis" not in str(found.problem)


def test_a_section_with_other_pixels_is_refused(sections):
    sections["xz"].scale = (2, 2)
    with pytest.raises(ValueError, match="The pixels of “xz”"):
        look(sections)


@pytest.mark.parametrize("turned", [False, True])
def test_a_thumbnail_shows_the_section_the_right_way_round(model, qtbot, turned):
    labels = np.zeros((40, 80), np.uint8)
    labels[:, :20] = 1  # the left edge
    layer = model.add_labels(labels, colormap={1: "red", 0: "blue", None: "transparent"})
    image = draw_thumbnail(layer, ("y", "x"), turned=turned, dark=True).toImage()
    left, bottom = image.pixelColor(18, 24), image.pixelColor(24, SIDE - 5)
    assert (left.red() > 128) is not turned
    assert (bottom.red() > 128) is turned  # a turn by 90 degrees takes the left edge to the bottom


@pytest.fixture
def panel(beside, impatient):
    return beside(ReconstructionWidget)


def test_the_panel_leads_from_one_plane_to_three(panel, sections, user):
    source = panel.settings.source
    source.reference.choose(sections["xy"])
    user.waits_for(lambda: panel.session.checks.findings is not None)
    assert "isotropic" in source.planes.plane.currentText()
    user.choose(source.planes.plane, "xy")
    for plane in ("xz", "yz"):
        source.planes.slots[plane].layer.choose(sections[plane])
    user.waits_for(lambda: panel.session.checks.findings is not None)
    assert source.planes.verdict.text().count("✓") == 3
    assert len(panel.session.checks.findings.analysis.reference.directions) == 3
    source.planes.slots["xz"].turn.setChecked(True)
    user.waits_for(lambda: panel.session.checks.findings is not None)
    assert "Turning xz by 90°" in source.planes.problem.text()
    user.clicks(source.planes.turn_button)
    user.waits_for(lambda: panel.session.checks.findings is not None)
    assert source.planes.problem.isHidden()
    user.choose(source.planes.plane, None)
    user.waits_for(lambda: panel.session.checks.findings is not None)
    assert panel.session.checks.findings.analysis.reference.orientation is None


def test_what_is_hidden_has_no_effect(panel, model, sections, user):
    source = panel.settings.source
    source.reference.choose(sections["xy"])
    user.choose(source.planes.plane, "xy")
    source.planes.slots["xz"].layer.choose(sections["xz"])
    user.choose(source.planes.symmetry, "x")
    assert source.planes.value.symmetry_axis == "x"
    source.planes.slots["yz"].layer.choose(sections["yz"])
    assert source.planes.symmetry.isHidden()
    assert source.planes.value.symmetry_axis is None
    source.reference.choose(model.add_labels(np.stack([sections["xy"].data] * 8)))
    assert source.planes.isHidden()
    assert source.planes.value.own == ""
