"""Name, origin and porosity of a realisation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._layer_style import METADATA_KEY, read_metadata
from napari_swnn._phase_names import name_phase
from napari_swnn._types import BoolArray, Labels, Shape

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_swnn.core.model.model import Model


def name_result(*, source: str, porosity: str, seed: int, remark: str) -> str:
    """Return the layer name of a realisation; `porosity` and `remark` are short descriptions or empty.

    The seed is first, because long names are cut at their end.
    """
    return " · ".join(part for part in (f"seed {seed}", source, porosity, remark) if part)


def describe_origin(
    model: "Model", shape: Shape, *, source: str, seed: int, preset: str, porosity: float | None
) -> dict[str, Any]:
    """Return the origin of a realisation as JSON-serialisable values."""
    return {
        "reference": source,
        "porosity": porosity,
        "phase": model.labels.phase,
        **_describe_phases(model, porosity),
        "seed": seed,
        "preset": preset,
        "shape": list(shape),
        "voxel_size": model.voxel_size,
        "unit": model.unit,
        "model": dict(model.provenance),
    }


def list_fractions(model: "Model", porosity: float | None = None) -> dict[int, float]:
    """Return the fraction of each phase of a model at a porosity, by default its own; empty if neither is known."""
    if porosity is None and model.porosity is None:
        return {}
    return dict(zip(model.labels.phases, model.fractions_at(porosity), strict=True))


def _describe_phases(model: "Model", porosity: float | None) -> dict[str, Any]:
    """Return the target fraction of each phase if there are more than two."""
    fractions = list_fractions(model, porosity)
    return {"fractions": {str(label): value for label, value in fractions.items()}} if len(fractions) > 2 else {}


def name_fraction(phases: Sequence[int], names: Mapping[int, str]) -> str:
    """Return the name of the fraction of the phase of interest: ``"porosity"`` if there are two phases or no names."""
    return names.get(phases[0], "porosity") if len(phases) > 2 else "porosity"


def describe_fractions(fractions: Mapping[int, float], names: Mapping[int, str], *, decimals: int = 3) -> str:
    """Return the fractions of phases as text, with their names."""
    return ", ".join(f"{name_phase(label, names)} {value:.{decimals}f}" for label, value in fractions.items())


def measure_phases(labels: Labels, model: "Model", inside: BoolArray | None = None) -> dict[int, float]:
    """Return the volume fraction of each phase of a model in a volume, the phase of interest first.

    Parameters
    ----------
    labels : numpy.ndarray
        Labels of the volume.
    model : Model
        Model that generated it.
    inside : numpy.ndarray of bool, optional
        Voxels inside a mask; the others are not counted.
    """
    counted = labels if inside is None else labels[inside]
    return {label: float(np.count_nonzero(counted == label) / max(counted.size, 1)) for label in model.labels.phases}


def is_result(layer: "Layer") -> bool:
    """Return True for a layer with a realisation, or a part of one."""
    return "seed" in read_metadata(layer)


def is_field(layer: "Layer") -> bool:
    """Return True for a field that the properties panel computed, such as a temperature or a flux."""
    return "axis" in read_metadata(layer)


def remember_name(layer: "Layer") -> None:
    """Keep the name under which a layer is the reference of realisations, in case it is renamed."""
    names = layer.metadata.setdefault(METADATA_KEY, {}).setdefault("reference_names", [])
    if layer.name not in names:
        names.append(layer.name)


def is_made_from(layer: "Layer", reference: "Layer") -> bool:
    """Return True for a realisation of a reference, even if that was renamed since."""
    source = read_metadata(layer).get("reference")
    known = read_metadata(reference).get("reference_names", [])
    return source is not None and source in (reference.name, *known)


def find_reference(layers: "Iterable[Layer]", selected: "Layer | None" = None) -> "Layer | None":
    """Return the reference of the selected result, or else of the last one; None if it is not among the layers."""
    listed = list(layers)
    results = [layer for layer in listed if is_result(layer)]
    chosen = selected if selected is not None and is_result(selected) else (results or [None])[-1]
    if chosen is None:
        return None
    others = [layer for layer in listed if not is_result(layer)]
    found = [layer for layer in others if is_made_from(chosen, layer)]
    named = [layer for layer in found if layer.name == read_metadata(chosen)["reference"]]
    return (named or found or [None])[-1]
