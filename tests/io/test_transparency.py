"""Transparency neither becomes a label nor hides one without a word."""

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from PIL import Image

from napari_swnn.io import open_volumes, read_image, read_labels


@pytest.fixture(params=["png", "tif"])
def save(request, tmp_path):
    def write(colours, alpha):
        pixels = np.dstack([*[colours] * 3, alpha]).astype(np.uint8)
        path = tmp_path / f"image.{request.param}"
        if request.param == "png":
            Image.fromarray(pixels).save(path)
        else:
            tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=["unassalpha"])
        return path

    return write


@given(shown=st.integers(0, 255), hidden=st.integers(0, 255))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_labels_are_read_if_each_has_its_own_transparency(save, blobs, shown, hidden):
    path = save(200 * blobs, np.where(blobs, shown, hidden))
    assert_array_equal(read_labels(path), 200 * blobs)
    assert read_image(path).notes == ()


def test_labels_in_the_transparency_alone_are_refused(save, blobs):
    with pytest.raises(ValueError, match="single colour, of which only the transparency varies; flatten it"):
        read_image(save(0 * blobs, 255 * blobs))


def test_labels_hidden_by_transparent_pixels_are_refused(save, blobs):
    path = save(200 * blobs, np.where(np.arange(blobs.shape[1]) < 40, 255, 0) + 0 * blobs)
    assert "transparent pixels" in read_image(path).notes[-1]
    assert_array_equal(read_image(path).values, 200 * blobs)
    for read in (read_labels, open_volumes):
        with pytest.raises(ValueError, match=r"transparent pixels in .* which hide labels; flatten it"):
            read(path)
