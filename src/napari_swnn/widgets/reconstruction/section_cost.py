"""Fit of the noise around the section that a volume passes through: its estimated time, and its progress in words."""

from typing import Any

from napari_swnn._progress import format_estimate
from napari_swnn.widgets.reconstruction.jobs import BENCHMARK
from napari_swnn.widgets.reconstruction.preflight import Prepared


def estimate_section(prepared: Prepared) -> float | None:
    """Estimate the time to fit the section with the selected model, in seconds; None if there is nothing to fit.

    It runs outside the viewer's thread.
    """
    from napari_swnn.core.conditioning.cost import estimate_constraint
    from napari_swnn.runs.through import describe_constraint

    request = prepared.request
    if not prepared.fits_section or request.entry is None or request.spatial.section is None:
        return None
    model = request.entry.model
    spec = request.spec(model.dimension, porosity=request.porosity)
    with BENCHMARK:
        constraint = describe_constraint(spec, request.spatial.section.through)
        return estimate_constraint(model, constraint, device=request.device).seconds


def describe_section_cost(seconds: float | None) -> str:
    """Describe the estimate in one line; None while it is pending."""
    if seconds is None:
        return "Estimating the time to fit the section…"
    return f"Through the section: about {format_estimate(seconds)} more to fit it, with the selected model."


def describe_fit(step: Any) -> str:
    """Describe a step of the fit of a section; empty for steps of other work."""
    from napari_swnn.core.conditioning.run import ACTIVITY

    return "Fitting the section, before the volume is generated…" if step.activity == ACTIVITY else ""
