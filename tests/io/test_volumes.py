"""What was written is read back volume by volume, without reading it all."""

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from napari_swnn import Reference, generate, train, validate
from napari_swnn.io import open_volumes, read_labels, write_tiff


@pytest.fixture(scope="module")
def models(blobs, tiny_config):
    return {n: train(Reference(blobs), config=tiny_config, dimension=n) for n in (2, 3)}


@pytest.mark.parametrize("ending", ["tif", "ome.zarr"])
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("dimension", [2, 3])
def test_realisations_are_volumes_of_their_own(models, tmp_path, ending, n, dimension):
    shape = (20, 22, 24)[:dimension]
    out = generate(models[dimension], shape, n=n, out=tmp_path / f"v.{ending}")
    opened = open_volumes(out)
    assert [volume.shape for volume in opened] == [shape] * n
    for seed, volume in enumerate(opened):
        assert_array_equal(volume, generate(models[dimension], shape, seed=seed))


def test_values_stay_in_the_file_until_they_are_used(models, tmp_path, rng):
    stored = open_volumes(generate(models[3], (20, 20, 20), n=2, out=tmp_path / "v.ome.zarr"))
    assert all(hasattr(volume, "__dask_graph__") for volume in stored)
    write_tiff(tmp_path / "v.tif", rng.integers(0, 2, (5, 6, 7)))
    assert isinstance(open_volumes(tmp_path / "v.tif")[0], np.memmap)


@pytest.mark.parametrize("options", [{"compression": "zlib"}, {"imagej": True}, {"metadata": {"axes": "TZYX"}}])
def test_four_axes_are_several_volumes_whoever_wrote_them(tmp_path, rng, options):
    volumes = rng.integers(0, 2, (2, 5, 6, 7)).astype(np.uint8)
    stored = volumes[:, :, None] if "imagej" in options else volumes
    tifffile.imwrite(tmp_path / "v.tif", stored, photometric="minisblack", **options)
    np.save(tmp_path / "v.npy", volumes)
    for name in ("v.tif", "v.npy"):
        assert_array_equal(np.stack(open_volumes(tmp_path / name)), volumes)


@pytest.mark.parametrize("options", [{}, {"metadata": {"axes": "TYX"}}, {"imagej": True, "metadata": {"axes": "TYX"}}])
def test_a_stack_of_slices_is_one_volume(tmp_path, rng, options):
    volume = rng.integers(0, 2, (5, 6, 7)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "v.tif", volume, photometric="minisblack", **options)
    (opened,) = open_volumes(tmp_path / "v.tif")
    assert_array_equal(opened, volume)


def test_several_channels_are_refused(tmp_path, rng):
    channels = rng.integers(0, 2, (5, 2, 6, 7)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "v.tif", channels, imagej=True, metadata={"axes": "ZCYX"})
    with pytest.raises(ValueError, match="labels of one channel, got 2 channels"):
        open_volumes(tmp_path / "v.tif")


@pytest.mark.parametrize("name", ["v.tif", "v.npy", "v.ome.zarr"])
def test_other_files_are_refused(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        open_volumes(tmp_path / name)
    if name.endswith("zarr"):
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_text("no image")
    with pytest.raises(ValueError, match="path must name"):
        open_volumes(tmp_path / name)


def test_a_volume_of_the_disk_is_validated_like_one_in_memory(models, blobs, tmp_path):
    opened = open_volumes(generate(models[3], (20, 20, 20), n=2, out=tmp_path / "v.ome.zarr"))
    report = validate(list(opened), Reference(blobs))
    assert report.porosities == tuple(float(np.asarray(volume).mean()) for volume in opened)


@pytest.mark.parametrize(
    "options",
    [
        {"photometric": "miniswhite"},
        {"compression": "zstd"},
        {"compression": "lzw", "photometric": "miniswhite"},
        {"photometric": "palette", "colormap": np.stack([np.arange(256, dtype=np.uint16)[::-1] * 257] * 3)},
        {"bigtiff": True, "byteorder": ">"},
    ],
)
@pytest.mark.parametrize("shape", [(20, 21), (5, 20, 21)])
def test_volumes_hold_the_values_that_read_labels_returns(tmp_path, rng, options, shape):
    values = 255 * rng.integers(0, 2, shape).astype(np.uint8)
    axes = {"axes": "ZYX"[-len(shape) :]}
    tifffile.imwrite(tmp_path / "v.tif", values, **{"photometric": "minisblack", "metadata": axes, **options})
    (opened,) = open_volumes(tmp_path / "v.tif")
    assert_array_equal(opened, read_labels(tmp_path / "v.tif"))
