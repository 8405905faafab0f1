"""Figures of a validation report, with captions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from napari_swnn._types import Path
from napari_swnn.figures._curves import ORIGIN, correlation_figure, distribution_figure
from napari_swnn.figures._phase_curves import pair_figure, phase_correlation_figure, phase_distribution_figure
from napari_swnn.figures._sections import MOST_REALISATIONS, sections_figure
from napari_swnn.figures._style import Colours, save_figure
from napari_swnn.figures._transport import field_figure, transport_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from napari_swnn.validation import ValidationReport


_BAND = (
    "Dashed line and band: the reference with its 95 % confidence interval. Thin lines: each axis of each realisation."
)


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


def report_figures(report: ValidationReport, *, colours: Colours | None = None) -> tuple[ReportFigure, ...]:
    """Draw all figures of a report: sections and curves, and with physics also transport and fields.

    Parameters
    ----------
    report : ValidationReport
        Report to draw.
    colours : mapping of int to str, optional
        Colour of each label, as ``"#rrggbb"``; used for more than two phases.
    """
    figures = _structure_figures(report) if report.n_phases == 2 else _phase_figures(report, colours)
    return (*figures, *_transport_figures(report, colours)) if report.transport else figures


def _structure_figures(report: ValidationReport) -> tuple[ReportFigure, ...]:
    """Draw the sections and the curves of the phase of interest."""
    return (
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
            f"The slope of S₂ at 0 gives the specific surface. {_BAND}",
            correlation_figure(report),
            True,
        ),
        ReportFigure(
            "distributions",
            "Normalised autocovariance and chord lengths; two-point cluster function and pore sizes, measured on "
            f"sections of both the reference and the volumes. {_BAND}",
            distribution_figure(report),
            True,
        ),
    )


def _phase_figures(report: ValidationReport, colours: Colours | None) -> tuple[ReportFigure, ...]:
    """Draw the sections, and the curves of each phase and pair of phases."""
    return (
        ReportFigure(
            "sections",
            "Sections at the same magnification, cropped to a common size: the reference at the top, then up to "
            f"{MOST_REALISATIONS} realisations; and the faces of the first one.",
            sections_figure(report, colours),
            False,
        ),
        ReportFigure(
            "correlation",
            f"Two-point correlation S₂(r) of each phase, in full and enlarged for the first {ORIGIN} voxels, and "
            f"lineal path L(z). The slope of S₂ at 0 gives the specific surface. {_BAND}",
            phase_correlation_figure(report, colours),
            True,
        ),
        ReportFigure(
            "pairs",
            "Cross-correlation S₂(r) of each pair of phases: the probability that a segment of length r begins in one "
            f"and ends in the other. Its slope at 0 gives the interface area. {_BAND}",
            pair_figure(report, colours),
            True,
        ),
        ReportFigure(
            "distributions",
            "Normalised autocovariance, chord lengths, and feature sizes measured on sections of both the reference "
            f"and the volumes. {_BAND}",
            phase_distribution_figure(report, colours),
            True,
        ),
    )


def _transport_figures(report: ValidationReport, colours: Colours | None) -> tuple[ReportFigure, ...]:
    several = report.n_phases > 2
    properties = "Conductivity and permeability"
    if several:
        properties = "Tortuosity factor of each phase, and permeability of the phase of interest"
        properties = f"Conductivity; {properties[0].lower()}{properties[1:]}" if report.conductivities else properties
    bounds = " The bounds depend only on the volume fractions." if report.conductivities else ""
    temperature = (
        "the temperature, from 1 at the start of the z axis to 0 at its end, with isotherms, and of "
        if report.conductivities
        else ""
    )
    return (
        ReportFigure(
            "transport",
            f"{properties}, one marker for each realisation; black: the mean over the axes.{bounds}",
            transport_figure(report, colours),
            True,
        ),
        ReportFigure(
            "fields",
            f"Middle sections of {temperature}the flow speed, with {'other phases' if several else 'the solid'} in "
            "grey.",
            field_figure(report),
            False,
        ),
    )


def save_figures(
    report: ValidationReport, folder: Path, *, dpi: int = 150, colours: Colours | None = None
) -> list[FilePath]:
    """Write every figure of a report as PNG and SVG to a folder, which is created if needed, and return the paths."""
    FilePath(folder).mkdir(parents=True, exist_ok=True)
    files = []
    for each in report_figures(report, colours=colours):
        for ending in ("png", "svg"):
            file = FilePath(folder) / f"{each.name}.{ending}"
            save_figure(each.figure, file, dpi=dpi)
            files.append(file)
    return files
