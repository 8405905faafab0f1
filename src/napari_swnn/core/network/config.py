"""Architecture of the cascade: one small network for each scale (Eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One network of the paper's kind, at one scale.

    Attributes
    ----------
    scale : int
        Side of the voxels of the stage, in voxels of the finest stage.
    template_size : int
        Side of the patterns that it is trained on, in voxels of the stage.
    n_blocks : int
        Number of blocks of convolution (3 a side), batch norm and leaky ReLU.
    n_channels : int
        Number of feature channels of each block.
    n_noise_channels : int
        Number of Gaussian values for each voxel of the input.
    bounded : bool
        True for an output bounded by a hyperbolic tangent; that of the paper is not.
    """

    scale: int
    template_size: int
    n_blocks: int
    n_channels: int
    n_noise_channels: int
    bounded: bool = True

    @property
    def margin(self) -> int:
        """Number of voxels lost on every side: nothing is padded."""
        return self.n_blocks

    @property
    def receptive_field(self) -> int:
        """Side of the input that one output voxel depends on (Eq. 12)."""
        return 2 * self.n_blocks + 1


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """A cascade of stages, coarsest first. One stage alone is the paper's network.

    Attributes
    ----------
    stages : tuple of StageConfig
        Stages; their scales fall by factors of 2 to 1.
    dimension : int
        Dimension of the volumes, 2 or 3.
    n_phase_channels : int
        Number of grey channels of the output: 1 for two phases.
    porosity_range : tuple of float, optional
        Lowest and highest target porosity; None for a network with a single one.
    """

    stages: tuple[StageConfig, ...]
    dimension: int = 3
    n_phase_channels: int = 1
    porosity_range: tuple[float, float] | None = None

    @property
    def receptive_field(self) -> int:
        """Side of the noise region that one output voxel depends on, in voxels of the finest scale."""
        return sum(2 * stage.n_blocks * stage.scale for stage in self.stages) + 1
