import pytest
import torch

from napari_swnn.core.loss.critic import SectionCritic, as_segmented, hinge_loss, sight


def new_critic(n_inputs=1, seed=0):
    return SectionCritic(n_inputs, torch.Generator().manual_seed(seed))


def test_a_score_depends_on_a_neighbourhood_of_known_side():
    sections = torch.randn(1, 1, 40, 40, generator=torch.Generator().manual_seed(1)).requires_grad_()
    new_critic()(sections)[0, 0, 0, 0].backward()
    rows, columns = (sections.grad[0, 0].abs().sum(axis).nonzero() for axis in (1, 0))
    assert int(rows.max()) + 1 == int(columns.max()) + 1 == sight()
    assert new_critic()(torch.zeros(2, 1, sight(), sight())).shape == (2, 1, 1, 1)


def test_the_same_generator_gives_the_same_critic_and_leaves_the_global_one_alone():
    before = torch.random.get_rng_state()
    first, again, other = new_critic(), new_critic(), new_critic(seed=1)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.layers[0].weight, other.layers[0].weight)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("real", "generated", "loss"), [(1, -1, 0), (5, -9, 0), (0, 0, 2), (1, 0, 1), (-1, -1, 2), (0.5, -0.5, 1)]
)
def test_scores_beyond_one_earn_nothing(real, generated, loss):
    assert float(hinge_loss(torch.tensor([float(real)]), torch.tensor([float(generated)]))) == loss


@pytest.mark.parametrize("n_phases", [1, 3])
def test_segmented_volumes_have_the_values_of_a_reference_and_the_gradient_of_the_grey_ones(n_phases):
    grey = torch.rand(2, n_phases, 5, 6, 7, generator=torch.Generator().manual_seed(2)) * 2 - 1
    grey.requires_grad_()
    segmented = as_segmented(grey)
    assert torch.allclose(segmented.abs(), torch.ones(()), atol=1e-6)
    if n_phases == 1:
        assert torch.equal(segmented > 0, grey >= 0)
    else:
        assert torch.equal(segmented.argmax(1), grey.argmax(1))
        assert torch.equal((segmented > 0).sum(1), torch.ones(2, 5, 6, 7, dtype=torch.long))
    weights = torch.randn(segmented.shape, generator=torch.Generator().manual_seed(3))
    (segmented * weights).sum().backward()
    assert torch.allclose(grey.grad, weights)
