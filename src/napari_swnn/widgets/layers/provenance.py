"""What a realisation is called, where it came from, and how porous it is."""

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._types import Labels, Shape

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model


def name_result(*, source: str, told: str, seed: int, draft: bool) -> str:
    """Name of a realisation's layer; `told` is its porosity in a word or two."""
    return " · ".join(part for part in (source, told, f"seed {seed}", "draft" if draft else "") if part)


def describe_origin(
    model: "Model", shape: Shape, *, source: str, seed: int, preset: str, porosity: float | None
) -> dict[str, Any]:
    """Where a realisation came from: plain values that JSON can hold."""
    return {
        "reference": source,
        "porosity": porosity,
        "phase": model.labels.phase,
        "seed": seed,
        "preset": preset,
        "shape": list(shape),
        "voxel_size": model.voxel_size,
        "unit": model.unit,
        "model": dict(model.provenance),
    }


def measure_porosity(labels: Labels, model: "Model", *, inside: int | None = None) -> float:
    """Fraction of a model's phase in a volume; with a label that marks what is outside, in the rest of it."""
    counted = labels.size if inside is None else np.count_nonzero(labels != inside)
    return float(np.count_nonzero(labels == model.labels.phase) / max(counted, 1))
