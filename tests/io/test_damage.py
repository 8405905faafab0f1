"""A volume is read as it was written, or refused with a message that names the damaged file."""

import copy
import json
import os

import numpy as np
import pytest
import tifffile
import zarr
from numpy.testing import assert_array_equal
from zarr.codecs import BloscCodec

from napari_swnn._reader import volume_reader
from napari_swnn.cli import main
from napari_swnn.io import open_ome_zarr, open_volumes, read_labels, verify
from napari_swnn.io.ome_zarr import OmeZarrFile
from napari_swnn.io.stored_image import ImageError
from napari_swnn.io.tiff_stream import TiffFile
from napari_swnn.io.volume_file import Layout

LABELS = {"phase": 1, "background": 0}


def request_of(volumes):
    return {"request": {"shape": list(volumes.shape[1:]), "n": len(volumes), "mask": None}, "labels": LABELS}


def write(path, volumes, *, block=16):
    """Write volumes ``(n, z, y, x)`` with their provenance."""
    kind = OmeZarrFile if path.suffix == ".zarr" else TiffFile
    file = kind(path, Layout(volumes.shape[1:], volumes.dtype.name, block, n=len(volumes)))
    file.create(request_of(volumes))
    for piece in file.pieces(0):
        file.write(piece, volumes[piece.realisation][piece.window.slices((0, 0, 0))])
    for level in range(1, file.n_levels):
        for piece in file.pieces(level):
            file.coarsen(piece)
    file.finish()
    return path


@pytest.fixture
def volumes(rng):
    return rng.integers(0, 2, (1, 20, 40, 140), np.uint8)


@pytest.fixture
def store(tmp_path, volumes):
    return write(tmp_path / "v.ome.zarr", volumes)


def parts(store, level=0):
    return sorted(path for path in (store / str(level) / "c").rglob("*") if path.is_file())


def read(store):
    return [np.asarray(level) for level in open_ome_zarr(store).levels]


def test_a_flipped_bit_is_detected(store, rng):
    """One bit of a part at a time: the index of the chunks and every chunk have a checksum."""
    whole = read(store)
    n_found = 0
    for path in parts(store, 0)[:3] + parts(store, 1)[:1]:
        intact = path.read_bytes()
        for bit in rng.integers(0, 8 * len(intact), 12):
            damaged = bytearray(intact)
            damaged[bit // 8] ^= 1 << bit % 8
            path.write_bytes(damaged)
            try:
                values = read(store)
            except ValueError as error:
                assert str(path) in str(error)  # noqa: PT017
                n_found += 1
            else:
                for found, expected in zip(values, whole, strict=True):
                    assert_array_equal(found, expected)
        path.write_bytes(intact)
    assert n_found > 40


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("content", [None, b""])
def test_a_missing_part_is_named_before_anything_is_read(store, level, content):
    path = parts(store, level)[-1]
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    for opened in (open_ome_zarr, open_volumes, read_labels, verify):
        with pytest.raises(ValueError, match=f"are missing or empty: {path.relative_to(store)}; copy"):
            opened(store)
    assert volume_reader(store) is None


def test_a_shortened_part_is_named(store):
    path = parts(store)[1]
    os.truncate(path, path.stat().st_size // 2)
    for opened in (read, read_labels, verify):
        with pytest.raises(ValueError, match=f"{path} must be whole, but its content cannot be read"):
            opened(store)


def test_a_store_without_checksums_is_still_read(store, volumes):
    for level in ("0", "1"):
        array = zarr.open_array(store, path=level)
        values = array[:]
        group = zarr.open_group(store)
        options = {"chunks": (16, 16, 16), "shards": (32, 32, 32), "compressors": BloscCodec(cname="zstd")}
        new = group.create_array(level, shape=values.shape, dtype="uint8", overwrite=True, **options)
        new.with_config({"write_empty_chunks": True})[:] = values
    assert_array_equal(read(store)[0], volumes[0])
    assert verify(store).startswith("volume of 20 × 40 × 140 voxels")


def test_a_label_that_does_not_exist_is_refused(tmp_path, volumes):
    volumes[0, 3, 5, 7] = 4
    for name in ("w.ome.zarr", "w.tif"):
        path = write(tmp_path / name, volumes)
        with pytest.raises(ValueError, match=f"{path} must hold the labels 0, 1, got 4"):
            verify(path)


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_a_whole_file_is_verified(tmp_path, rng, n, name):
    path = write(tmp_path / name, rng.integers(0, 2, (n, 20, 40, 140), np.uint8))
    assert "20 × 40 × 140 voxels" in verify(path)
    assert main(["check", str(path)]) == 0


def test_a_coarser_level_of_other_voxels_is_found(store):
    array = zarr.open_array(store, path="1")
    array[3, 5, 7] = 1 - array[3, 5, 7]
    with pytest.raises(ValueError, match="must hold every second voxel of level 0 in level 1"):
        verify(store)


@pytest.mark.parametrize("fraction", [0.02, 0.3, 0.5, 0.8, 0.999])
def test_a_shortened_tiff_is_refused(tmp_path, volumes, fraction):
    path = write(tmp_path / "v.tif", volumes)
    os.truncate(path, int(fraction * path.stat().st_size))
    for opened in (open_volumes, read_labels, verify):
        with pytest.raises(ValueError, match=str(path)):
            opened(path)


def test_a_tiff_of_another_shape_than_its_provenance_is_refused(tmp_path, volumes):
    path = write(tmp_path / "v.tif", volumes)
    with tifffile.TiffFile(path) as file:
        info = file.imagej_metadata["Info"]
    tifffile.imwrite(path, volumes[0, :9], imagej=True, metadata={"axes": "ZYX", "Info": info})
    for opened in (open_volumes, read_labels, verify):
        with pytest.raises(ValueError, match=r"must hold 1 × 20 × 40 × 140 voxels, as its provenance states, got 9"):
            opened(path)


@pytest.mark.parametrize("shape", [7, None, "a", [20, "40", 140], [[20], 40, 140], {"z": 20}])
def test_a_tiff_whose_provenance_states_no_shape_is_refused(tmp_path, volumes, shape):
    info = json.dumps({"napari-swnn": {"labels": LABELS, "request": {"shape": shape, "n": 1}}})
    tifffile.imwrite(tmp_path / "v.tif", volumes[0], imagej=True, metadata={"axes": "ZYX", "Info": info})
    for opened in (open_volumes, read_labels, verify):
        with pytest.raises(ImageError, match=r"as its provenance states, got 20 × 40 × 140"):
            opened(tmp_path / "v.tif")


def test_damaged_headers_of_tiffs_raise_one_kind_of_error(tmp_path, volumes, rng, caplog):
    path = write(tmp_path / "v.tif", volumes)
    intact = path.read_bytes()
    for _ in range(60):
        damaged = bytearray(intact)
        for bit in rng.integers(0, 8 * 600, rng.integers(1, 4)):
            damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        for opened in (open_volumes, verify):
            try:
                opened(path)
            except ValueError as error:
                assert str(path) in str(error)  # noqa: PT017


def edit(path, change):
    entries = json.loads(path.read_text())
    change(entries)
    path.write_text(json.dumps(entries))


def multiscale(entries):
    return entries["attributes"]["ome"]["multiscales"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda e: multiscale(e).pop("datasets"),
        lambda e: multiscale(e).update(datasets=[]),
        lambda e: multiscale(e).update(datasets={"path": "0"}),
        lambda e: multiscale(e).update(axes=[{}, {}, {}]),
        lambda e: multiscale(e).update(axes=[1, 2, 3]),
        lambda e: multiscale(e).update(axes=["z", "y"]),
        lambda e: multiscale(e).update(axes=list("tczyx")),
        lambda e: multiscale(e).update(axes=list("zyy")),
        lambda e: multiscale(e)["axes"][0].update(unit=7),
        lambda e: multiscale(e)["datasets"][0].update(path=7),
        lambda e: multiscale(e)["datasets"][0].update(coordinateTransformations=[1]),
        lambda e: multiscale(e)["datasets"][0].update(coordinateTransformations=[{"type": "scale"}]),
        lambda e: multiscale(e)["datasets"][0]["coordinateTransformations"][0].update(scale=[1.0, 1.0]),
        lambda e: multiscale(e)["datasets"][0]["coordinateTransformations"][0].update(scale=["a", "b", "c"]),
        lambda e: multiscale(e)["datasets"][1].update(path="7"),
        lambda e: multiscale(e)["datasets"][1].update(path="../../etc"),
        lambda e: e["attributes"]["ome"].update(multiscales=[]),
        lambda e: e["attributes"]["ome"].update(multiscales={"a": 1}),
        lambda e: e["attributes"].update({"napari-swnn": [1, 2]}),
        lambda e: e["attributes"]["napari-swnn"].update(request=[1]),
        lambda e: e["attributes"]["napari-swnn"]["request"].update(shape=[20, 40, 141]),
        lambda e: e["attributes"]["napari-swnn"]["request"].update(shape=["20", 40, 140]),
        lambda e: e["attributes"]["napari-swnn"]["request"].update(n=2),
    ],
)
def test_metadata_that_describe_no_image_are_refused(store, change):
    edit(store / "zarr.json", change)
    for opened in (open_ome_zarr, open_volumes, read_labels, verify):
        with pytest.raises(ValueError, match=str(store)):
            opened(store)
    assert volume_reader(store) is None


def test_metadata_nested_without_end_are_refused(store):
    text = (store / "zarr.json").read_text()
    (store / "zarr.json").write_text(
        text.replace('"request": {', '"deep": ' + "[" * 10**5 + "]" * 10**5 + ', "request": {')
    )
    with pytest.raises(ValueError, match=str(store)):
        open_ome_zarr(store)


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.update(shape=[4096] * 3),
        lambda e: e.update(shape=[10**9] * 3),
        lambda e: e.update(data_type="float64"),
        lambda e: e["chunk_grid"]["configuration"].update(chunk_shape=[0, 0, 0]),
        lambda e: e.update(codecs=[]),
        lambda e: e.update(codecs=[{"name": "unknown"}]),
    ],
)
def test_metadata_of_a_level_that_contradict_the_rest_are_refused(store, change):
    edit(store / "0" / "zarr.json", change)
    for opened in (open_ome_zarr, open_volumes, read_labels, verify):
        with pytest.raises(ValueError, match=str(store)):
            opened(store)


def places(value, place=()):
    """Return the place of every entry of a JSON value."""
    yield place
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in pairs:
        yield from places(entry, (*place, key))


ODD = [None, True, -1, 0, 10**30, 1.5, 1e999, float("nan"), "", "ü", [], [[]], {}, {"a": {}}, [1, "2", None], "0/c"]


def test_no_change_of_the_metadata_raises_another_error(store, rng):
    """Each entry of the metadata deleted, or replaced by values of other types."""
    n = 0
    for path in (store / "zarr.json", store / "0" / "zarr.json"):
        intact = path.read_text()
        entries = json.loads(intact)
        for place in [place for place in places(entries) if place and "consolidated_metadata" not in place]:
            for odd in rng.choice(len(ODD) + 1, 2, replace=False):
                changed = copy.deepcopy(entries)
                within = changed
                for key in place[:-1]:
                    within = within[key]
                if odd == len(ODD):
                    del within[place[-1]]
                else:
                    within[place[-1]] = ODD[odd]
                path.write_text(json.dumps(changed))
                n += 1
                try:
                    open_volumes(store)
                    reader = volume_reader(store)
                    assert reader is None or len(reader(store)) == 1
                except ValueError as error:
                    assert str(store) in str(error)  # noqa: PT017
        path.write_text(intact)
    assert n > 150


def test_files_that_are_not_finished_volumes_are_refused(tmp_path, capsys, store):
    (tmp_path / "w.tif.partial").write_bytes(b"")
    assert main(["check", str(tmp_path / "none.tif"), str(tmp_path / "w.tif.partial"), str(store)]) == 2
    printed = capsys.readouterr()
    assert "none.tif, which does not exist" in printed.err
    assert "the unfinished" in printed.err
    assert "2 of 3 files cannot be used" in printed.err
    assert f"{store}: whole; volume of 20 × 40 × 140 voxels in 2 resolutions" in printed.out


@pytest.mark.parametrize(
    ("stated", "claimed"),
    [
        ('SizeZ="4"', 'SizeZ="2000000000"'),
        ('SizeZ="4"', 'SizeZ="&#50;000000000"'),
        ('SizeX="64"', 'SizeX="2_000_000_000"'),
        ('SizeT="1"', f'SizeT="{"9" * 400}"'),
        ('IFD="0"', 'IFD="2000000000"'),
        ('PlaneCount="4"', 'PlaneCount="2000000000"'),
    ],
)
def test_ome_metadata_of_more_pages_than_the_file_has_room_for_are_refused(tmp_path, stated, claimed):
    """The list of these pages alone would need gigabytes."""
    path = tmp_path / "v.ome.tif"
    planes = np.zeros((4, 64, 64), np.uint8)
    tifffile.imwrite(path, planes, ome=True, metadata={"axes": "ZYX"})
    assert read_labels(path).shape == planes.shape
    metadata = tifffile.tiffcomment(path)
    assert stated in metadata
    changed = metadata.replace(stated, claimed)
    tifffile.imwrite(path, planes, description=changed, metadata=None, photometric="minisblack")
    for opened in (open_volumes, read_labels):
        with pytest.raises(ValueError, match=f"{path} must hold its whole image, got OME metadata that state"):
            opened(path)
