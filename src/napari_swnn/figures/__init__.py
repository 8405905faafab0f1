"""Figures of reconstructions and validation reports, drawn with matplotlib; no display is needed."""

from napari_swnn.figures._curves import correlation_figure, distribution_figure, draw_comparison
from napari_swnn.figures._html import report_html, save_report
from napari_swnn.figures._phase_curves import pair_figure, phase_correlation_figure, phase_distribution_figure
from napari_swnn.figures._report_figures import ReportFigure, report_figures, save_figures
from napari_swnn.figures._sections import reconstruction_figure, sections_figure
from napari_swnn.figures._style import save_figure
from napari_swnn.figures._surface import draw_surface
from napari_swnn.figures._transport import field_figure, transport_figure

__all__ = [
    "ReportFigure",
    "correlation_figure",
    "distribution_figure",
    "draw_comparison",
    "draw_surface",
    "field_figure",
    "pair_figure",
    "phase_correlation_figure",
    "phase_distribution_figure",
    "reconstruction_figure",
    "report_figures",
    "report_html",
    "save_figure",
    "save_figures",
    "save_report",
    "sections_figure",
    "transport_figure",
]
