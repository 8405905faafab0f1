"""Estimated time to fit the noise around the section that a volume passes through.

The function runs outside the viewer's thread.
"""

from napari_swnn._progress import format_estimate
from napari_swnn.widgets.reconstruction.jobs import BENCHMARK
from napari_swnn.widgets.reconstruction.preflight import Prepared


def estimate_section(prepared: Prepared) -> float | None:
    """Estimate the time to fit the section with the selected model, in seconds; None if there is nothing to fit."""
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


def describe_section_cost(seconds: float) -> str:
    """Describe the estimate in one line."""
    return f"Through the section: about {format_estimate(seconds)} more to fit it, with the selected model."
