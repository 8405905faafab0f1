"""Validation report as one self-contained HTML page with text, tables and figures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from importlib.metadata import version
from io import BytesIO
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from napari_swnn._files import write_text
from napari_swnn._types import Path
from napari_swnn.figures._html_tables import (
    connectivity_table,
    curves_table,
    phases_table,
    quantities_table,
    transport_table,
)
from napari_swnn.figures._report_figures import ReportFigure, report_figures
from napari_swnn.figures._style import Colours, colour_phases

if TYPE_CHECKING:
    from napari_swnn.validation import ValidationReport

RESOLUTION = 130
"""Resolution of pixel images, in dots per inch."""

STYLE = """
body { font: 15px/1.45 "Helvetica Neue", Arial, "Liberation Sans", sans-serif; color: #222; background: #fff;
       max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p.about { color: #555; margin-top: 0; }
table { margin: 1rem 0; border-collapse: collapse; width: 100%; font-size: .88em; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #555; padding-bottom: .3rem; }
th, td { white-space: nowrap; padding: .25rem .6rem .25rem 0; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 1px solid #222; font-weight: 600; } tbody tr + tr td { border-top: 1px solid #e5e5e5; }
figure { margin: 1.5rem 0; } figure img { width: 100%; height: auto; }
figcaption { color: #444; font-size: .88em; }
ul.notes { background: #fdf6e3; border-left: 3px solid #d9a441; padding: .6rem 1rem .6rem 2rem; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } figure, table { break-inside: avoid; }
               figure img { width: auto; max-width: 100%; max-height: 23cm; }
               h2 { break-after: avoid; } }
"""

STYLE_PHASES = """
tr.group th { text-align: left; padding-top: .7rem; }
.swatch { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border: 1px solid #666;
          vertical-align: -.05em; }
"""

READING = """
<p>Numbers of the reference are given with the half-width of their 95 % confidence interval. The interval of the
porosity follows from the integral of the autocovariance; the other intervals follow from the spread between parts of
the reference and are a rough guide. Numbers of the volumes are the mean and standard deviation over realisations.
“Within” states whether the mean lies within the interval of the reference; a small reference has wide intervals, which
are easily matched.</p>
<p>Two-point correlation, lineal path and chords are measured along the axes, both in sections and in volumes. The
specific surface is the interface area per volume, −4 S₂′(0); sections also give it if the material is isotropic.
Clusters and pore sizes of a volume are measured on its sections, in windows of the same size as in the reference,
because a 2-D cluster or pore is not a section of a 3-D cluster or pore.</p>
<p>One section cannot show whether the phase percolates in three dimensions, what fraction of it is connected, or the
resulting transport properties. Agreement of S₂ does not imply equal transport: permeabilities can differ tenfold
at equal S₂ (Manwart et al. 2002, arXiv:cond-mat/0202525). Numbers marked 3-D have no counterpart in the
reference; compare them with measurements.</p>
"""

READING_PHASES = """
<p>The volume fractions of all phases, S₂ and the other curves are measured for each phase against all others; the
two-point cluster function is measured for the phase of interest only. The interface area of two phases is
4 S₂′(0) of their cross-correlation, so the areas of a phase sum to its specific surface. The triple-phase boundary is
the length per volume of the lines in which three phases meet, twice the number of triple points per area of a section;
it is active where all three phases percolate. Its interval follows from the scatter of the triple points over the
reference. Tortuosity factors are those of the mean diffusivity over the axes.</p>
"""

_TRANSPORT = ("transport", "fields")
"""Names of the figures of transport properties."""


def save_report(report: ValidationReport, path: Path, *, colours: Colours | None = None) -> None:
    """Write a report as ``.html`` (one page with all figures), ``.json`` or ``.csv``, depending on the file extension.

    Parameters
    ----------
    report : ValidationReport
        Report to write.
    path : str or path
        File to write.
    colours : mapping of int to str, optional
        Colour of each label, as ``"#rrggbb"``, for an HTML page on more than two phases.

    Raises
    ------
    ValueError
        If the file extension is not supported.
    """
    ending = FilePath(path).suffix.lower()
    if ending == ".json":
        report.save(path)
    elif ending == ".csv":
        report.save_csv(path)
    elif ending in (".html", ".htm"):
        write_text(FilePath(path), report_html(report, colours=colours))
    else:
        raise ValueError(f"path must end in .html, .json or .csv, got {str(path)!r}")


def report_html(report: ValidationReport, *, colours: Colours | None = None) -> str:
    """Return a report as an HTML page that includes its figures.

    Parameters
    ----------
    report : ValidationReport
        Report to write.
    colours : mapping of int to str, optional
        Colour of each label, as ``"#rrggbb"``; used for more than two phases.
    """
    figures = {figure.name: figure for figure in report_figures(report, colours=colours)}
    painted = colour_phases(report.names, colours)
    structure = [figures[name] for name in figures if name not in _TRANSPORT]
    parts = [
        "<h1>Validation report</h1>",
        f'<p class="about">{_about(report)}</p>',
        *_names(report),
        _notes(report.notes),
        "<h2>Comparison</h2>",
        *_comparison(report, painted, structure),
    ]
    if report.connectivity:
        parts += ["<h2>Connectivity of the volumes (3-D)</h2>", connectivity_table(report, painted)]
    if report.transport:
        parts += ["<h2>Transport through the volumes (3-D)</h2>", transport_table(report)]
        parts += [_figure(figures[name]) for name in _TRANSPORT]
    parts += ["<h2>Explanation</h2>", READING if report.n_phases == 2 else READING + READING_PHASES]
    body = "\n".join(parts)
    style = STYLE if report.n_phases == 2 else STYLE + STYLE_PHASES
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Validation report</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _comparison(report: ValidationReport, colours: Colours, structure: Sequence[ReportFigure]) -> Iterator[str]:
    """Yield tables and figures; with more than two phases, an overview and the sections come before long tables."""
    tables = quantities_table(report, colours), curves_table(report, colours)
    if report.n_phases == 2:
        yield from (*tables, "<h2>Structure</h2>", *map(_figure, structure))
        return
    yield from (phases_table(report, colours), _figure(structure[0]))
    yield from (tables[0], "<h2>Structure</h2>", *map(_figure, structure[1:]), tables[1])


def _about(report: ValidationReport) -> str:
    shapes = sorted({" × ".join(map(str, shape)) for shape in report.shapes})
    interval = report.reference_interval
    count = "One realisation" if report.n_volumes == 1 else f"{report.n_volumes} realisations"
    if report.n_phases > 2:
        text = (
            f"{count} of {' and '.join(shapes)} voxels of {report.voxel}, with {report.n_phases} phases: "
            f"{', '.join(report.names.values())}. Phase of interest: {report.names[report.phase]}, label "
            f"{report.phase}. Written by napari-swnn {version('napari-swnn')}."
        )
        return escape(text)
    text = (
        f"{count} of {' and '.join(shapes)} voxels of {report.voxel}; "
        f"phase of interest: label {report.phase}. Porosity of the reference: {interval.value:.3f}, "
        f"95 % interval {interval.low:.3f} to {interval.high:.3f}; of the volumes: {report.porosity:.3f}. "
        f"Written by napari-swnn {version('napari-swnn')}."
    )
    return escape(text)


def _names(report: ValidationReport) -> Iterator[str]:
    """Yield a paragraph with the names of the reference and of the volumes, if known."""
    if report.volume_names:
        lines = [f"Reference: {report.reference_name}"]
        lines += [f"Realisation {i}: {name}" for i, name in enumerate(report.volume_names, 1)]
        yield f"<p>{'<br>'.join(map(escape, lines))}</p>"


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _figure(figure: ReportFigure) -> str:
    """Return a figure as a separate embedded image, so that identifiers in two SVG drawings cannot clash."""
    kind, options = ("svg", {"metadata": {"Date": None}}) if figure.is_drawing else ("png", {"dpi": RESOLUTION})
    file = BytesIO()
    figure.figure.savefig(file, format=kind, **options)
    data = b64encode(file.getvalue()).decode("ascii")
    media = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    return (
        f'<figure><img alt="{escape(figure.name)}" src="data:{media};base64,{data}">'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )
