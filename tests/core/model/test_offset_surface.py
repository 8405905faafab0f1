import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from napari_swnn.core.model.offset_surface import OffsetSurface, n_offset_nodes
from napari_swnn.core.model.segmentation import OffsetCurve
from napari_swnn.core.network.fraction_box import FractionBox

BOX = FractionBox.of(((0.2, 0.4), (0.3, 0.5), None), (0.3, 0.4, 0.3))


def cubic(free):
    a, b = free
    return np.stack([0 * a, a**3 - a * b, 0.5 - a + 2 * a * b**2])


@pytest.fixture(scope="module")
def surface():
    nodes = BOX.spread(n_offset_nodes(2))
    return OffsetSurface.fit(BOX.free_ranges, nodes, cubic(nodes.T).T)


def test_cubic_offsets_are_found_everywhere(surface, rng):
    free = np.array([rng.uniform(0.2, 0.4, (5, 6)), rng.uniform(0.3, 0.5, (5, 6))])
    assert_allclose(surface.at(free), cubic(free), atol=1e-6)
    assert_allclose(surface.at((0.25, 0.45)), cubic(np.array([0.25, 0.45])), atol=1e-6)


def test_errors_of_the_offsets_average_out(rng):
    nodes = BOX.spread(n_offset_nodes(2))
    fitted = [
        OffsetSurface.fit(BOX.free_ranges, nodes, cubic(nodes.T).T + rng.normal(0, 0.1, (len(nodes), 3)))
        for _ in range(200)
    ]
    errors = np.array([each.at((0.3, 0.4)) for each in fitted]) - cubic(np.array([0.3, 0.4]))
    assert (errors.std(axis=0) < 0.07).all()


def test_it_segments_as_constant_offsets_do(surface, rng):
    grey = torch.from_numpy(rng.normal(size=(3, 8, 9)).astype(np.float32))
    free = (0.33, 0.41)
    expected = OffsetCurve.constant(tuple(surface.at(free).tolist())).classify(grey)
    assert torch.equal(surface.classify(grey, free), expected)
    mapped = np.broadcast_to(np.reshape(free, (2, 1, 1)), (2, 8, 9))
    assert torch.equal(surface.classify(grey, mapped), expected)
