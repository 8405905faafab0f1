"""Choice of the architecture for a reference: number of scales, template sizes and blocks (Eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

from napari_swnn._sentences import as_sentence
from napari_swnn._types import AXES
from napari_swnn.core.descriptor.autocovariance import correlation_length
from napari_swnn.core.descriptor.axis_lengths import axis_lengths
from napari_swnn.core.descriptor.patterns import largest_window
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.training.config import TrainingConfig

MAX_SCALES = 5
MAX_BLOCKS = 16
LARGE_TEMPLATE = 7
"""Side of a pattern where many of them fit into a section."""
_SMALL_TEMPLATE = 5
_MIN_TEMPLATES_ACROSS = 4
"""Minimum number of adjacent templates across a section for the large template."""
MIN_FEATURES = 30
"""Minimum number of pores or grains in a section for their arrangement to be statistically representative."""
_ANISOTROPIC = 1.5
"""Ratio of the longest to the shortest correlation length from which the longest determines the number of scales."""
_NOISE_CHANNELS = 4
_PAPER_NOISE_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """Network chosen for a reference, with an explanation.

    Attributes
    ----------
    network : NetworkConfig
        Architecture.
    correlation_length : float
        Correlation length of the reference, in pixels: the longest of its axes if they differ, otherwise their mean.
    reasons : tuple of str
        Sentences that explain each choice.
    """

    network: NetworkConfig
    correlation_length: float
    reasons: tuple[str, ...]


def choose_network(reference: Reference, config: TrainingConfig, *, dimension: int = 3) -> NetworkChoice:
    """Choose the parts of the architecture that the settings leave automatic.

    Parameters
    ----------
    reference : Reference
        Reference; its correlation length determines the architecture.
    config : TrainingConfig
        Training settings; values other than 0 are kept.
    dimension : int
        Dimension of the volumes to generate, 2 or 3.
    """
    length, reason = _measure_length(reference)
    choose = _paper_stage if config.recipe == "paper" else _cascade_stages
    stages, reasons = choose(reference, config, length)
    return NetworkChoice(
        NetworkConfig(stages, dimension, reference.n_channels),
        length,
        (reason, *reasons, *describe_reference(reference)),
    )


def _measure_length(reference: Reference) -> tuple[float, str]:
    """Return the correlation length that determines the architecture, with a sentence on it."""
    if len(reference.directions) > 1:
        lengths = axis_lengths(reference)
        if not max(lengths) < _ANISOTROPIC * min(lengths):
            # The coarsest scale must resolve the longest features only: finer scales add what is shorter.
            along = ", ".join(f"{length:.1f} px along {axis}" for length, axis in zip(lengths, AXES, strict=True))
            return max(lengths), f"Correlation lengths (to 1/e): {along}; the longest determines the number of scales."
    mean = correlation_length(reference)
    return mean, f"Correlation length (to 1/e): {mean:.1f} px."


def _paper_stage(
    reference: Reference, config: TrainingConfig, length: float
) -> tuple[tuple[StageConfig, ...], tuple[str, ...]]:
    # Eq. 12: the receptive field, 2n + 1, covers the distance on both sides over which the structure is correlated.
    blocks = config.n_blocks or min(MAX_BLOCKS, max(4, ceil(1.5 * length)))
    template = config.template_size or _template(min(map(largest_window, reference.directions)), LARGE_TEMPLATE)
    stage = StageConfig(1, template, blocks, config.n_channels, _PAPER_NOISE_CHANNELS, bounded=False)
    field = stage.receptive_field
    return (stage,), (f"{blocks} blocks, so that a voxel sees {field} px (Eq. 12); patterns of {template} px.",)


def _cascade_stages(
    reference: Reference, config: TrainingConfig, length: float
) -> tuple[tuple[StageConfig, ...], tuple[str, ...]]:
    width = min(largest_window(direction) for direction in reference.directions)
    n_features = estimate_features(reference.porosity, width, length)
    few = n_features < MIN_FEATURES
    further = 0 if few else config.n_further_scales
    wanted = config.n_scales or wanted_scales(length, further)
    n_scales = max(1, min(wanted, fitting_scales(width, config.template_size)))
    stages = tuple(
        StageConfig(
            scale=scale,
            template_size=config.template_size or _template_at(scale, width // scale),
            n_blocks=config.n_blocks or 6,
            n_channels=config.n_channels,
            n_noise_channels=_NOISE_CHANNELS,
        )
        for scale in (2**i for i in reversed(range(n_scales)))
    )
    reasons = describe_cascade(stages, length)
    if few and config.n_further_scales and not config.n_scales:
        counted = f"about {n_features:.0f} pores or grains, fewer than {MIN_FEATURES}"
        reasons += (f"No further scale for this preset: the section contains {counted}.",)
    return stages, reasons


def wanted_scales(length: float, further: int = 0) -> int:
    """Return the number of scales for a correlation length in pixels, with `further` ones beyond it."""
    # A scale cannot resolve structure finer than about a voxel: the correlation length spans one at the coarsest scale.
    return min(MAX_SCALES, 1 + max(0, round(log2(length))) + further)


def fitting_scales(width: int, template_size: int | None = None) -> int:
    """Return the number of scales for which a section of `width` pixels is large enough.

    A section must contain a few independent patterns of the coarsest scale.
    """
    return 1 + int(log2(max(1.0, width / (3 * (template_size or _SMALL_TEMPLATE)))))


def estimate_features(porosity: float, width: float, length: float) -> float:
    """Estimate the number of pores or grains of the rarer phase, with a width of twice the correlation length."""
    return min(porosity, 1 - porosity) * (width / (2 * length)) ** 2


def describe_reference(reference: Reference) -> tuple[str, ...]:
    """Return the remarks on a reference as sentences."""
    return tuple(map(as_sentence, reference.remarks))


def describe_assumption(reference: Reference) -> tuple[str, ...]:
    """Return the assumption on directions without sections of their own as a sentence, if there are such directions."""
    return (as_sentence(reference.assumption),) if reference.assumption else ()


def describe_cascade(stages: tuple[StageConfig, ...], length: float) -> tuple[str, ...]:
    """Explain in sentences how the correlation length of the reference determines the cascade."""
    coarsest = stages[0].scale
    field = NetworkConfig(stages).receptive_field
    there = f" to 1/{coarsest}, where it is {length / coarsest:.1f} px" if coarsest > 1 else ""
    patterns = ", ".join(f"{stage.template_size} px at 1/{stage.scale}" for stage in stages)
    return (
        f"{len(stages)} scale{'s' * (coarsest > 1)}{there}; a voxel sees {field} px (Eq. 12).",
        f"Patterns: {patterns}; {stages[0].n_blocks} blocks a scale.",
    )


def _template_at(scale: int, width: int) -> int:
    # The finest scales learn detail, of which every section contains many examples.
    large = scale <= 2 or width >= _MIN_TEMPLATES_ACROSS * LARGE_TEMPLATE
    return _template(width, LARGE_TEMPLATE if large else _SMALL_TEMPLATE)


def _template(width: int, wanted: int) -> int:
    """Return the preferred side, limited to the width of the region of interest and at least 3."""
    return max(3, min(wanted, width))
