from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from napari_swnn.core.training.optimiser import MUON_STEP, Optimiser

RATE = 0.01


@pytest.fixture
def kernel():
    return nn.Parameter(torch.randn(6, 4, 3, 3, 3, generator=torch.Generator().manual_seed(0)))


@pytest.fixture
def gains():
    return nn.Parameter(torch.ones(6))


def ill_conditioned(kernel):
    """A gradient whose singular values span three decades."""
    u, _, v = torch.linalg.svd(torch.randn(6, 108, generator=torch.Generator().manual_seed(1)), full_matrices=False)
    return (u * torch.logspace(0, -3, 6) @ v).view_as(kernel)


def moved(optimiser, parameter, gradient, rate=1.0):
    """How far a step takes a parameter."""
    before = parameter.detach().clone()
    parameter.grad = gradient.clone()
    optimiser.step(rate)
    return parameter.detach() - before


def test_a_step_of_muon_is_equally_long_along_all_features(kernel):
    gradient = ill_conditioned(kernel)
    step = moved(Optimiser([kernel], RATE, muon=True), kernel, gradient)
    lengths = torch.linalg.svdvals(step.flatten(1)) / (MUON_STEP * RATE)
    # Five iterations of Newton-Schulz in bfloat16 bring singular values near 1, not to it.
    assert lengths.min() > 0.3
    assert lengths.max() < 1.4
    assert (step * gradient).sum() < 0  # downhill


def test_what_is_no_kernel_takes_steps_of_adam(kernel, gains):
    twin = nn.Parameter(gains.detach().clone())
    ours, adam = Optimiser([kernel, gains], RATE, muon=True), torch.optim.Adam([twin], lr=RATE, betas=(0.9, 0.99))
    for i in range(5):
        gradient = torch.sin(torch.arange(6.0) + i)
        kernel.grad = ill_conditioned(kernel)
        moved(ours, gains, gradient)
        twin.grad = gradient
        adam.step()
    assert torch.equal(gains, twin)


def test_without_muon_kernels_take_steps_of_adam_too(kernel):
    twin = nn.Parameter(kernel.detach().clone())
    ours, adam = Optimiser([kernel], RATE, muon=False), torch.optim.Adam([twin], lr=RATE, betas=(0.9, 0.99))
    for _ in range(3):
        moved(ours, kernel, ill_conditioned(kernel))
        twin.grad = ill_conditioned(kernel)
        adam.step()
    assert torch.equal(kernel, twin)


@pytest.mark.parametrize("which", ["kernel", "gains"])
def test_the_rate_makes_a_step_shorter(which, request):
    parameter = request.getfixturevalue(which)
    gradient = torch.sin(torch.arange(float(parameter.numel()))).view_as(parameter)
    start = parameter.detach().clone()
    full = moved(Optimiser([parameter], RATE, muon=True), parameter, gradient)
    parameter.data.copy_(start)
    quarter = moved(Optimiser([parameter], RATE, muon=True), parameter, gradient, rate=0.25)
    np.testing.assert_allclose(quarter, full / 4, rtol=1e-3, atol=1e-6)


def test_a_kept_state_takes_the_same_steps_again(kernel, gains):
    optimiser = Optimiser([kernel, gains], RATE, muon=True)

    def three_steps():
        for i in range(3):
            kernel.grad, gains.grad = ill_conditioned(kernel) * (i + 1), torch.cos(torch.arange(6.0) * i)
            optimiser.step(0.5)

    three_steps()
    state = deepcopy(optimiser.state_dict())
    kept = kernel.detach().clone(), gains.detach().clone()
    three_steps()
    after = kernel.detach().clone(), gains.detach().clone()
    kernel.data.copy_(kept[0])
    gains.data.copy_(kept[1])
    optimiser.load_state_dict(state)
    three_steps()
    assert torch.equal(kernel, after[0])
    assert torch.equal(gains, after[1])


def test_the_layout_of_a_kernel_in_memory_does_not_matter(kernel):
    other = nn.Parameter(kernel.detach().clone(memory_format=torch.channels_last_3d))
    gradient = ill_conditioned(kernel)
    for parameter in (kernel, other):
        moved(Optimiser([parameter], RATE, muon=True), parameter, gradient)
    assert torch.equal(kernel, other)
    assert other.is_contiguous(memory_format=torch.channels_last_3d)
