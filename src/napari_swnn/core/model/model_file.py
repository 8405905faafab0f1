"""Model files: safetensors with a JSON header. Reading one never runs code that came with it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from napari_swnn._files import replaced_when_complete
from napari_swnn._types import Path
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.model.model import Model, PhaseLabels
from napari_swnn.core.model.threshold import ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.stage import Stage

FORMAT_VERSION = 2
_KEY = "napari-swnn"


def save_model(model: Model, path: Path) -> None:
    """Write a model; an existing file stays whole until the new one is complete."""
    tensors = {
        f"stage{i}.{name}": tensor.contiguous()
        for i, stage in enumerate(model.stages)
        for name, tensor in stage.state_dict().items()
    }
    with replaced_when_complete(FilePath(path)) as partial:
        try:
            save_file(tensors, partial, metadata={_KEY: json.dumps(_header(model))})
        except SafetensorError as error:  # not an OSError, though it tells of a full disk
            raise OSError(f"the model could not be written to {path}: {error}") from error


def load_model(path: Path) -> Model:
    """Read a model; see `Model.load`."""
    path = FilePath(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must name a model file, got {path}, which does not exist")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"path must name a model file of napari-swnn, got {path}, which is damaged or of another kind ({error})"
        ) from error
    if _KEY not in metadata:
        raise ValueError(
            f"path must name a model file of napari-swnn, got {path}, a safetensors file of another origin"
        )
    try:
        header = json.loads(metadata[_KEY])
        version = int(header["format_version"])
        model = _model(header, tensors) if version <= FORMAT_VERSION else None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ValueError(f"path must name a whole model file, got {path}, whose content is inconsistent") from error
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
    limits = entries.get("porosity_range")  # not there in format 1
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
