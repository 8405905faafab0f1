"""Sections by plane: which describes which direction, what a missing one is taken from, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.ndimage import gaussian_filter

from napari_swnn import Reference
from napari_swnn.core.descriptor import ReferenceWarning
from napari_swnn.core.descriptor.axis_lengths import axis_lengths


def plane(rng, sigmas, shape=(96, 80)):
    """A level set with the given lengths along rows and columns of the image, (6, 2) for upright features."""
    return (gaussian_filter(rng.standard_normal(shape), sigmas, mode="wrap") > 0).astype(np.uint8)


@pytest.fixture
def stretched(rng):
    """Sections of a material stretched along z."""
    return {"xy": plane(rng, (2, 2)), "xz": plane(rng, (6, 2)), "yz": plane(rng, (6, 2))}


def images(reference, axis):
    return [section.image for section in reference.direction(axis)]


def test_each_plane_describes_its_own_direction(stretched):
    reference = Reference(**stretched)
    for axis, name in enumerate(("xy", "xz", "yz")):
        assert_array_equal(images(reference, axis), [stretched[name] == 1])
    assert reference.remarks == ()
    assert reference.assumption == ""
    assert len(reference.sections) == 3
    assert reference.porosity == pytest.approx(np.mean([image.mean() for image in stretched.values()]))


def test_planes_can_be_keyed_by_their_normals(stretched):
    by_normal = Reference({"x": stretched["yz"], "z": stretched["xy"], "y": [stretched["xz"]] * 2})
    assert [len(direction) for direction in by_normal.directions] == [1, 2, 1]
    assert_array_equal(images(by_normal, 2), [stretched["yz"] == 1])
    assert set(by_normal.labels) == {"xy", "xz", "yz"}


@pytest.mark.parametrize(
    ("axis", "across", "along", "taken", "transposed"),
    [
        ("z", "xy", "xz", "yz", False),
        ("z", "xy", "yz", "xz", False),
        ("y", "xz", "xy", "yz", True),
        ("y", "xz", "yz", "xy", True),
        ("x", "yz", "xy", "xz", False),
        ("x", "yz", "xz", "xy", False),
    ],
)
def test_the_plane_that_is_missing_about_an_axis_is_the_one_along_it(rng, axis, across, along, taken, transposed):
    axes = {"xy": "yx", "xz": "zx", "yz": "zy"}
    sigmas = dict.fromkeys("zyx", 2) | {axis: 6}
    planes = {name: plane(rng, [sigmas[letter] for letter in axes[name]]) for name in (across, along)}
    reference = Reference(planes, symmetry_axis=axis)
    own = planes[along].T if transposed else planes[along]
    assert_array_equal(images(reference, ("xy", "xz", "yz").index(taken)), [own == 1])
    assert reference.remarks == ()
    assert f"{taken} is taken from {along}" in reference.assumption
    assert len(reference.sections) == 2  # a section counts once for the porosity
    lengths = dict(zip("zyx", axis_lengths(reference), strict=True))
    assert lengths.pop(axis) > 2 * max(lengths.values())


def test_the_axis_of_symmetry_is_found_from_two_planes(stretched):
    reference = Reference(xy=stretched["xy"], xz=stretched["xz"])
    assert reference.symmetry_axis == "z"
    assert reference.assumption == "yz is taken from xz: xy looks the same along y and x"
    assert_array_equal(images(reference, 2), [stretched["xz"] == 1])


def test_two_planes_without_a_difference_stand_for_the_third_together(rng):
    reference = Reference(xy=plane(rng, (3, 3)), yz=plane(rng, (3, 3)))
    assert [len(direction) for direction in reference.directions] == [1, 2, 1]
    assert "which look the same along their axes" in reference.assumption


def test_two_planes_that_leave_the_third_open_are_refused(stretched):
    with pytest.raises(ValueError, match=r"what xy looks like.*pass xy, or symmetry_axis"):
        Reference(xz=stretched["xz"], yz=stretched["yz"])


def test_one_plane_stands_for_all_and_says_so(blobs):
    reference = Reference(xz=blobs)
    assert len(reference.directions) == 1
    assert reference.assumption == "only xz is given: the material is taken to be isotropic"
    assert "isotropic" in Reference(blobs).assumption
    assert "2 sections" in Reference([blobs, blobs]).assumption
    assert Reference(np.stack([blobs] * 20)[:, :20, :20]).assumption == ""


def test_all_planes_about_an_axis_share_their_sections(stretched):
    reference = Reference(**stretched, symmetry_axis="z")
    assert [len(direction) for direction in reference.directions] == [1, 2, 2]
    assert_array_equal(images(reference, 2)[0], stretched["yz"] == 1)
    assert len(reference.sections) == 3


def test_a_turned_section_is_a_remark_with_the_turn(stretched):
    with pytest.warns(ReferenceWarning) as caught:
        reference = Reference(stretched | {"xz": np.rot90(stretched["xz"])})
    assert any("turning xz by 90°" in str(warning.message) for warning in caught)
    assert reference.remarks == reference.orientation.check.remarks


def test_regions_of_interest_are_given_by_plane(stretched):
    inside = np.zeros(stretched["xz"].shape, bool)
    inside[:, :50] = True
    reference = Reference(**stretched, roi={"xz": inside})
    assert_array_equal(reference.direction(1)[0].inside, inside)
    assert reference.direction(0)[0].inside.all()
    assert_array_equal(reference.roi["xz"], inside)
    assert Reference(**stretched, roi={"y": inside}).porosity == reference.porosity


def test_a_reference_by_plane_can_be_replaced_with_another_unit(stretched):
    reference = Reference(xy=stretched["xy"], yz=stretched["yz"], voxel_size=0.5, unit="um")
    other = replace(reference, unit="nm")
    assert other.symmetry_axis == "z"
    assert [len(direction) for direction in other.directions] == [1, 1, 1]
    assert_array_equal(images(other, 1), images(reference, 1))


def test_planes_may_lack_a_phase(rng):
    full = rng.choice(3, (40, 40))
    with pytest.warns(ReferenceWarning, match="disagree: the fraction of phase 2") as caught:
        reference = Reference(xy=full, xz=np.where(full == 2, 0, full), yz=full)
    assert reference.phases == (1, 0, 2)
    assert reference.direction(1)[0].positions.max() == 1
    assert [str(warning.message)[:10] for warning in caught] == ["xy and xz ", "xz and yz "]


@pytest.mark.filterwarnings("ignore::napari_swnn.core.descriptor.ReferenceWarning")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "labels must be given, got None"),
        ({"labels": 0, "xy": 0}, "both labels and xy"),
        ({"labels": {"zx": 0}}, "for the planes xy, xz and yz, or for their normals"),
        ({"labels": {"xy": 0, "z": 0}}, "each plane once, got xy and its normal z"),
        ({"labels": {"xy": None}}, "at least one plane, got none"),
        ({"xy": 0, "roi": np.ones((64, 64))}, "roi must be a mapping"),
        ({"xy": 0, "roi": {"xz": np.ones((64, 64))}}, "planes with sections, got one for xz"),
        ({"xy": 0, "roi": {"xy": np.ones((3, 3))}}, "roi of xy"),
        ({"xy": 0, "roi": {"xy": np.zeros((64, 64))}}, "roi of xy must hold at least one pixel"),
        ({"xy": 0, "symmetry_axis": "z"}, "needs a section across z .xy. and one along it .xz or yz., got xy"),
        ({"xy": 0, "xz": 0, "symmetry_axis": "x"}, "needs a section across x .yz."),
        ({"xy": 0, "xz": 0, "symmetry_axis": "w"}, "symmetry_axis must be one of z, y, x, got 'w'"),
        ({"labels": 0, "symmetry_axis": "z"}, "must come with sections by plane"),
        ({"xy": 0, "voxel_size": {"xy": 0.5, "xz": 1.0}}, "one number for all sections.*resample"),
        ({"labels": 0, "voxel_size": (1.0, 0.5)}, "one number for all sections.*resample"),
    ],
)
def test_what_cannot_be_arranged_is_refused(blobs, given, message):
    def fill(value):
        if isinstance(value, dict):
            return {key: fill(each) for key, each in value.items()}
        return blobs if isinstance(value, int) else value

    with pytest.raises(ValueError, match=message):
        Reference(**{key: fill(value) for key, value in given.items()})


def test_a_plane_is_a_section_or_a_list_of_them(blobs):
    with pytest.raises(ValueError, match="xz must be 2-D"):
        Reference(xy=blobs, xz=np.stack([blobs] * 20))
    with pytest.raises(ValueError, match=r"got 0, 255 in xz\[1\] without phase 1"):
        Reference(xy=blobs, xz=[blobs, blobs * 255], yz=blobs)
