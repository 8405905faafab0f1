"""Validation: comparison of the statistics of generated volumes with their reference, including uncertainties."""

from napari_swnn.validation._agreement import Disagreement, find_disagreements
from napari_swnn.validation._comparison import CurveComparison, PieceScatter, Quantity, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._formatting import format_bounds, format_with_error
from napari_swnn.validation._groups import PhaseGroup
from napari_swnn.validation._report import ValidationReport
from napari_swnn.validation._run import iter_validate, validate
from napari_swnn.validation._tasks import ValidationStep
from napari_swnn.validation._transport import FieldSection, Property, Transport
from napari_swnn.validation._uncertainty import reference_interval
from napari_swnn.validation._verdict import Verdict, judge

__all__ = [
    "Connectivity",
    "CurveComparison",
    "Disagreement",
    "FieldSection",
    "PhaseGroup",
    "PieceScatter",
    "Property",
    "Quantity",
    "QuantityComparison",
    "Transport",
    "ValidationReport",
    "ValidationStep",
    "Verdict",
    "find_disagreements",
    "format_bounds",
    "format_with_error",
    "iter_validate",
    "judge",
    "reference_interval",
    "validate",
]
