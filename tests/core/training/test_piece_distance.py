"""Distance between two pieces of a reference."""

from dataclasses import replace

import numpy as np

from napari_swnn import Reference
from napari_swnn.core.training.piece_distance import piece_distances
from napari_swnn.core.training.plan import plan_training


def distances(labels, config):
    return piece_distances(plan_training(Reference(labels), config=config))


def test_equal_pieces_have_almost_no_distance(blobs, tiny_config):
    found = distances(np.hstack([blobs, blobs]), replace(tiny_config, max_patterns=4000))
    assert set(found) == {1, 2}
    assert max(found.values()) < 0.02


def test_pieces_of_one_material_are_nearer_than_those_of_two(blobs, tiny_config):
    fine = (np.random.default_rng(0).random(blobs.shape) < 0.3).astype(np.uint8)
    one, two = (distances(np.hstack(parts), tiny_config) for parts in ((blobs, blobs.T), (blobs, fine)))
    assert all(two[scale] > 2 * one[scale] for scale in one)


def test_it_is_reproducible(blobs, tiny_config):
    assert distances(blobs, tiny_config) == distances(blobs, tiny_config)


def test_several_phases_have_a_distance(blobs, tiny_config):
    labels = blobs + np.roll(blobs, 17, axis=1) * (1 - blobs) * 2
    assert all(0 < distance < 1 for distance in distances(labels, tiny_config).values())


def test_scales_whose_patterns_do_not_fit_are_left_out(blobs, tiny_config):
    region = np.zeros(blobs.shape, bool)
    region[:, 25:39] = True
    plan = plan_training(Reference(blobs, roi=region), config=tiny_config)
    found = piece_distances(plan)
    assert set(found) <= {1, 2}
    assert np.isfinite(list(found.values())).all()


def test_other_losses_have_none_as_they_are_no_distances_of_patterns(blobs, tiny_config):
    assert distances(blobs, replace(tiny_config, loss="autocorrelation")) == {}
