"""Volumes of three phases on the disk."""

from contextlib import closing
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from napari_swnn import Reference, generate, iter_generation, train
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.io import open_ome_zarr

SHAPE = (70, 66, 130)


@pytest.fixture(scope="module")
def model(quick_config):
    fields = np.random.default_rng(1).normal(size=(3, 32, 64)).repeat(2, axis=1)
    return train(Reference(fields.argmax(axis=0), names={2: "binder"}), config=quick_config)


def read(path):
    return tifffile.imread(path) if path.suffix == ".tif" else open_ome_zarr(path).levels[0].compute()


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
@pytest.mark.parametrize("exact", [False, True])
def test_files_hold_what_memory_holds(model, tmp_path, name, exact):
    generate(model, SHAPE, seed=4, exact=exact, out=tmp_path / name)
    assert_array_equal(read(tmp_path / name), generate(model, SHAPE, seed=4, exact=exact))


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
@pytest.mark.parametrize("exact", [False, True])
def test_a_resumed_run_is_an_uninterrupted_one(model, tmp_path, content, name, exact):
    spec = VolumeSpec(SHAPE, seed=4, exact=exact)
    with closing(iter_generation(model, spec, out=tmp_path / name)) as steps:
        _ = list(islice(steps, 12 * exact + 5))  # the volume has twelve blocks
    assert not (tmp_path / name).exists()
    generate(model, SHAPE, seed=4, exact=exact, out=tmp_path / name, resume=True)
    (tmp_path / "whole").mkdir()
    generate(model, SHAPE, seed=4, exact=exact, out=tmp_path / "whole" / name)
    assert content(tmp_path / name) == content(tmp_path / "whole" / name)


def test_the_file_names_all_phases(model, tmp_path):
    generate(model, (20, 20, 20), out=tmp_path / "v.ome.zarr")
    provenance = open_ome_zarr(tmp_path / "v.ome.zarr").provenance
    assert provenance["labels"] == {"phases": [1, 0, 2], "names": ["", "", "binder"]}


def test_every_label_must_fit_into_a_tiff(model, tmp_path):
    many = replace(model, labels=PhaseLabels((1, 0, 70_000)))
    with pytest.raises(ValueError, match="a TIFF must hold labels from 0 to 65535, got 0 to 70000"):
        generate(many, (20, 20, 20), out=tmp_path / "v.tif")
    assert generate(many, (20, 20, 20), out=tmp_path / "v.ome.zarr").exists()


def test_a_run_of_other_fractions_is_not_resumed(model, tmp_path):
    with closing(iter_generation(model, VolumeSpec(SHAPE), out=tmp_path / "v.tif")) as steps:
        _ = list(islice(steps, 3))
    other = replace(model, fractions=(0.5, 0.3, 0.2))
    with pytest.raises(ValueError, match="got a different model"):
        generate(other, SHAPE, out=tmp_path / "v.tif", resume=True)
