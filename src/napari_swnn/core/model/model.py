"""The trained model: everything needed to generate, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
import torch

from napari_swnn._types import BoolArray, FloatArray, Labels, Path
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.model.threshold import ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.network.stage import Stage


@dataclass(frozen=True, slots=True)
class PhaseLabels:
    """Labels that a generated volume carries.

    Attributes
    ----------
    phase : int
        Label of the phase of interest.
    background : int
        Label of the rest.
    """

    phase: int
    background: int

    @classmethod
    def of(cls, reference: Reference) -> PhaseLabels:
        """The labels of a reference."""
        return cls(reference.phase, reference.background)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest integer type that holds both."""
        return np.result_type(np.min_scalar_type(self.phase), np.min_scalar_type(self.background))

    def paint(self, in_phase: BoolArray) -> Labels:
        """Labels of a boolean volume."""
        labels: Labels = np.where(in_phase, self.dtype.type(self.phase), self.dtype.type(self.background))
        return labels


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network, ready to generate.

    Attributes
    ----------
    network : NetworkConfig
        Scales and sizes.
    stages : tuple of Stage
        The cascade in evaluation mode, coarsest first; batch norm is folded into the convolutions.
    thresholds : ThresholdCurve
        Grey values at or above it are the phase of interest; calibrated at the end of training.
    porosity : float or None
        Volume fraction of the phase of interest that a volume has if no other is asked for; None if it is not known.
    reachable : tuple of float
        Porosities that the reference's patterns can express.
    labels : PhaseLabels
        Labels of the generated volumes.
    voxel : VoxelSize
        Edge length of a voxel, with its unit.
    provenance : mapping
        Settings, seed, versions and facts of the reference; plain values that JSON can hold.
    """

    network: NetworkConfig
    stages: tuple[Stage, ...]
    thresholds: ThresholdCurve
    porosity: float | None
    reachable: tuple[float, float] = (0.0, 1.0)
    labels: PhaseLabels = PhaseLabels(1, 0)
    voxel: VoxelSize = VoxelSize()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def voxel_size(self) -> float:
        """Edge length of a voxel, in `unit`."""
        return self.voxel.value

    @property
    def unit(self) -> str:
        """Unit of `voxel_size`."""
        return self.voxel.unit

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return self.network.dimension

    @property
    def porosity_range(self) -> tuple[float, float] | None:
        """Porosities that a volume can be asked for; None if the model has a single one."""
        return self.network.porosity_range

    @overload
    def threshold_at(self, porosity: float) -> float: ...

    @overload
    def threshold_at(self, porosity: FloatArray) -> FloatArray: ...

    def threshold_at(self, porosity: float | FloatArray) -> float | FloatArray:
        """Grey value from which on a voxel is the phase of interest, where this porosity is asked for."""
        return self.thresholds.at(porosity)

    @property
    def threshold(self) -> float:
        """The threshold at the model's own porosity."""
        return self.thresholds.values[0] if self.porosity is None else self.threshold_at(self.porosity)

    def save(self, path: Path) -> None:
        """Write the model to a file; see `napari_swnn.core.model.model_file`.

        Parameters
        ----------
        path : path-like
            Usually ends in ``.swnn``. An existing file is replaced only once the new one is complete.
        """
        from napari_swnn.core.model.model_file import save_model

        save_model(self, path)

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read a model that `save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is not a model file, or damaged, or of a later format.
        """
        from napari_swnn.core.model.model_file import load_model

        return load_model(path)

    @classmethod
    def from_authors(cls, path: Path, *, threshold: float = 0.0) -> Model:
        """Import a checkpoint of the paper's authors.

        Parameters
        ----------
        path : path-like
            A state dict of their network, as their training script saves it.
        threshold : float
            Theirs is 0; their porosity then misses the reference's by up to 0.03.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is not such a checkpoint.
        """
        from napari_swnn.core.model.paper_checkpoint import load_checkpoint

        network, stage = load_checkpoint(path)
        return cls(
            network,
            (stage,),
            ThresholdCurve.constant(threshold),
            None,
            provenance={"imported_from": "authors' checkpoint"},
        )

    def to(self, device: torch.device) -> tuple[Stage, ...]:
        """The stages on a device; the model itself stays on the CPU."""
        if device.type == "cpu":
            return self.stages
        return tuple(deepcopy(stage).to(device) for stage in self.stages)
