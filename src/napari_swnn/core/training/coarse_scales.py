"""Omission of scales at which a reference has too few patterns of the target fractions."""

from __future__ import annotations

from dataclasses import replace

from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.training.architecture import NetworkChoice, describe_cascade
from napari_swnn.core.training.least_size import MIN_PATTERNS
from napari_swnn.core.training.target import Target, channel_means


def drop_coarse_scales(
    target: Target,
    choice: NetworkChoice,
    families: tuple[tuple[TargetFamily, ...], ...],
    remarks: tuple[str, ...],
) -> tuple[NetworkChoice, tuple[tuple[TargetFamily, ...], ...]]:
    """Omit coarse scales, whose patterns are large, if too few patterns have the target fractions.

    Parameters
    ----------
    target : Target
        Fractions to train for; their ends must be reachable.
    choice : NetworkChoice
        Network for the reference.
    families : tuple
        Target distributions for each stage of the network and each direction of the reference.
    remarks : tuple of str
        Sentences about the reference, kept among the reasons.

    Returns
    -------
    choice : NetworkChoice
        Network with the stages that are left, and the reason.
    families : tuple
        Target distributions of these stages.
    """
    ends = [channel_means(fractions) for fractions in target.ends]
    first = 0
    while first < len(families) - 1 and not all(
        family.reaches_with(means, MIN_PATTERNS) for family in families[first] for means in ends
    ):
        first += 1
    if first == 0:
        return choice, families
    kept = choice.network.stages[first:]
    targets = " and ".join(", ".join(f"{mean:.2f}" for mean in means) for means in ends)
    left_out = ", ".join(f"1/{stage.scale}" for stage in choice.network.stages[:first])
    meant = "the porosity" if len(ends[0]) == 1 else "the fractions"
    reason = f"No stage at {left_out} of the resolution: too few large patterns have {meant} {targets}."
    reasons = (choice.reasons[0], *describe_cascade(kept, choice.correlation_length), reason, *remarks)
    return replace(choice, network=replace(choice.network, stages=kept), reasons=reasons), families[first:]
