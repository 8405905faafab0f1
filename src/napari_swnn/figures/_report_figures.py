"""Figures of a validation report, with captions."""

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
        Short name, used as the file name.
    caption : str
        Description in a sentence or two.
    figure : matplotlib.figure.Figure
        The figure.
    is_drawing : bool
        True for a line drawing, which is best stored as SVG; False for a pixel image.
    """

    name: str
    caption: str
    figure: Figure
    is_drawing: bool


def report_figures(report: ValidationReport) -> tuple[ReportFigure, ...]:
    """Draw all figures of a report: sections and curves, and with physics also transport and fields."""
    band = (
        "Dashed line and band: the reference with its 95 % confidence interval. Thin lines: each axis of each "
        "realisation."
    )
    figures = [
        ReportFigure(
            "sections",
            "Sections at the same magnification, cropped to a common size, with the phase of interest in white: the "
            f"reference at the top, then up to {MOST_REALISATIONS} realisations; and the surface of the phase in 3-D.",
            sections_figure(report),
            False,
        ),
        ReportFigure(
            "correlation",
            f"Two-point correlation S₂(r) and lineal path L(z), in full and enlarged for the first {ORIGIN} voxels. "
            f"The slope of S₂ at 0 gives the specific surface. {band}",
            correlation_figure(report),
            True,
        ),
        ReportFigure(
            "distributions",
            "Normalised autocovariance and chord lengths; two-point cluster function and pore sizes, measured on "
            f"sections of both the reference and the volumes. {band}",
            distribution_figure(report),
            True,
        ),
    ]
    if report.transport:
        figures += [
            ReportFigure(
                "transport",
                "Conductivity and permeability, one marker for each realisation; black: the mean over the axes. The "
                "bounds depend only on the volume fractions.",
                transport_figure(report),
                True,
            ),
            ReportFigure(
                "fields",
                "Middle sections of the temperature, from 1 at the start of the z axis to 0 at its end, with "
                "isotherms, and of the flow speed, with the solid in grey.",
                field_figure(report),
                False,
            ),
        ]
    return tuple(figures)


def save_figures(report: ValidationReport, folder: Path, *, dpi: int = 150) -> list[FilePath]:
    """Write every figure of a report as PNG and SVG to a folder, which is created if needed, and return the paths."""
    FilePath(folder).mkdir(parents=True, exist_ok=True)
    files = []
    for each in report_figures(report):
        for ending in ("png", "svg"):
            file = FilePath(folder) / f"{each.name}.{ending}"
            each.figure.savefig(file, dpi=dpi)
            files.append(file)
    return files
