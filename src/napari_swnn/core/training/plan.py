"""Analysis of a reference and training plan, determined and validated before training starts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from napari_swnn._checks import check_in_range, check_seed
from napari_swnn.core.descriptor.patterns import extract_patterns
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.numerics.device import pick_device
from napari_swnn.core.training.architecture import NetworkChoice, choose_network, describe_cascade, describe_reference
from napari_swnn.core.training.calibration import N_NODES
from napari_swnn.core.training.config import TrainingConfig, preset_config
from napari_swnn.core.training.least_size import MIN_PATTERNS, check_patterns, check_volumes
from napari_swnn.core.training.schedule import StageSchedule, resolve_schedules


@dataclass(frozen=True, eq=False, slots=True)
class TrainingPlan:
    """Complete description of a training before it starts, for display, estimation, execution and storage.

    Attributes
    ----------
    reference : Reference
        Reference to train on.
    porosity : float
        Target porosity, in (0, 1). For a range, the default porosity of generated volumes: the porosity of the
        reference if it lies in the range, otherwise the middle of the range.
    config : TrainingConfig
        Training settings, before automatic values are resolved.
    choice : NetworkChoice
        Network, with an explanation.
    families : tuple
        Target distributions for each stage and each direction of the reference.
    schedules : tuple of StageSchedule
        Training schedule of each stage.
    reachable : tuple of float
        Lowest and highest porosity that resampling the patterns of the reference can reach.
    seed : int
        Random seed.
    device : torch.device
        Device to compute on.
    """

    reference: Reference
    porosity: float
    config: TrainingConfig
    choice: NetworkChoice
    families: tuple[tuple[TargetFamily, ...], ...]
    schedules: tuple[StageSchedule, ...]
    reachable: tuple[float, float]
    seed: int
    device: torch.device

    @property
    def network(self) -> NetworkConfig:
        """Network to train."""
        return self.choice.network

    @property
    def porosity_range(self) -> tuple[float, float] | None:
        """Lowest and highest porosity to train for; None for a single porosity."""
        return self.network.porosity_range

    @property
    def porosity_nodes(self) -> tuple[float, ...]:
        """Porosities at which the segmentation threshold is calibrated."""
        if self.porosity_range is None:
            return (self.porosity,)
        return tuple(map(float, np.linspace(*self.porosity_range, N_NODES)))

    @property
    def n_calibration_blocks(self) -> int:
        """Maximum number of blocks for calibrating each threshold."""
        n = self.config.n_calibration_blocks
        return n if self.porosity_range is None else -(-n // 2)  # neighbouring thresholds share their errors

    @property
    def n_steps(self) -> int:
        """Total number of training steps of all stages."""
        return sum(schedule.n_steps for schedule in self.schedules)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences that explain the network and state the training steps."""
        steps = ", ".join(f"{schedule.n_steps} at 1/{schedule.scale}" for schedule in self.schedules)
        return (*self.choice.reasons, f"Training steps: {steps}.")


@dataclass(frozen=True, eq=False, slots=True)
class ReferenceAnalysis:
    """Properties of a reference needed for training that do not depend on porosity, seed or device.

    Attributes
    ----------
    reference : Reference
        Analysed reference.
    config : TrainingConfig
        Training settings.
    choice : NetworkChoice
        Network for this reference, with an explanation.
    families : tuple
        Target distributions for each stage of the network and each direction of the reference.
    section_side : int
        Side of the largest square inside the region of interest of a section, in pixels.
    """

    reference: Reference
    config: TrainingConfig
    choice: NetworkChoice
    families: tuple[tuple[TargetFamily, ...], ...]
    section_side: int

    @property
    def reachable(self) -> tuple[float, float]:
        """Lowest and highest porosity that resampling the finest-scale patterns can reach."""
        ranges = [family.reachable for family in self.families[-1]]
        return max(low for low, _ in ranges), min(high for _, high in ranges)

    def plan(
        self, *, porosity: float | tuple[float, float] | None = None, seed: int = 0, device: str = "auto"
    ) -> TrainingPlan:
        """Plan a training for one porosity or a range, without extracting the patterns again.

        Parameters
        ----------
        porosity, seed, device
            See `train`.

        Raises
        ------
        ValueError
            If the porosity lies outside the reachable range, the seed is invalid, or the device is unavailable.
        """
        seed = check_seed(seed)
        target, porosity_range = _check_porosity(self.reference, porosity, self.reachable)
        choice = replace(self.choice, network=replace(self.choice.network, porosity_range=porosity_range))
        ends = (target,) if porosity_range is None else porosity_range
        choice, families = _drop_coarse_scales(ends, choice, self.families, describe_reference(self.reference))
        return TrainingPlan(
            reference=self.reference,
            porosity=target,
            config=self.config,
            choice=choice,
            families=families,
            schedules=resolve_schedules(self.config, choice.network, self.section_side),
            reachable=self.reachable,
            seed=seed,
            device=pick_device(device),
        )


def analyse_reference(
    reference: Reference, *, preset: str = "standard", config: TrainingConfig | None = None, dimension: int = 3
) -> ReferenceAnalysis:
    """Choose a network for a reference and extract its patterns at each scale.

    Parameters
    ----------
    reference, preset, config, dimension
        See `train`.

    Raises
    ------
    TypeError
        If `reference` is not a `Reference`.
    ValueError
        If the reference is too small for the patterns, or a setting is invalid.
    """
    if not isinstance(reference, Reference):
        raise TypeError(f"reference must be a Reference, got {type(reference).__name__}; wrap it: Reference(labels)")
    if dimension not in (2, 3):
        raise ValueError(f"dimension must be 2 or 3, got {dimension!r}")
    config = config or preset_config(preset)
    choice = choose_network(reference, config, dimension=dimension)
    section_side = check_patterns(reference, choice, config)
    check_volumes(choice, config)
    families = tuple(_extract_families(reference, stage, config) for stage in choice.network.stages)
    return ReferenceAnalysis(reference, config, choice, families, section_side)


def plan_training(
    reference: Reference,
    *,
    porosity: float | tuple[float, float] | None = None,
    preset: str = "standard",
    config: TrainingConfig | None = None,
    dimension: int = 3,
    seed: int = 0,
    device: str = "auto",
) -> TrainingPlan:
    """Check the arguments of `train` and return the complete training plan.

    Parameters
    ----------
    reference, porosity, preset, config, dimension, seed, device
        See `train`.

    Returns
    -------
    TrainingPlan
        Plan for `estimate_cost` and `iter_training`.

    Raises
    ------
    TypeError
        If `reference` is not a `Reference`.
    ValueError
        If the reference is too small for the patterns, the porosity cannot be reached, or a setting is invalid.
    """
    seed = check_seed(seed)
    analysis = analyse_reference(reference, preset=preset, config=config, dimension=dimension)
    return analysis.plan(porosity=porosity, seed=seed, device=device)


def _check_porosity(
    reference: Reference, porosity: float | tuple[float, float] | None, reachable: tuple[float, float]
) -> tuple[float, tuple[float, float] | None]:
    """Return the target porosity and, for a range, its checked limits."""
    low, high = reachable

    def check(value: float) -> float:
        # A porosity of exactly 0 or 1 is a single phase, with nothing to reconstruct.
        hint = "this is the range that the patterns of the reference can reach"
        return check_in_range(value, low, high, name="porosity", hint=hint, open_low=low <= 0, open_high=high >= 1)

    if not isinstance(porosity, tuple | list):
        return check(reference.porosity if porosity is None else porosity), None
    limits = tuple(porosity)
    if len(limits) != 2 or not limits[0] < limits[1]:
        raise ValueError(f"porosity must be one number, or a range (low, high) with low < high, got {porosity!r}")
    ends = check(limits[0]), check(limits[1])
    own = reference.porosity
    return own if ends[0] <= own <= ends[1] else sum(ends) / 2, ends


def _extract_families(reference: Reference, stage: StageConfig, config: TrainingConfig) -> tuple[TargetFamily, ...]:
    # Patterns are subsampled with a fixed seed: they describe the reference and must not depend on the training seed.
    return tuple(
        TargetFamily(extract_patterns(direction, stage.template_size, scale=stage.scale), config.strategy)
        for direction in reference.directions
    )


def _drop_coarse_scales(
    porosities: tuple[float, ...],
    choice: NetworkChoice,
    families: tuple[tuple[TargetFamily, ...], ...],
    remarks: tuple[str, ...],
) -> tuple[NetworkChoice, tuple[tuple[TargetFamily, ...], ...]]:
    """Omit coarse scales, whose patterns are large, if too few patterns have the target porosity."""
    first = 0
    while first < len(families) - 1 and not all(
        _reaches(family, porosity) for family in families[first] for porosity in porosities
    ):
        first += 1
    if first == 0:
        return choice, families
    kept = choice.network.stages[first:]
    targets = " and ".join(f"{porosity:.2f}" for porosity in porosities)
    left_out = ", ".join(f"1/{stage.scale}" for stage in choice.network.stages[:first])
    reason = f"No stage at {left_out} of the resolution: too few large patterns have the porosity {targets}."
    reasons = (choice.reasons[0], *describe_cascade(kept, choice.correlation_length), reason, *remarks)
    return replace(choice, network=replace(choice.network, stages=kept), reasons=reasons), families[first:]


def _reaches(family: TargetFamily, porosity: float) -> bool:
    low, high = family.reachable
    return low <= porosity <= high and family.at(porosity).effective_size >= MIN_PATTERNS
