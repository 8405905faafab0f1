"""The voxel size of an image is that of its metadata, in any unit, and never that of a printer."""

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image

from napari_swnn._voxel_size import VoxelSize, find_length_unit
from napari_swnn.io import open_volume_set, read_image, read_labels, read_voxel_sides, write_tiff

UNITS = ["um", "µm", "μm", "\\u00B5m", "micron", "Micron", "microns", "micrometre", "nm", "Å", "angstrom", "mm", "pm"]
SIZES = st.floats(1e-3, 1e3).map(lambda size: float(f"{size:.4g}"))
QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "image.tif"


@pytest.mark.parametrize("unit", UNITS)
@given(size=SIZES, ndim=st.sampled_from([2, 3]))
@QUICK
def test_a_written_volume_keeps_its_voxel_size(path, unit, size, ndim):
    write_tiff(
        path, np.eye(18, dtype=np.uint8) if ndim == 2 else np.ones((3, 4, 5), np.uint8), voxel_size=size, unit=unit
    )
    voxel = read_image(path).voxel
    assert voxel.metres == pytest.approx(VoxelSize(size, unit).metres, rel=1e-5)
    assert open_volume_set(path).voxel == voxel
    assert read_voxel_sides(path).cubic("image") == voxel


@pytest.mark.parametrize("unit", UNITS)
def test_imagej_states_its_unit_in_any_spelling(path, blobs, unit):
    stored = unit.encode("ascii", "backslashreplace").decode().replace("\\xb5", "\\u00B5").replace("\\xc5", "\\u00C5")
    tifffile.imwrite(path, blobs, imagej=True, resolution=(1 / 0.35, 1 / 0.35), metadata={"unit": stored})
    voxel = read_image(path).voxel
    assert voxel.value == 0.35
    assert voxel.length_unit is find_length_unit(unit)


@pytest.mark.parametrize("unit", ["pixel", "pixels", "voxel", "", "px"])
def test_pixels_are_no_unit(path, blobs, unit):
    tifffile.imwrite(path, blobs, imagej=True, resolution=(3, 3), metadata={"unit": unit})
    assert read_image(path).voxel == VoxelSize()


@pytest.mark.parametrize(
    ("z", "y", "x"),
    [
        ((0.5, "µm"), (0.5, "µm"), (0.5, "µm")),
        ((500, "nm"), (0.5, "µm"), (5000, "Å")),
        ((5e-4, "mm"), (500, "nm"), (0.5, "µm")),
    ],
)
def test_units_of_ome_are_converted_before_they_are_compared(path, z, y, x):
    sizes = {f"PhysicalSize{axis}": size for axis, (size, _) in zip("ZYX", (z, y, x), strict=True)}
    units = {f"PhysicalSize{axis}Unit": unit for axis, (_, unit) in zip("ZYX", (z, y, x), strict=True)}
    tifffile.imwrite(
        path,
        np.zeros((3, 18, 18), np.uint8),
        ome=True,
        photometric="minisblack",
        metadata={"axes": "ZYX", **sizes, **units},
    )
    assert read_image(path).voxel.metres == pytest.approx(5e-7)


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"X": 0.35, "Y": 0.35, "Z": 1.0}, "1 × 0.35 × 0.35 µm"),
        ({"X": 0.35, "Y": 0.35}, "unknown × 0.35 × 0.35 µm"),
        ({"X": 0.5, "Y": 0.35, "Z": 0.5}, "0.5 × 0.35 × 0.5 µm"),
    ],
)
def test_voxels_that_are_no_cubes_are_refused(path, sizes, shown):
    metadata = {"axes": "ZYX", **{f"PhysicalSize{axis}": size for axis, size in sizes.items()}}
    tifffile.imwrite(path, np.zeros((3, 18, 18), np.uint8), ome=True, photometric="minisblack", metadata=metadata)
    for read in (read_labels, open_volume_set, lambda path: read_image(path).voxel):
        with pytest.raises(ValueError, match=f"must have cubic voxels, got sides of {shown} along z, y, x; resample"):
            read(path)


def test_without_a_spacing_imagej_means_a_depth_of_one(path):
    """ImageJ omits the spacing of a stack if it is 1."""
    volume = np.zeros((3, 18, 18), np.uint8)
    tifffile.imwrite(path, volume, imagej=True, resolution=(2, 2), metadata={"axes": "ZYX", "unit": "um"})
    with pytest.raises(ValueError, match=r"got sides of 1 × 0\.5 × 0\.5 µm"):
        read_labels(path)


@pytest.mark.parametrize(
    ("resolution", "unit", "expected"),
    [
        ((72, 72), "INCH", None),
        ((96, 96), "INCH", None),
        ((300, 300), "INCH", None),
        ((1200, 1200), "INCH", None),
        ((28.346, 28.346), "CENTIMETER", None),
        ((118.11, 118.11), "CENTIMETER", None),
        ((25400, 25400), "INCH", 1e-6),
        ((4800, 4800), "INCH", 0.0254 / 4800),
        ((10000, 10000), "CENTIMETER", 1e-6),
        ((1000, 1000), "CENTIMETER", 1e-5),
        ((1, 1), "NONE", None),
    ],
)
def test_a_resolution_is_a_pixel_size_unless_it_is_one_of_prints(path, blobs, resolution, unit, expected):
    tifffile.imwrite(path, blobs, resolution=resolution, resolutionunit=unit)
    voxel = read_image(path).voxel
    assert voxel == VoxelSize() if expected is None else voxel.metres == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("dpi", "expected"), [(72, None), (300, None), (254_000, 1e-7)])
def test_png_states_pixels_per_metre(tmp_path, blobs, dpi, expected):
    Image.fromarray(blobs).save(tmp_path / "image.png", dpi=(dpi, dpi))
    voxel = read_image(tmp_path / "image.png").voxel
    assert voxel == VoxelSize() if expected is None else voxel.metres == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("dpi", [(72, 144), (50_000, 25_000)])
def test_pixels_that_are_no_squares_are_refused(path, blobs, dpi):
    Image.fromarray(blobs).save(path, dpi=dpi)
    with pytest.raises(ValueError, match="must have square pixels, got sides of"):
        read_labels(path)


ZEISS = "0\r\n2.5e-09\r\nAP_PIXEL_SIZE\r\nPixel Size = 11.1 nm\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = {}\r\n"
FEI = "[User]\r\nDate=1\r\n[{}]\r\nPixelWidth=1.6e-08\r\nPixelHeight=1.6e-08\r\n"
TESCAN = "[MAIN]\r\nPixelSizeX=5e-08\r\nPixelSizeY=5e-08\r\n"


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        (34118, ZEISS.format("22.33 nm"), VoxelSize(22.33, "nm")),
        (34118, ZEISS.format("223.3 pm"), VoxelSize(0.2233, "nm")),
        (34118, ZEISS.format("2.233 µm"), VoxelSize(2.233, "um")),
        (34680, FEI.format("Scan"), VoxelSize(16, "nm")),
        (34682, FEI.format("EScan"), VoxelSize(16, "nm")),
        (50431, TESCAN, VoxelSize(50, "nm")),
        (34118, "no pixel size", VoxelSize()),
    ],
)
def test_electron_microscopes_state_the_pixel_size(path, blobs, tag, text, expected):
    content = text.encode("latin-1")
    tifffile.imwrite(path, blobs, resolution=(96, 96), extratags=[(tag, "B", len(content), content, True)])
    assert read_image(path).voxel == expected


def test_planes_without_a_distance_are_noted(path):
    volume = np.zeros((3, 18, 18), np.uint8)
    tifffile.imwrite(path, volume, photometric="minisblack", resolution=(1e5, 1e5), resolutionunit="CENTIMETER")
    image = read_image(path)
    assert image.voxel == VoxelSize(0.1, "um")
    assert "no distance between its planes" in image.notes[-1]


@pytest.mark.parametrize("unit", ["n²", "世界", "A\u030a", "grüße"])
def test_a_unit_outside_ascii_is_kept(path, unit):
    write_tiff(path, np.eye(18, dtype=np.uint8), voxel_size=2, unit=unit)
    voxel = read_image(path).voxel
    assert voxel.unit == unit or voxel.length_unit is find_length_unit(unit) is not None


@given(z=st.integers(1, 4), y=st.integers(1, 3), x=st.integers(1, 3))
@QUICK
def test_resampling_repeats_voxels_along_longer_sides(path, z, y, x):
    shortest = min(z, y, x)
    volume = np.arange(3 * 18 * 18, dtype=np.uint16).reshape(3, 18, 18) % 7
    metadata = {"axes": "ZYX", "PhysicalSizeZ": z, "PhysicalSizeY": y, "PhysicalSizeX": x}
    tifffile.imwrite(path, volume, ome=True, photometric="minisblack", metadata=metadata)
    labels = read_labels(path, resample=True)
    for axis, side in enumerate((z, y, x)):
        n = round(volume.shape[axis] * side / shortest)
        centres = (np.arange(n) + 0.5) * shortest / side  # in voxels of the file
        volume = np.take(volume, centres.astype(int), axis)
    assert_array_equal(labels, volume)


def test_a_resolution_without_a_unit_states_the_aspect_ratio(path):
    tifffile.imwrite(path, np.eye(18, dtype=np.uint8), resolution=(4, 2), resolutionunit="NONE")
    for read in (read_labels, open_volume_set):
        with pytest.raises(ValueError, match=r"square pixels, got sides of 0\.5 × 0\.25 pixel"):
            read(path)
    assert read_labels(path, resample=True).shape == (36, 18)
    tifffile.imwrite(path, np.eye(18, dtype=np.uint8), resolution=(4, 4), resolutionunit="NONE")
    assert read_image(path).voxel == VoxelSize()


@pytest.mark.parametrize(("spacing", "depth"), [(float("nan"), 1.0), (float("inf"), 1.0), (0, 1.0), (-0.25, 0.25)])
def test_a_spacing_that_is_no_length_is_that_of_imagej(path, spacing, depth):
    metadata = {"axes": "ZYX", "spacing": spacing, "unit": "um"}
    tifffile.imwrite(path, np.ones((3, 18, 18), np.uint8), imagej=True, resolution=(4, 4), metadata=metadata)
    assert read_image(path).sides.lengths == (depth, 0.25, 0.25)


@pytest.mark.parametrize("size", [1e-12, 5e-10, 1e-9, 1.0])
def test_lengths_far_from_one_are_written_in_a_handy_unit(path, size):
    write_tiff(path, np.eye(18, dtype=np.uint8), voxel_size=size, unit="m")
    assert read_image(path).voxel.metres == pytest.approx(size, rel=1e-5)
