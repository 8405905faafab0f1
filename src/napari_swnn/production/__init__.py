"""Production: volumes of any size to disk, several realisations, ensembles, on one machine or on a cluster."""

from napari_swnn.production.ensembles import EnsembleStep, ensemble, iter_ensemble
from napari_swnn.production.generation import generate, iter_generation
from napari_swnn.production.summary import Ensemble, Member, Statistic

__all__ = [
    "Ensemble",
    "EnsembleStep",
    "Member",
    "Statistic",
    "ensemble",
    "generate",
    "iter_ensemble",
    "iter_generation",
]
