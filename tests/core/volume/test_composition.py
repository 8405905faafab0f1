"""Compositions: each voxel is that of its part, whatever the window, the store and the orientation."""

import pickle
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_swnn import BorderProfile, Composition, GeneratedRegions, Part, PorosityMap, compose, compose_lazy, generate
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.volume.border_profile import border_distances
from napari_swnn.core.volume.describe_composition import describe_composition
from napari_swnn.core.volume.part_frame import PartFrame

SHAPE = (20, 30, 70)


@pytest.fixture(scope="module")
def regions(rng_of_module):
    """Three regions of 7 x 6 x 8 cells."""
    return rng_of_module.integers(0, 3, (7, 6, 8)).astype(np.uint8)


@pytest.fixture(scope="module")
def rng_of_module():
    return np.random.default_rng(3)


def stretched(regions, shape=SHAPE):
    """Take the nearest entry for each voxel."""
    places = (((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(shape, regions.shape, strict=True))
    return regions[np.ix_(*places)]


def test_each_voxel_is_that_of_its_part(fixed_model, plain_model, regions):
    parts = {0: 7, 1: Part(fixed_model, seed=4), 2: Part(plain_model, seed=5, labels={0: 3})}
    volume = compose(parts, SHAPE, regions=regions)
    where = stretched(regions)
    assert (volume[where == 0] == 7).all()
    assert_array_equal(volume[where == 1], generate(fixed_model, SHAPE, seed=4)[where == 1])
    other = generate(plain_model, SHAPE, seed=5)[where == 2]
    assert_array_equal(volume[where == 2], np.where(other == 0, 3, other))


def test_windows_and_stores_hold_the_same_voxels(fixed_model, plain_model, regions, tmp_path):
    parts = {0: fixed_model, 1: Part(plain_model, angle=30, axis=1), 2: Part(fixed_model, axes=(2, 0, 1))}
    volume = compose(parts, SHAPE, regions=regions, seed=1)
    lazy = compose_lazy(parts, SHAPE, regions=da.from_array(regions, chunks=3), seed=1, chunks=24)
    assert_array_equal(lazy[5:19, 20:, 3:70:2], volume[5:19, 20:, 3:70:2])
    described = describe_composition(Composition(parts, SHAPE, regions=regions, seed=1))
    assert_array_equal(pickle.loads(pickle.dumps(described))[19], volume[19])
    assert (compose(parts, SHAPE, regions=regions, seed=2) != volume).any()


def test_parts_of_one_model_differ_between_regions(fixed_model):
    halves = np.array([[[0]], [[1]]])
    volume = compose({0: fixed_model, 1: fixed_model}, (40, 20, 20), regions=halves)
    assert (volume[:20] != volume[20:]).any()
    whole = generate(fixed_model, (40, 20, 20), seed=9)
    same = {region: Part(fixed_model, seed=9) for region in (0, 1)}
    assert_array_equal(compose(same, (40, 20, 20), regions=halves), whole)


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_exchanged_axes_are_a_transposition(plain_model, axes):
    shape = (20, 30, 70)
    turned = compose({0: Part(plain_model, axes=axes, seed=2)}, shape, regions=np.zeros((1, 1, 1), int))
    own = [0, 0, 0]
    for extent, axis in zip(shape, axes, strict=True):
        own[axis] = extent
    assert_array_equal(turned, generate(plain_model, tuple(own), seed=2).transpose(axes))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_quarter_turns_are_exact(plain_model, axis):
    plane = tuple(a for a in range(3) if a != axis)
    turned = compose({0: Part(plain_model, angle=90, axis=axis, seed=2)}, (24,) * 3, regions=np.zeros((1, 1, 1), int))
    volume = describe_composition(
        Composition({0: Part(plain_model, seed=2)}, (24,) * 3, regions=np.zeros((1, 1, 1), int))
    )
    start = [0, 0, 0]
    start[plane[1]] = -24
    window = Window(tuple(start), tuple(a + 24 for a in start))
    assert_array_equal(turned, np.rot90(volume.window(window), 1, plane))


@pytest.mark.parametrize(
    "frame", [PartFrame((2, 0, 1), 37.0, 1), PartFrame((1, 0, 2), -90.0, 2), PartFrame((1, 0), 180.0)]
)
def test_positions_there_and_back(frame):
    n = len(frame.axes)
    window = Window((-3,) * n, (9,) * n)
    there = [np.broadcast_to(p, window.shape) for p in frame.positions_in_part(window)]
    box = Window(tuple(int(p.min()) for p in there), tuple(int(p.max()) + 1 for p in there))
    back = [np.broadcast_to(p, box.shape) for p in frame.positions_in_volume(box)]
    entries = tuple(p - a for p, a in zip(there, box.start, strict=True))
    limit = 0 if frame.angle % 90 == 0 else 1
    for own, found in zip(np.indices(window.shape) - 3, back, strict=True):
        assert np.abs(found[entries] - own).max() <= limit


def test_rotated_lamellae_have_the_angle(plain_model):
    """A part whose noise varies along z only would be hard to make; the labels of a plane wave stand in for it."""
    frame = PartFrame((0, 1, 2), 30.0, 0)
    _, y, _x = np.broadcast_arrays(*frame.positions_in_part(Window((0, 0, 0), (1, 60, 60))))
    gradient = np.gradient(y[0].astype(float))
    assert np.degrees(np.arctan2(gradient[1].mean(), gradient[0].mean())) == pytest.approx(30, abs=0.5)


def test_generated_regions_are_those_of_their_model(fixed_model, plain_model):
    grains = GeneratedRegions(plain_model, scale=4, seed=3)
    volume = compose({0: 5, 1: Part(fixed_model, seed=1)}, (24, 28, 30), regions=grains)
    where = generate(plain_model, (6, 7, 8), seed=3).repeat(4, 0).repeat(4, 1).repeat(4, 2)[:, :, :30]
    assert_array_equal(volume == 5, where == 0)
    assert_array_equal(volume[where == 1], generate(fixed_model, (24, 28, 30), seed=1)[where == 1])


def test_periodic_compositions_repeat(fixed_model, plain_model):
    regions = np.arange(8).reshape(2, 2, 2) % 2
    parts = {0: Part(fixed_model, axes=(1, 0, 2)), 1: fixed_model}
    volume = describe_composition(Composition(parts, (64, 32, 32), regions=regions, periodic=True))
    assert_array_equal(volume.window(Window((64, 0, 0), (128, 32, 32))), volume[:])
    with pytest.raises(ValueError, match="periodic must be False across the axis of rotation"):
        compose({0: Part(fixed_model, angle=30), 1: 0}, (64, 32, 32), regions=regions, periodic=True)


def test_a_map_belongs_to_the_composition_whatever_the_orientation(range_model):
    shape = (64, 40, 40)
    ramp = PorosityMap.gradient(0.1, 0.3, axis=0)
    one = np.zeros((1, 1, 1), int)
    for part in (Part(range_model, porosity=ramp, axes=(2, 1, 0)), Part(range_model, porosity=ramp, angle=90, axis=1)):
        volume = compose({0: part}, shape, regions=one)
        assert volume[:20].mean() < volume[-20:].mean()
    even = Part(range_model, porosity=ramp, axes=(2, 1, 0), seed=3)
    along = generate(range_model, (40, 40, 64), seed=3, porosity=PorosityMap.gradient(0.1, 0.3, axis=2))
    assert_array_equal(compose({0: even}, shape, regions=one), along.transpose(2, 1, 0))


def test_a_border_profile_is_imposed_and_measured(range_model):
    halves = np.array([[[0]], [[1]]])
    profile = BorderProfile((0, 10, 12), (0.3, 0.3, 0.1))
    shape = (64, 64, 64)
    volume = compose({0: 0, 1: Part(range_model, porosity=profile)}, shape, regions=halves)
    assert volume[33:41].mean() > volume[50:].mean() + 0.05
    measured = BorderProfile.measure(volume, stretched(halves, shape), region=1, phase=1, width=14)
    assert measured.porosities[0] > measured.porosities[-1] + 0.05
    flat = BorderProfile((0, 5), (0.2, 0.2))
    same = compose({0: 0, 1: Part(range_model, porosity=flat, seed=1)}, shape, regions=halves)
    assert_array_equal(same[32:], generate(range_model, shape, seed=1, porosity=0.2)[32:])


def test_border_distances_are_those_to_a_plane():
    inside = np.zeros((9, 4, 4), bool)
    inside[4:] = True
    assert_array_equal(border_distances(inside)[:, 0, 0], [0, 0, 0, 0, 0.5, 1.5, 2.5, 3.5, 4.5])


def test_names_and_labels_of_all_parts(fixed_model, plain_model):
    named = replace(fixed_model, labels=PhaseLabels((1, 0), ("alpha", "beta")))
    regions = np.array([[[0, 1, 2]]])
    found = describe_composition(Composition({0: 9, 1: named, 2: plain_model}, (30,) * 3, regions=regions)).phase_labels
    assert found.phases == (1, 0, 9)
    assert found.named == {1: "alpha", 0: "beta"}
    other = replace(plain_model, labels=PhaseLabels((1, 0), ("pore", "")))
    with pytest.raises(ValueError, match="parts must give label 1 one name, got 'alpha' and"):
        compose({0: 9, 1: named, 2: other}, (30,) * 3, regions=regions)


def test_flat_compositions(flat_range_model):
    regions = np.array([[0, 1]])
    parts = {0: Part(flat_range_model, axes=(1, 0)), 1: Part(flat_range_model, angle=45)}
    volume = compose(parts, (100, 120), regions=regions)
    assert volume.shape == (100, 120)
    assert 0.05 < volume[:, 60:].mean() < 0.4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": {0: 1}}, "parts must contain at least one model"),
        ({"parts": {}}, "parts must map the labels of the regions to what fills them"),
        ({"parts": {0: "rock"}}, r"parts\[0\] must be a part, a model, or a label"),
        ({"regions": np.array([[[0, 3]]])}, "parts must fill every region, got none for 3"),
        ({"regions": np.zeros((0, 1, 1), int)}, "regions must hold at least one voxel"),
        ({"regions": np.zeros((2, 2, 2)) + 0.5}, "regions must hold"),
        ({"shape": (30, 30)}, r"shape must be 3 whole numbers for the model of parts\[0\]"),
        ({"shape": (10**5,) * 3}, "must fit into memory"),
        ({"seed": -1}, "seed must be a whole number"),
    ],
)
def test_invalid_compositions_are_refused_before_any_work(fixed_model, change, message):
    given = {"parts": {0: fixed_model}, "shape": (30,) * 3, "regions": np.zeros((1, 1, 1), int), **change}
    with pytest.raises((ValueError, TypeError), match=message):
        compose(**given)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axes": (0, 1, 1)}, "axes must hold each of 0, 1, 2 once"),
        ({"angle": float("nan")}, "angle must lie in"),
        ({"axis": 3}, "axis must be a whole number of at most 2"),
        ({"labels": {5: 1}}, "labels must name labels of the model"),
    ],
)
def test_invalid_parts_are_refused(fixed_model, change, message):
    with pytest.raises(ValueError, match=message):
        Part(fixed_model, **change)


def test_a_profile_needs_a_range(fixed_model):
    part = Part(fixed_model, porosity=BorderProfile((0, 5), (0.1, 0.2)))
    with pytest.raises(ValueError, match="a border profile needs a model for a range"):
        compose({0: part}, (30,) * 3, regions=np.zeros((1, 1, 1), int))


def test_regions_without_a_part_are_found_when_they_are_read(fixed_model):
    regions = da.from_array(np.array([[[0, 0, 0, 3]]]))
    lazy = compose_lazy({0: fixed_model}, (32, 32, 128), regions=regions)
    assert lazy[:, :, :64].compute().shape == (32, 32, 64)
    with pytest.raises(ValueError, match="parts must fill every region, got none for 3"):
        lazy[:, :, 64:].compute()


def test_voxel_sizes_must_agree(fixed_model, plain_model):
    other = replace(plain_model, voxel=replace(plain_model.voxel, value=2.0))
    with pytest.raises(ValueError, match="parts must have one voxel size"):
        compose({0: fixed_model, 1: other}, (30,) * 3, regions=np.array([[[0, 1]]]))
