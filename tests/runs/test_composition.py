"""Compositions on disk: the bytes of one in memory, resumed, checked and described by a file."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_swnn import Composition, GeneratedRegions, Part, compose, iter_composition
from napari_swnn.io import open_ome_zarr, open_volumes, verify
from napari_swnn.runs import read_composition

SHAPE = (66, 66, 40)


@pytest.fixture(scope="module")
def halves():
    return np.array([[[0, 1]]], np.uint8)


@pytest.fixture(scope="module")
def parts(model):
    return {0: 4, 1: Part(model, angle=20)}


@pytest.fixture(scope="module")
def volume(parts, halves):
    return compose(parts, SHAPE, regions=halves, seed=3)


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_files_hold_the_volume_and_can_be_resumed(parts, halves, volume, tmp_path, name, content):
    composition = Composition(parts, SHAPE, regions=halves, seed=3)
    steps = iter_composition(composition, out=tmp_path / name)
    for _ in range(3):
        next(steps)
    steps.close()
    with pytest.raises(ValueError, match="got a different seed"):
        compose(parts, SHAPE, regions=halves, seed=4, out=tmp_path / name, resume=True)
    with pytest.raises(ValueError, match="got a different regions"):
        compose(parts, SHAPE, regions=1 - halves, seed=3, out=tmp_path / name, resume=True)
    made = compose(parts, SHAPE, regions=halves, seed=3, out=tmp_path / name, resume=True)
    assert_array_equal(np.asarray(open_volumes(made)[0]), volume)
    whole_folder = tmp_path / "whole"
    whole_folder.mkdir()
    whole = compose(parts, SHAPE, regions=halves, seed=3, out=whole_folder / name)
    assert content(made) == content(whole)
    assert "66 × 66 × 40" in verify(made)


def test_provenance_names_parts_and_labels(parts, halves, model, tmp_path):
    made = compose(parts, SHAPE, regions=halves, seed=3, out=tmp_path / "v.ome.zarr")
    provenance = open_ome_zarr(made).provenance
    assert provenance["labels"]["phases"] == [1, 0, 4]
    assert provenance["request"]["parts"]["1"]["model"] == model.fingerprint()
    assert provenance["request"]["parts"]["0"] == {"label": 4}
    assert provenance["models"]["1"]["seed"] == model.provenance["seed"]
    json.dumps(provenance)
    assert open_ome_zarr(made).scale == (0.5,) * 3


def test_regions_of_a_file_are_those_of_the_array(parts, volume, halves, tmp_path):
    np.save(tmp_path / "regions.npy", halves)
    assert_array_equal(compose(parts, SHAPE, regions=tmp_path / "regions.npy", seed=3), volume)
    one = compose({0: 4, 1: parts[1]}, SHAPE, regions=tmp_path / "regions.npy", seed=3, out=tmp_path / "v.ome.zarr")
    again = compose(parts, SHAPE, regions=halves, seed=3, out=tmp_path / "v.ome.zarr", resume=True)
    assert one == again  # the same request, so the finished volume is returned


def test_a_file_describes_a_composition(model_path, model, tmp_path):
    model.save(tmp_path / "part.swnn")
    (tmp_path / "composition.toml").write_text(
        """
        shape = [66, 66, 40]
        seed = 3
        [regions]
        model = "part.swnn"
        scale = 8
        [parts.0]
        label = 4
        [parts.1]
        model = "part.swnn"
        angle = 20
        labels = {0 = 2}
        """
    )
    described = read_composition(tmp_path / "composition.toml")
    part = Part(model, angle=20, labels={0: 2})
    direct = Composition({0: 4, 1: part}, (66, 66, 40), regions=GeneratedRegions(model, scale=8), seed=3)
    one, other = (compose(c.parts, c.shape, regions=c.regions, seed=c.seed) for c in (described, direct))
    assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shape = [", "must be a TOML file"),
        ("shape = 64", "must have regions, parts, got shape"),
        ("shape = 64\nregions = 'r.tif'\nparts = 3", "parts must be a table"),
        ("shape = 64\nregions = 'r.tif'\n[parts.pore]\nlabel = 1", "must be named after a label, got 'pore'"),
        ("shape = 64\nregions = 'r.tif'\n[parts.0]\nangle = 1", "parts.0 must have a model or a label, got angle"),
        ("shape = 64\nregions = 'r.tif'\n[parts.0]\nangles = 1", "must have entries among .*, got angles"),
        ("shape = 64\nregions = 'r.tif'\n[parts.0]\nmodel = 'no.swnn'", "no.swnn"),
    ],
)
def test_invalid_files_are_refused(tmp_path, text, message):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        read_composition(tmp_path / "c.toml")
