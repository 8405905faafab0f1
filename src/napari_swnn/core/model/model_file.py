"""Model files: safetensors with a JSON header, so that loading a file never executes code.

Format 2 describes two phases without names, and format 3 any phases; format 1 had a single threshold.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from napari_swnn._files import replaced_when_complete
from napari_swnn._types import Path
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.model.segmentation import OffsetCurve, Segmentation, ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.fraction_box import FractionBox
from napari_swnn.core.network.stage import Stage

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model

FORMAT_VERSION = 3
"""Newest format of model files that can be read."""
_TWO_PHASES = 2
"""Format of two phases without names, which earlier versions can read as well."""
_KEY = "napari-swnn"


def save_model(model: Model, path: Path) -> None:
    """Write a model file; an existing file stays intact until the new one is complete."""
    with replaced_when_complete(FilePath(path)) as partial:
        try:
            save_file(model_tensors(model), partial, metadata={_KEY: json.dumps(model_header(model))})
        except SafetensorError as error:  # raised when the disk is full, although not an OSError
            raise OSError(f"the model could not be written to {path}: {error}") from error


def model_tensors(model: Model) -> dict[str, Tensor]:
    """Return the weights by name."""
    return {
        f"stage{i}.{name}": tensor.contiguous()
        for i, stage in enumerate(model.stages)
        for name, tensor in stage.state_dict().items()
    }


def model_header(model: Model) -> dict[str, Any]:
    """Return everything but the weights, as JSON-compatible values."""
    header = {
        "format_version": FORMAT_VERSION if len(model.labels.phases) > 2 or model.labels.names else _TWO_PHASES,
        "network": _network_entries(model.network),
        "thresholds" if model.offsets is None else "offsets": asdict(model.segmentation),
        "porosity": model.porosity,
        "reachable": list(model.reachable),
        "labels": model.labels.as_json(),
        "voxel_size": model.voxel_size,
        "unit": model.unit,
        "provenance": dict(model.provenance),
    }
    return header if model.fractions is None else header | {"fractions": list(model.fractions)}


def read_model(path: Path) -> dict[str, Any]:
    """Read a model file and return the attributes of the model.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file is not a model file, is damaged, or has a newer format.
    """
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
        attributes = _attributes(header, tensors) if version <= FORMAT_VERSION else None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ValueError(f"path must name a valid model file, got {path}, whose content is inconsistent") from error
    if attributes is None:
        raise ValueError(f"{path} has format {version}, this version reads up to {FORMAT_VERSION}; update napari-swnn")
    return attributes


def _attributes(header: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Any]:
    network = _network(header["network"])
    if not network.stages:
        raise ValueError("no stages")
    labels = PhaseLabels.from_json(header["labels"])
    segmentation = _segmentation(header)
    fractions = header.get("fractions")
    n_phases = len(labels.phases)
    if network.n_phase_channels != (1 if n_phases == 2 else n_phases):
        raise ValueError("the number of channels does not fit the phases")
    if isinstance(segmentation, OffsetCurve):
        lengths = {n_phases, *map(len, segmentation.values), len(fractions or ())}
        if lengths != {network.n_phase_channels} or len(segmentation.values) != len(segmentation.porosities):
            raise ValueError("the offsets or fractions do not fit the phases")
    return {
        "network": network,
        "stages": tuple(_stage(network, i, tensors) for i in range(len(network.stages))),
        "segmentation": segmentation,
        "porosity": header["porosity"],
        "fractions": None if fractions is None else tuple(map(float, fractions)),
        "reachable": (header["reachable"][0], header["reachable"][1]),
        "labels": labels,
        "voxel": VoxelSize(header["voxel_size"], header["unit"]),
        "provenance": header["provenance"],
    }


def _segmentation(header: dict[str, Any]) -> Segmentation:
    if header["format_version"] == 1:
        return ThresholdCurve.constant(float(header["threshold"]))
    if "offsets" in header:
        entries = header["offsets"]
        porosities = tuple(map(float, entries["porosities"]))
        return OffsetCurve(porosities, tuple(tuple(map(float, offsets)) for offsets in entries["values"]))
    entries = header["thresholds"]
    return ThresholdCurve(tuple(map(float, entries["porosities"])), tuple(map(float, entries["values"])))


def _network_entries(network: NetworkConfig) -> dict[str, Any]:
    entries = asdict(network)
    if network.box is None:  # models without a box have the header that earlier versions wrote
        del entries["box"]
    return entries


def _network(entries: dict[str, Any]) -> NetworkConfig:
    stages = tuple(StageConfig(**stage) for stage in entries["stages"])
    limits = entries.get("porosity_range")  # absent in format 1
    porosity_range = None if limits is None else (float(limits[0]), float(limits[1]))
    box = _box(entries["box"]) if "box" in entries else None
    return NetworkConfig(stages, entries["dimension"], entries["n_phase_channels"], porosity_range, box)


def _box(entries: dict[str, Any]) -> FractionBox:
    ranges = (None if limits is None else (float(limits[0]), float(limits[1])) for limits in entries["ranges"])
    return FractionBox(tuple(ranges), tuple(map(float, entries["shares"])))


def _stage(network: NetworkConfig, i: int, tensors: dict[str, Tensor]) -> Stage:
    stage = Stage(
        network.stages[i],
        conditioned=i > 0,
        dimension=network.dimension,
        n_phase_channels=network.n_phase_channels,
        free_ranges=network.free_ranges,
    )
    prefix = f"stage{i}."
    stage.load_state_dict({name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)})
    return stage.eval().requires_grad_(False)
