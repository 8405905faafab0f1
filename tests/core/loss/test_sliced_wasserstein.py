import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from napari_swnn.core.loss.directions import random_directions
from napari_swnn.core.loss.sliced_wasserstein import (
    sliced_wasserstein_distance,
    sort_rows,
    wasserstein_1d,
)


def points(seed, n, d=4):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, d)))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 60))
def test_one_dimension_is_the_exact_distance(seed, n, m):
    x, y = points(seed, n, 1).T, points(seed + 1, m, 1).T
    assert wasserstein_1d(x, y).item() == pytest.approx(wasserstein_distance(x[0], y[0]), abs=1e-12)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("sizes", [(50, 50), (50, 73)])
def test_agrees_with_pot(p, sizes):
    x, y = points(0, sizes[0]), points(1, sizes[1])
    projections = random_directions(30, 4, torch.Generator().manual_seed(0)).double()
    ours = sliced_wasserstein_distance(x, y, projections=projections, p=p).item()
    theirs = ot.sliced_wasserstein_distance(x.numpy(), y.numpy(), projections=projections.numpy().T, p=p)
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_zero_on_itself_symmetric_and_positive():
    x, y = points(0, 40), points(1, 55) + 0.3
    assert sliced_wasserstein_distance(x, x.flip(0)).item() == pytest.approx(0, abs=1e-12)
    assert sliced_wasserstein_distance(x, y).item() == pytest.approx(sliced_wasserstein_distance(y, x).item())
    assert sliced_wasserstein_distance(x, y).item() > 0


def test_repeating_every_point_changes_nothing():
    x, y = points(0, 20), points(1, 30)
    expected = sliced_wasserstein_distance(x, y).item()
    assert sliced_wasserstein_distance(x.repeat(3, 1), y).item() == pytest.approx(expected)


def test_a_shift_costs_its_length_along_each_direction():
    x, shift = points(0, 40), torch.tensor([1.0, -2, 0.5, 3]).double()
    projections = random_directions(20, 4, torch.Generator().manual_seed(0)).double()
    distance = sliced_wasserstein_distance(x, x + shift, projections=projections).item()
    assert distance == pytest.approx((projections @ shift).abs().mean().item())


def test_seed_decides():
    x, y = points(0, 30), points(1, 30)
    assert sliced_wasserstein_distance(x, y, seed=1) == sliced_wasserstein_distance(x, y, seed=1)
    assert sliced_wasserstein_distance(x, y, seed=1) != sliced_wasserstein_distance(x, y, seed=2)


def test_sort_matches_torch_and_its_gradient_is_exact():
    values = torch.randn(3, 17, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.equal(sort_rows(values), torch.sort(values, dim=1)[0])
    assert torch.autograd.gradcheck(sort_rows, values)


@pytest.mark.parametrize("m", [9, 13])
def test_gradient_of_the_distance_is_exact(m):
    x, y = points(0, 9, 3).requires_grad_(), points(1, m, 3)
    assert torch.autograd.gradcheck(lambda z: sliced_wasserstein_distance(z, y, n_projections=5, p=2), x)


def test_points_of_different_dimension_are_refused():
    with pytest.raises(ValueError, match=r"points of one dimension.*\(5, 3\) and \(5, 4\)"):
        sliced_wasserstein_distance(points(0, 5, 3), points(0, 5, 4))
