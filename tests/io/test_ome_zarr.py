import json
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.grid.windows import Window
from napari_swnn.io import open_ome_zarr
from napari_swnn.io.ome_zarr import OmeZarrFile
from napari_swnn.io.volume_file import Layout, check_free_space


def written(path, volumes, *, block=16, **layout):
    """Write volumes ``(n, z, y, x)`` piece by piece, the last piece first."""
    layout = Layout(volumes.shape[1:], volumes.dtype.name, block, n=len(volumes), **layout)
    file = OmeZarrFile(path, layout)
    file.create({"request": {"seed": 1}})
    for level in range(file.n_levels):
        for piece in reversed(file.pieces(level)):
            assert not file.is_written(piece)
            if level == 0:
                file.write(piece, volumes[piece.realisation][piece.window.slices((0,) * len(piece.window.start))])
            else:
                file.coarsen(piece)
            assert file.is_written(piece)
    file.finish()
    return file


@pytest.mark.parametrize("shape", [(1, 40, 300, 20), (2, 33, 260, 17), (1, 2100, 30)])
def test_a_coarser_level_is_every_second_voxel(tmp_path, rng, shape):
    volumes = rng.integers(0, 3, shape).astype(np.uint8)
    file = written(tmp_path / "v.ome.zarr", volumes)
    assert not file.partial.exists()
    opened = open_ome_zarr(tmp_path / "v.ome.zarr")
    assert len(opened.levels) == 3
    for level, labels in enumerate(opened.levels):
        expected = volumes[(slice(None), *[slice(None, None, 2**level)] * (len(shape) - 1))]
        assert_array_equal(labels.compute(), expected if len(volumes) > 1 else expected[0])


def test_metadata_is_that_of_the_specification(tmp_path, rng):
    """As https://ngff.openmicroscopy.org/0.5/ asks for."""
    written(tmp_path / "v.ome.zarr", rng.integers(0, 2, (2, 20, 300, 20), np.uint8), voxel=VoxelSize(0.5, "um"))
    root = json.loads((tmp_path / "v.ome.zarr" / "zarr.json").read_text())
    assert root["zarr_format"] == 3
    assert root["node_type"] == "group"
    ome = root["attributes"]["ome"]
    assert ome["version"] == "0.5"
    (multiscale,) = ome["multiscales"]
    assert [axis["type"] for axis in multiscale["axes"]] == ["realisation", "space", "space", "space"]
    assert [axis.get("unit") for axis in multiscale["axes"]] == [None, "micrometer", "micrometer", "micrometer"]
    for level, dataset in enumerate(multiscale["datasets"]):
        (scale,) = dataset["coordinateTransformations"]
        assert scale == {"type": "scale", "scale": [1.0, *[0.5 * 2**level] * 3]}
        array = json.loads((tmp_path / "v.ome.zarr" / dataset["path"] / "zarr.json").read_text())
        assert array["dimension_names"] == [axis["name"] for axis in multiscale["axes"]]
        assert len(array["shape"]) == 4
        assert array["fill_value"] == 0


def test_what_a_viewer_needs(tmp_path, rng):
    written(tmp_path / "v.ome.zarr", rng.integers(0, 2, (1, 20, 20, 20), np.uint8), voxel=VoxelSize(25, "nm"))
    opened = open_ome_zarr(str(tmp_path / "v.ome.zarr"))
    assert opened.axes == ("z", "y", "x")
    assert opened.scale == (25, 25, 25)
    assert opened.translation == (0, 0, 0)
    assert opened.units == ("nanometer",) * 3
    assert opened.provenance == {"request": {"seed": 1}}
    written(tmp_path / "w.ome.zarr", rng.integers(0, 2, (1, 20, 20, 20), np.uint8))
    assert open_ome_zarr(tmp_path / "w.ome.zarr").units == ("pixel",) * 3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=2, max_size=3))
def test_pieces_cover_every_level_once(tmp_path_factory, shape):
    file = OmeZarrFile(tmp_path_factory.getbasetemp() / "v.ome.zarr", Layout(tuple(shape), "uint8", 64, n=2))
    for level, extent in enumerate(file.shapes):
        assert extent == tuple(-(-n // 2**level) for n in shape)
        windows = [piece.window for piece in file.pieces(level)]
        assert sum(np.prod(window.shape) for window in windows) == 2 * np.prod(extent)
        assert all(start % file.shard == 0 for window in windows for start in window.start)
    assert max(file.shapes[-1]) <= {2: 1024, 3: 128}[len(shape)]


def test_larger_volumes_have_larger_files():
    assert OmeZarrFile("v", Layout((64, 64, 1024), "uint8", 64)).shard == 128
    assert OmeZarrFile("v", Layout((64, 64, 1025), "uint8", 64)).shard == 256


@pytest.mark.parametrize(("low", "high", "dtype"), [(0, 1, "uint8"), (0, 255, "uint8"), (7, 300, "uint16")])
def test_the_estimate_of_the_size_holds_for_the_worst_of_volumes(tmp_path, rng, low, high, dtype):
    volumes = rng.choice([low, high], (1, 128, 128, 192)).astype(dtype)
    file = written(tmp_path / "v.ome.zarr", volumes, block=64)
    size = sum(path.stat().st_size for path in (tmp_path / "v.ome.zarr").rglob("*"))
    assert size < file.size < volumes.nbytes


def test_a_volume_of_zeros_is_written_too(tmp_path):
    written(tmp_path / "v.ome.zarr", np.zeros((1, 20, 20, 200), np.uint8))  # asserts that it is


def test_what_a_killed_process_left_is_removed(tmp_path):
    file = OmeZarrFile(tmp_path / "v.ome.zarr", Layout((20, 20, 20), "uint8", 16))
    file.create({})
    (file.partial / "0" / "c").mkdir()
    (file.partial / "0" / "c" / "0.12ab.partial").write_bytes(b"half")
    file.write(file.pieces(0)[0], np.ones((20, 20, 20)))
    file.finish()
    assert not list(file.out.rglob("*.partial"))


def test_a_file_is_described_to_other_processes(tmp_path):
    file = OmeZarrFile(tmp_path / "v.ome.zarr", Layout((20, 20, 20), "uint8", 16))
    assert pickle.loads(pickle.dumps(file)) == file


def test_a_piece_that_was_written_needs_no_room(tmp_path, monkeypatch):
    file = OmeZarrFile(tmp_path / "v.ome.zarr", Layout((20, 20, 20), "uint8", 16))
    file.create({})
    (file.partial / "0" / "padding").write_bytes(bytes(2**20))
    free = file.size - 2**20
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    check_free_space(file)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free - 2**20))
    with pytest.raises(OSError, match="the disk must have space for"):
        check_free_space(file)


def test_a_file_that_is_gone_is_told_by_an_error_that_can_travel(tmp_path, monkeypatch):
    class ZarrsOwnError(FileNotFoundError):
        def __reduce__(self):
            raise TypeError("it cannot")

    def gone(*_, **__):
        raise ZarrsOwnError("no array")

    monkeypatch.setattr("zarr.open_array", gone)
    file = OmeZarrFile(tmp_path / "v.ome.zarr", Layout((20, 20, 20), "uint8", 16))
    with pytest.raises(FileNotFoundError, match=r"must not be moved .* without level 0") as caught:
        file.write(file.pieces(0)[0], np.zeros((20, 20, 20), np.uint8))
    assert type(caught.value) is FileNotFoundError
    assert caught.value.__context__ is None  # which processes that talk to each other send along


def test_images_of_others_are_opened(tmp_path, rng):
    """Format 0.4, as most programs write it today."""
    labels = rng.integers(0, 9, (10, 12, 14), np.uint8)
    group = zarr.create_group(tmp_path / "other.zarr", zarr_format=2)
    group.create_array("a", data=labels, chunks=(5, 5, 5))
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    placed = [{"type": "scale", "scale": [2, 1, 1]}, {"type": "translation", "translation": [0.5, 0, 0]}]
    dataset = {"path": "a", "coordinateTransformations": placed}
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [dataset]}]
    opened = open_ome_zarr(tmp_path / "other.zarr")
    assert_array_equal(opened.levels[0].compute(), labels)
    assert opened.scale == (2, 1, 1)
    assert opened.translation == (0.5, 0, 0)
    assert opened.provenance == {}


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must name an OME-Zarr folder, got .*none.zarr, which does not exist"):
        open_ome_zarr(tmp_path / "none.zarr")
    (tmp_path / "empty.zarr").mkdir()
    zarr.create_group(tmp_path / "plain.zarr")
    for name in ("empty.zarr", "plain.zarr"):
        with pytest.raises(ValueError, match="must name an OME-Zarr image"):
            open_ome_zarr(tmp_path / name)
        file = OmeZarrFile(tmp_path / name, Layout((20, 20, 20), "uint8", 16))
        assert file.provenance(file.out) == {}


def test_reading_one_plane_reads_the_files_it_meets(tmp_path, rng):
    written(tmp_path / "v.ome.zarr", rng.integers(0, 2, (1, 64, 64, 64), np.uint8))
    for path in (tmp_path / "v.ome.zarr" / "0" / "c" / "1").rglob("*"):
        if path.is_file():
            path.write_bytes(b"broken")
    plane = open_ome_zarr(tmp_path / "v.ome.zarr").levels[0][5]
    assert plane.compute().shape == (64, 64)


def test_windows_are_those_of_the_level():
    file = OmeZarrFile("v", Layout((10, 10, 150), "uint8", 16))
    assert file.pieces(1)[-1].window == Window((0, 0, 64), (5, 5, 75))
