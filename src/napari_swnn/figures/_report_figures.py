"""Figures of a report, with their captions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from napari_swnn._types import Path
from napari_swnn.figures._curves import ORIGIN, correlation_figure, distribution_figure
from napari_swnn.figures._sections import MOST_REALISATIONS, sections_figure
from napari_swnn.figures._transport import field_figure, transport_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from napari_swnn.validation import ValidationReport


@dataclass(frozen=True, eq=False, slots=True)
class ReportFigure:
    """One figure of a report.

    Attributes
    ----------
    name : str
        Short name, as in the name of a file.
    caption : str
        Description in a sentence or two.
    figure : matplotlib.figure.Figure
        The figure.
    is_drawing : bool
        True for a drawing of lines, best kept as SVG; False for pixels.
    """

    name: str
    caption: str
    figure: Figure
    is_drawing: bool


def report_figures(report: ValidationReport) -> tuple[ReportFigure, ...]:
    """Draw all figures of a report: sections, curves, and, if it has physics, transport and fields."""
    band = (
        "Dashed: the reference, with the 95 % interval from its own parts as a band. Thin lines: every axis of every "
        "realisation."
    )
    figures = [
        ReportFigure(
            "sections",
            "Sections at one magnification, cropped to a common size, with the phase of interest in white: the "
            f"reference above, then up to {MOST_REALISATIONS} realisations; and the surface of the phase in 3-D.",
            sections_figure(report),
            False,
        ),
        ReportFigure(
            "correlation",
            f"Two-point correlation S₂(r) and lineal path L(z), and the first {ORIGIN} voxels of both enlarged: the "
            f"slope of S₂ there is the specific surface. {band}",
            correlation_figure(report),
            True,
        ),
        ReportFigure(
            "distributions",
            "Normalised autocovariance, chord lengths, and, on sections of reference and volumes alike, the two-point "
            f"cluster function and pore sizes. {band}",
            distribution_figure(report),
            True,
        ),
    ]
    if report.transport:
        figures += [
            ReportFigure(
                "transport",
                "Conductivity and permeability, one marker for each realisation; black: the mean over its axes. The "
                "bounds follow from the porosity alone.",
                transport_figure(report),
                True,
            ),
            ReportFigure(
                "fields",
                "Middle sections of the temperature, from 1 at the start of z to 0 at its end, with isotherms, and of "
                "the speed of the flow, with the solid in grey.",
                field_figure(report),
                False,
            ),
        ]
    return tuple(figures)


def save_figures(report: ValidationReport, folder: Path, *, dpi: int = 150) -> list[FilePath]:
    """Write every figure of a report as PNG and as SVG into a folder, created if needed, and return the files."""
    FilePath(folder).mkdir(parents=True, exist_ok=True)
    files = []
    for each in report_figures(report):
        for ending in ("png", "svg"):
            file = FilePath(folder) / f"{each.name}.{ending}"
            each.figure.savefig(file, dpi=dpi)
            files.append(file)
    return files
