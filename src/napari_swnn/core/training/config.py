"""Settings of a training, with what a form or a help text needs to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import inf
from types import MappingProxyType
from typing import Any, Literal

from napari_swnn._checks import check_choice, check_in_range, check_whole
from napari_swnn.core.descriptor.resampling import STRATEGIES, Strategy


def setting(default: Any, help: str, **constraints: Any) -> Any:
    """A dataclass field that carries its help text and its ``low``, ``high`` or ``choices`` for forms and checks."""
    return field(default=default, metadata={"help": help, **constraints})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How a network is built and trained.

    Where 0 means "automatic", the value is chosen from the reference; see `napari_swnn.core.training.architecture`.

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """

    network: Literal["cascade", "plain"] = setting(
        "cascade",
        "One small network for each scale (cascade), or the paper's single network (plain).",
        choices=("cascade", "plain"),
    )
    n_scales: int = setting(0, "Number of scales of the cascade; 0 chooses it from the correlation length.", low=0)
    n_further_scales: int = setting(
        0,
        "Scales beyond those that the correlation length asks for, where the number is chosen from it and a section "
        "holds pores or grains enough.",
        low=0,
    )
    template_size: int = setting(0, "Side of the local patterns in pixels; 0 chooses it.", low=0)
    n_blocks: int = setting(0, "Blocks (convolution, batch norm, leaky ReLU) of each network; 0 chooses it.", low=0)
    n_channels: int = setting(32, "Features of the finest network; multiples of 8 are quickest.", low=1)
    n_coarse_channels: int = setting(32, "Features of the networks at coarser scales.", low=1)
    n_noise_channels: int = setting(4, "Gaussian values drawn for each voxel.", low=1)
    n_steps: int = setting(
        120,
        "Training steps at the finest scale; a third more with two scales, half as many again for a range of "
        "porosities.",
        low=1,
    )
    n_coarse_steps: int = setting(
        130, "Training steps at each coarser scale; two and a half times as many if there is only one.", low=1
    )
    cube_size: int = setting(48, "Side of the training volumes at the finest scale, in voxels.", low=1)
    coarse_cube_size: int = setting(28, "Side of the training volumes at coarser scales, in their voxels.", low=1)
    sampling: Literal["cube", "slabs"] = setting(
        "cube",
        "Sections come from one cube in all directions, or one from each of three slabs as in the paper.",
        choices=("cube", "slabs"),
    )
    optimiser: Literal["muon", "adam"] = setting(
        "muon",
        "How weights follow from gradients: Muon for the convolutions and Adam for the rest, or Adam for all as in the "
        "paper.",
        choices=("muon", "adam"),
    )
    learning_rate: float = setting(0.01, "Step length of Adam; that of Muon is three times as long.", low=0.0)
    schedule: Literal["cosine", "constant"] = setting(
        "cosine", "How the learning rate changes during a stage.", choices=("cosine", "constant")
    )
    weight_average: float = setting(
        0.4,
        "Share of the steps of each scale, at their end, whose weights are averaged, the last of them most; 0 in the "
        "paper.",
        low=0.0,
        high=1.0,
    )
    moving_statistics: float = setting(
        0.6,
        "Share of the steps of the coarsest scale, at their end, in which batch norm takes its moving statistics in "
        "place of those of the step; 0 in the paper.",
        low=0.0,
        high=1.0,
    )
    n_projections: int = setting(128, "Random directions of the sliced Wasserstein distance.", low=1)
    local_directions: float = setting(
        0.65, "Share of these directions that look at a part of the pattern only; 0 in the paper.", low=0.0, high=1.0
    )
    whitened_directions: float = setting(
        0.2, "Share of these directions that lean towards the detail of the pattern; 0 in the paper.", low=0.0, high=1.0
    )
    max_patterns: int = setting(8_000, "Patterns compared in each direction and step.", low=100)
    two_point: float = setting(
        10.0,
        "Weight of the two-point correlation beside the patterns; a tenth of it at the finest scale, none for a range "
        "of porosities; 0 in the paper.",
        low=0.0,
        label="Two-point weight",
    )
    p: int = setting(1, "Order of the Wasserstein distance.", low=1, label="Wasserstein order")
    strategy: Strategy = setting(
        "maximum_entropy", "How patterns are resampled to meet the porosity.", choices=STRATEGIES
    )
    consistency: float = setting(
        0.9, "Weight of the agreement of a fine scale with the coarser one; a ninth of it for two scales.", low=0.0
    )
    n_calibration_blocks: int = setting(48, "Blocks generated to find the threshold of the porosity.", low=1)

    def __post_init__(self) -> None:
        for item in fields(self):
            value, constraints = getattr(self, item.name), item.metadata
            checked: Any
            if "choices" in constraints:
                checked = check_choice(value, constraints["choices"], name=item.name)
            elif isinstance(item.default, int):
                checked = check_whole(value, name=item.name, low=constraints["low"])
            else:
                checked = check_in_range(value, constraints["low"], constraints.get("high", inf), name=item.name)
            object.__setattr__(self, item.name, checked)


_STANDARD = TrainingConfig()
PRESETS: Mapping[str, TrainingConfig] = MappingProxyType(
    {
        "draft": replace(
            _STANDARD,
            n_steps=60,
            n_coarse_steps=65,
            n_calibration_blocks=12,
        ),
        "standard": _STANDARD,
        "fine": replace(
            _STANDARD,
            n_further_scales=1,
            n_steps=600,
            n_coarse_steps=600,
            cube_size=64,
            coarse_cube_size=44,
            max_patterns=24_000,
            weight_average=0.0,  # after so many steps a low rate does better
        ),
        "paper": TrainingConfig(
            network="plain",
            n_blocks=8,
            n_channels=24,
            n_noise_channels=3,
            n_steps=2000,
            cube_size=128,
            sampling="slabs",
            optimiser="adam",
            learning_rate=0.05,
            schedule="constant",
            weight_average=0.0,
            moving_statistics=0.0,
            n_projections=512,
            local_directions=0.0,
            whitened_directions=0.0,
            max_patterns=20_000,
            two_point=0.0,
            strategy="truncation",
        ),
    }
)
"""Named settings. ``paper`` is the paper's: 2000 iterations of one 128² section a direction, hours on a CPU."""


def name_of(config: TrainingConfig) -> str:
    """Name of the preset with these settings, or ``"custom"``."""
    return next((name for name, settings in PRESETS.items() if settings == config), "custom")


def preset_config(preset: str) -> TrainingConfig:
    """Return the settings of a preset.

    Raises
    ------
    ValueError
        If there is no such preset.
    """
    return PRESETS[check_choice(preset, tuple(PRESETS), name="preset")]
