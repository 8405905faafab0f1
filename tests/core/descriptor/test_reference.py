from dataclasses import replace
from io import BytesIO

import dask.array as da
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image
from scipy.ndimage import gaussian_filter, label

from napari_swnn import Reference
from napari_swnn._phases import MOST_PHASES
from napari_swnn.core.descriptor import ReferenceWarning
from napari_swnn.core.descriptor.autocovariance import correlation_length


def test_one_section_serves_every_direction(blobs):
    reference = Reference(blobs)
    assert len(reference.directions) == 1
    assert reference.direction(0) is reference.direction(2)
    assert reference.porosity == blobs.mean()


def test_volume_gives_the_sections_normal_to_each_axis(rng):
    volume = rng.integers(0, 2, (4, 5, 6))
    reference = Reference(volume)
    assert [len(sections) for sections in reference.directions] == [4, 5, 6]
    assert_array_equal(reference.direction(1)[3].image, volume[:, 3] == 1)


def test_list_is_several_sections_of_an_isotropic_material(blobs):
    reference = Reference([blobs, 1 - blobs[:40]])
    assert len(reference.directions) == 1
    assert len(reference.sections) == 2
    assert reference.porosity == pytest.approx((blobs.sum() + (1 - blobs[:40]).sum()) / (blobs.size + blobs[:40].size))


def test_only_the_region_of_interest_counts(blobs):
    roi = np.zeros(blobs.shape, bool)
    roi[:, :32] = True
    assert Reference(blobs, roi=roi).porosity == blobs[:, :32].mean()


@pytest.mark.parametrize(
    ("values", "phase", "resolved", "background"),
    [((3, 7), 7, 7, 3), ((0, 255), None, 255, 0), ((1, 2), None, 1, 2), ((-1, 4), None, 4, -1), ((0, 1), 0, 0, 1)],
)
def test_background_of_two_phases_is_the_other_one(rng, values, phase, resolved, background):
    reference = Reference(rng.choice(values, (20, 20)), phase=phase)
    assert (reference.phase, reference.background) == (resolved, background)
    assert reference.remarks == ()


@pytest.mark.parametrize(("phase", "phases"), [(None, (1, 0, 2)), (2, (2, 0, 1)), (0, (0, 1, 2))])
def test_each_of_three_labels_is_a_phase_and_the_phase_of_interest_comes_first(rng, phase, phases):
    labels = rng.choice(3, (20, 20))
    reference = Reference(labels, phase=phase)
    assert (reference.phase, reference.phases, reference.background) == (phases[0], phases, None)
    assert reference.n_channels == 3
    assert reference.fractions == {label: np.mean(labels == label) for label in phases}
    assert_array_equal(np.array(phases)[reference.sections[0].positions], labels)


def test_other_labels_become_a_background_that_is_no_label_of_the_image_on_request(rng):
    labels = rng.choice(3, (20, 20))
    reference = Reference(labels, phase=2, merge=True)
    assert (reference.phases, reference.background, reference.n_channels) == ((2, 3), 3, 1)
    assert_array_equal(reference.labels, np.where(labels == 2, 2, 3))
    assert replace(reference, unit="um").phases == (2, 3)


def test_section_without_one_of_the_phases_keeps_the_channels_of_the_others(rng):
    full = rng.choice(3, (20, 20))
    reference = Reference([full, np.where(full == 2, 0, full)])
    assert reference.phases == (1, 0, 2)
    assert [section.indicators(3).sum(axis=(1, 2))[2] for section in reference.sections] == [np.sum(full == 2), 0]


def test_names_belong_to_labels(rng):
    labels = rng.choice(3, (20, 20))
    names = {0: "NMC", 1: " pore ", 2: "binder"}
    assert Reference(labels, names=names).names == {1: "pore", 0: "NMC", 2: "binder"}
    assert Reference(labels, names=names, merge=True).names == {1: "pore", 3: "NMC + binder"}
    assert Reference(labels).names == {}


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        ({5: "pore"}, ValueError, r"labels of the image \(0, 1, 2\), got a name for 5"),
        ({1: ""}, ValueError, "name of label 1 must be a text of 1 to 60 characters"),
        ({1: "pore", 2: "pore"}, ValueError, "got 'pore' twice"),
        (["pore"], TypeError, "names must map labels to names"),
    ],
)
def test_names_without_a_phase_or_a_meaning_are_refused(rng, names, error, message):
    with pytest.raises(error, match=message):
        Reference(rng.choice(3, (20, 20)), names=names)


def test_fractions_of_the_choice_are_those_within_the_region_of_interest(blobs):
    roi = np.arange(blobs.shape[1]) < 32 + 0 * blobs
    reference = Reference(blobs, roi=roi)
    assert reference.choice.fractions == {0: 1 - reference.porosity, 1: reference.porosity}
    assert reference.choice.fraction == reference.porosity


def test_numbered_objects_are_taken_together_on_request(blobs):
    objects, n_objects = label(blobs)
    assert n_objects > MOST_PHASES
    with pytest.raises(ValueError, match="numbers of objects or grey levels"):
        Reference(objects)
    reference = Reference(objects, rest_of=0)
    assert reference.porosity == blobs.mean()
    assert_array_equal(reference.labels, blobs)
    assert (reference.phase, reference.background) == (1, 0)
    assert_array_equal(replace(reference, unit="um").labels, blobs)


def test_edges_of_a_jpeg_are_named(blobs):
    file = BytesIO()
    Image.fromarray(blobs.astype(np.uint8) * 255).save(file, "JPEG", quality=90)
    with pytest.raises(ValueError, match=r"grey levels between two phases, as JPEG.*threshold it"):
        Reference(np.asarray(Image.open(file)))


MASK = np.indices((24, 32)).sum(0) % 16 < 5


def _as_pillow_reads(mask):
    file = BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return np.asarray(Image.open(BytesIO(file.getvalue())))


@pytest.mark.parametrize(
    "write",
    [
        np.asarray,
        _as_pillow_reads,
        np.asfortranarray,
        lambda mask: mask.tolist(),
        lambda mask: np.ma.masked_array(mask, mask=False),
        lambda mask: da.from_array(mask, chunks=7),
        lambda mask: np.dstack([mask] * 3),
        lambda mask: np.stack([mask] * 3),
        lambda mask: np.dstack([mask, mask, mask, np.ones_like(mask)]),
        lambda mask: mask[None],
        lambda mask: mask[..., None],
        lambda mask: [mask],
        lambda mask: [np.dstack([mask] * 3)],
        *[
            lambda mask, dtype=dtype: mask.astype(dtype)
            for dtype in ("u1", "i1", ">u2", "<u2", "i4", ">i4", "i8", "u8", "f2", "f4", ">f4", "f8", ">f8")
        ],
    ],
)
@pytest.mark.parametrize("value", [1, 255])
def test_mask_is_the_same_reference_however_it_is_stored(write, value):
    stored = write(MASK)
    if value == 255 and isinstance(stored, np.ndarray) and stored.dtype.kind != "b" and stored.dtype != np.int8:
        stored = stored * np.asarray(value, stored.dtype)
    reference = Reference(stored)
    assert len(reference.sections) == 1
    assert_array_equal(reference.sections[0].image, MASK)


@pytest.mark.parametrize(
    "write",
    [
        np.asarray,
        _as_pillow_reads,
        lambda mask: mask.astype(np.uint8) * 255,
        lambda mask: mask.astype(">f4"),
        lambda mask: np.dstack([mask] * 3),
        lambda mask: mask.tolist(),
        lambda mask: da.from_array(mask),
    ],
)
def test_region_of_interest_is_the_same_however_it_is_stored(write, rng):
    labels = rng.integers(0, 2, MASK.shape)
    assert Reference(labels, roi=write(MASK)).porosity == labels[MASK].mean()


@pytest.mark.parametrize(("shape", "axis"), [((5, 40, 48), "z"), ((40, 5, 48), "y"), ((40, 48, 5), "x")])
def test_thin_volume_is_taken_with_a_warning_that_names_its_axis(rng, shape, axis):
    with pytest.warns(ReferenceWarning, match=rf"only 5 voxels deep along {axis}.*pass list\("):
        assert len(Reference(rng.integers(0, 2, shape)).directions) == 3


@pytest.mark.parametrize(
    ("labels", "options", "error", "message"),
    [
        (np.zeros((0, 4), int), {}, ValueError, "at least one pixel"),
        (np.ones((9, 9), int), {}, ValueError, "at least two phases, got the single value 1"),
        (np.eye(9, dtype=int), {"phase": 5}, ValueError, r"one of the values of labels \(0, 1\), got 5"),
        (np.eye(9) / 4, {}, TypeError, r"must hold integers.*grey levels from 0 to 0.25 \(float64\)"),
        (np.full((9, 9), np.nan), {}, ValueError, r"finite, got 81 values.*roi=np.isfinite\(labels\)"),
        (np.diag([1, np.inf, 1]), {}, ValueError, "finite, got 1 values"),
        (np.eye(9, dtype=object), {}, TypeError, "got objects"),
        (np.eye(9).astype(str), {}, TypeError, "must hold integers"),
        (np.eye(9, dtype=complex), {}, TypeError, "got complex128"),
        ("section.tif", {}, TypeError, "the text 'section.tif'; read a file"),
        ([[0, 1], [0]], {}, ValueError, "parts of different shapes"),
        (np.ma.masked_equal(np.eye(9, dtype=int), 1), {}, ValueError, "masked pixels, got 9.*roi=~labels.mask"),
        (da.ma.masked_equal(da.from_array(np.eye(9, dtype=int)), 1), {}, ValueError, "masked pixels, got 9"),
        (np.eye(9, dtype=int), {"phase": "1"}, ValueError, "phase must be a whole number, got '1'"),
        ([np.eye(9, dtype=int), np.ones((2, 9, 9), int)], {}, ValueError, r"labels\[1\] must be 2-D"),
        (np.indices((20, 20, 3)).sum(0) % 2, {}, ValueError, r"one channel.*along axis 2"),
        (np.eye(9, dtype=int), {"roi": np.full((9, 9), np.nan)}, ValueError, "roi must say for every pixel.*NaN"),
        (np.eye(9, dtype=int), {"roi": np.ma.masked_equal(np.eye(9), 1)}, ValueError, "roi must not have masked"),
        (np.eye(9, dtype=int), {"rest_of": 5}, ValueError, r"rest_of must be one of the values of labels \(0, 1\)"),
        (np.eye(9, dtype=int), {"rest_of": 0, "phase": 1}, ValueError, "must not both be given"),
        (np.eye(9, dtype=np.uint64) * 2**40, {}, ValueError, "each label must be a whole number of at most"),
        (np.ones(9, int), {}, ValueError, r"2-D or 3-D, got an array of shape \(9,\)"),
        (np.eye(9, dtype=int), {"roi": np.ones((8, 9))}, ValueError, "roi must have the shape of labels"),
        (np.eye(9, dtype=int), {"roi": np.zeros((9, 9))}, ValueError, "roi must hold at least one pixel"),
        (np.eye(9, dtype=int), {"phase": 1.5}, ValueError, "phase must be a whole number"),
        ([np.eye(9, dtype=int)] * 2, {"roi": np.ones((9, 9))}, ValueError, "one region for each of the 2 sections"),
        (np.eye(9, dtype=int), {"voxel_size": 0}, ValueError, r"voxel_size must lie in \(0, inf\), got 0"),
        (np.eye(9, dtype=int), {"voxel_size": float("nan")}, ValueError, "voxel_size must lie in"),
    ],
)
def test_bad_input_is_refused(labels, options, error, message):
    with pytest.raises(error, match=message):
        Reference(labels, **options)


def test_phase_must_be_present_inside_the_region_of_interest():
    labels = np.zeros((10, 10), int)
    labels[:, 5:] = 1
    with pytest.raises(ValueError, match="single value 0"):
        Reference(labels, roi=labels == 0)


def test_correlation_length_of_stripes_is_a_known_fraction_of_their_width():
    # The normalised autocovariance of stripes of width w falls linearly along their normal, from 1 at 0 to -1 at w,
    # and stays 1 along them: the mean of both axes crosses 1/e where 1 - r/w = 1/e.
    stripes = np.tile(np.repeat([0, 1], 16), (256, 8))
    assert correlation_length(Reference(stripes)) == pytest.approx(16 * (1 - np.exp(-1)), rel=0.05)


def test_correlation_length_does_not_see_outside_the_region_of_interest(blobs):
    framed = np.pad(blobs, 30, constant_values=1)
    roi = np.pad(np.ones(blobs.shape, bool), 30)
    expected = correlation_length(Reference(blobs))
    assert correlation_length(Reference(framed, roi=roi)) == pytest.approx(expected, rel=1e-3)


def smooth(rng, shape, sigma):
    return gaussian_filter(rng.normal(size=shape), sigma, mode="wrap") < 0


def test_layers_of_one_voxel_are_no_stack_of_sections(rng):
    volume = np.zeros((32, 32, 32), int)
    volume[rng.random(32) < 0.4] = 1
    assert Reference(volume).remarks == ()


@pytest.mark.parametrize(("axis", "name"), [*enumerate("zyx")])
def test_stack_of_separate_sections_is_taken_with_a_warning_that_names_its_axis(rng, axis, name):
    sections = np.stack([smooth(rng, (40, 48), 3) for _ in range(24)], axis)
    with pytest.warns(ReferenceWarning, match=f"unrelated planes along {name}"):
        Reference(sections)


@pytest.mark.parametrize("sigma", [0, 1, 3, (1, 3, 3)])
def test_volume_is_taken_without_a_warning(rng, sigma):
    assert Reference(smooth(rng, (24, 32, 40), sigma)).remarks == ()


def test_time_series_is_refused(rng):
    with pytest.raises(ValueError, match="pick one channel, section or point of time"):
        Reference(rng.integers(0, 2, (5, 20, 24, 28)))


def test_sections_that_number_their_phases_differently_are_refused(blobs):
    with pytest.raises(ValueError, match=r"the same in all sections, got 0, 255 in labels\[1\] without phase 1"):
        Reference([blobs, 255 * blobs])
    assert Reference([blobs, 255 * blobs], phase=1).fractions[255] == pytest.approx(blobs.mean() / 2)
    assert len(Reference([blobs, np.zeros_like(blobs)]).sections) == 2  # a field of view without pores


def test_sections_may_come_from_a_generator(blobs):
    assert len(Reference(section for section in (blobs, 1 - blobs)).sections) == 2


def test_none_in_a_list_of_regions_is_the_whole_section(blobs):
    reference = Reference([blobs, blobs], roi=[None, np.eye(*blobs.shape)])
    assert [section.inside.sum() for section in reference.sections] == [blobs.size, min(blobs.shape)]


def test_a_region_with_a_single_phase_is_named(blobs):
    with pytest.raises(ValueError, match="labels within roi must hold at least two phases, got the single value 1"):
        Reference(blobs, roi=blobs)


@pytest.mark.parametrize("convert", [float, np.float32, np.int8, bool, np.bool_])
def test_a_phase_may_have_the_type_of_the_values_of_an_image(blobs, convert):
    phase = Reference(blobs, phase=convert(1)).phase
    assert (phase, type(phase)) == (1, int)


@pytest.mark.parametrize(("size", "unit"), [(np.array(0.5), "um"), (np.float32(0.5), "Micron"), (0.5, "µm/px")])
def test_a_voxel_size_may_come_from_metadata(blobs, size, unit):
    assert Reference(blobs, voxel_size=size, unit=unit).voxel.metres == pytest.approx(0.5e-6)


def test_no_unit_is_that_of_voxels(blobs):
    assert Reference(blobs, unit=None).voxel == Reference(blobs).voxel
