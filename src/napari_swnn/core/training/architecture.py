"""What is chosen from the reference: number of scales, template sizes and blocks (Eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

from napari_swnn.core.descriptor.correlation import correlation_length
from napari_swnn.core.descriptor.patterns import largest_window
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.training.config import TrainingConfig

MAX_SCALES, MAX_BLOCKS = 5, 16
_TEMPLATE, _SMALL_TEMPLATE = 7, 5
_LEAST_ACROSS = 4
"""Patterns side by side that a section has to hold, or small ones are taken, of which it holds more."""
_LEAST_FEATURES = 30
"""Pores or grains that a section has to hold; of fewer, how they lie together is chance, which no scale is to learn."""


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """The network for a reference, and why.

    Attributes
    ----------
    network : NetworkConfig
        What is built.
    correlation_length : float
        Of the reference, in pixels.
    reasons : tuple of str
        One sentence for each choice.
    """

    network: NetworkConfig
    correlation_length: float
    reasons: tuple[str, ...]


def choose_network(reference: Reference, config: TrainingConfig, *, dimension: int = 3) -> NetworkChoice:
    """Fill in what the settings leave open.

    Parameters
    ----------
    reference : Reference
        Its correlation length decides.
    config : TrainingConfig
        Entries other than 0 are kept.
    dimension : int
        Of the volumes to generate, 2 or 3.
    """
    length = correlation_length(reference)
    choose = _plain_stage if config.network == "plain" else _cascade_stages
    stages, reasons = choose(reference, config, length)
    return NetworkChoice(
        NetworkConfig(stages, dimension),
        length,
        (f"Correlation length (to 1/e): {length:.1f} px.", *reasons),
    )


def _plain_stage(
    reference: Reference, config: TrainingConfig, length: float
) -> tuple[tuple[StageConfig, ...], tuple[str, ...]]:
    # Eq. 12: the receptive field, 2n + 1, covers the distance over which the structure is correlated, on both sides.
    blocks = config.n_blocks or min(MAX_BLOCKS, max(4, ceil(1.5 * length)))
    template = config.template_size or _template(min(map(largest_window, reference.directions)), _TEMPLATE)
    stage = StageConfig(1, template, blocks, config.n_channels, config.n_noise_channels, bounded=False)
    field = stage.receptive_field
    return (stage,), (f"{blocks} blocks, so that a voxel sees {field} px (Eq. 12); patterns of {template} px.",)


def _cascade_stages(
    reference: Reference, config: TrainingConfig, length: float
) -> tuple[tuple[StageConfig, ...], tuple[str, ...]]:
    room = min(largest_window(direction) for direction in reference.directions)
    n_features = _n_features(reference, room, length)
    few = n_features < _LEAST_FEATURES
    further = 0 if few else config.n_further_scales
    # Structure finer than about a voxel does not exist at a scale: the coarsest is where the length still spans one.
    wanted = config.n_scales or min(MAX_SCALES, 1 + max(0, round(log2(length))) + further)
    # A section must hold a few independent patterns of the coarsest scale.
    fitting = room / (3 * (config.template_size or _SMALL_TEMPLATE))
    n_scales = max(1, min(wanted, 1 + int(log2(max(1.0, fitting)))))
    stages = tuple(
        StageConfig(
            scale=scale,
            template_size=config.template_size or _template_at(scale, room // scale),
            n_blocks=config.n_blocks or 6,
            n_channels=config.n_channels if scale == 1 else config.n_coarse_channels,
            n_noise_channels=config.n_noise_channels,
        )
        for scale in (2**i for i in reversed(range(n_scales)))
    )
    reasons = describe_cascade(stages, length)
    if few and config.n_further_scales and not config.n_scales:
        counted = f"about {n_features:.0f} pores or grains, fewer than {_LEAST_FEATURES}"
        reasons += (f"No further scale for this preset: the section holds {counted}.",)
    return stages, reasons


def _n_features(reference: Reference, room: int, length: float) -> float:
    """About how many pores or grains of the rarer phase a section holds, each twice the correlation length wide."""
    rarer = min(reference.porosity, 1 - reference.porosity)
    return rarer * (room / (2 * length)) ** 2


def describe_cascade(stages: tuple[StageConfig, ...], length: float) -> tuple[str, ...]:
    """Sentences that say how a cascade follows from the correlation length of the reference."""
    coarsest, field = stages[0].scale, NetworkConfig(stages).receptive_field
    there = f" to 1/{coarsest}, where it is {length / coarsest:.1f} px" if coarsest > 1 else ""
    patterns = ", ".join(f"{stage.template_size} px at 1/{stage.scale}" for stage in stages)
    return (
        f"{len(stages)} scale{'s' * (coarsest > 1)}{there}; a voxel sees {field} px (Eq. 12).",
        f"Patterns: {patterns}; {stages[0].n_blocks} blocks a scale.",
    )


def _template_at(scale: int, room: int) -> int:
    # The finest scales learn detail, of which any section holds plenty.
    large = scale <= 2 or room >= _LEAST_ACROSS * _TEMPLATE
    return _template(room, _TEMPLATE if large else _SMALL_TEMPLATE)


def _template(room: int, wanted: int) -> int:
    """The wanted side, or what still fits into the region of interest; never under 3."""
    return max(3, min(wanted, room))
