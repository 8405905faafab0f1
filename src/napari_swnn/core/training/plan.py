"""What a training will do, decided and checked before it starts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from napari_swnn._checks import check_in_range, check_seed
from napari_swnn._types import Shape
from napari_swnn.core.descriptor.patterns import extract_patterns, largest_window, too_small_message
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.numerics.device import pick_device
from napari_swnn.core.training.architecture import NetworkChoice, choose_network, describe_cascade
from napari_swnn.core.training.calibration import N_NODES
from napari_swnn.core.training.config import TrainingConfig, preset_config

_LEAST_PATTERNS = 100
"""Patterns in effect under which a target distribution describes no structure any more."""


@dataclass(frozen=True, eq=False, slots=True)
class TrainingPlan:
    """A training that was found to be possible: everything that is decided before it starts.

    Attributes
    ----------
    reference : Reference
        What is reconstructed.
    porosity : float
        Target, in (0, 1); of a range, what a volume has if no other is asked for: the reference's own if it lies in
        the range, else the middle.
    config : TrainingConfig
        Settings as given.
    choice : NetworkChoice
        The network, with the reasons for it.
    targets : tuple
        For each stage, the target distributions of each direction.
    reachable : tuple of float
        Lowest and highest porosity that the patterns of this reference can express.
    seed : int
        Of all random draws.
    device : torch.device
        Where to compute.
    """

    reference: Reference
    porosity: float
    config: TrainingConfig
    choice: NetworkChoice
    targets: tuple[tuple[TargetFamily, ...], ...]
    reachable: tuple[float, float]
    seed: int
    device: torch.device

    @property
    def porosity_range(self) -> tuple[float, float] | None:
        """Porosities to train for; None for a single one."""
        return self.choice.network.porosity_range

    @property
    def porosity_nodes(self) -> tuple[float, ...]:
        """Porosities at which the threshold is found."""
        if self.porosity_range is None:
            return (self.porosity,)
        return tuple(map(float, np.linspace(*self.porosity_range, N_NODES)))

    @property
    def n_calibration_blocks(self) -> int:
        """Blocks generated at each of them, at most."""
        n = self.config.n_calibration_blocks
        return n if self.porosity_range is None else -(-n // 2)

    @property
    def n_volumes(self) -> int:
        """Volumes of each window in a step: one for each porosity that it is asked for."""
        return 1 if self.porosity_range is None else 2

    @property
    def stages(self) -> tuple[StageConfig, ...]:
        """The stages to train, coarsest first."""
        return self.choice.network.stages

    def n_steps(self, stage: StageConfig) -> int:
        """Training steps of a stage."""
        n = self.config.n_steps if stage.scale == 1 else self.config.n_coarse_steps
        # Where a single stage makes all of the large structure, what it gets wrong none before it has settled, and the
        # finest one has more to do.
        if len(self.stages) == 2:
            n = n * 5 // 2 if stage.scale > 1 else n * 4 // 3
        return n if self.porosity_range is None else n * 3 // 2  # more is learned, at every porosity

    @property
    def consistency(self) -> float:
        """Weight of the agreement of a fine scale with the coarser one.

        With three scales and more, pores are wide enough for their coarse volume to say where they are; with fewer,
        it is grey where the structure is finer than its voxels, and must be left free.
        """
        return self.config.consistency / (1 if len(self.stages) >= 3 else 9)

    def two_point(self, stage: StageConfig) -> float:
        """Weight of the two-point correlation at the scale of a stage.

        Large structure is made at coarser scales; at the finest, more of it breaks thin necks. One section tells the
        correlation at its own porosity, too little for a whole range.
        """
        if self.porosity_range is not None:
            return 0.0
        return self.config.two_point / (10 if stage.scale == 1 else 1)

    def side(self, stage: StageConfig) -> int:
        """Of the training volumes of a stage, in its voxels."""
        return self.config.cube_size if stage.scale == 1 else self.config.coarse_cube_size

    def samples(self, stage: StageConfig) -> tuple[tuple[Window, tuple[int, ...]], ...]:
        """Windows generated in each step, each with the directions whose sections count."""
        side, dimension = self.side(stage), self.choice.network.dimension
        if dimension == 2:
            return ((Window.of_shape((side, side)), (0,)),)
        if self.config.sampling == "cube":
            return ((Window.of_shape((side,) * 3), (0, 1, 2)),)
        return tuple((Window.of_shape(_slab(side, axis)), (axis,)) for axis in range(3))


def _slab(side: int, axis: int) -> Shape:
    return tuple(1 if a == axis else side for a in range(3))


@dataclass(frozen=True, eq=False, slots=True)
class ReferenceAnalysis:
    """Everything a training needs from a reference that does not depend on porosity, seed or device.

    Attributes
    ----------
    reference : Reference
        The analysed reference.
    config : TrainingConfig
        Settings of the training.
    choice : NetworkChoice
        Network for this reference, with the reasons for it.
    families : tuple
        Target distributions for each stage of the network and each direction of the reference.
    """

    reference: Reference
    config: TrainingConfig
    choice: NetworkChoice
    families: tuple[tuple[TargetFamily, ...], ...]

    @property
    def reachable(self) -> tuple[float, float]:
        """Lowest and highest porosity that resampling the finest patterns can reach."""
        ranges = [family.reachable for family in self.families[-1]]
        return max(low for low, _ in ranges), min(high for _, high in ranges)

    def plan(
        self, *, porosity: float | tuple[float, float] | None = None, seed: int = 0, device: str = "auto"
    ) -> TrainingPlan:
        """Decide a training for one porosity or a range; patterns are not extracted again.

        Parameters
        ----------
        porosity, seed, device
            As for `train`.

        Raises
        ------
        ValueError
            If the porosity is out of reach, or the seed or the device cannot be used.
        """
        seed = check_seed(seed)
        target, porosity_range = _check_porosity(self.reference, porosity, self.reachable)
        choice = replace(self.choice, network=replace(self.choice.network, porosity_range=porosity_range))
        ends = (target,) if porosity_range is None else porosity_range
        choice, families = _able_to_express(ends, choice, self.families)
        return TrainingPlan(
            self.reference, target, self.config, choice, families, self.reachable, seed, pick_device(device)
        )


def analyse_reference(
    reference: Reference, *, preset: str = "standard", config: TrainingConfig | None = None, dimension: int = 3
) -> ReferenceAnalysis:
    """Choose a network for a reference and extract its patterns, once for each scale.

    Parameters
    ----------
    reference, preset, config, dimension
        As for `train`.

    Raises
    ------
    TypeError
        If `reference` is not a `Reference`.
    ValueError
        If the reference is too small for the patterns, or a setting cannot be used.
    """
    if not isinstance(reference, Reference):
        raise TypeError(f"reference must be a Reference, got {type(reference).__name__}; wrap it: Reference(labels)")
    if dimension not in (2, 3):
        raise ValueError(f"dimension must be 2 or 3, got {dimension!r}")
    config = config or preset_config(preset)
    choice = choose_network(reference, config, dimension=dimension)
    _check_patterns_fit(reference, choice)
    _check_volumes(choice, config)
    families = tuple(_extract_families(reference, stage, config) for stage in choice.network.stages)
    return ReferenceAnalysis(reference, config, choice, families)


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
    """Check the arguments of `train` and decide everything that the training will do.

    Parameters
    ----------
    reference, porosity, preset, config, dimension, seed, device
        As for `train`.

    Returns
    -------
    TrainingPlan
        To be shown, estimated with `estimate_cost`, and carried out by `iter_training`.

    Raises
    ------
    TypeError
        If `reference` is not a `Reference`.
    ValueError
        If the reference is too small for the patterns, the porosity cannot be reached, or a setting is unknown.
    """
    seed = check_seed(seed)
    analysis = analyse_reference(reference, preset=preset, config=config, dimension=dimension)
    return analysis.plan(porosity=porosity, seed=seed, device=device)


def _check_porosity(
    reference: Reference, porosity: float | tuple[float, float] | None, reachable: tuple[float, float]
) -> tuple[float, tuple[float, float] | None]:
    """The target, and the range if there is one."""
    low, high = reachable

    def check(value: float) -> float:
        # Exactly 0 or 1 would be a volume of a single phase: nothing to reconstruct.
        hint = "this is what the patterns of the reference can express"
        return check_in_range(value, low, high, name="porosity", hint=hint, open_low=low <= 0, open_high=high >= 1)

    if not isinstance(porosity, tuple | list):
        return check(reference.porosity if porosity is None else porosity), None
    limits = tuple(porosity)
    if len(limits) != 2 or not limits[0] < limits[1]:
        raise ValueError(f"porosity must be one number, or a range (low, high) with low < high, got {porosity!r}")
    ends = check(limits[0]), check(limits[1])
    own = reference.porosity
    return own if ends[0] <= own <= ends[1] else sum(ends) / 2, ends


def _check_patterns_fit(reference: Reference, choice: NetworkChoice) -> None:
    side = max(stage.template_size * stage.scale for stage in choice.network.stages)
    for direction in reference.directions:
        if largest_window(direction) < side:
            raise ValueError(too_small_message(direction, side))


def _check_volumes(choice: NetworkChoice, config: TrainingConfig) -> None:
    stages = choice.network.stages
    if config.sampling == "slabs" and len(stages) > 1:
        raise ValueError("sampling must be 'cube' for a cascade of several scales, got 'slabs'; or set network='plain'")
    for stage in stages:
        name = "cube_size" if stage.scale == 1 else "coarse_cube_size"
        side, least = getattr(config, name), max(stage.template_size, 4)  # the agreement of scales pools 4 voxels
        if side < least:
            raise ValueError(f"{name} must be at least {least}, to hold a pattern of that stage, got {side}")


def _extract_families(reference: Reference, stage: StageConfig, config: TrainingConfig) -> tuple[TargetFamily, ...]:
    # Patterns are sub-sampled with a fixed seed: they describe the reference, which no training seed should change.
    return tuple(
        TargetFamily(extract_patterns(direction, stage.template_size, scale=stage.scale), config.strategy)
        for direction in reference.directions
    )


def _able_to_express(
    porosities: tuple[float, ...], choice: NetworkChoice, families: tuple[tuple[TargetFamily, ...], ...]
) -> tuple[NetworkChoice, tuple[tuple[TargetFamily, ...], ...]]:
    """Leave out coarse scales whose patterns, large as they are, hardly ever have the porosity asked for."""
    first = 0
    while first < len(families) - 1 and not all(
        _expresses(family, porosity) for family in families[first] for porosity in porosities
    ):
        first += 1
    if first == 0:
        return choice, families
    kept = choice.network.stages[first:]
    asked = " and ".join(f"{porosity:.2f}" for porosity in porosities)
    left_out = ", ".join(f"1/{stage.scale}" for stage in choice.network.stages[:first])
    reason = f"No stage at {left_out} of the resolution: too few large patterns have the porosity {asked}."
    reasons = (choice.reasons[0], *describe_cascade(kept, choice.correlation_length), reason)
    return replace(choice, network=replace(choice.network, stages=kept), reasons=reasons), families[first:]


def _expresses(family: TargetFamily, porosity: float) -> bool:
    low, high = family.reachable
    return low <= porosity <= high and family.exactly(porosity).effective_size >= _LEAST_PATTERNS
