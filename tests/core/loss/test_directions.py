import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from napari_swnn.core.loss.directions import pattern_directions, random_directions


def test_directions_lie_evenly_on_the_unit_sphere():
    directions = random_directions(20_000, 3, torch.Generator().manual_seed(0))
    assert_allclose(directions.norm(dim=1), 1, rtol=1e-5)
    assert_allclose(directions.mean(0), 0, atol=0.02)
    assert_allclose((directions.T @ directions) / 20_000, np.eye(3) / 3, atol=0.02)


def drawn(n=400, t=5, local=0.75):
    """Lines, rectangles, bars and whole ones."""
    directions = pattern_directions(n, 1, t, local=local, generator=torch.Generator().manual_seed(0))[:, 0]
    assert_allclose(directions.flatten(1).norm(dim=1), 1, rtol=1e-5)
    return directions.split([n * 3 // 8, n * 3 // 16, n * 3 // 16, n // 4])


def test_lines_have_equal_weights_along_a_row_or_a_column():
    lines = pattern_directions(4000, 1, 5, local=0.75, generator=torch.Generator().manual_seed(0))[:1500, 0]
    used = lines != 0
    height, width = used.any(2).sum(1), used.any(1).sum(1)
    assert (torch.minimum(height, width) == 1).all()
    assert set(height.tolist()) == set(width.tolist()) == {1, 2, 3, 4, 5}
    for line, part in zip(lines, used, strict=True):
        assert_allclose(line[part], part.sum() ** -0.5, rtol=1e-5)
    assert (used.float().mean(0) > 0.5 * used.float().mean()).all()  # no place is left out


def test_rectangles_have_random_weights():
    _, rectangles, _, whole = drawn(4000)
    used = rectangles != 0
    rows, columns = used.any(2), used.any(1)
    assert torch.equal(used, rows[:, :, None] & columns[:, None, :])
    assert set(used.sum((1, 2)).tolist()) >= {1, 2, 3, 4, 6, 9}
    assert (used.float().mean(0) > 0.5 * used.float().mean()).all()
    assert (whole != 0).all()


def test_bars_see_all_orientations_and_every_other_one_no_constant():
    *_, bars, _ = drawn(4800, 9)
    bars = bars.double()
    assert_allclose(bars[::2].sum((1, 2)), 0, atol=1e-5)
    assert (bars[1::2] >= 0).all()
    # The axes of inertia of the plain bars near the middle point everywhere alike: cos and sin of twice the angle
    # have a mean of 0. Those of lines and rectangles, along the grid, have no sine at all.
    y, x = np.mgrid[:9, :9]
    weights = bars[1::2].numpy()
    total = weights.sum((1, 2))
    cy, cx = ((weights * c).sum((1, 2)) / total for c in (y, x))
    dy, dx = y - cy[:, None, None], x - cx[:, None, None]
    xx, yy, xy = ((weights * product).sum((1, 2)) / total for product in (dx * dx, dy * dy, dx * dy))
    middle = (abs(cy - 4) < 1.5) & (abs(cx - 4) < 1.5)
    cosine, sine = (xx - yy)[middle], 2 * xy[middle]
    for part in (cosine, sine):
        assert abs(part.mean()) < 4 * part.std() / np.sqrt(len(part))
    assert np.std(sine) > 0.5 * np.std(cosine) > 0


def test_without_local_ones_they_are_the_papers():
    generator, other = (torch.Generator().manual_seed(1) for _ in range(2))
    directions = pattern_directions(10, 1, 3, local=0.0, generator=generator)
    torch.testing.assert_close(directions.flatten(1), random_directions(10, 9, other))


@pytest.mark.parametrize("phases", [2, 3, 5])
def test_the_sum_of_all_phases_which_is_the_same_everywhere_has_no_weight(phases):
    whitening = torch.randn(phases * 25, phases * 25)
    generator = torch.Generator().manual_seed(0)
    directions = pattern_directions(200, phases, 5, local=0.65, whitened=0.2, whitening=whitening, generator=generator)
    assert_allclose(directions.sum(1), 0, atol=1e-5)
    assert_allclose(directions.flatten(1).norm(dim=1), 1, rtol=1e-5)


@pytest.mark.parametrize("phases", [3, 4])
def test_lines_and_bars_see_one_phase_each_all_of_them_alike(phases):
    n = 64 * phases
    directions = pattern_directions(n, phases, 5, local=1.0, generator=torch.Generator().manual_seed(0))
    for kind in (directions[: n // 2], directions[-n // 4 :]):
        own = kind.flatten(2).norm(dim=2).argmax(1)
        assert (torch.bincount(own, minlength=phases) == len(kind) // phases).all()
        for phase, direction in zip(own, kind, strict=True):  # the others share what the sum takes away
            others = torch.cat([direction[:phase], direction[phase + 1 :]])
            assert_allclose(others, (-direction[phase] / (phases - 1)).expand_as(others), atol=1e-5)
    upright = (directions[: n // 2] != 0).any(1).any(2).sum(1) > 1
    assert {int(phase) for phase in directions[: n // 2].flatten(2).norm(dim=2).argmax(1)[upright]} == {*range(phases)}


def test_whitened_directions_replace_the_last_of_those_over_the_whole_pattern():
    whitening = torch.diag(torch.tensor([10.0, 1.0, 1.0, 1.0]))
    plain, leaning = (
        pattern_directions(
            100, 1, 2, local=0.5, whitened=share, whitening=whitening, generator=torch.Generator().manual_seed(0)
        ).flatten(1)
        for share in (0.0, 0.2)
    )
    torch.testing.assert_close(plain[:80], leaning[:80])
    torch.testing.assert_close(leaning[80:], torch.nn.functional.normalize(plain[80:] @ whitening, dim=1))


def test_local_directions_come_before_whitened_ones():
    whitening = torch.diag(torch.arange(1.0, 10))
    plain, leaning = (
        pattern_directions(
            40, 1, 3, local=0.9, whitened=share, whitening=whitening, generator=torch.Generator().manual_seed(0)
        )
        for share in (0.0, 1.0)
    )
    torch.testing.assert_close(leaning[:36], plain[:36])
    assert (leaning[36:] != plain[36:]).flatten(1).any(1).all()
    assert_allclose(leaning.flatten(1).norm(dim=1), 1, rtol=1e-5)
