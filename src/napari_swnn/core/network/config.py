"""Architecture of the cascade: one small network per scale (Eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass

from napari_swnn.core.network.fraction_box import FractionBox


@dataclass(frozen=True, slots=True)
class StageConfig:
    """Architecture of the network at one scale, similar to the network of the paper.

    Attributes
    ----------
    scale : int
        Side of a voxel of the stage, in voxels of the finest stage.
    template_size : int
        Side of the patterns on which the stage is trained, in voxels of the stage.
    n_blocks : int
        Number of blocks, each a convolution with a kernel of side 3, batch norm and leaky ReLU.
    n_channels : int
        Number of feature channels of each block.
    n_noise_channels : int
        Number of Gaussian values per voxel of the input.
    bounded : bool
        True if a hyperbolic tangent, or a softmax over several phases, bounds the output; the output of the paper's
        network is unbounded.
    """

    scale: int
    template_size: int
    n_blocks: int
    n_channels: int
    n_noise_channels: int
    bounded: bool = True

    @property
    def margin(self) -> int:
        """Number of voxels that the unpadded convolutions remove on each side."""
        return self.n_blocks

    @property
    def receptive_field(self) -> int:
        """Side of the input region on which one output voxel depends (Eq. 12)."""
        return 2 * self.n_blocks + 1


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Architecture of a cascade of stages; a single stage corresponds to the paper's network.

    Attributes
    ----------
    stages : tuple of StageConfig
        Stages, coarsest first; scales decrease by factors of 2 down to 1.
    dimension : int
        Dimension of the volumes, 2 or 3.
    n_phase_channels : int
        Number of grey channels of the output: 1 for two phases, otherwise one for each phase.
    porosity_range : tuple of float, optional
        Lowest and highest target porosity; None for a network trained for a single porosity, or for a box.
    box : FractionBox, optional
        Target fractions of several phases; None for a network trained for a single composition or a porosity range.
    """

    stages: tuple[StageConfig, ...]
    dimension: int = 3
    n_phase_channels: int = 1
    porosity_range: tuple[float, float] | None = None
    box: FractionBox | None = None

    @property
    def finest_scale(self) -> int:
        """Side of a voxel of the last stage: 1, or more for the coarser stages of a cascade alone."""
        return self.stages[-1].scale

    @property
    def free_ranges(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest value of each fraction that may be chosen for a volume: the porosity, or one of a box."""
        if self.box is not None:
            return self.box.free_ranges
        return () if self.porosity_range is None else (self.porosity_range,)

    @property
    def receptive_field(self) -> int:
        """Side of the noise region on which one output voxel depends, in voxels of the finest scale."""
        return sum(2 * stage.n_blocks * stage.scale for stage in self.stages) + 1
