from __future__ import annotations

import numpy as np
import pytest

from napari_swnn import statistics
from napari_swnn.statistics import _blocks


def ball(ndim, side, radius):
    place = np.indices((side,) * ndim) - (side - 1) / 2
    return (np.sum(place**2, axis=0) < radius**2).astype(np.uint8)


@pytest.mark.parametrize(("ndim", "measure", "excess"), [(2, 2 * np.pi * 20, 1.06), (3, 4 * np.pi * 20**2, 1.09)])
def test_circle_and_sphere(ndim, measure, excess):
    image = ball(ndim, 64, 20)
    exact = measure / 64**ndim
    assert statistics.specific_surface_from_slope(image).value == pytest.approx(exact, rel=0.03)
    mesh = statistics.specific_surface_from_mesh(image).value * (63 / 64) ** ndim
    assert mesh == pytest.approx(excess * exact, rel=0.02)


def test_results_name_their_method_and_scale_with_the_voxel():
    image = ball(3, 20, 7)
    for function, method in (
        (statistics.specific_surface_from_slope, "slope of S2"),
        (statistics.specific_surface_from_mesh, "mesh"),
    ):
        plain, scaled = function(image), function(image, voxel_size=0.5, unit="µm")
        assert (scaled.method, scaled.unit) == (method, "µm")
        assert scaled.value == pytest.approx(2 * plain.value)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_periodic_mesh_does_not_see_where_the_volume_begins(ndim, monkeypatch):
    image = ball(ndim, 24, 9)
    whole = statistics.specific_surface_from_mesh(image).value * (23 / 24) ** ndim
    rolled = np.roll(image, (12, 5, 7)[:ndim], range(ndim))
    monkeypatch.setattr(_blocks, "VOXELS_AT_ONCE", 5 * image[0].size)
    assert statistics.specific_surface_from_mesh(rolled, periodic=True).value == pytest.approx(whole, rel=1e-6)
    only_some = statistics.specific_surface_from_mesh(rolled, periodic=(True, *[False] * (ndim - 1))).value
    assert only_some != pytest.approx(whole, rel=1e-3)


def test_both_phases_share_their_surface():
    image = ball(3, 20, 7)
    for function in (statistics.specific_surface_from_slope, statistics.specific_surface_from_mesh):
        assert function(image, phase=0).value == pytest.approx(function(image).value, rel=0.02)


@pytest.mark.parametrize("value", [0, 1])
def test_a_single_phase_has_no_surface(value):
    uniform = np.full((5, 5, 5), value)
    assert statistics.specific_surface_from_slope(uniform).value == pytest.approx(0)
    assert statistics.specific_surface_from_mesh(uniform).value == 0


def test_a_region_of_interest_without_pairs_is_refused():
    mask = np.zeros((5, 5), bool)
    mask[:, 2] = True
    with pytest.raises(ValueError, match="mask must contain at least one pair of voxels at a distance of 2 along each"):
        statistics.specific_surface_from_slope(np.eye(5, dtype=int), mask=mask)


def test_a_flat_volume_is_refused():
    with pytest.raises(ValueError, match=r"at least 2 voxels along each axis, got shape \(1, 5\)"):
        statistics.specific_surface_from_mesh(np.ones((1, 5), int))
