"""Header of a model file: everything but the weights, as JSON, written and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any

from napari_swnn._phases import MOST_PHASES
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.model import header_fields as fields
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.model.offset_surface import OffsetSurface
from napari_swnn.core.model.overlay import parse_overlay
from napari_swnn.core.model.segmentation import OffsetCurve, Segmentation, ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.film import n_features
from napari_swnn.core.network.fraction_box import FractionBox

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model

FORMAT_VERSION = 4
"""Newest format of model files that can be read."""
_SEVERAL_PHASES = 3
_TWO_PHASES = 2
"""Format of two phases without names, which earlier versions can read as well."""
_MOST_STAGES = 16
_LARGEST_SIZE = 2**16
"""Limit of the numbers of a stage, which no real model reaches."""
_LARGEST_GREY = 2.5
"""Limit of thresholds and offsets of bounded grey values, which lie between -1.03 and 1.03."""


def model_header(model: Model) -> dict[str, Any]:
    """Return everything but the weights, as JSON-compatible values."""
    header = {
        "format_version": _format_of(model),
        "network": _network_entries(model.network),
        "thresholds" if model.offsets is None else "offsets": asdict(model.segmentation),
        "porosity": model.porosity,
        "reachable": list(model.reachable),
        "labels": model.labels.as_json(),
        "voxel_size": model.voxel_size,
        "unit": model.unit,
        "provenance": dict(model.provenance),
    }
    if model.fractions is not None:
        header["fractions"] = list(model.fractions)
    if model.overlay is not None:
        header["overlay"] = model.overlay.as_json()
    return header


def _format_of(model: Model) -> int:
    """Return the oldest format that describes a model."""
    if model.overlay is not None:
        return FORMAT_VERSION
    return _SEVERAL_PHASES if len(model.labels.phases) > 2 or model.labels.names else _TWO_PHASES


def parse_header(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a model except its stages.

    Raises
    ------
    ValueError
        If an entry is missing, has another type, lies outside its range or contradicts another one.
    """
    network = _network(fields.record(fields.field(header, "network"), "network"))
    labels = _labels(fields.record(fields.field(header, "labels"), "labels"))
    n_phases = len(labels.phases)
    n_channels = 1 if n_phases == 2 else n_phases
    if network.n_phase_channels != n_channels:
        raise ValueError(f"{n_phases} phases need {n_channels} channels, got {network.n_phase_channels}")
    if network.box is not None and len(network.box.ranges) != n_phases:
        raise ValueError(f"the ranges of fractions must be {n_phases}, got {len(network.box.ranges)}")
    porosity, fractions = header.get("porosity"), header.get("fractions")
    if (fractions is None) != (n_phases == 2):
        raise ValueError("the fractions must be those of more than two phases")
    if porosity is None and (n_phases > 2 or network.free_ranges):
        raise ValueError("the porosity is missing, which a model of several phases or for a range has")
    reachable = fields.limits(fields.field(header, "reachable"), "the reachable porosities", equal=True)
    overlay = header.get("overlay")
    return {
        "network": network,
        "overlay": None if overlay is None else parse_overlay(fields.record(overlay, "the overlay"), network),
        "segmentation": _segmentation(header, n_phases, network),
        "porosity": None if porosity is None else fields.number(porosity, "the porosity", 0, 1),
        "fractions": None if fractions is None else _fractions(fractions, "the fractions", n_phases),
        "reachable": reachable,
        "labels": labels,
        "voxel": VoxelSize(
            fields.number(fields.field(header, "voxel_size"), "the voxel size", 0),
            fields.text(fields.field(header, "unit"), "the unit"),
        ),
        "provenance": dict(fields.record(fields.field(header, "provenance"), "the provenance")),
    }


def _network_entries(network: NetworkConfig) -> dict[str, Any]:
    entries = asdict(network)
    if network.box is None:  # models without a box have the header that earlier versions wrote
        del entries["box"]
    return entries


def _network(entries: Mapping[str, Any]) -> NetworkConfig:
    listed = fields.items(fields.field(entries, "stages"), "stages", low=1, high=_MOST_STAGES)
    stages = tuple(_stage(fields.record(stage, "a stage")) for stage in listed)
    scales = [stage.scale for stage in stages]
    if scales != [2**i for i in reversed(range(len(stages)))]:
        raise ValueError(f"scales must decrease by factors of 2 down to 1, got {', '.join(map(str, scales))}")
    limits = entries.get("porosity_range")  # absent in format 1
    box = entries.get("box")
    if limits is not None and box is not None:
        raise ValueError("a network has a range of porosities or of fractions, not both")
    return NetworkConfig(
        stages,
        fields.whole(fields.field(entries, "dimension"), "the dimension", 2, 3),
        fields.whole(fields.field(entries, "n_phase_channels"), "the number of channels", 1, MOST_PHASES),
        None if limits is None else fields.limits(limits, "the porosity range"),
        None if box is None else _box(fields.record(box, "the box")),
    )


def _stage(entries: Mapping[str, Any]) -> StageConfig:
    def size(name: str) -> int:
        return fields.whole(fields.field(entries, name), name, 1, _LARGEST_SIZE)

    return StageConfig(
        scale=size("scale"),
        template_size=size("template_size"),
        n_blocks=size("n_blocks"),
        n_channels=size("n_channels"),
        n_noise_channels=size("n_noise_channels"),
        bounded=fields.flag(entries.get("bounded", True), "bounded"),
    )


def _box(entries: Mapping[str, Any]) -> FractionBox:
    listed = fields.items(fields.field(entries, "ranges"), "the ranges", low=2, high=MOST_PHASES)
    ranges = tuple(None if each is None else fields.limits(each, "a range", equal=True) for each in listed)
    box = FractionBox(ranges, _fractions(fields.field(entries, "shares"), "the shares", len(ranges)))
    if not len(box.corners()):
        raise ValueError("the ranges of fractions exclude each other")
    return box


def _labels(entries: Mapping[str, Any]) -> PhaseLabels:
    def label(value: Any) -> int:
        return fields.whole(value, "a label", -(2**63), 2**63 - 1)

    if "phases" not in entries:
        phases = tuple(label(fields.field(entries, name)) for name in ("phase", "background"))
        names: tuple[str, ...] = ()
    else:
        phases = tuple(map(label, fields.items(entries["phases"], "phases", low=2, high=MOST_PHASES)))
        names = tuple(fields.text(name, "a name") for name in fields.items(fields.field(entries, "names"), "names"))
    if len(set(phases)) < len(phases):
        raise ValueError("the labels of the phases must differ")
    if len(names) not in (0, len(phases)):
        raise ValueError(f"there must be a name for each of {len(phases)} phases or none, got {len(names)}")
    return PhaseLabels(phases, names)


def _segmentation(header: Mapping[str, Any], n_phases: int, network: NetworkConfig) -> Segmentation:
    limit = _LARGEST_GREY if network.stages[-1].bounded else inf
    if header["format_version"] == 1:
        return ThresholdCurve.constant(fields.number(fields.field(header, "threshold"), "the threshold", -limit, limit))
    key = "thresholds" if n_phases == 2 else "offsets"
    entries = fields.record(fields.field(header, key), key)
    if network.box is not None:
        n = 1 + n_features(len(network.free_ranges))
        rows = fields.items(fields.field(entries, "values"), key, low=n, high=n)
        of_terms = tuple(fields.numbers(row, key, -2 * limit, 2 * limit, n=n_phases) for row in rows)
        return OffsetSurface(network.free_ranges, of_terms)
    porosities = fields.numbers(fields.field(entries, "porosities"), "the porosities", 0, 1)
    if any(high <= low for low, high in pairwise(porosities)):
        raise ValueError(f"the porosities of the {key} must increase")
    values = fields.field(entries, "values")
    if n_phases == 2:
        return ThresholdCurve(porosities, fields.numbers(values, key, -limit, limit, n=len(porosities)))
    rows = fields.items(values, key, low=len(porosities), high=len(porosities))
    return OffsetCurve(porosities, tuple(fields.numbers(row, key, -2 * limit, 2 * limit, n=n_phases) for row in rows))


def _fractions(value: Any, name: str, n: int) -> tuple[float, ...]:
    found = fields.numbers(value, name, 0, 1, n=n)
    if abs(sum(found) - 1) > 1e-6:
        raise ValueError(f"{name} must add up to 1, got {sum(found):g}")
    return found
