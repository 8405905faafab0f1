"""Trained model: everything needed to generate volumes, its provenance and its file format.

A model file is a safetensors file with a JSON header, so loading it never executes code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Any, overload

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from napari_swnn._files import replaced_when_complete
from napari_swnn._types import BoolArray, FloatArray, Labels, Path
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.model.paper_checkpoint import load_checkpoint
from napari_swnn.core.model.threshold import ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.stage import Stage

FORMAT_VERSION = 2
_KEY = "napari-swnn"


@dataclass(frozen=True, slots=True)
class PhaseLabels:
    """Labels of a generated volume.

    Attributes
    ----------
    phase : int
        Label of the phase of interest.
    background : int
        Label of all other voxels.
    """

    phase: int
    background: int

    @classmethod
    def of(cls, reference: Reference) -> PhaseLabels:
        """Return the labels of a reference."""
        return cls(*reference.phases[:2])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Smallest integer type that can represent both labels."""
        return np.result_type(np.min_scalar_type(self.phase), np.min_scalar_type(self.background))

    def paint(self, in_phase: BoolArray) -> Labels:
        """Convert a boolean volume, True in the phase of interest, to labels."""
        labels: Labels = np.where(in_phase, self.dtype.type(self.phase), self.dtype.type(self.background))
        return labels


@dataclass(frozen=True, eq=False)
class Model:
    """Trained network, ready to generate volumes.

    Attributes
    ----------
    network : NetworkConfig
        Architecture.
    stages : tuple of Stage
        Stages in evaluation mode, coarsest first, with batch norm folded into the convolutions.
    thresholds : ThresholdCurve
        Segmentation threshold as a function of the target porosity; voxels with grey values at or above it belong to
        the phase of interest.
    porosity : float or None
        Default porosity of generated volumes; None if unknown.
    reachable : tuple of float
        Lowest and highest porosity that resampling the patterns of the reference can reach.
    labels : PhaseLabels
        Labels of the generated volumes.
    voxel : VoxelSize
        Edge length of a voxel, with its unit.
    provenance : mapping
        Settings, schedules, seed, versions and properties of the reference, as JSON-compatible values.
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
        """Dimension of the volumes, 2 or 3."""
        return self.network.dimension

    @property
    def porosity_range(self) -> tuple[float, float] | None:
        """Lowest and highest target porosity; None if the model was trained for a single porosity."""
        return self.network.porosity_range

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
        _save(self, path)

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
        return _load(path)

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
        """Return a hash of the weights and all settings."""
        digest = sha256(json.dumps(_header(self), sort_keys=True).encode())
        for name, tensor in _tensors(self).items():
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()

    def to(self, device: torch.device) -> tuple[Stage, ...]:
        """Return the stages on a device, copied unless it is the CPU; the model stays on the CPU."""
        if device.type == "cpu":
            return self.stages
        return tuple(deepcopy(stage).to(device) for stage in self.stages)


def _tensors(model: Model) -> dict[str, Tensor]:
    return {
        f"stage{i}.{name}": tensor.contiguous()
        for i, stage in enumerate(model.stages)
        for name, tensor in stage.state_dict().items()
    }


def _save(model: Model, path: Path) -> None:
    """Write a model file; an existing file stays intact until the new one is complete."""
    with replaced_when_complete(FilePath(path)) as partial:
        try:
            save_file(_tensors(model), partial, metadata={_KEY: json.dumps(_header(model))})
        except SafetensorError as error:  # raised when the disk is full, although not an OSError
            raise OSError(f"the model could not be written to {path}: {error}") from error


def _load(path: Path) -> Model:
    """Read a model file."""
    path = FilePath(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must name a model file, got {path}, which does not exist")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"path must name a model file of napari-swnn, got {path}, which is damaged or in another format ({error})"
        ) from error
    if _KEY not in metadata:
        raise ValueError(
            f"path must name a model file of napari-swnn, got {path}, a safetensors file not written by napari-swnn"
        )
    try:
        header = json.loads(metadata[_KEY])
        version = int(header["format_version"])
        model = _model(header, tensors) if version <= FORMAT_VERSION else None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ValueError(f"path must name a valid model file, got {path}, whose content is inconsistent") from error
    if model is None:
        raise ValueError(f"{path} has format {version}, this version reads up to {FORMAT_VERSION}; update napari-swnn")
    return model


def _header(model: Model) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "network": asdict(model.network),
        "thresholds": asdict(model.thresholds),
        "porosity": model.porosity,
        "reachable": list(model.reachable),
        "labels": asdict(model.labels),
        "voxel_size": model.voxel_size,
        "unit": model.unit,
        "provenance": dict(model.provenance),
    }


def _model(header: dict[str, Any], tensors: dict[str, Tensor]) -> Model:
    network = _network(header["network"])
    if not network.stages:
        raise ValueError("no stages")
    return Model(
        network=network,
        stages=tuple(_stage(network, i, tensors) for i in range(len(network.stages))),
        thresholds=_thresholds(header),
        porosity=header["porosity"],
        reachable=(header["reachable"][0], header["reachable"][1]),
        labels=PhaseLabels(int(header["labels"]["phase"]), int(header["labels"]["background"])),
        voxel=VoxelSize(header["voxel_size"], header["unit"]),
        provenance=header["provenance"],
    )


def _thresholds(header: dict[str, Any]) -> ThresholdCurve:
    if header["format_version"] == 1:
        return ThresholdCurve.constant(float(header["threshold"]))
    entries = header["thresholds"]
    return ThresholdCurve(tuple(map(float, entries["porosities"])), tuple(map(float, entries["values"])))


def _network(entries: dict[str, Any]) -> NetworkConfig:
    stages = tuple(StageConfig(**stage) for stage in entries["stages"])
    limits = entries.get("porosity_range")  # absent in format 1
    porosity_range = None if limits is None else (float(limits[0]), float(limits[1]))
    return NetworkConfig(stages, entries["dimension"], entries["n_phase_channels"], porosity_range)


def _stage(network: NetworkConfig, i: int, tensors: dict[str, Tensor]) -> Stage:
    stage = Stage(
        network.stages[i],
        conditioned=i > 0,
        dimension=network.dimension,
        n_phase_channels=network.n_phase_channels,
        porosity_range=network.porosity_range,
    )
    prefix = f"stage{i}."
    stage.load_state_dict({name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)})
    return stage.eval().requires_grad_(False)
