"""Validation: every statistic of generated volumes beside that of the reference, with the uncertainty of both."""

from napari_swnn.validation._comparison import CurveComparison, Quantity, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._report import ValidationReport, between, with_error
from napari_swnn.validation._run import ValidationStep, iter_validate, validate
from napari_swnn.validation._transport import FieldSection, Property, Transport
from napari_swnn.validation._uncertainty import reference_interval

__all__ = [
    "Connectivity",
    "CurveComparison",
    "FieldSection",
    "Property",
    "Quantity",
    "QuantityComparison",
    "Transport",
    "ValidationReport",
    "ValidationStep",
    "between",
    "iter_validate",
    "reference_interval",
    "validate",
    "with_error",
]
