import numpy as np
import pytest

from napari_swnn import physics
from napari_swnn._steps import drain
from napari_swnn.physics import SolverOptions, TortuosityProblem, tortuosity_factor


def test_straight_pores_are_not_tortuous():
    stripes = np.zeros((6, 8, 5), int)
    stripes[:, 2:5] = 3
    result = tortuosity_factor(stripes, phase=3, axis=0)
    assert result.value == pytest.approx(1, rel=1e-10)
    assert result.volume_fraction == pytest.approx(3 / 8)
    assert result.diffusion.value == pytest.approx(3 / 8)


def test_zigzag_in_closed_form():
    # One voxel wide: two along, one across, two along; every link resists by 1, the ends by 1/2 each
    path = np.zeros((4, 4), int)
    path[:2, 0] = path[2:, 1] = path[1, 1] = 1
    result = tortuosity_factor(path, phase=1, axis=0, options=SolverOptions(tolerance=1e-10))
    conductance = 1 / (4 + 1)
    assert result.value == pytest.approx((5 / 16) / (conductance * 4 / 4), rel=1e-8)


def test_around_spheres(sphere):
    # Maxwell's τ = (3 - φ)/2 is the Hashin–Shtrikman bound, and good for a dilute cubic array
    result = tortuosity_factor(sphere(32, 0.1), phase=0)
    assert result.bounds.lower == pytest.approx((3 - result.volume_fraction) / 2)
    assert result.value == pytest.approx(result.bounds.lower, rel=0.03)


def test_an_isotropic_sample_lies_above_its_bound(blobs):
    result = tortuosity_factor(blobs((32, 32, 32), 0.4), phase=1)
    assert result.bounds.lower < result.value < np.inf
    assert result.converged
    assert result.residual < 1e-3
    assert result.n_iterations > 5
    assert result.axis == 0


def test_no_path():
    layers = np.repeat([0, 1], 3)[:, None] * np.ones((1, 4), int)
    with pytest.raises(physics.NotPercolatingError):
        tortuosity_factor(layers, phase=1, axis=0)
    result = tortuosity_factor(layers, phase=1, axis=0, options=SolverOptions(throw=False))
    assert result.value == np.inf
    assert result.outcome is physics.Outcome.NOT_PERCOLATING


def test_iterator_returns_the_same(blobs):
    volume = blobs((12, 12, 12), 0.5)
    steps = []
    result = drain(TortuosityProblem(volume, phase=1).iter_solve(1), steps.append)
    assert result.value == tortuosity_factor(volume, phase=1, axis=1).value
    assert steps[-1].iteration == result.n_iterations


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phase": 2}, r"phase must be one of the values of volume \(0, 1\), got 2"),
        ({"phase": 1, "axis": None}, "None"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        tortuosity_factor(np.eye(4, dtype=int), **options)
