import numpy as np
import pytest
import tifffile
import torch
from numpy.testing import assert_array_equal

from napari_swnn import Model, Reference, SpatialMask, generate, train
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.io import open_ome_zarr
from napari_swnn.io.volume_file import PROVENANCE_KEY
from napari_swnn.runs import iter_generation

SHAPE = (66, 130, 200)


@pytest.fixture(scope="module")
def volume(model):
    return generate(model, SHAPE, seed=3)


def read(path):
    return open_ome_zarr(path).levels[0].compute() if path.suffix == ".zarr" else tifffile.imread(path)


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_a_file_holds_the_volume_and_nothing_else_is_left(model, volume, tmp_path, name):
    assert generate(model, SHAPE, seed=3, out=tmp_path / name) == tmp_path / name
    assert_array_equal(read(tmp_path / name), volume)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_several_realisations_take_a_leading_axis(model, tmp_path):
    several = generate(model, (20, 66, 30), seed=5, n=3)
    assert several.shape == (3, 20, 66, 30)
    for i in range(3):
        assert_array_equal(several[i], generate(model, (20, 66, 30), seed=5 + i))
    for name in ("v.ome.zarr", "v.tif"):
        generate(model, (20, 66, 30), seed=5, n=3, out=tmp_path / name)
        assert_array_equal(read(tmp_path / name), several)
    assert open_ome_zarr(tmp_path / "v.ome.zarr").axes == ("realisation", "z", "y", "x")
    assert open_ome_zarr(tmp_path / "v.ome.zarr").scale == (1, 0.5, 0.5, 0.5)


@pytest.mark.parametrize("out", [None, "v.ome.zarr", "v.tif"])
def test_progress_counts_the_blocks(model, tmp_path, out):
    out = out and tmp_path / out
    steps = list(iter_generation(model, VolumeSpec((65, 64, 10)), n=2, out=out))
    assert [step.block for step in steps] == [1, 2, 3, 4]
    assert steps[-1].n_blocks == 4
    assert steps[-1].time_left == 0
    reported = []
    generate(model, (65, 64, 10), progress=reported.append)
    assert len(reported) == 2


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_exact_volumes_are_the_same_in_a_file(model, tmp_path, name):
    several = generate(model, (20, 66, 30), seed=5, n=2, exact=True)
    assert (several == 1).mean(axis=(1, 2, 3)) == pytest.approx([model.porosity] * 2, abs=2e-3)  # few grey values
    assert generate(model, (20, 66, 30), seed=5, n=2, exact=True, out=tmp_path / name) == tmp_path / name
    assert_array_equal(read(tmp_path / name), several)
    steps = list(
        iter_generation(model, VolumeSpec((20, 66, 30), seed=5, exact=True), n=2, out=tmp_path / name, resume=True)
    )
    assert steps == [], "the finished file of this request is taken as it is"
    with pytest.raises(ValueError, match=r"got a different exact_porosity for .*: None instead of 0.3"):
        generate(model, (20, 66, 30), seed=5, n=2, out=tmp_path / name, resume=True)


@pytest.mark.parametrize("out", [None, "v.ome.zarr"])
def test_an_exact_volume_is_computed_twice(model, tmp_path, out):
    steps = list(iter_generation(model, VolumeSpec((65, 64, 10), exact=True), n=2, out=out and tmp_path / out))
    assert [step.block for step in steps] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert steps[-1].n_blocks == 8


def test_sections_are_written_too(blobs, quick_config, tmp_path):
    model = train(Reference(blobs), config=quick_config, dimension=2)
    section = generate(model, (600, 1100))
    for name in ("s.ome.zarr", "s.tif"):
        generate(model, (600, 1100), out=tmp_path / name)
        assert_array_equal(read(tmp_path / name), section)


def test_masks_and_periods_reach_the_file(model, tmp_path):
    mask = np.zeros((4, 4, 4), bool)
    mask[:2] = True
    options = {"mask": SpatialMask(mask, outside=7), "periodic": (True, False, False)}
    for name in ("v.ome.zarr", "v.tif"):
        generate(model, (64, 20, 20), out=tmp_path / name, **options)
        labels = read(tmp_path / name)
        assert_array_equal(labels, generate(model, (64, 20, 20), **options))
        assert (labels[32:] == 7).all()
    with pytest.raises(ValueError, match="got a different mask"):
        generate(model, (64, 20, 20), out=tmp_path / "v.tif", mask=~mask, resume=True)


def test_the_file_tells_what_its_labels_are(model, tmp_path):
    generate(model, (20, 20, 20), seed=2, out=tmp_path / "v.ome.zarr")
    provenance = open_ome_zarr(tmp_path / "v.ome.zarr").provenance
    assert provenance["labels"] == {"phase": 1, "background": 0}
    assert provenance["request"]["seed"] == 2
    assert provenance["model"]["reference_shapes"] == [[64, 64]]
    generate(model, (20, 20, 20), seed=2, out=tmp_path / "v.tif")
    with tifffile.TiffFile(tmp_path / "v.tif") as file:
        assert PROVENANCE_KEY in file.imagej_metadata["Info"]
        assert file.imagej_metadata["unit"] == "um"
        assert file.imagej_metadata["spacing"] == 0.5


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_nothing_is_written_over(model, tmp_path, name):
    (tmp_path / name).write_text("precious")
    for resume in (False, True):
        with pytest.raises((OSError, ValueError), match=r"which exists|which napari-swnn did not write"):
            generate(model, (20, 20, 20), out=tmp_path / name, resume=resume)
    assert (tmp_path / name).read_text() == "precious"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": [1, 2]}, r"seed must be one whole number, got \[1, 2\]; n=3 uses seed, seed \+ 1"),
        ({"n": (1, 2)}, "n must be one whole number"),
        ({"n": 0}, "n must be a whole number of at least 1, got 0"),
        ({"seed": 2**63 - 2, "n": 3}, "seed must be a whole number of at most"),
        ({"out": "v.png"}, "out must end in .zarr, .tif, .tiff, got v.png"),
        ({"out": "none/v.tif"}, "the folder of none/v.tif must exist"),
        ({"resume": True}, "resume needs a file to write to, got out=None"),
        ({"client": "one"}, "client needs a file to write to"),
        ({"client": "one", "out": "v.tif"}, "client needs out to end in .zarr"),
        (
            {"client": "one", "out": "v.zarr", "exact": True},
            "exact needs the whole volume before its first block, got a",
        ),
        ({"n": 10**9}, "n must be a number of realisations that memory can describe"),
        ({"n": 10**9, "out": "v.zarr"}, "n must be a number of realisations that memory can describe, got 1000000000"),
        ({"shape": (10**5,) * 3, "out": "v.tif"}, "the disk must have space for .*v.tif, got .* but it may need 9"),
        ({"shape": (10**5,) * 3, "out": "v.ome.zarr"}, "must have space for .*v.ome.zarr, got .* but it may need 1"),
    ],
)
def test_bad_input_is_refused_before_any_work(model, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    asked = {name: options.pop(name) for name in ("shape", "seed", "exact") if name in options}
    spec = VolumeSpec(**{"shape": (20, 20, 20), **asked})
    with pytest.raises((ValueError, OSError), match=message):
        iter_generation(model, spec, **options)
    assert list(tmp_path.iterdir()) == []


def test_labels_that_a_tiff_cannot_hold_are_refused(blobs, quick_config, tmp_path):
    model = train(Reference(np.where(blobs == 1, 70_000, 0), phase=70_000), config=quick_config)
    with pytest.raises(ValueError, match="must hold labels from 0 to 65535"):
        iter_generation(model, VolumeSpec((20, 20, 20)), out=tmp_path / "v.tif")
    generate(model, (20, 20, 20), out=tmp_path / "v.ome.zarr")
    assert set(np.unique(read(tmp_path / "v.ome.zarr"))) == {0, 70_000}


def test_a_model_from_a_file_is_the_same_request(model, model_path, tmp_path):
    generate(model, (20, 20, 20), out=tmp_path / "v.tif")
    assert generate(Model.load(model_path), (20, 20, 20), out=tmp_path / "v.tif", resume=True) == tmp_path / "v.tif"


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_the_number_of_threads_does_not_show_in_a_file(model, content, tmp_path, name):
    before = torch.get_num_threads()
    try:
        for n in (1, 2, 3, 6):
            torch.set_num_threads(n)
            (tmp_path / str(n)).mkdir()
            generate(model, (66, 130, 70), seed=3, out=tmp_path / str(n) / name)
            assert torch.get_num_threads() == n
            assert content(tmp_path / str(n) / name) == content(tmp_path / "1" / name)
    finally:
        torch.set_num_threads(before)
