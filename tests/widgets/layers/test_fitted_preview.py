"""Previews in the place of the volume that follows, as large as the view draws at once."""

import numpy as np
import pytest

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.layers.output import Look, OutputLayers

LOOK = Look(phase=1, background=0, voxel=VoxelSize(0.5, "um"))


@pytest.mark.parametrize("turned", ["before", "during", "between"])
def test_in_3d_a_preview_of_a_large_volume_keeps_its_own_size_in_the_middle(model, turned):
    """Otherwise, each refresh draws 4 million voxels, and the window stands still for as long."""
    output, labels = OutputLayers(model), np.ones((32, 32, 32), np.uint8)

    def show():
        output.show_preview(labels, LOOK, scale=4, shape=(400, 800, 800), at_once=True)

    for step in ("before", "during", "between"):
        if turned == step:
            model.dims.ndisplay = 3
        if step != "between":
            show()
    (preview,) = model.layers
    assert preview.data.shape == (32, 32, 32)
    low, high = preview.extent.world
    np.testing.assert_allclose(high - low, 31 * 2.0)
    np.testing.assert_allclose((low + high) / 2, (np.array((100, 200, 200)) - 1) / 2 * 2.0)
    model.dims.ndisplay = 2
    assert preview.data.shape == (100, 200, 200)
    np.testing.assert_allclose(preview.extent.world[0], 0)
    output.remove_preview()
    model.dims.ndisplay = 3
    assert len(model.layers) == 0
