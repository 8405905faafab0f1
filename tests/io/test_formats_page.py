"""The table of formats in the documentation: each row is written, and read as the row says."""

import argparse
import re
import warnings
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
import zarr
from napari_builtins.io import napari_get_reader
from PIL import Image

from napari_swnn._reader import volume_reader
from napari_swnn.cli._reference import add_image_argument, add_reference_options, read_reference
from napari_swnn.io import read_labels, read_sections
from napari_swnn.io.export.surface import SURFACE_ENDINGS
from napari_swnn.io.export.volume import VOLUME_ENDINGS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"
COMPRESSIONS = (None, "lzw", "zlib", "zstd", "packbits", "lzma")


def tiff(folder, values, name="a.tif", **options):
    tifffile.imwrite(folder / name, values, **options)
    return folder / name


def picture(folder, values, name, palette=None, **options):
    image = Image.fromarray(values)
    if palette is not None:
        image.putpalette(palette)
    image.save(folder / name, **options)
    return folder / name


def colours(labels):
    return np.stack([labels, 1 - labels, labels], -1)


def several_sizes(folder, labels):
    with tifffile.TiffWriter(folder / "a.tif") as writer:
        writer.write(labels)
        writer.write(labels[:50])
    return folder / "a.tif"


def zipped(folder, *arrays):
    np.savez(folder / "a.npz", *arrays)
    return folder / "a.npz"


def array_file(folder, labels):
    np.save(folder / "a.npy", labels)
    return folder / "a.npy"


def ome_zarr(folder, labels, series=(), zarr_format=3):
    root = zarr.open_group(folder / "a.ome.zarr", mode="w", zarr_format=zarr_format)
    described = {"axes": [{"name": n, "type": "space"} for n in "yx"], "datasets": [{"path": "0"}]}
    for name in series or (None,):
        image = root if name is None else root.create_group(name)
        ome = {"multiscales": [described]}
        image.attrs.update({"ome": ome} if zarr_format == 3 else ome)
        image.create_array("0", data=labels)
    return folder / "a.ome.zarr"


def plate(folder, _):
    zarr.open_group(folder / "a.ome.zarr", mode="w", attributes={"plate": {}})
    return folder / "a.ome.zarr"


def plain_array(folder, labels):
    zarr.create_array(folder / "a.ome.zarr", data=labels)
    return folder / "a.ome.zarr"


def unknown(folder, _):
    (folder / "a.czi").write_bytes(b"ZISRAWFILE" + bytes(100))
    return folder / "a.czi"


def container(folder, _):
    (folder / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    return folder / "a.h5"


def deep(folder, labels):
    content = imagecodecs.png_encode(np.stack([labels.astype(np.uint16)] * 3, -1))
    (folder / "deep.png").write_bytes(content)
    return folder / "deep.png"


def stack(labels):
    return np.stack([labels, labels, 1 - labels])


RED_BLUE = [200, 0, 0, 0, 0, 200]
GREYS = [255, 255, 255, 0, 0, 0]

FILES = {
    "TIFF, uncompressed or LZW": [lambda f, a, c=c: tiff(f, a, compression=c) for c in COMPRESSIONS],
    "TIFF, one bit": [lambda f, a, c=c: picture(f, a > 0, "a.tif", compression=c) for c in ("group3", "group4", None)],
    "TIFF, white is zero": [lambda f, a: tiff(f, a, photometric="miniswhite")],
    "TIFF, colour with equal channels": [
        lambda f, a: tiff(f, np.stack([a] * 3, -1), photometric="rgb"),
        lambda f, a: tiff(f, np.stack([a] * 3), photometric="rgb", planarconfig="separate"),
    ],
    "TIFF, colour with channels that differ": [lambda f, a: tiff(f, colours(a), photometric="rgb")],
    "TIFF, palette of colours": [lambda f, a: picture(f, a, "a.tif", RED_BLUE)],
    "TIFF, float": [lambda f, a: tiff(f, a.astype(np.float32))],
    "TIFF, several slices": [lambda f, a: tiff(f, stack(a), imagej=True, metadata={"axes": "ZYX"})],
    "TIFF, several pages without": [lambda f, a: tiff(f, stack(a), photometric="minisblack")],
    "TIFF, several frames": [lambda f, a: tiff(f, stack(a), imagej=True, metadata={"axes": "TYX"})],
    "TIFF, several images": [several_sizes],
    "ImageJ TIFF, several channels": [lambda f, a: tiff(f, stack(a), imagej=True, metadata={"axes": "CYX"})],
    "JPEG": [
        lambda f, a: picture(f, 255 * a, "a.jpg"),
        lambda f, a: picture(f, 255 * a, "a.tif", compression="jpeg"),
    ],
    "PNG, grey": [
        lambda f, a: picture(f, a > 0, "a.png"),
        lambda f, a: picture(f, a, "a.png"),
        lambda f, a: picture(f, a.astype(np.uint16), "a.png"),
        lambda f, a: picture(f, np.stack([a] * 3, -1), "a.png"),
        deep,
    ],
    "PNG or TIFF with transparency": [
        lambda f, a, e=e: picture(f, np.stack([a, 255 * a], -1), f"a.{e}") for e in ("png", "tif")
    ],
    "PNG, palette of colours": [lambda f, a: picture(f, a, "a.png", RED_BLUE)],
    "PNG, palette of greys": [lambda f, a: picture(f, a, "a.png", GREYS)],
    "BMP": [lambda f, a, e=e: picture(f, a, f"a.{e}") for e in ("bmp", "gif", "ppm")],
    "NumPy `.npy`": [array_file, zipped],
    "NumPy `.npz` with several": [lambda f, a: zipped(f, a, a)],
    "OME-Zarr 0.1": [ome_zarr, lambda f, a: ome_zarr(f, a, zarr_format=2)],
    "OME-Zarr of bioformats2raw with one": [lambda f, a: ome_zarr(f, a, "0")],
    "OME-Zarr of bioformats2raw with several": [lambda f, a: ome_zarr(f, a, "01")],
    "OME-Zarr, plate": [plate],
    "Zarr array": [plain_array],
    "HDF5": [container],
    "Microscope formats": [unknown],
}


def rows():
    table = PAGE.read_text(encoding="utf-8").split("|---|---|---|---|\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def writers(row):
    named = [name for name in FILES if row[0].startswith(name)]
    return FILES[max(named, key=len)]


def test_every_row_is_checked():
    assert len(rows()) == len(FILES)
    assert all(any(row[0].startswith(name) for name in FILES) for row in rows())


@pytest.mark.parametrize("row", rows(), ids=lambda row: re.sub(r"\W+", "-", row[0])[:40])
def test_a_file_is_read_as_the_table_says(tmp_path, blobs, row, capsys):
    for write in writers(row):
        path = write(tmp_path, blobs)
        if row[1].startswith("labels"):
            check_labels(row, read_labels(path), blobs)
        else:
            with pytest.raises(ValueError, match=r"must|path"):
                read_labels(path)
            if "read_sections" in row[1]:
                assert np.array_equal(read_sections(path), stack(blobs))
        check_shell(row, path, capsys)
        check_napari(row, path)


def check_labels(row, labels, blobs):
    if "volume" in row[1]:
        assert labels.shape == (3, *blobs.shape)
        return
    is_high = labels == labels.max()
    inverted = row[1].endswith("inverted") or row[1].endswith("greys")
    assert np.array_equal(is_high, blobs == 0 if inverted else blobs == 1)
    if row[1].endswith("0 and 1"):
        assert set(np.unique(labels)) == {0, 1}


def check_shell(row, path, capsys):
    parser = argparse.ArgumentParser()
    add_image_argument(parser)
    add_reference_options(parser)
    if row[2].startswith("labels"):
        read_reference(parser.parse_args([str(path)]))
        assert ("Note: the 3 pages" in capsys.readouterr().out) == ("with a note" in row[2])
        return
    with pytest.raises(ValueError, match=r"must|path"):
        read_reference(parser.parse_args([str(path)]))
    if "--stack" in row[2]:
        read_reference(parser.parse_args([str(path), "--stack", "sections"]))


def check_napari(row, path):
    if path.suffix == ".zarr":
        reader = volume_reader(path)
        assert (reader is None) == row[3].startswith("not opened")
        assert reader is None or reader(path)[0][2] == "labels"
        return
    if row[3].startswith("with a plugin"):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = napari_get_reader(str(path))(str(path))
    assert all(len(layer) < 3 or layer[2] == "image" for layer in layers)
    if row[3].endswith("not inverted"):
        with tifffile.TiffFile(path) as file:
            assert np.array_equal(layers[0][0], file.asarray())


def test_the_table_of_written_formats_lists_what_is_written():
    text = PAGE.read_text(encoding="utf-8").split("## Formats that are written", 1)[1]
    first = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `.")]
    listed = {f".{ending.rpartition('.')[2]}" for cell in first for ending in re.findall(r"`(\.[\w.]+)`", cell)}
    assert listed == {*VOLUME_ENDINGS, *SURFACE_ENDINGS}
