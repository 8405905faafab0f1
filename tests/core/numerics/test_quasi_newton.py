import numpy as np
import pytest
import torch

from napari_swnn.core.numerics.quasi_newton import QuasiNewton


def minimise(evaluate, start, n):
    found = QuasiNewton(evaluate, torch.tensor(start, dtype=torch.float64), memory=8)
    values = [found.value]
    for _ in range(n):
        if not found.step():
            break
        values.append(found.value)
    assert (np.diff(values) < 0).all()
    return found


def test_a_quadratic_function_is_minimised_where_its_gradient_vanishes(rng):
    root = torch.from_numpy(rng.standard_normal((12, 12)))
    matrix = root @ root.T + torch.eye(12, dtype=torch.float64)
    target = torch.from_numpy(rng.standard_normal(12))

    def evaluate(x):
        away = x - target
        return float(away @ matrix @ away) / 2, matrix @ away

    found = minimise(evaluate, np.zeros(12), 80)
    torch.testing.assert_close(found.point, target, atol=1e-4, rtol=0)


def test_the_banana_of_rosenbrock_is_followed_to_its_end():
    def evaluate(x):
        x = x.clone().requires_grad_(True)
        value = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        (gradient,) = torch.autograd.grad(value, x)
        return float(value.detach()), gradient

    found = minimise(evaluate, [-1.2, 1.0], 80)
    assert found.point.tolist() == pytest.approx([1, 1], abs=1e-3)


def test_at_a_minimum_nothing_moves():
    found = QuasiNewton(lambda x: (float(x @ x), 2 * x), torch.zeros(3), memory=2)
    assert not found.step()
    assert found.point.tolist() == [0, 0, 0]
