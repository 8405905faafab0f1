"""Trained model: everything needed to generate volumes, and its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, overload

import torch

from napari_swnn._phases import scale_fractions
from napari_swnn._types import FloatArray, Path
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.model.model_file import hash_content, model_tensors, read_model, save_model
from napari_swnn.core.model.model_header import model_header
from napari_swnn.core.model.offset_surface import OffsetSurface
from napari_swnn.core.model.overlay import Overlay
from napari_swnn.core.model.paper_checkpoint import load_checkpoint
from napari_swnn.core.model.segmentation import OffsetCurve, Segmentation, ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.network.stage import Stage


@dataclass(frozen=True, eq=False)
class Model:
    """Trained network, ready to generate volumes.

    Attributes
    ----------
    network : NetworkConfig
        Architecture.
    stages : tuple of Stage
        Stages in evaluation mode, coarsest first, with batch norm folded into the convolutions.
    segmentation : ThresholdCurve, OffsetCurve or OffsetSurface
        Rule that assigns a phase to each voxel, as a function of the target porosity or fractions: of two phases,
        voxels with grey values at or above a threshold belong to the phase of interest; of more, the phase of a voxel
        is the one whose grey value plus offset is the largest.
    porosity : float or None
        Default porosity of generated volumes, the fraction of the phase of interest; None if unknown.
    reachable : tuple of float
        Lowest and highest porosity that resampling the patterns of the reference can reach.
    labels : PhaseLabels
        Labels and names of the phases of the generated volumes.
    voxel : VoxelSize
        Edge length of a voxel, with its unit.
    provenance : mapping
        Settings, schedules, seed, versions and properties of the reference, as JSON-compatible values.
    fractions : tuple of float or None
        Default fraction of each phase, in the order of `labels`; None for two phases, whose fractions follow from
        `porosity`.
    overlay : Overlay or None
        Known voxels of all volumes, and the noise around them; see `napari_swnn.constrain`.
    """

    network: NetworkConfig
    stages: tuple[Stage, ...]
    segmentation: Segmentation
    porosity: float | None
    reachable: tuple[float, float] = (0.0, 1.0)
    labels: PhaseLabels = PhaseLabels((1, 0))
    voxel: VoxelSize = VoxelSize()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    fractions: tuple[float, ...] | None = None
    overlay: Overlay | None = None

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
        """Dimension of the volumes, 2 or 3."""
        return self.network.dimension

    @property
    def porosity_range(self) -> tuple[float, float] | None:
        """Lowest and highest target porosity; None if the model was trained for a single porosity."""
        return self.network.porosity_range

    @property
    def thresholds(self) -> ThresholdCurve:
        """Segmentation threshold of two phases as a function of the target porosity.

        Raises
        ------
        ValueError
            If the model has more than two phases.
        """
        if not isinstance(self.segmentation, ThresholdCurve):
            n = len(self.labels.phases)
            raise ValueError(f"a threshold needs a model of two phases, got a model of {n} phases; use its offsets")
        return self.segmentation

    @property
    def offsets(self) -> OffsetCurve | OffsetSurface | None:
        """Offsets of the grey channels as a function of the target porosity or fractions; None for two phases."""
        return None if isinstance(self.segmentation, ThresholdCurve) else self.segmentation

    def fractions_at(self, porosity: float | None = None) -> tuple[float, ...]:
        """Return the fraction of each phase at a porosity, by default that of the model.

        The fractions of more than one other phase change in proportion.

        Raises
        ------
        ValueError
            If neither is known.
        """
        target = self.porosity if porosity is None else porosity
        if target is None:
            raise ValueError("fractions need a model of known porosity, got an unknown porosity; pass porosity")
        if self.fractions is None:
            return (target, 1 - target)
        return scale_fractions(self.fractions, target)

    @overload
    def threshold_at(self, porosity: float) -> float: ...

    @overload
    def threshold_at(self, porosity: FloatArray) -> FloatArray: ...

    def threshold_at(self, porosity: float | FloatArray) -> float | FloatArray:
        """Return the segmentation threshold of the grey values for a target porosity."""
        return self.thresholds.at(porosity)

    @property
    def threshold(self) -> float:
        """Segmentation threshold at the porosity of the model."""
        return self.thresholds.values[0] if self.porosity is None else self.threshold_at(self.porosity)

    def save(self, path: Path) -> None:
        """Write the model to a file.

        Parameters
        ----------
        path : path-like
            File to write, usually with the suffix ``.swnn``. An existing file is replaced only once the new file is
            complete.
        """
        save_model(self, path)

    @classmethod
    def load(cls, path: Path) -> Model:
        """Load a model written by `save`.

        Raises
        ------
        FileNotFoundError
            If the file does not exist.
        ValueError
            If the file is not a model file, is damaged, or has a newer format.
        """
        return cls(**read_model(path))

    @classmethod
    def from_authors(cls, path: Path, *, threshold: float = 0.0) -> Model:
        """Import a checkpoint of the paper's authors.

        Parameters
        ----------
        path : path-like
            State dict of their network, as saved by their training script.
        threshold : float
            Segmentation threshold. The authors use 0, with which porosities differ from the reference by up to 0.03.

        Raises
        ------
        FileNotFoundError
            If the file does not exist.
        ValueError
            If the file is not a checkpoint of the authors' network.
        """
        network, stage = load_checkpoint(path)
        return cls(
            network,
            (stage,),
            ThresholdCurve.constant(threshold),
            None,
            provenance={"imported_from": "authors' checkpoint"},
        )

    def fingerprint(self) -> str:
        """Return a hash of the weights and all settings, but not of the time of creation."""
        header = model_header(self)
        header["provenance"].pop("created", None)
        return hash_content(header, model_tensors(self))

    def to(self, device: torch.device) -> tuple[Stage, ...]:
        """Return the stages on a device, copied unless it is the CPU; the model stays on the CPU."""
        if device.type == "cpu":
            return self.stages
        return tuple(deepcopy(stage).to(device) for stage in self.stages)
