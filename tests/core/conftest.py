"""Models with random weights: all that the laws of generation need."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.model.model import Model
from napari_swnn.core.model.offset_surface import OffsetSurface
from napari_swnn.core.model.segmentation import OffsetCurve, ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.evaluation import compute_grey_and_coarse, make_fraction_source, make_noise_source
from napari_swnn.core.network.fraction_box import FractionBox
from napari_swnn.core.network.stage import Stage


def random_model(*, n_scales=2, dimension=3, porosity_range=None, porosity=0.2, n_channels=1, box=None):
    """A cascade of small stages; of two phases, its threshold gives about the porosity asked for."""
    generator = torch.Generator().manual_seed(5)
    configs = tuple(StageConfig(2**i, 3, 2, 8, 2, bounded=False) for i in reversed(range(n_scales)))
    stages = tuple(
        Stage(
            config,
            conditioned=i > 0,
            dimension=dimension,
            n_phase_channels=n_channels,
            free_ranges=box.free_ranges if box is not None else () if porosity_range is None else (porosity_range,),
            generator=generator,
        )
        for i, config in enumerate(configs)
    )
    for stage in stages:
        stage.eval().requires_grad_(False)
        torch.nn.init.normal_(stage.head.weight, 0, 0.3, generator=generator)
        for name, weight in stage.named_parameters():
            if "convolutions" in name:
                weight.abs_().sub_(0.7 * weight.mean())  # mostly averages of neighbours: shapes larger than a voxel
            if "modulation" in name:
                torch.nn.init.normal_(weight, 0, 0.05, generator=generator)
    network = NetworkConfig(configs, dimension, n_channels, porosity_range, box)
    if n_channels > 1:
        return _of_phases(network, stages, porosity)
    sample = Window.of_shape((64,) * dimension)
    nodes = (porosity,) if porosity_range is None else tuple(np.linspace(*porosity_range, 5).tolist())
    asked = nodes if porosity_range else (None,)
    greys = [
        compute_grey_and_coarse(stages, sample, make_noise_source(99), make_fraction_source(p))[0].numpy()
        for p in asked
    ]
    values = tuple(float(np.quantile(grey, 1 - p)) for grey, p in zip(greys, nodes, strict=True))
    return Model(network, stages, ThresholdCurve(nodes, values), porosity)


def _of_phases(network, stages, porosity):
    n = network.n_phase_channels
    others = np.arange(1, n) / np.arange(1, n).sum() * (1 - porosity)
    nodes = network.porosity_range or (porosity,)
    offsets = OffsetCurve(nodes, tuple((0.0, *[0.1 * k - node for k in range(1, n)]) for node in nodes))
    if network.box is not None:
        offsets = OffsetSurface(network.free_ranges, ((0.0,) * n,) * 10)
    labels = PhaseLabels((1, 0, *range(2, n)))
    return Model(network, stages, offsets, porosity, labels=labels, fractions=(porosity, *others.tolist()))


@pytest.fixture(scope="session")
def three_phase_model():
    """Two scales and three phases, labels 1, 0 and 2."""
    return random_model(n_channels=3)


@pytest.fixture(scope="session")
def three_phase_range_model():
    """Two scales and three phases, porosities from 0.1 to 0.3."""
    return random_model(n_channels=3, porosity_range=(0.1, 0.3))


@pytest.fixture(scope="session")
def box_model():
    """Two scales and three phases, the first from 0.1 to 0.3 and the last from 0.4 to 0.6."""
    box = FractionBox.of(((0.1, 0.3), None, (0.4, 0.6)), (0.2, 0.8 / 3, 1.6 / 3))
    return random_model(n_channels=3, box=box)


@pytest.fixture(scope="session")
def fixed_model():
    """Two scales, a single porosity of 0.2."""
    return random_model()


@pytest.fixture(scope="session")
def range_model():
    """Two scales, porosities from 0.1 to 0.3, its reference's 0.2."""
    return random_model(porosity_range=(0.1, 0.3))


@pytest.fixture(scope="session")
def plain_model():
    """One scale, a single porosity of 0.2."""
    return random_model(n_scales=1)


@pytest.fixture(scope="session")
def deep_model():
    """Four scales, of which the coarsest decides most, a single porosity of about 0.2."""
    model = random_model(n_scales=4)
    stages = tuple(stage.fold() for stage in model.stages)
    with torch.no_grad():
        for stage in stages[1:]:
            stage.head.weight.mul_(0.1)
    grey, _ = compute_grey_and_coarse(
        stages, Window.of_shape((48,) * 3), make_noise_source(99), make_fraction_source(None)
    )
    threshold = float(np.quantile(grey.numpy(), 0.8))
    return replace(model, stages=stages, segmentation=ThresholdCurve((0.2,), (threshold,)))


@pytest.fixture(scope="session")
def flat_range_model():
    """Two scales and two dimensions, porosities from 0.1 to 0.3."""
    return random_model(dimension=2, porosity_range=(0.1, 0.3))
