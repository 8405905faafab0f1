import zipfile

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image
from skimage.io import imsave

from napari_swnn.io import open_volumes, read_image, read_labels, write_tiff


@pytest.mark.parametrize("shape", [(7, 9), (5, 7, 9)])
@pytest.mark.parametrize("high", [1, 300])
def test_tiff_keeps_labels_and_voxel_size(tmp_path, rng, shape, high):
    volume = rng.choice([0, high], shape)
    write_tiff(tmp_path / "v.tif", volume, voxel_size=0.25, unit="um")
    assert_array_equal(read_labels(tmp_path / "v.tif"), volume)
    with tifffile.TiffFile(tmp_path / "v.tif") as file:
        assert file.imagej_metadata["unit"] == "um"
        assert file.imagej_metadata["spacing"] == 0.25
        numerator, denominator = file.pages[0].tags["XResolution"].value
        assert numerator / denominator == pytest.approx(4)
        assert file.pages[0].dtype == (np.uint8 if high < 256 else np.uint16)


@pytest.mark.parametrize("labels", [[[-1, 0]], [[0, 70_000]]])
def test_labels_that_a_tiff_cannot_hold_are_refused(tmp_path, labels):
    with pytest.raises(ValueError, match="must hold labels from 0 to 65535"):
        write_tiff(tmp_path / "v.tif", np.array(labels))


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "npy"])
def test_images_are_read(tmp_path, blobs, ending):
    path = tmp_path / f"image.{ending}"
    if ending == "npy":
        np.save(path, 255 * blobs)
    else:
        imsave(path, 255 * blobs, check_contrast=False)
    assert_array_equal(read_labels(path), 255 * blobs)


def test_equal_colour_channels_are_one(tmp_path, blobs):
    imsave(tmp_path / "rgb.png", np.repeat(255 * blobs[..., None], 3, axis=2), check_contrast=False)
    assert_array_equal(read_labels(tmp_path / "rgb.png"), 255 * blobs)


def test_transparency_is_no_axis(tmp_path, blobs):
    Image.fromarray(255 * blobs).convert("LA").save(tmp_path / "la.png")
    assert_array_equal(read_labels(tmp_path / "la.png"), 255 * blobs)


def test_a_volume_three_voxels_wide_stays_a_volume(tmp_path, rng):
    volume = rng.integers(0, 2, (6, 7, 3)).astype(np.uint8)
    write_tiff(tmp_path / "thin.tif", volume, unit="µm")
    assert_array_equal(read_labels(tmp_path / "thin.tif"), volume)


def test_a_colour_image_is_refused(tmp_path, rng):
    imsave(tmp_path / "rgb.png", rng.integers(0, 255, (8, 8, 3)).astype(np.uint8), check_contrast=False)
    with pytest.raises(ValueError, match="got 3 channels that differ in the colour image"):
        read_labels(tmp_path / "rgb.png")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "notes.png").write_text("no image")
    with pytest.raises(ValueError, match="whose format is not known"):
        read_labels(tmp_path / "notes.png")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_labels(tmp_path / "none.png")


@pytest.mark.parametrize(
    ("start", "name"), [(b"\x89HDF\r\n\x1a\n", "HDF5"), (b"MATLAB 5.0 MAT-file", "MATLAB"), (b"CDF\x01", "NetCDF")]
)
@pytest.mark.parametrize("read", [read_labels, read_image, open_volumes])
def test_files_of_several_arrays_are_named(tmp_path, start, name, read):
    (tmp_path / "a").write_bytes(start + bytes(512))
    with pytest.raises(ValueError, match=f"got the {name} file .*; save the one with the labels as TIFF or .npy"):
        read(tmp_path / "a")


def test_archives_of_other_files_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.ome.zarr.zip", "w") as archive:
        archive.writestr(".zattrs", "{}")
    with pytest.raises(ValueError, match="a ZIP archive of other files; unpack it first"):
        read_labels(tmp_path / "a.ome.zarr.zip")
