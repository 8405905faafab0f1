"""OME-Zarr images of every version and layout, and folders that are something else."""

import shutil

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.io import open_ome_zarr, open_volume_set, open_volumes, read_image, read_labels

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def multiscales(axes, scale, *, version="0.4", units=None, **more):
    units = units or {}
    described = [{"name": a, "type": TYPES[a], **({"unit": units[a]} if a in units else {})} for a in axes]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}]
    return [{"version": version, "axes": described, "datasets": datasets, **more}]


def write_image(parent, name, values, axes, *, version="0.4", scale=None, units=None, **more):
    """Write an image as the group `name` of a store."""
    described = multiscales(axes, scale or [1.0] * len(axes), version=version, units=units, **more)
    attributes = (
        {"ome": {"version": "0.5", "multiscales": described}} if version == "0.5" else {"multiscales": described}
    )
    group = parent.create_group(name, attributes=attributes, overwrite=True) if name else parent
    if not name:
        group.attrs.update(attributes)
    group.create_array("0", data=values, overwrite=True)


def store(path, version="0.4", **attributes):
    return zarr.open_group(path, mode="w", zarr_format=3 if version == "0.5" else 2, attributes=attributes)


@pytest.fixture
def labels(rng):
    return rng.integers(0, 2, (4, 18, 19)).astype(np.uint8)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["zyx", "czyx", "tczyx", "tzyx"])
@given(dtype=st.sampled_from([np.uint8, np.uint16, np.int32, bool]), side=st.floats(1e-3, 1e3))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_labels_of_any_axes_are_read_back(tmp_path, labels, version, axes, dtype, side):
    values = labels.astype(dtype).reshape((1,) * (len(axes) - 3) + labels.shape)
    scale = [1.0] * (len(axes) - 3) + [side] * 3
    units = dict.fromkeys("zyx", "nanometer")
    write_image(store(tmp_path / "v.zarr", version), "", values, axes, version=version, scale=scale, units=units)
    assert_array_equal(read_labels(tmp_path / "v.zarr"), labels)
    assert read_image(tmp_path / "v.zarr").voxel == VoxelSize(side, "nanometer")
    opened = open_volume_set(tmp_path / "v.zarr")
    assert opened.voxel == VoxelSize(side, "nanometer")
    assert_array_equal(opened.volumes[0], labels)


def test_bioformats2raw_with_one_series(tmp_path, labels):
    root = store(tmp_path / "b2r.zarr", **{"bioformats2raw.layout": 3})
    write_image(root, "0", labels[None, None], "tczyx")
    root.create_group("OME", attributes={"series": ["0"]})
    assert_array_equal(read_labels(tmp_path / "b2r.zarr"), labels)
    assert [volume.shape for volume in open_volumes(tmp_path / "b2r.zarr")] == [labels.shape]


@pytest.mark.parametrize("listed", [True, False])
def test_several_series_are_listed(tmp_path, labels, listed):
    root = store(tmp_path / "b2r.zarr", **{"bioformats2raw.layout": 3})
    for name in "01":
        write_image(root, name, labels[None, None], "tczyx")
    if listed:
        root.create_group("OME", attributes={"series": ["0", "1"]})
    with pytest.raises(ValueError, match=r"with 2 images: 0, 1; name one, for example .*b2r.zarr/0"):
        open_ome_zarr(tmp_path / "b2r.zarr")
    assert_array_equal(read_labels(tmp_path / "b2r.zarr" / "1"), labels)


def test_the_labels_of_an_image(tmp_path, labels):
    root = store(tmp_path / "grey.zarr")
    write_image(root, "", labels.astype(float), "zyx")
    group = root.create_group("labels", attributes={"labels": ["pores"]})
    write_image(group, "pores", labels, "zyx")
    assert_array_equal(read_labels(tmp_path / "grey.zarr" / "labels"), labels)
    assert_array_equal(read_labels(tmp_path / "grey.zarr" / "labels" / "pores"), labels)


def test_the_scale_of_an_image_follows_that_of_its_levels(tmp_path, labels):
    more = {"coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.5, 0.5]}]}
    write_image(store(tmp_path / "v.zarr"), "", labels, "zyx", scale=[2.0, 2.0, 2.0], **more)
    assert open_ome_zarr(tmp_path / "v.zarr").scale == (1.0, 1.0, 1.0)


def test_early_versions_do_not_name_their_axes(tmp_path, labels):
    root = store(tmp_path / "v.zarr", multiscales=[{"version": "0.1", "datasets": [{"path": "0"}]}])
    root.create_array("0", data=labels[None, None])
    assert_array_equal(read_labels(tmp_path / "v.zarr"), labels)


@pytest.mark.parametrize(
    ("scale", "units", "shown"),
    [
        ([1.0, 0.5, 0.5], "nnn", "1 × 0.5 × 0.5 nanometer"),
        ([1.0, 1.0, 1.0], "unn", "1000 × 1 × 1 nanometer"),
    ],
)
def test_voxels_that_are_no_cubes_are_refused(tmp_path, labels, scale, units, shown):
    names = {"n": "nanometer", "u": "micrometer"}
    named = {axis: names[unit] for axis, unit in zip("zyx", units, strict=True)}
    write_image(store(tmp_path / "v.zarr"), "", labels, "zyx", scale=scale, units=named)
    for read in (read_labels, open_volumes):
        with pytest.raises(ValueError, match=f"must have cubic voxels, got sides of {shown} along z, y, x"):
            read(tmp_path / "v.zarr")


def test_units_that_differ_but_mean_cubes_are_converted(tmp_path, labels):
    units = {"z": "micrometer", "y": "nanometer", "x": "nanometer"}
    write_image(store(tmp_path / "v.zarr"), "", labels, "zyx", scale=[0.5, 500.0, 500.0], units=units)
    assert read_image(tmp_path / "v.zarr").voxel == VoxelSize(500, "nanometer")


def plain_array(path):
    zarr.create_array(path, data=np.eye(8, dtype=np.uint8))


def group_of_arrays(path):
    store(path).create_array("pores", data=np.eye(8, dtype=np.uint8))


def plate(path):
    store(path, plate={"wells": []})


def empty_folder(path):
    path.mkdir()


def damaged(path):
    path.mkdir()
    (path / "zarr.json").write_text("{")


def without_arrays(path):
    store(path, multiscales=multiscales("yx", [1.0, 1.0]))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (plain_array, "got the plain Zarr array .* of shape"),
        (group_of_arrays, "got the Zarr group .* with the arrays pores"),
        (plate, "got the plate .* with many wells"),
        (empty_folder, "got the folder .* without Zarr metadata"),
        (damaged, "whose metadata cannot be read"),
        (without_arrays, "whose metadata cannot be read"),
    ],
)
def test_folders_of_another_kind_are_named(tmp_path, make, said):
    make(tmp_path / "v.zarr")
    for read in (open_ome_zarr, read_labels, open_volumes):
        with pytest.raises(ValueError, match=said) as raised:
            read(tmp_path / "v.zarr")
        assert "does not exist" not in str(raised.value)


def test_a_folder_of_files_is_no_image(tmp_path):
    with pytest.raises(ValueError, match=r"got the folder .*; pick a file in it"):
        read_image(tmp_path)


def save_axes(path, values, axes, scale):
    group = zarr.open_group(path, mode="w", zarr_format=2)
    group.create_array("0", shape=values.shape, dtype=values.dtype, chunks=values.shape)[...] = values
    placed = [{"type": "scale", "scale": scale}]
    named = [{"name": axis, **({"type": "space", "unit": "micrometer"} if axis in "zyx" else {})} for axis in axes]
    dataset = {"path": "0", "coordinateTransformations": placed}
    group.attrs["multiscales"] = [{"version": "0.4", "axes": named, "datasets": [dataset]}]
    return path


@pytest.mark.parametrize("axes", ["zyx", "xyz", "zyxc", "tczyx", "czyx", "yzx", "xy", "yxc", "zyxa"])
def test_any_order_of_axes_opens_as_it_is_read(tmp_path, rng, axes):
    sizes = {"z": 5, "y": 18, "x": 20}
    values = rng.integers(0, 2, [sizes.get(axis, 1) for axis in axes], np.uint8)
    path = save_axes(tmp_path / "a.zarr", values, axes, [0.5 if axis in sizes else 1.0 for axis in axes])
    (volume,) = open_volumes(path)
    expected = np.einsum(f"{axes}->{'zyx' if 'z' in axes else 'yx'}", values)
    assert_array_equal(volume, expected)
    assert_array_equal(read_labels(path), expected)


def test_equal_channels_are_one(tmp_path, rng):
    values = rng.integers(0, 2, (18, 20), np.uint8)
    path = save_axes(tmp_path / "a.zarr", np.stack([values] * 3), "cyx", [1.0, 0.5, 0.5])
    assert_array_equal(open_volumes(path)[0], values)


def test_the_thickness_of_a_single_plane_does_not_matter(tmp_path, rng):
    path = save_axes(tmp_path / "a.zarr", rng.integers(0, 2, (1, 18, 20), np.uint8), "zyx", [5.0, 0.5, 0.5])
    assert open_volume_set(path).voxel == read_image(path).voxel == VoxelSize(0.5, "micrometer")


@pytest.mark.parametrize(
    ("scale", "voxel"), [(-0.5, VoxelSize(0.5, "micrometer")), (0.0, VoxelSize()), (float("nan"), VoxelSize())]
)
def test_a_scale_that_is_no_length_states_none(tmp_path, rng, scale, voxel):
    path = save_axes(tmp_path / "a.zarr", rng.integers(0, 2, (5, 18, 20), np.uint8), "zyx", [scale] * 3)
    assert read_image(path).voxel == voxel


def test_a_missing_level_is_named(tmp_path, rng):
    path = save_axes(tmp_path / "a.zarr", rng.integers(0, 2, (5, 18, 20), np.uint8), "zyx", [0.5] * 3)
    shutil.rmtree(path / "0")
    with pytest.raises(ValueError, match="level or entry '0' is missing"):
        read_labels(path)
