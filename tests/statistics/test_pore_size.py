from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_swnn import statistics
from napari_swnn.statistics import pore_size


@given(
    image=hnp.arrays(np.uint8, st.tuples(st.integers(3, 16), st.integers(3, 9)), elements=st.integers(0, 5)),
    periodic=st.tuples(st.booleans(), st.booleans()),
)
@settings(max_examples=100, deadline=None)
def test_local_diameter_equals_brute_force(image, periodic):
    inside = image > 0  # mostly pore
    assume(inside.any() and not inside.all())
    pore, solid = np.argwhere(inside), np.argwhere(~inside)
    shape = np.array(image.shape)

    def distances(places, centre):
        away = np.abs(places - centre)
        return np.sqrt((np.where(periodic, np.minimum(away, shape - away), away) ** 2).sum(axis=-1))

    expected = np.zeros(image.shape, int)
    for centre in pore:
        free = int(distances(solid, centre).min())
        for place in pore[distances(pore, centre) < free]:
            expected[tuple(place)] = max(expected[tuple(place)], 2 * free - 1)
    with pytest.MonkeyPatch.context() as patch:  # slabs as thin as can be
        patch.setattr(pore_size, "VOXELS_AT_ONCE", 1)
        patch.setattr(pore_size, "_FIRST_RIM", 1)
        np.testing.assert_array_equal(statistics.local_diameter(inside, periodic=periodic), expected)
        counts = np.bincount(expected[inside])[1::2] / inside.sum()
        np.testing.assert_allclose(statistics.pore_size_distribution(inside, periodic=periodic).fraction, counts)


@pytest.mark.parametrize("ndim", [2, 3])
def test_slits_have_their_width(ndim):
    slits = np.zeros((20,) * ndim, int)
    slits[2:5] = 1
    slits[8:15] = 1
    sizes = statistics.pore_size_distribution(slits, voxel_size=0.5, unit="µm")
    np.testing.assert_allclose(sizes.diameter, [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(sizes.fraction, [0, 0.3, 0, 0.7])
    np.testing.assert_allclose(sizes.cumulative, [1, 1, 0.7, 0.7])
    assert sizes.mean == pytest.approx(0.3 * 1.5 + 0.7 * 3.5)


def test_a_ball_is_one_pore():
    place = np.indices((31, 31, 31)) - 15
    ball = (np.sum(place**2, axis=0) < 10**2).astype(int)
    sizes = statistics.pore_size_distribution(ball)
    assert sizes.diameter[-1] == 19
    assert sizes.fraction[-1] == pytest.approx(1)


def test_a_dask_volume_needs_no_more_than_slabs():
    import dask.array as da

    place = np.indices((90, 20, 20)).astype(float)
    rod = ((place[1] - 10) ** 2 + (place[2] - 10) ** 2 < 7**2).astype(np.uint8)
    lazy = da.from_array(rod, chunks=(10, 20, 20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pore_size, "VOXELS_AT_ONCE", 1)
        np.testing.assert_array_equal(statistics.local_diameter(lazy), statistics.local_diameter(rod))


@pytest.mark.parametrize(("value", "state"), [(0, "none"), (1, "all")])
def test_a_uniform_volume_is_refused(value, state):
    with pytest.raises(ValueError, match=f"phase 1 must fill part, but not all, of the volume, got {state}"):
        statistics.pore_size_distribution(np.full((4, 4), value))
