"""A mask comes back from a file as a viewer shows it, whatever the encoding."""

import io
import os
import warnings
from types import SimpleNamespace

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from PIL import Image

from napari_swnn.io import open_volumes, read_image, read_labels, read_sections

MASKS = arrays(bool, st.tuples(st.integers(17, 40), st.integers(17, 40)))
VOLUMES = arrays(bool, st.tuples(*[st.integers(2, 5), st.integers(17, 22), st.integers(17, 22)]))
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LOSSLESS = [None, "lzw", "zlib", "zstd", "packbits", "lzma", "deflate"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "image"  # the content tells the format, not the name


@pytest.mark.parametrize("compression", LOSSLESS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, bool])
@given(mask=MASKS, tiled=st.booleans(), predictor=st.booleans(), big=st.booleans(), order=st.sampled_from("<>"))
@QUICK
def test_tiff_of_any_compression(path, compression, dtype, mask, tiled, predictor, big, order):
    values = mask if dtype is bool else 255 * mask.astype(dtype)
    tifffile.imwrite(
        path,
        values,
        compression=compression,
        predictor=predictor and compression is not None and dtype is not bool,
        tile=(16, 32) if tiled and dtype is not bool else None,
        bigtiff=big,
        byteorder=order,
    )
    assert_array_equal(read_labels(path), values)


@pytest.mark.parametrize(
    "compression", [None, "group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw", "tiff_deflate"]
)
@given(mask=MASKS, white_is_zero=st.booleans())
@QUICK
def test_one_bit_tiff_is_read_as_it_is_shown(path, compression, mask, white_is_zero):
    Image.fromarray(mask).save(path, "TIFF", compression=compression, tiffinfo={262: 0 if white_is_zero else 1})
    with Image.open(path) as shown:
        assert_array_equal(read_labels(path), np.asarray(shown.convert("L")) > 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_white_as_zero_is_inverted(path, blobs, dtype):
    values = blobs.astype(dtype) * (255 if dtype == np.uint8 else 1)
    tifffile.imwrite(path, values, photometric="miniswhite")
    shown = read_labels(path)
    assert_array_equal(shown == shown.max(), blobs == 0)
    if dtype == np.uint8:
        with Image.open(path) as picture:
            assert_array_equal(shown, np.asarray(picture))


@given(mask=MASKS, channels=st.sampled_from([3, 4]), planar=st.booleans(), dtype=st.sampled_from([np.uint8, np.uint16]))
@QUICK
def test_equal_colours_of_a_tiff_are_one_channel(path, mask, channels, planar, dtype):
    grey = 255 * mask.astype(dtype)
    colours = [grey] * 3 + [255 - grey] * (channels - 3)  # transparency is ignored
    tifffile.imwrite(
        path,
        np.stack(colours, 0 if planar else -1),
        photometric="rgb",
        planarconfig="separate" if planar else "contig",
        extrasamples=["unassalpha"] * (channels - 3),
    )
    assert_array_equal(read_labels(path), grey)


@pytest.mark.parametrize("mode", ["1", "L", "I;16", "LA", "RGB", "RGBA", "P", "grey P"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@given(mask=MASKS)
@QUICK
def test_pictures_of_every_mode(path, kind, mode, mask):
    grey = 255 * mask.astype(np.uint8)
    alpha = Image.fromarray(255 - grey)
    picture = Image.fromarray(mask if mode == "1" else grey.astype(np.uint16) if mode == "I;16" else grey)
    expected = mask if mode == "1" else grey
    if mode in ("LA", "RGBA"):
        picture = picture.convert(mode)
        picture.putalpha(alpha)
    elif mode == "RGB":
        picture = picture.convert("RGB")
    elif mode == "P":  # colours: the indices are the labels
        picture = Image.fromarray(mask.astype(np.uint8))
        picture.putpalette([200, 0, 0, 0, 0, 200])
        expected = mask
    elif mode == "grey P":  # greys: the values are those shown
        picture = Image.fromarray(mask.astype(np.uint8))
        picture.putpalette([255, 255, 255, 0, 0, 0])
        expected = 255 - grey
    picture.save(path, kind)
    assert_array_equal(read_labels(path), expected)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_palettes_of_few_bits(path, blobs, bits):
    picture = Image.fromarray(blobs)
    picture.putpalette([200, 0, 0, 0, 0, 200])
    picture.save(path, "PNG", bits=bits)
    assert_array_equal(read_labels(path), blobs)


@pytest.mark.parametrize("colour", [0, 2, 4, 6])
def test_deep_png_keeps_its_labels(path, blobs, colour):
    labels = blobs.astype(np.uint16) + 1  # 1 and 2, which 8 bits would make 0
    n_colours = 3 if colour in (2, 6) else 1
    channels = [labels] * n_colours + [np.full_like(labels, 65535)] * (colour >= 4)
    path.write_bytes(imagecodecs.png_encode(np.stack(channels, -1).squeeze()))
    assert_array_equal(read_labels(path), labels)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PPM", "WEBP"])
def test_other_pictures(path, blobs, kind):
    Image.fromarray(255 * blobs).save(path, kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert_array_equal(read_labels(path), 255 * blobs)


@pytest.mark.parametrize("archive", [False, True])
@given(mask=MASKS, dtype=st.sampled_from([bool, np.uint8, np.int64, np.float64]), order=st.sampled_from("CF"))
@QUICK
def test_arrays(path, archive, mask, dtype, order):
    stored = np.asarray(mask.astype(dtype), order=order)
    with path.open("wb") as file:
        (np.savez_compressed if archive else np.save)(file, stored)
    assert_array_equal(read_labels(path), mask)


@pytest.mark.parametrize("writer", ["ImageJ", "OME", "plain"])
@given(volume=VOLUMES, dtype=st.sampled_from([np.uint8, np.uint16]))
@QUICK
def test_pages_are_planes_of_a_volume(path, writer, volume, dtype):
    labels = volume.astype(dtype)
    options = {"ImageJ": {"imagej": True}, "OME": {"ome": True}, "plain": {}}[writer]
    tifffile.imwrite(path, labels, photometric="minisblack", metadata={"axes": "ZYX"}, **options)
    image = read_image(path)
    assert image.axes == ("z", "y", "x")
    assert_array_equal(read_labels(path), labels)
    assert_array_equal(read_sections(path), labels)


@pytest.mark.parametrize("axes", ["TZCYX", "TCZYX", "TYX", "CYX", "ZCYX", "TZYX"])
@pytest.mark.parametrize("writer", ["imagej", "ome"])
def test_axes_are_those_that_the_file_names(path, rng, axes, writer):
    if writer == "imagej" and axes == "TCZYX":
        axes = "TZCYX"
    extents = dict(zip("TZCYX", (2, 3, 4, 18, 19), strict=True))
    values = rng.integers(0, 2, [extents[axis] for axis in axes]).astype(np.uint8)
    tifffile.imwrite(path, values, photometric="minisblack", metadata={"axes": axes}, **{writer: True})
    image = read_image(path)
    expected = [axis.lower() for axis in "TZYXC" if axis in axes]
    assert list(image.axes) == expected
    assert_array_equal(image.values, values.transpose([axes.index(axis.upper()) for axis in expected]))
    with pytest.raises(ValueError, match=r"channels that differ|frames; read them as separate sections"):
        read_labels(path)


def test_unnamed_pages_are_noted(path, rng):
    tifffile.imwrite(path, rng.integers(0, 2, (4, 18, 19)).astype(np.uint8), photometric="minisblack")
    image = read_image(path)
    assert image.axes == ("z", "y", "x")
    assert image.notes == (f"the 4 pages of {path} are taken as the planes of a volume",)


def test_equal_channels_of_imagej_are_one(path, blobs):
    tifffile.imwrite(path, np.stack([blobs, blobs]), imagej=True, metadata={"axes": "CYX"})
    assert_array_equal(read_labels(path), blobs)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_lossy_compression_is_refused_for_labels_only(path, blobs, kind):
    Image.fromarray(255 * blobs).save(path, kind, **({"compression": "jpeg"} if kind == "TIFF" else {}))
    assert read_image(path).values.shape == blobs.shape
    with pytest.raises(ValueError, match=r"lossless compression, got .* JPEG, .*; save the mask as PNG or TIFF"):
        read_labels(path)


def test_a_picture_beyond_the_limit_of_pillow_is_read(path, blobs, monkeypatch):
    Image.fromarray(255 * blobs).save(path, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_array_equal(read_labels(path), 255 * blobs)
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "npy"])
def test_an_image_that_memory_cannot_hold_is_refused(path, blobs, kind, monkeypatch):
    if kind == "npy":
        with path.open("wb") as file:
            np.save(file, blobs)
    else:
        Image.fromarray(blobs).save(path, kind)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=100))
    with pytest.raises(ValueError, match="must fit into memory, got 64 × 64"):
        read_image(path)


def encoded(kind, values):
    with io.BytesIO() as file:
        if kind == "npy":
            np.save(file, values)
        elif kind == "TIFF":
            tifffile.imwrite(file, values, compression="zlib")
        else:
            Image.fromarray(values).save(file, kind)
        return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "JPEG", "npy"])
@given(fraction=st.floats(0, 0.95))
@QUICK
def test_a_truncated_file_is_refused_in_a_sentence(path, blobs, kind, fraction):
    content = encoded(kind, 255 * blobs)
    path.write_bytes(content[: int(fraction * len(content))])
    with pytest.raises(ValueError, match=r"must (name|hold|have|be)"):
        read_labels(path)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "JPEG", "npy"])
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_read_or_refused_in_a_sentence(path, blobs, kind, data):
    content = bytearray(encoded(kind, 255 * blobs))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(len(content), 300) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read_labels(path)
    except (ValueError, TypeError) as error:
        assert "\n" not in str(error)  # noqa: PT017 any damage may or may not be fatal


def test_what_is_no_image_file_is_refused_in_a_sentence(tmp_path, path):
    path.touch()
    with pytest.raises(ValueError, match="got the empty file"):
        read_labels(path)
    path.write_text("pores")
    with pytest.raises(ValueError, match="whose format is not known; export it as TIFF"):
        read_labels(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="which is no regular file"):
        read_labels(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name in ("link", "gone"):
        with pytest.raises(FileNotFoundError, match="which does not exist"):
            read_labels(tmp_path / name)


def test_a_link_is_followed(tmp_path, path, blobs):
    np.save(tmp_path / "a.npy", blobs)
    path.symlink_to(tmp_path / "a.npy")
    assert_array_equal(read_labels(path), blobs)


def test_an_archive_that_memory_cannot_hold_is_refused(path, monkeypatch):
    with path.open("wb") as file:
        np.savez_compressed(file, np.zeros((100, 100), np.uint8))
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=1000))
    with pytest.raises(ValueError, match="must fit into memory"):
        read_labels(path)


def test_a_part_of_a_set_of_files_is_refused(path, blobs):
    """An OME-TIFF whose further planes are in a file that is missing."""
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        'DimensionOrder="XYZCT" Type="uint8" SizeX="64" SizeY="64" SizeZ="2" SizeC="1" SizeT="1">'
        '<Channel ID="Channel:0:0"/><TiffData IFD="0" FirstZ="0" PlaneCount="1"><UUID FileName="image">urn:uuid:1'
        '</UUID></TiffData><TiffData IFD="0" FirstZ="1" PlaneCount="1"><UUID FileName="other">urn:uuid:2</UUID>'
        "</TiffData></Pixels></Image></OME>"
    )
    tifffile.imwrite(path, blobs, description=xml, metadata=None)
    with pytest.raises(ValueError, match="got a part of a set of files; export it to a single file"):
        read_labels(path)


@pytest.mark.parametrize(
    "options", [{}, {"imagej": True, "metadata": {"axes": "ZYX"}}, {"metadata": None}, {"ome": True}]
)
@pytest.mark.parametrize("compression", [None, "zlib"])
@given(fraction=st.floats(0, 1))
@QUICK
def test_a_truncated_stack_is_refused_unless_all_pages_are_there(path, options, compression, fraction):
    volume = np.random.default_rng(0).integers(0, 2, (5, 40, 40)).astype(np.uint8)
    if options.get("imagej"):
        compression = None
    named = {"metadata": {"axes": "ZYX"}} | options
    tifffile.imwrite(path, volume, photometric="minisblack", compression=compression, **named)
    content = path.read_bytes()
    path.write_bytes(content[: int(fraction * len(content))])
    for read in (read_labels, lambda path: np.squeeze([np.asarray(volume) for volume in open_volumes(path)])):
        found, refusal = volume, "must"
        try:
            found = read(path)  # an OME-TIFF ends with its description, without which all pages can still be read
        except ValueError as error:
            refusal = str(error)
        assert "must" in refusal
        np.testing.assert_array_equal(found, volume)


@pytest.mark.parametrize("array", [np.zeros((0, 5), int), np.zeros(5, int), np.array(5), np.array([["a"]])])
def test_arrays_that_are_no_images_are_refused(path, array):
    with path.open("wb") as file:
        np.save(file, array)
    for read in (read_labels, open_volumes):
        with pytest.raises(ValueError, match="must hold"):
            read(path)


@pytest.mark.parametrize("mode", ["YCbCr", "CMYK"])
def test_grey_in_other_colour_spaces(path, blobs, mode):
    Image.fromarray(255 * np.stack([blobs] * 3, -1)).convert(mode).save(path, "TIFF")
    assert_array_equal(read_labels(path), 255 * blobs)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("ending", ["jp2", "webp", "tif"])
def test_three_phases_need_a_lossless_compression(tmp_path, blobs, ending, lossless):
    labels = (100 * (blobs + np.roll(blobs, 20, 0))).astype(np.uint8)
    path = tmp_path / f"a.{ending}"
    if ending == "jp2":
        options = {} if lossless else {"irreversible": True, "quality_layers": [20]}
        Image.fromarray(labels).save(path, **options)
    elif ending == "webp":
        Image.fromarray(np.dstack([labels] * 3)).save(path, lossless=lossless)
    else:
        options = {"reversible": lossless} | ({} if lossless else {"level": 30})
        tifffile.imwrite(path, labels, compression="jpeg2000", compressionargs=options)
    if lossless:
        assert_array_equal(read_labels(path), labels)
        assert_array_equal(open_volumes(path)[0], labels)
    else:
        with pytest.raises(ValueError, match="must come from a file with lossless compression"):
            read_labels(path)


def test_inverted_values_are_noted(path, blobs):
    tifffile.imwrite(path, 255 * blobs.astype(np.uint8), photometric="miniswhite")
    assert "stored with white as 0; its values are inverted" in read_image(path).notes[-1]
