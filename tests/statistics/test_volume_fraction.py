from __future__ import annotations

import numpy as np
import pytest

from napari_swnn import statistics


def test_fractions_of_three_phases():
    labels = np.array([[0, 0, 0, 5], [2, 2, 5, 5]])
    assert statistics.volume_fractions(labels) == {0: 0.375, 2: 0.25, 5: 0.375}
    assert [statistics.volume_fraction(labels, phase=phase) for phase in (0, 2, 5)] == [0.375, 0.25, 0.375]


def test_only_the_region_of_interest_counts():
    labels = np.array([[1, 1, 0, 0]] * 2)
    mask = np.array([[True, True, True, False]] * 2)
    assert statistics.volume_fraction(labels, mask=mask) == pytest.approx(2 / 3)
    assert statistics.volume_fractions(labels, mask=mask) == pytest.approx({0: 1 / 3, 1: 2 / 3})


@pytest.mark.parametrize(
    "function",
    [
        statistics.volume_fraction,
        statistics.volume_fractions,
        statistics.two_point_correlation,
        statistics.two_point_map,
        statistics.lineal_path,
        statistics.volume_fraction_interval,
    ],
)
def test_an_empty_region_of_interest_is_refused(function):
    with pytest.raises(ValueError, match="mask must contain at least one voxel"):
        function(np.ones((3, 3), int), mask=np.zeros((3, 3), bool))


def test_profile_of_a_ramp():
    ramp = np.tril(np.ones((5, 5), int))
    np.testing.assert_allclose(statistics.volume_fraction_profile(ramp, axis=0), [0.2, 0.4, 0.6, 0.8, 1])
    np.testing.assert_allclose(statistics.volume_fraction_profile(ramp, axis=1), [1, 0.8, 0.6, 0.4, 0.2])
    with pytest.raises(ValueError, match="axis must be one of 0 to 1 for a 2-D volume, got 2"):
        statistics.volume_fraction_profile(ramp, axis=2)
