"""Lines along fields that are known in closed form."""

import numpy as np
import pytest

from napari_swnn.physics import effective_conductivity
from napari_swnn.physics.streamlines import inlet_seeds, streamlines, trace


def vortex(n):
    """Rotation about the middle of an ``(n, n)`` section, at unit angular velocity."""
    y, x = np.meshgrid(*[np.arange(n) - (n - 1) / 2] * 2, indexing="ij")
    return np.stack([x, -y])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_uniform_field_is_followed_straight_from_face_to_face(axis, rng):
    shape = (7, 9, 11)
    field = np.zeros((3, *shape))
    field[axis] = 2.0
    lines = streamlines(field, axis=axis, n_lines=20, rng=rng)
    assert len(lines) == 20
    for line in lines:
        np.testing.assert_allclose(line.points[[0, -1], axis], [-0.5, shape[axis] - 0.5])
        np.testing.assert_allclose(np.ptp(np.delete(line.points, axis, 1), axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(line.speed, 2.0)


def test_a_rotation_gives_circles_and_its_speed():
    middle, radius = 15.0, 10.0
    (line,) = trace(vortex(31), [[middle, middle + radius]], max_length=2 * np.pi * radius)
    distance = np.linalg.norm(line.points - middle, axis=1)
    np.testing.assert_allclose(distance, radius, atol=1e-5)
    np.testing.assert_allclose(line.speed, radius, atol=1e-5)
    np.testing.assert_allclose(line.points[-1], line.points[0], atol=0.5)


def test_the_error_falls_with_the_fourth_power_of_the_step():
    middle, radius, steps = 15.0, 5.0, np.array([1.0, 0.5, 0.25])
    errors = []
    for step in steps:
        (line,) = trace(vortex(31), [[middle, middle + radius]], step=step, max_length=20.0)
        angle = 20.0 / radius
        end = middle + radius * np.array([np.sin(angle), np.cos(angle)])
        errors.append(np.linalg.norm(line.points[-1] - end))
    order = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert order > 3.5


def test_points_are_a_step_apart_and_stay_inside():
    (line,) = trace(vortex(16), [[7.5, 12.0]], step=0.25, max_length=10)
    np.testing.assert_allclose(np.linalg.norm(np.diff(line.points, axis=0), axis=1), 0.25, rtol=1e-3)
    (leaving,) = trace(vortex(16), [[3.0, 14.5]], max_length=100)
    assert (leaving.points >= -0.5).all()
    assert (leaving.points <= 15.5).all()
    assert np.isclose(leaving.points[-1], 15.5).any() or np.isclose(leaving.points[-1], -0.5).any()


def test_starts_are_shared_out_by_the_flow(rng):
    field = np.zeros((3, 4, 1, 5))
    field[0, :, 0] = [0, 1, 0, 3, -2]
    columns = np.round(inlet_seeds(field, axis=0, n_seeds=4000, rng=rng)[:, 2])
    assert set(columns) == {1, 3}
    assert (columns == 3).mean() == pytest.approx(0.75, abs=0.03)


def test_the_same_generator_gives_the_same_lines():
    field = np.ones((3, 5, 5, 5))
    first, second = (streamlines(field, axis=0, n_lines=5, rng=np.random.default_rng(7)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.points, other.points)


def test_lines_end_where_nothing_flows():
    field = np.zeros((3, 12, 3, 3))
    field[0, :6] = 1.0
    (line,) = trace(field, [[0, 1, 1]])
    assert 5 < line.points[-1, 0] < 6.6
    assert trace(field, [[9, 1, 1]]) == []


def test_heat_flows_through_the_conductor_alone(rng):
    channel = np.zeros((12, 8), int)
    channel[:, 2:6] = 1
    flux = effective_conductivity(channel, {0: 0.0, 1: 1.0}, axis=0).flux
    for line in streamlines(flux, axis=0, n_lines=10, rng=rng):
        assert line.points[-1, 0] == pytest.approx(11.5)
        assert ((line.points[:, 1] > 1.4) & (line.points[:, 1] < 5.6)).all()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"field": np.zeros((3, 4, 4, 4))}, "got no inflow"),
        ({"field": np.ones((2, 4, 4, 4))}, "one component for each axis"),
        ({"field": np.full((3, 4, 4, 4), np.nan)}, "finite"),
        ({"axis": 3}, "axis must be one of 0, 1, 2"),
        ({"n_lines": 0}, "n_seeds must be"),
        ({"step": 0.0}, "step must lie in"),
        ({"max_length": -1.0}, "max_length must lie in"),
    ],
)
def test_bad_input_is_refused(change, text, rng):
    arguments = {"field": np.ones((3, 4, 4, 4)), "axis": 0, "n_lines": 2, "rng": rng, **change}
    with pytest.raises(ValueError, match=text):
        streamlines(arguments.pop("field"), **arguments)


def test_seeds_need_a_coordinate_for_each_axis():
    with pytest.raises(ValueError, match="3 coordinates"):
        trace(np.ones((3, 4, 4, 4)), [[1, 2]])
