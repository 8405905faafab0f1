"""Analysis of a reference and training plan, determined and validated before training starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from napari_swnn._checks import check_seed
from napari_swnn.core.descriptor.patterns import extract_patterns
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.loss.filters import FilterNetwork, random_filters
from napari_swnn.core.loss.vgg_file import load_vgg
from napari_swnn.core.model.offset_surface import n_offset_nodes
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.numerics.device import pick_device
from napari_swnn.core.training.architecture import (
    NetworkChoice,
    choose_network,
    describe_assumption,
    describe_reference,
)
from napari_swnn.core.training.calibration import N_NODES
from napari_swnn.core.training.coarse_scales import drop_coarse_scales
from napari_swnn.core.training.config import TrainingConfig, preset_config
from napari_swnn.core.training.least_size import check_patterns, check_volumes
from napari_swnn.core.training.schedule import resolve_schedules
from napari_swnn.core.training.stage_schedule import StageSchedule
from napari_swnn.core.training.target import Target, resolve_target


@dataclass(frozen=True, eq=False, slots=True)
class TrainingPlan:
    """Complete description of a training before it starts, for display, estimation, execution and storage.

    Attributes
    ----------
    reference : Reference
        Reference to train on.
    target : Target
        Target fractions. For a range, the default porosity of generated volumes is that of the reference if it lies in
        the range, otherwise the middle of the range.
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
    section_side : int
        Side of the largest square inside the region of interest of a section, in pixels.
    filters : FilterNetwork or None
        Filters whose features the loss compares; None for other losses.
    """

    reference: Reference
    target: Target
    config: TrainingConfig
    choice: NetworkChoice
    families: tuple[tuple[TargetFamily, ...], ...]
    schedules: tuple[StageSchedule, ...]
    reachable: tuple[float, float]
    seed: int
    device: torch.device
    section_side: int
    filters: FilterNetwork | None = None

    @property
    def network(self) -> NetworkConfig:
        """Network to train."""
        return self.choice.network

    @property
    def porosity(self) -> float:
        """Target fraction of the phase of interest, in (0, 1)."""
        return self.target.porosity

    @property
    def porosity_range(self) -> tuple[float, float] | None:
        """Lowest and highest porosity to train for; None for a single porosity or ranges of other fractions."""
        return self.network.porosity_range

    @property
    def nodes(self) -> tuple[tuple[float, ...], ...]:
        """Free fractions at which the threshold or the offsets are calibrated."""
        if self.network.box is not None:
            spread = self.network.box.spread(n_offset_nodes(len(self.target.free)))
            return tuple(tuple(map(float, node)) for node in spread)
        if self.porosity_range is None:
            return (self.target.free,)
        return tuple((float(porosity),) for porosity in np.linspace(*self.porosity_range, N_NODES))

    @property
    def n_calibration_blocks(self) -> int:
        """Maximum number of blocks for calibrating each threshold."""
        n = self.config.n_calibration_blocks
        return -(-n // 2) if self.network.free_ranges else n  # neighbouring thresholds share their errors

    @property
    def n_steps(self) -> int:
        """Total number of training steps of all stages."""
        return sum(schedule.n_steps for schedule in self.schedules)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences that explain the network and state what is assumed, and the training steps."""
        steps = ", ".join(f"{schedule.n_steps} at 1/{schedule.scale}" for schedule in self.schedules)
        assumption = describe_assumption(self.reference)
        return (*self.choice.reasons, *assumption, f"Training steps: {steps}.")


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
    filters : FilterNetwork or None
        Filters whose features the loss compares; None for other losses.
    """

    reference: Reference
    config: TrainingConfig
    choice: NetworkChoice
    families: tuple[tuple[TargetFamily, ...], ...]
    section_side: int
    filters: FilterNetwork | None = None

    @property
    def reachable(self) -> tuple[float, float]:
        """Lowest and highest porosity that resampling the finest-scale patterns can reach.

        With more than two phases, the others keep their proportion in the patterns.
        """
        ranges = [family.reachable for family in self.families[-1]]
        return max(low for low, _ in ranges), min(high for _, high in ranges)

    def plan(
        self,
        *,
        porosity: float | tuple[float, float] | None = None,
        fractions: Mapping[int, float | tuple[float, float]] | None = None,
        seed: int = 0,
        device: str = "auto",
    ) -> TrainingPlan:
        """Plan a training for one porosity or a range, without extracting the patterns again.

        Parameters
        ----------
        porosity, fractions, seed, device
            See `train`.

        Raises
        ------
        TypeError
            If `fractions` is not a mapping.
        ValueError
            If no mixture of the patterns has the porosity or fractions, the seed is invalid, or the device is
            unavailable.
        """
        seed = check_seed(seed)
        target = resolve_target(self.reference, porosity, fractions, self.reachable)
        for end in target.ends:
            self._check_reachable(end)
        box = None if target.porosity_range is not None else target.box
        network = replace(self.choice.network, porosity_range=target.porosity_range, box=box)
        choice = replace(self.choice, network=network)
        remarks = describe_reference(self.reference)
        choice, families = drop_coarse_scales(target, choice, self.families, remarks)
        return TrainingPlan(
            reference=self.reference,
            target=target,
            config=self.config,
            choice=choice,
            families=families,
            schedules=resolve_schedules(self.config, choice.network, self.section_side),
            reachable=self.reachable,
            seed=seed,
            device=pick_device(device),
            section_side=self.section_side,
            filters=self.filters,
        )

    def _check_reachable(self, fractions: tuple[float, ...]) -> None:
        """Raise an error if the finest patterns of a direction have no mixture with these fractions of all phases."""
        if len(fractions) == 2:
            return  # one porosity, which was compared with the reachable range
        for family in self.families[-1]:
            family.at(fractions)


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
    FileNotFoundError
        If the settings name a file of weights that does not exist.
    ValueError
        If the reference is too small for the patterns, or a setting is invalid.
    """
    if not isinstance(reference, Reference):
        raise TypeError(f"reference must be a Reference, got {type(reference).__name__}; wrap it: Reference(labels)")
    if dimension not in (2, 3):
        raise ValueError(f"dimension must be 2 or 3, got {dimension!r}")
    config = config or preset_config(preset)
    if config.strategy == "truncation" and reference.n_channels > 1:
        raise ValueError(
            f"strategy must be 'maximum_entropy' for {len(reference.phases)} phases, got 'truncation', which orders "
            "patterns by one porosity; choose another preset, or make two phases with merge=True"
        )
    choice = choose_network(reference, config, dimension=dimension)
    section_side = check_patterns(reference, choice, config)
    check_volumes(choice, config)
    families = tuple(_extract_families(reference, stage, config) for stage in choice.network.stages)
    return ReferenceAnalysis(reference, config, choice, families, section_side, _load_filters(config))


def plan_training(
    reference: Reference,
    *,
    porosity: float | tuple[float, float] | None = None,
    fractions: Mapping[int, float | tuple[float, float]] | None = None,
    preset: str = "standard",
    config: TrainingConfig | None = None,
    seed: int = 0,
    device: str = "auto",
) -> TrainingPlan:
    """Check the arguments of `train` and return the complete training plan for volumes.

    For sections, or several plans of one reference, use `analyse_reference` and `ReferenceAnalysis.plan`.

    Parameters
    ----------
    reference, porosity, fractions, preset, config, seed, device
        See `train`.

    Returns
    -------
    TrainingPlan
        Plan for `estimate_cost` and `iter_training`.

    Raises
    ------
    TypeError
        If `reference` is not a `Reference`, or `fractions` is not a mapping.
    ValueError
        If the reference is too small for the patterns, the porosity or fractions cannot be reached, or a setting is
        invalid.
    """
    seed = check_seed(seed)
    analysis = analyse_reference(reference, preset=preset, config=config)
    return analysis.plan(porosity=porosity, fractions=fractions, seed=seed, device=device)


def _load_filters(config: TrainingConfig) -> FilterNetwork | None:
    if config.loss == "vgg":
        return load_vgg(config.vgg_weights)
    return random_filters() if config.loss == "random_filters" else None


def _extract_families(reference: Reference, stage: StageConfig, config: TrainingConfig) -> tuple[TargetFamily, ...]:
    # Patterns are subsampled with a fixed seed: they describe the reference and must not depend on the training seed.
    return tuple(
        TargetFamily(
            extract_patterns(direction, stage.template_size, scale=stage.scale, n_channels=reference.n_channels),
            config.strategy,
        )
        for direction in reference.directions
    )
