"""3-D microstructures of a chosen porosity from one segmented 2-D micrograph.

The public names are resolved when they are first used, so that importing the package, and discovering the plugin in
napari, loads neither torch nor napari nor Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_swnn import core, figures, io, physics, production, statistics, validation
    from napari_swnn.core.config import TrainingConfig
    from napari_swnn.core.generation import generate_lazy
    from napari_swnn.core.model import Model
    from napari_swnn.core.noise_gradient import NoiseGradient
    from napari_swnn.core.porosity_map import PorosityMap
    from napari_swnn.core.reference import Reference
    from napari_swnn.core.spatial_mask import SpatialMask
    from napari_swnn.core.training import iter_training, train
    from napari_swnn.figures import save_report
    from napari_swnn.production import Ensemble, ensemble, generate, iter_ensemble, iter_generation
    from napari_swnn.validation import ValidationReport, iter_validate, validate

_SUBMODULES = ("core", "figures", "io", "physics", "production", "statistics", "validation")
_HOMES = {
    "Ensemble": "production",
    "Model": "core.model",
    "NoiseGradient": "core.noise_gradient",
    "PorosityMap": "core.porosity_map",
    "Reference": "core.reference",
    "SpatialMask": "core.spatial_mask",
    "TrainingConfig": "core.config",
    "ValidationReport": "validation",
    "ensemble": "production",
    "generate": "production",
    "generate_lazy": "core.generation",
    "iter_ensemble": "production",
    "iter_generation": "production",
    "iter_training": "core.training",
    "iter_validate": "validation",
    "save_report": "figures",
    "train": "core.training",
    "validate": "validation",
}

__all__ = [
    "Ensemble",
    "Model",
    "NoiseGradient",
    "PorosityMap",
    "Reference",
    "SpatialMask",
    "TrainingConfig",
    "ValidationReport",
    "core",
    "ensemble",
    "figures",
    "generate",
    "generate_lazy",
    "io",
    "iter_ensemble",
    "iter_generation",
    "iter_training",
    "iter_validate",
    "physics",
    "production",
    "save_report",
    "statistics",
    "train",
    "validate",
    "validation",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-swnn")
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
