import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from napari_swnn import ConstraintSpec, Model, constrain, estimate_constraint, generate, generate_lazy, iter_constrain
from napari_swnn._steps import drain

SHAPE = (24, 14, 12)
PLANE = 9


def constrained(model, n_iterations=4, **known):
    return drain(iter_constrain(model, ConstraintSpec(seed=3, n_iterations=n_iterations, **known)))


@pytest.fixture(scope="module")
def section(fixed_model):
    return generate(fixed_model, SHAPE, seed=8)[12]


@pytest.fixture(scope="module")
def through(fixed_model, section):
    return constrained(fixed_model, through={"z": (PLANE, section)})


@pytest.mark.parametrize("name", ["fixed_model", "range_model", "three_phase_model", "box_model"])
def test_every_volume_passes_through_the_section(name, request):
    model = request.getfixturevalue(name)
    section = generate(model, SHAPE, seed=8)[:, 5]
    fitted = constrained(model, n_iterations=120, through={"y": (4, section)})
    for seed in (3, 4):
        assert_array_equal(generate(fitted, SHAPE, seed=seed)[:, 4], section)
    found = fitted.provenance["known_voxels"]
    assert found["wrong_before_setting"] < found["wrong_at_first"]


def test_more_steps_leave_fewer_pixels_to_set(fixed_model, section):
    fitted = [constrained(fixed_model, n_iterations=n, through={"z": (PLANE, section)}) for n in (6, 240)]
    few, many = (model.provenance["known_voxels"]["wrong_before_setting"] for model in fitted)
    assert many < few


def test_voxels_beyond_the_reach_of_the_section_are_those_of_the_unconstrained_volume(through, fixed_model):
    shape = (64, *SHAPE[1:])
    free, fitted = (generate(model, shape, seed=3) for model in (fixed_model, through))
    changed = np.flatnonzero((free != fitted).any(axis=(1, 2)))
    reach = fixed_model.network.receptive_field + max(s.scale for s in fixed_model.network.stages)
    assert PLANE in changed
    assert np.abs(changed - PLANE).max() <= reach


def test_windows_and_shapes_never_show(through):
    whole = generate(through, (70, 20, 18), seed=5)
    assert_array_equal(generate(through, SHAPE, seed=5), whole[: SHAPE[0], : SHAPE[1], : SHAPE[2]])
    lazy = generate_lazy(through, whole.shape, seed=5, chunks=48)
    assert_array_equal(lazy[5:14, 3:30, 10:].compute(), whole[5:14, 3:30, 10:])


def test_a_saved_model_has_its_sections(through, section, tmp_path):
    through.save(tmp_path / "through.swnn")
    loaded = Model.load(tmp_path / "through.swnn")
    assert loaded.fingerprint() == through.fingerprint()
    for model in (loaded, pickle.loads(pickle.dumps(through))):
        assert_array_equal(generate(model, SHAPE, seed=1), generate(through, SHAPE, seed=1))


def test_a_damaged_overlay_is_refused(through, tmp_path):
    path = tmp_path / "through.swnn"
    through.save(path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    tensors["overlay.phases"] = torch.full_like(tensors["overlay.phases"], 2)
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(ValueError, match="changed since it was saved"):
        Model.load(path)
    del tensors["overlay.phases"]
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(ValueError, match="the settings need"):
        Model.load(path)


def test_the_same_call_gives_the_same_model(through, fixed_model, section):
    assert constrained(fixed_model, through={0: (PLANE, section)}).fingerprint() == through.fingerprint()


def test_an_exact_volume_passes_through_the_section(through, section):
    volume = generate(through, SHAPE, seed=3, exact=True)
    assert_array_equal(volume[PLANE], section)
    assert volume.mean() == pytest.approx(through.porosity, abs=2e-3)


def test_generate_fits_first(fixed_model, section):
    volume = generate(fixed_model, SHAPE, seed=3, through={"z": (PLANE, section)})
    assert_array_equal(volume[PLANE], section)


def test_several_sections_cross(fixed_model):
    truth = generate(fixed_model, SHAPE, seed=8)
    fitted = constrained(fixed_model, through={"z": [(2, truth[2]), (20, truth[20])], "x": (7, truth[..., 7])})
    volume = generate(fitted, SHAPE, seed=3)
    assert_array_equal(volume[[2, 20]], truth[[2, 20]])
    assert_array_equal(volume[..., 7], truth[..., 7])
    turned = np.flip(truth[..., 7], axis=0)
    with pytest.raises(ValueError, match="must agree where they meet"):
        constrained(fixed_model, through={"z": (2, truth[2]), "x": (7, turned)})


@pytest.mark.parametrize("form", ["mapping", "labels", "masked"])
def test_single_voxels_are_kept(fixed_model, rng, form):
    inside = rng.random(SHAPE) < 0.01
    values = rng.integers(0, 2, SHAPE)
    known = {
        "mapping": {tuple(at): int(values[tuple(at)]) for at in np.argwhere(inside)},
        "labels": np.where(inside, values, -1),
        "masked": np.ma.array(values, mask=~inside),
    }[form]
    volume = generate(constrained(fixed_model, known=known), SHAPE, seed=3)
    assert_array_equal(volume[inside], values[inside])


def test_a_model_of_sections_keeps_single_pixels(flat_range_model):
    fitted = constrained(flat_range_model, known={(3, 4): 1, (10, 2): 0})
    volume = generate(fitted, (20, 20), seed=7)
    assert (volume[3, 4], volume[10, 2]) == (1, 0)
    with pytest.raises(ValueError, match="needs a model of volumes"):
        constrained(flat_range_model, through={"z": (1, volume)})


def test_the_estimate_knows_the_size_of_the_file(through, fixed_model, section, tmp_path):
    spec = ConstraintSpec(through={"z": (PLANE, section)})
    estimate = estimate_constraint(fixed_model, spec)
    through.save(tmp_path / "through.swnn")
    fixed_model.save(tmp_path / "free.swnn")
    growth = (tmp_path / "through.swnn").stat().st_size - (tmp_path / "free.swnn").stat().st_size
    assert estimate.n_file_bytes == pytest.approx(growth, rel=0.05)
    assert estimate.seconds > 0


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({}, "at least one voxel"),
        ({"known": np.full(SHAPE, -1)}, "at least one voxel"),
        ({"known": {(1, 2): 1}}, "3 whole numbers"),
        ({"known": {(1, 2, -3): 1}}, "from 0 to"),
        ({"known": {(1, 2, 3): 7}}, "labels of the model"),
        ({"through": {"w": (1, np.zeros((4, 4), int))}}, "must name axes"),
        ({"through": {"z": np.zeros((4, 4), int)}}, "a position and a section"),
        ({"through": {"z": (-1, np.zeros((4, 4), int))}}, "whole number from 0"),
        ({"through": {"z": (1, np.zeros((4, 4, 5), int))}}, "must be 2-D"),
        ({"through": {"z": (1, np.full((4, 4), 255))}}, "labels of the model"),
        ({"known": {(1, 2, 3): 1}, "seed": -1}, "seed must"),
        ({"known": {(1, 2, 3): 1}, "porosity": 0.5}, "porosity"),
    ],
)
def test_what_cannot_be_known_is_refused(fixed_model, known, message):
    with pytest.raises(ValueError, match=message):
        iter_constrain(fixed_model, ConstraintSpec(**known))


def test_a_list_of_sections_without_axes_is_refused(fixed_model):
    with pytest.raises(TypeError, match="must map an axis"):
        constrain(fixed_model, through=[(1, np.zeros((4, 4), int))])


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"periodic": True}, "periodic must not"),
        ({"mask": np.ones(SHAPE, bool)}, "mask must not"),
        ({"scale": 2}, "scale must be 1"),
    ],
)
def test_volumes_that_cannot_hold_the_section_are_refused(through, fixed_model, section, request_, message):
    with pytest.raises(ValueError, match=message):
        generate(through, SHAPE, **request_)
    with pytest.raises(ValueError, match=message):
        generate(fixed_model, SHAPE, through={"z": (PLANE, section)}, **request_)


def test_a_section_must_be_a_plane_of_the_volume(fixed_model, section):
    for shape, at in (((24, 14, 30), 3), (SHAPE, 24)):
        with pytest.raises(ValueError, match="must be a plane of the volume"):
            generate(fixed_model, shape, through={"z": (at, section)})
    with pytest.raises(ValueError, match="a single realisation"):
        generate(fixed_model, SHAPE, n=2, through={"z": (3, section)})


def test_another_porosity_needs_another_fit(range_model):
    fitted = drain(iter_constrain(range_model, ConstraintSpec(known={(1, 2, 3): 1}, porosity=0.25, n_iterations=1)))
    assert generate(fitted, (4, 4, 4))[1, 2, 3] == 1
    with pytest.raises(ValueError, match="fitted for"):
        generate(fitted, (4, 4, 4), porosity=0.2)


def test_known_voxels_are_replaced_by_a_new_fit(through, fixed_model):
    again = constrained(through, known={(1, 2, 3): 1})
    assert again.fingerprint() == constrained(fixed_model, known={(1, 2, 3): 1}).fingerprint()
    assert replace(again, overlay=None).overlay is None
