import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.io import read_labels, tiff_stream
from napari_swnn.io.tiff_stream import TiffFile
from napari_swnn.io.volume_file import Layout


def write(file, volumes, pieces=None):
    for piece in file.pieces(0) if pieces is None else pieces:
        file.write(piece, volumes[piece.realisation][piece.window.slices((0,) * len(piece.window.start))])


def written(path, volumes, **layout):
    file = TiffFile(path, Layout(volumes.shape[1:], volumes.dtype.name, 16, n=len(volumes), **layout))
    file.create({"request": {"seed": 1}})
    write(file, volumes)
    file.finish()
    return file


@pytest.fixture(params=["ImageJ", "BigTIFF"])
def kind(request, monkeypatch):
    if request.param == "BigTIFF":
        monkeypatch.setattr(tiff_stream, "LARGEST_IMAGEJ", 0)
    return request.param


@pytest.mark.parametrize("shape", [(1, 37, 50, 20), (2, 20, 17, 9), (1, 1, 20, 20), (1, 40, 70), (3, 40, 70)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_strips_make_up_the_volume(kind, tmp_path, rng, shape, dtype):
    volumes = rng.integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    file = written(tmp_path / "v.tif", volumes, voxel=VoxelSize(0.5, "um"))
    assert_array_equal(tifffile.imread(file.out).reshape(shape), volumes)
    assert file.provenance(file.out) == {"request": {"seed": 1}}
    assert [path.name for path in tmp_path.iterdir()] == ["v.tif"]
    assert volumes.nbytes < file.out.stat().st_size < file.size


def test_the_size_of_a_voxel_is_where_imagej_looks(tmp_path, rng):
    written(tmp_path / "v.tif", rng.integers(0, 2, (1, 5, 7, 9)).astype(np.uint8), voxel=VoxelSize(0.25, "µm"))
    with tifffile.TiffFile(tmp_path / "v.tif") as file:
        assert file.imagej_metadata["unit"] == "um"
        assert file.imagej_metadata["spacing"] == 0.25
        numerator, denominator = file.pages[0].tags["XResolution"].value
        assert numerator / denominator == pytest.approx(4)
    assert read_labels(tmp_path / "v.tif").shape == (5, 7, 9)


def test_large_files_are_ome_tiff(tmp_path, rng, monkeypatch):
    monkeypatch.setattr(tiff_stream, "LARGEST_IMAGEJ", 0)
    volumes = rng.integers(0, 2, (1, 5, 7, 9)).astype(np.uint8)
    for name, layout in (("v.tif", {"voxel": VoxelSize(0.25, "um")}), ("w.tif", {})):
        written(tmp_path / name, volumes, **layout)
        with tifffile.TiffFile(tmp_path / name) as file:
            assert file.is_bigtiff
            assert ('PhysicalSizeZ="0.25"' in file.ome_metadata) == (name == "v.tif")
            assert ('PhysicalSizeXUnit="µm"' in file.ome_metadata) == (name == "v.tif")
    assert read_labels(tmp_path / "v.tif").shape == (5, 7, 9)


def test_the_same_volume_has_the_same_bytes(kind, tmp_path, rng):
    volumes = rng.integers(0, 2, (1, 40, 20, 9)).astype(np.uint8)
    (tmp_path / "again").mkdir()
    first, second = written(tmp_path / "v.tif", volumes), written(tmp_path / "again" / "v.tif", volumes)
    assert first.out.read_bytes() == second.out.read_bytes()


def test_what_is_counted_is_complete(tmp_path, rng):
    volumes = rng.integers(0, 2, (2, 40, 20, 9)).astype(np.uint8)
    file = TiffFile(tmp_path / "v.tif", Layout(volumes.shape[1:], "uint8", 16, n=2))
    file.create({})
    pieces = file.pieces(0)
    assert len(pieces) == 2 * 3 * 2
    for done, piece in enumerate(pieces):
        assert [file.is_written(p) for p in pieces] == [i < done for i in range(len(pieces))]
        write(file, volumes, [piece])


def test_the_laid_out_file_takes_no_room_yet(tmp_path):
    file = TiffFile(tmp_path / "v.tif", Layout((512, 512, 512), "uint8", 64))
    file.create({})
    stat = file.partial.stat()
    assert stat.st_size > 2**27
    assert 512 * stat.st_blocks < 2**21


def test_a_progress_that_was_left_alone_counts_for_nothing(tmp_path):
    (tmp_path / "v.tif.progress").write_text("7")
    file = TiffFile(tmp_path / "v.tif", Layout((40, 20, 9), "uint8", 16))
    file.create({})
    assert not file.is_written(file.pieces(0)[0])


def test_files_of_others_have_no_provenance(tmp_path, rng):
    tifffile.imwrite(tmp_path / "plain.tif", rng.integers(0, 2, (5, 6, 7), np.uint8))
    tifffile.imwrite(tmp_path / "fiji.tif", rng.integers(0, 2, (5, 6, 7), np.uint8), imagej=True)
    (tmp_path / "text.tif").write_text("no image")
    file = TiffFile(tmp_path / "v.tif", Layout((40, 20, 9), "uint8", 16))
    for name in ("plain.tif", "fiji.tif", "text.tif"):
        assert file.provenance(tmp_path / name) == {}
