"""Validation report as one self-contained HTML page with text, tables and figures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from importlib.metadata import version
from io import BytesIO
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import Path
from napari_swnn.figures._report_figures import ReportFigure, report_figures
from napari_swnn.figures._style import format_units
from napari_swnn.validation import format_bounds, format_with_error

if TYPE_CHECKING:
    from napari_swnn.validation import Property, QuantityComparison, ValidationReport

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


def save_report(report: ValidationReport, path: Path) -> None:
    """Write a report as ``.html`` (one page with all figures), ``.json`` or ``.csv``, depending on the file extension.

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
        FilePath(path).write_text(report_html(report), encoding="utf-8")
    else:
        raise ValueError(f"path must end in .html, .json or .csv, got {str(path)!r}")


def report_html(report: ValidationReport) -> str:
    """Return a report as an HTML page that includes its figures."""
    figures = {figure.name: figure for figure in report_figures(report)}
    parts = [
        "<h1>Validation report</h1>",
        f'<p class="about">{_about(report)}</p>',
        _notes(report.notes),
        "<h2>Comparison</h2>",
        _quantities_table(report),
        _curves_table(report),
        "<h2>Structure</h2>",
        *(_figure(figures[name]) for name in ("sections", "correlation", "distributions")),
    ]
    if report.connectivity:
        parts += ["<h2>Connectivity of the volumes (3-D)</h2>", _connectivity_table(report)]
    if report.transport:
        parts += ["<h2>Transport through the volumes (3-D)</h2>", _transport_table(report)]
        parts += [_figure(figures[name]) for name in ("transport", "fields")]
    parts += ["<h2>Explanation</h2>", READING]
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Validation report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _about(report: ValidationReport) -> str:
    shapes = sorted({" × ".join(map(str, shape)) for shape in report.shapes})
    interval = report.reference_interval
    count = "One realisation" if report.n_volumes == 1 else f"{report.n_volumes} realisations"
    text = (
        f"{count} of {' and '.join(shapes)} voxels of {report.voxel}; "
        f"phase of interest: label {report.phase}. Porosity of the reference: {interval.value:.3f}, "
        f"95 % interval {interval.low:.3f} to {interval.high:.3f}; of the volumes: {report.porosity:.3f}. "
        f"Written by napari-swnn {version('napari-swnn')}."
    )
    return escape(format_units(text))


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _quantities_table(report: ValidationReport) -> str:
    rows = [_quantity_row(quantity) for quantity in report.quantities.values()]
    head = ("", "unit", "reference ± 95 %", "volumes ± std. dev.", "difference", "within")
    return _table("Numbers, averaged over the axes.", head, rows)


def _quantity_row(quantity: QuantityComparison) -> tuple[str, ...]:
    volumes = format_with_error(quantity.mean, quantity.spread)
    if quantity.reference is None:
        return (quantity.name, quantity.unit, "–", volumes, "–", "–")
    value = quantity.reference.value
    reference = format_with_error(value, quantity.half_width)
    difference = f"{100 * (quantity.mean / value - 1):+.1f} %".replace("-", "−") if value else "–"
    within = {True: "yes", False: "no", None: "–"}[quantity.within]
    return (quantity.name, quantity.unit, reference, volumes, difference, within)


def _curves_table(report: ValidationReport) -> str:
    rows = [
        (curve.name, *(_number(value) for value in (curve.mean_error, curve.largest_error, curve.anisotropy)))
        for curve in report.curves.values()
    ]
    head = ("", "mean difference", "largest difference", "largest between axes")
    return _table(
        "Curves: absolute difference between the mean of the realisations and the reference, over all distances.",
        head,
        rows,
    )


def _connectivity_table(report: ValidationReport) -> str:
    rows = [
        (
            f"realisation {i}",
            *(
                f"{'yes' if spans else 'no'} ({share:.3f})"
                for spans, share in zip(c.percolates, c.connected_by_axis, strict=True)
            ),
            f"{c.largest_fraction:.3f}",
            str(c.n_clusters),
            _number(c.euler_density),
        )
        for i, c in enumerate(report.connectivity, 1)
    ]
    head = (
        "",
        "percolates along z",
        "along y",
        "along x",
        "in largest cluster",
        "clusters",
        f"Euler number (1/{report.voxel.unit}³)",
    )
    return _table("In brackets: fraction of the phase that is connected to both opposite faces.", head, rows)


def _transport_table(report: ValidationReport) -> str:
    permeability = report.quantities.get("permeability_in_m2", report.quantities["permeability"])
    rows = []
    for i, transport in enumerate(report.transport):
        bounds = [format_bounds(limits) for limits in transport.bounds]
        k = [_solved(p, p.value) for p in transport.conductivity]
        values = permeability.realisations[i].by_axis
        big_k = [_solved(p, value) for p, value in zip(transport.permeability, values, strict=True)]
        rows += [
            (f"realisation {i + 1}: conductivity, W/(m·K)", *k, *bounds),
            (f"realisation {i + 1}: permeability, {permeability.unit}", *big_k, "–", "–"),
        ]
    head = ("", "along z", "along y", "along x", "Wiener bounds", "Hashin–Shtrikman bounds")
    labels = ", ".join(f"{value:g} for label {label}" for label, value in report.conductivities.items())
    caption = (
        f"Conductivities in W/(m·K): {labels}. Conduction: fixed temperature at two faces, periodic sides. Flow: the "
        "volume is mirrored along the flow."
    )
    return _table(caption, head, rows)


def _solved(found: Property, value: float) -> str:
    if found.outcome.name == "CONVERGED":
        return _number(value)
    if found.outcome.name == "NOT_PERCOLATING":
        return "0, not percolating"
    return f"{_number(value)}, not converged (residual {found.residual:.1g})"


def _table(caption: str, head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(format_units(cell))}</th>" for cell in head)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(format_units(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{top}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


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


def _number(value: float) -> str:
    """Return a number with three significant digits, including trailing zeros."""
    return f"{value:#.3g}" if 1e-3 <= abs(value) < 1000 else format_with_error(value, np.nan)
