"""Images, phase, pages and voxel size as the shell takes them."""

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from napari_swnn import Model, Reference
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.cli import main
from napari_swnn.cli._command import HelpFormatter
from napari_swnn.cli._reference import add_image_argument, add_reference_options, read_reference

METADATA = {"unit": "um"}


@pytest.fixture
def read(capsys):
    """Function that reads a reference for a command line, and returns it with the printed text."""
    import argparse

    parser = argparse.ArgumentParser(formatter_class=HelpFormatter)
    add_image_argument(parser)
    add_reference_options(parser)

    def run(*arguments):
        reference = read_reference(parser.parse_args([str(argument) for argument in arguments]))
        return reference, capsys.readouterr().out

    return run


def calibrated(path, labels, size=0.35, unit="um", **metadata):
    resolution = (1 / size, 1 / size)
    tifffile.imwrite(path, labels, imagej=True, resolution=resolution, metadata={"unit": unit, **metadata})
    return path


def test_the_voxel_size_is_that_of_the_file(read, tmp_path, blobs):
    reference, printed = read(calibrated(tmp_path / "a.tif", 255 * blobs))
    assert reference.voxel == VoxelSize(0.35, "um")
    assert "phase 255 is 30.0 % of the image; background 0 is 70.0 %; voxel size 0.35 µm" in printed
    assert "Note" not in printed


@pytest.mark.parametrize("option", ["--voxel-size", "--pixel-size"])
def test_a_given_voxel_size_replaces_that_of_the_file_with_a_note(read, tmp_path, blobs, option):
    reference, printed = read(calibrated(tmp_path / "a.tif", blobs), option, "2", "--unit", "um")
    assert reference.voxel == VoxelSize(2, "um")
    assert "states a voxel size of 0.35 µm; --voxel-size replaces it with 2 µm" in printed
    same, printed = read(calibrated(tmp_path / "a.tif", blobs), option, "350", "--unit", "nm")
    assert same.voxel == VoxelSize(350, "nm")
    assert "Note" not in printed


def test_a_given_unit_converts_the_voxel_size_of_the_file(read, tmp_path, blobs):
    reference, _ = read(calibrated(tmp_path / "a.tif", blobs), "--unit", "nm")
    assert reference.voxel == VoxelSize(350, "nm")


def test_a_given_voxel_size_has_the_unit_of_the_file(read, tmp_path, blobs):
    reference, _ = read(calibrated(tmp_path / "a.tif", blobs), "--voxel-size", "0.35")
    assert reference.voxel == VoxelSize(0.35, "um")


def test_several_sections_are_one_reference(read, tmp_path, blobs):
    paths = [calibrated(tmp_path / f"{i}.tif", blobs[:, i:]) for i in range(3)]
    reference, _ = read(*paths)
    assert [section.image.shape for section in reference.sections] == [(64, 64), (64, 63), (64, 62)]
    assert reference.porosity == Reference([blobs[:, i:] for i in range(3)]).porosity


def test_sections_of_different_voxel_sizes_are_refused(tmp_path, blobs, capsys):
    paths = [str(calibrated(tmp_path / f"{i}.tif", blobs, size=0.5 + i / 2)) for i in range(2)]
    assert main(["train", *paths]) == 2
    assert "all images must have the same voxel size, got 0.5 µm in" in capsys.readouterr().err


def test_equal_voxel_sizes_in_different_units_are_equal(read, tmp_path, blobs):
    paths = [calibrated(tmp_path / "a.tif", blobs, 0.5), calibrated(tmp_path / "b.tif", blobs, 500, "nm")]
    assert read(*paths)[0].voxel == VoxelSize(0.5, "um")


def test_a_section_without_a_voxel_size_takes_that_of_the_others_with_a_note(read, tmp_path, blobs):
    Image.fromarray(blobs).save(tmp_path / "b.png")
    reference, printed = read(tmp_path / "b.png", calibrated(tmp_path / "a.tif", blobs))
    assert reference.voxel == VoxelSize(0.35, "um")
    assert f"Note: {tmp_path / 'b.png'} states no voxel size" in printed


def test_each_section_has_its_region(read, tmp_path, blobs):
    masks = []
    for i in range(2):
        calibrated(tmp_path / f"{i}.tif", blobs)
        mask = np.zeros(blobs.shape, bool)
        mask[:, 32 * i : 32 * (i + 1)] = True
        Image.fromarray(mask).save(tmp_path / f"mask{i}.png")
        masks.append(mask)
    names = [[tmp_path / f"{name}{i}{ending}" for i in range(2)] for name, ending in (("", ".tif"), ("mask", ".png"))]
    reference, _ = read(*names[0], "--roi", *names[1])
    assert reference.porosity == Reference([blobs, blobs], roi=masks).porosity
    with pytest.raises(ValueError, match="--roi must name one mask for each of the 2 images, got 1"):
        read(*names[0], "--roi", names[1][0])


@pytest.mark.parametrize(
    ("values", "phase"), [((1, 2), 1), ((0, 255), 255), ((0, 1, 2), 1), ((0, 100, 200), 200), ((3, 4), 4)]
)
def test_the_default_phase_is_that_of_python(read, tmp_path, rng, values, phase):
    labels = rng.choice(values, (64, 64)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", labels)
    reference, printed = read(tmp_path / "a.tif")
    assert reference.phase == phase
    assert f"phase {phase} is" in printed
    if len(values) == 3:
        assert "the other phases are 0" in printed


def test_phases_are_named_and_merged_on_request(read, tmp_path, rng):
    labels = rng.choice(3, (64, 64)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", labels)
    reference, _ = read(tmp_path / "a.tif", "--names", "0=NMC", "1=pore")
    assert (reference.phases, reference.names) == ((1, 0, 2), {1: "pore", 0: "NMC"})
    merged, printed = read(tmp_path / "a.tif", "--merge")
    assert merged.phases == (1, 3)
    assert "become one background, label 3" in printed


@pytest.mark.parametrize("names", [["pore"], ["x=pore"], ["1=pore", "1=NMC"]])
def test_names_in_another_form_are_refused(read, tmp_path, rng, names):
    tifffile.imwrite(tmp_path / "a.tif", rng.choice(3, (64, 64)).astype(np.uint8))
    with pytest.raises(ValueError, match="--names must"):
        read(tmp_path / "a.tif", "--names", *names)


def test_everything_but_the_background(read, tmp_path, blobs):
    from scipy.ndimage import label

    objects = label(blobs)[0].astype(np.uint16)
    tifffile.imwrite(tmp_path / "objects.tif", objects)
    reference, printed = read(tmp_path / "objects.tif", "--all-but", "0")
    assert reference.porosity == blobs.mean()
    assert "everything but 0 is the phase of interest" in printed
    with pytest.raises(ValueError, match="--all-but 0"):
        read(tmp_path / "objects.tif")


@pytest.mark.parametrize("axes", ["TYX", "ZYX", "CYX"])
def test_pages_are_sections_or_planes_as_requested(read, tmp_path, rng, axes):
    stack = rng.integers(0, 2, (3, 64, 64)).astype(np.uint8)
    path = calibrated(tmp_path / "a.tif", stack, axes=axes, spacing=0.35)
    sections, _ = read(path, "--stack", "sections")
    assert len(sections.sections) == 3
    assert sections.voxel == VoxelSize(0.35, "um")
    volume, _ = read(path, "--stack", "volume")
    assert volume.labels.shape == (3, 64, 64)


def test_a_movie_is_refused_unless_its_meaning_is_given(tmp_path, rng, capsys):
    stack = rng.integers(0, 2, (3, 64, 64)).astype(np.uint8)
    assert main(["train", str(calibrated(tmp_path / "a.tif", stack, axes="TYX"))]) == 2
    said = capsys.readouterr().err
    assert "with 3 frames" in said
    assert "--stack sections or --stack volume" in said


def test_unnamed_pages_are_a_volume_with_a_note(read, tmp_path, rng):
    stack = rng.integers(0, 2, (20, 30, 30)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    reference, printed = read(tmp_path / "a.tif")
    assert reference.labels.shape == (20, 30, 30)
    assert "Note: the 20 pages of" in printed
    assert "are taken as the planes of a volume" in printed


def test_voxels_that_are_no_cubes_are_resampled_on_request(read, tmp_path, rng, capsys):
    stack = rng.integers(0, 2, (10, 30, 30)).astype(np.uint8)
    path = calibrated(tmp_path / "a.tif", stack, 0.5, axes="ZYX", spacing=1.0)
    assert main(["train", str(path)]) == 2
    assert "must have cubic voxels, got sides of 1 × 0.5 × 0.5 µm" in capsys.readouterr().err
    reference, _ = read(path, "--resample")
    assert reference.voxel == VoxelSize(0.5, "um")
    assert (reference.labels == np.repeat(stack, 2, 0)).all()
    given, printed = read(path, "--voxel-size", "0.5")
    assert given.labels.shape == stack.shape
    assert "states a voxel size of 1 × 0.5 × 0.5 µm; --voxel-size replaces it" in printed


@pytest.mark.parametrize(("size", "code"), [("0.5", 0), ("500", 0), ("2", 2)])
def test_volumes_of_another_voxel_size_are_refused(tmp_path, blobs, rng, capsys, size, code):
    Image.fromarray(255 * blobs).save(tmp_path / "section.png")
    volume = 255 * rng.integers(0, 2, (32,) * 3).astype(np.uint8)
    path = calibrated(tmp_path / "half.tif", volume, 0.5, axes="ZYX", spacing=0.5)
    unit = "nm" if size == "500" else "um"
    arguments = [str(tmp_path / "section.png"), str(path), "--voxel-size", size, "--unit", unit]
    assert main(["validate", *arguments]) == code
    printed = capsys.readouterr()
    assert ("volumes must have the voxel size of the reference, 2 µm, got 0.5 µm" in printed.err) == (code == 2)


def test_a_missing_voxel_size_of_the_reference_is_noted(tmp_path, blobs, rng, capsys):
    Image.fromarray(255 * blobs).save(tmp_path / "section.png")
    volume = 255 * rng.integers(0, 2, (32,) * 3).astype(np.uint8)
    path = calibrated(tmp_path / "half.tif", volume, 0.5, axes="ZYX", spacing=0.5)
    assert main(["validate", str(tmp_path / "section.png"), str(path), "--further", str(tmp_path / "section.png")]) == 0
    assert "states a voxel size of 0.5 µm, and the reference none" in capsys.readouterr().out


def test_a_mask_saved_as_jpeg_is_refused(tmp_path, blobs, capsys):
    Image.fromarray(255 * blobs).save(tmp_path / "mask.jpg", quality=90)
    np.save(tmp_path / "volume.npy", 255 * np.indices((16, 16, 16)).sum(0).astype(np.uint8) % 2)
    for command in (["train"], ["validate"]):
        rest = [str(tmp_path / "volume.npy")] if command == ["validate"] else []
        assert main([*command, str(tmp_path / "mask.jpg"), *rest, "--phase", "255"]) == 2
        assert "lossless compression, got" in capsys.readouterr().err


def test_a_model_is_trained_on_any_format_with_its_voxel_size(quick, tmp_path, blobs, capsys):
    """Two calibrated sections, and the OME-Zarr of labels that another program wrote."""
    sections = [str(calibrated(tmp_path / f"{i}.tif", blobs[:, i:])) for i in range(2)]
    assert main(["train", *sections, "-o", str(tmp_path / "two.swnn")]) == 0
    assert Model.load(tmp_path / "two.swnn").voxel == VoxelSize(0.35, "um")
    root = zarr.open_group(tmp_path / "labels.zarr", mode="w", zarr_format=2)
    scale = [{"type": "scale", "scale": [0.5, 0.5]}]
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "yx"]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    root.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    root.create_array("0", data=blobs)
    assert main(["train", str(tmp_path / "labels.zarr"), "-o", str(tmp_path / "zarr.swnn")]) == 0
    model = Model.load(tmp_path / "zarr.swnn")
    assert model.voxel == VoxelSize(0.5, "nanometer")
    assert model.provenance["reference_porosity"] == pytest.approx(blobs.mean())


def test_a_volume_beside_a_section_is_named(read, tmp_path, blobs):
    section, volume = tmp_path / "a.tif", tmp_path / "v.tif"
    tifffile.imwrite(section, blobs)
    tifffile.imwrite(volume, np.stack([blobs] * 5), imagej=True, metadata={"axes": "ZYX"})
    with pytest.raises(ValueError, match=r"must all be sections, got the volume .*v\.tif among them; .* --stack"):
        read(section, volume)
    assert len(read(section, volume, "--stack", "sections")[0].sections) == 6


def stretched(rng, *sigmas):
    from scipy.ndimage import gaussian_filter

    return (gaussian_filter(rng.standard_normal((96, 96)), sigmas, mode="wrap") > 0).astype(np.uint8)


def test_images_are_given_by_plane_and_checked_against_each_other(read, tmp_path, rng):
    across = calibrated(tmp_path / "xy.tif", stretched(rng, 2, 2))
    along = [calibrated(tmp_path / f"yz{i}.tif", stretched(rng, 6, 2)) for i in range(2)]
    reference, printed = read("--xy", across, "--yz", along[0], "--yz", along[1], "--symmetry-axis", "z")
    assert [len(direction) for direction in reference.directions] == [1, 2, 2]
    assert reference.voxel == VoxelSize(0.35, "um")
    assert "Check: xy and yz agree along y within what their sizes can tell." in printed
    assert "Note" not in printed
    turned = calibrated(tmp_path / "turned.tif", np.rot90(tifffile.imread(along[0])))
    _, printed = read("--xy", across, "--yz", turned, "--symmetry-axis", "z")
    assert "Note: turning yz by 90° makes the sections agree" in printed
    assert "disagree" in printed


def test_regions_by_plane_follow_the_order_of_the_planes(read, tmp_path, rng):
    paths = {name: calibrated(tmp_path / f"{name}.tif", stretched(rng, 2, 2)) for name in ("xy", "xz")}
    masks = {name: np.ones((96, 96), np.uint8) for name in paths}
    masks["xz"][:, :40] = 0
    for name, mask in masks.items():
        tifffile.imwrite(tmp_path / f"{name}-mask.tif", mask)
    options = ("--roi", tmp_path / "xy-mask.tif", tmp_path / "xz-mask.tif")
    reference, _ = read("--xz", paths["xz"], "--xy", paths["xy"], *options)
    assert reference.direction(0)[0].inside.all()
    assert not reference.direction(1)[0].inside[:, :40].any()


def test_images_come_either_by_plane_or_not(read, tmp_path, blobs):
    path = calibrated(tmp_path / "a.tif", blobs)
    with pytest.raises(ValueError, match="pass either images, or images by plane with --xy, --xz and --yz, got both"):
        read(path, "--xy", path)
    with pytest.raises(ValueError, match="got neither"):
        read()
    other = calibrated(tmp_path / "b.tif", blobs, size=0.7)
    with pytest.raises(ValueError, match=r"same voxel size, got 0.35 µm in .*a.tif and 0.7 µm in .*b.tif"):
        read("--xy", path, "--xz", other)
