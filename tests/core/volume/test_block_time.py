"""The estimated time of a volume is that of its blocks."""

import numpy as np
import pytest
import torch

from napari_swnn.core.grid.windows import Window, plan_blocks
from napari_swnn.core.numerics import timing
from napari_swnn.core.volume.block_time import estimate_time

SIDE = 8


class SlowHalf:
    """A volume whose blocks take 3 s in one half, and 1 s in the other."""

    device, block_side = torch.device("cpu"), SIDE

    def __init__(self, shape):
        self.shape = shape
        self.computed = []
        self.now = 0.0

    def blocks(self, window):
        return plan_blocks(window, SIDE)

    def labels(self, block):
        self.computed.append(block)
        self.now += 3 if block.window.start[0] < self.shape[0] / 2 else 1
        return np.zeros(block.wanted.shape)


@pytest.fixture
def slow_half(monkeypatch):
    def make(*shape):
        volume = SlowHalf(shape)
        monkeypatch.setattr(timing, "perf_counter", lambda: volume.now)
        monkeypatch.setattr("napari_swnn.core.volume.block_time.pool_size", lambda _: 1)
        return volume

    return make


@pytest.mark.parametrize(("shape", "n"), [((32, 32, 25), 64), ((8 * 10**4,) * 3, 10**12)])
def test_the_time_is_that_of_all_blocks(slow_half, shape, n):
    volume = slow_half(*shape)
    assert estimate_time(volume) == 2.0 * n
    whole = Window.of_shape(shape)
    assert all(block.wanted == block.window.intersection(whole) for block in volume.computed)
    assert len({block.window.start for block in volume.computed}) == 4


def test_a_volume_of_one_block(slow_half):
    assert estimate_time(slow_half(4, 4, 4)) == 3.0
