import numpy as np
import pytest

from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.symmetry import Symmetries, find_symmetries


@pytest.fixture
def layers(rng):
    """Layers of random thickness along the rows."""
    edges = np.cumsum(rng.integers(3, 9, 60))
    return np.repeat((np.searchsorted(edges, np.arange(128), side="right") % 2)[:, None], 128, axis=1)


def rough(image, rng):
    """Turn one pixel in ten."""
    return (image ^ (rng.random(image.shape) < 0.1)).astype(np.uint8)


def test_a_section_that_looks_alike_in_all_directions_may_be_mirrored_and_transposed(blobs):
    assert find_symmetries(Reference(blobs)) == Symmetries(flips=True, transposition=True)
    assert find_symmetries(Reference([blobs, blobs.T])) == Symmetries(flips=True, transposition=True)


def test_layers_are_never_transposed(layers, rng):
    found = find_symmetries(Reference(rough(layers, rng)))
    assert found == Symmetries(flips=True, transposition=False)


def test_slanted_layers_are_never_flipped(layers, rng):
    slanted = np.stack([np.roll(column, i) for i, column in enumerate(layers.T)], axis=1)
    assert not find_symmetries(Reference(rough(slanted, rng))).flips


def test_a_volume_with_sections_of_its_own_for_each_direction_is_left_as_it_is(rng):
    volume = (rng.random((32, 32, 32)) < 0.4).astype(np.uint8)
    assert find_symmetries(Reference(volume)) == Symmetries(flips=False, transposition=False)


def test_only_the_region_of_interest_counts(blobs, layers):
    both = np.concatenate([blobs, layers[:, : blobs.shape[1]].astype(blobs.dtype)])
    inside = np.zeros(both.shape, bool)
    inside[: len(blobs)] = True
    assert find_symmetries(Reference(both, roi=inside)).transposition


@pytest.mark.parametrize(
    ("symmetries", "n_images"),
    [(Symmetries(False, False), 1), (Symmetries(True, False), 4), (Symmetries(True, True), 8)],
)
def test_windows_become_the_mirror_images_that_are_allowed(symmetries, n_images, rng):
    window = np.arange(9.0).reshape(1, 1, 3, 3)
    varied = symmetries.vary(np.repeat(window, 300, axis=0), rng)
    images = {image.tobytes() for image in varied}
    assert len(images) == n_images
    assert window.tobytes() in images
    assert (np.sort(varied.reshape(300, 9)) == np.arange(9)).all()
