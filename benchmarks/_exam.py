"""The exam as tables: figures of models beside those of the known materials, with targets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """Figure of the table; a relative one is shown in per cent."""

    title: str
    figure: str
    target: float | None = None
    relative: bool = False


ROWS = (
    Row("porosity", "porosity", 0.01),
    Row("autocovariance, largest distance", "autocovariance", 0.03),
    Row("lineal path, pores", "lineal path, pores", 0.02),
    Row("lineal path, solid", "lineal path, solid", 0.02),
    Row("mean chord, pores", "mean chord, pores", relative=True),
    Row("mean chord, solid", "mean chord, solid", relative=True),
    Row("two-point cluster function, pores", "two-point cluster function, pores", 0.02),
    Row("largest cluster of sections, pores", "largest cluster, pores", 0.05),
    Row("largest cluster of sections, solid", "largest cluster, solid", 0.05),
    Row("Euler number, pores", "Euler number, pores", 0.2, relative=True),
    Row("Euler number, solid", "Euler number, solid", 0.2, relative=True),
    Row("percolating share, pores", "percolating share, pores", 0.05),
    Row("pores conduct", "conductivity, pores", 0.07, relative=True),
    Row("solid conducts", "conductivity, solid", 0.07, relative=True),
    Row("permeability", "permeability", 0.2, relative=True),
    Row("spread over boxes", "spread over boxes"),
    Row("distance to the section", "distance to section"),
)


def tables(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a Markdown table for each setting: a line for each figure and a column for each material.

    A cell is our mean minus the truth, ± its standard deviation over trainings; in brackets the standard deviations of
    single true cubes and of our single volumes, for curves the largest distance of a single true cube from their mean.
    An asterisk marks a difference beyond both the target and the spread of the truth.
    """
    settings: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        job = line["job"]
        settings.setdefault(json.dumps([line["preset"], job["config"], job["schedule"]]), []).append(line)
    for key, alike in settings.items():
        cases = list(dict.fromkeys(line["job"]["case"] for line in alike))
        columns = [[line for line in alike if line["job"]["case"] == case] for case in cases]
        preset, config, schedule = json.loads(key)
        yield f"\n{preset} {config or ''} {schedule or ''}\n"
        yield "| | target | " + " | ".join(cases) + " |"
        yield "|---" * (len(cases) + 2) + "|"
        for row in ROWS:
            cells = [
                _cell(row, [line["figures"][row.figure] for line in column if row.figure in line["figures"]])
                for column in columns
            ]
            if any(cells):
                yield f"| {row.title} | {_target(row)} | " + " | ".join(cells) + " |"
        seconds = [np.mean([line["training seconds"] for line in column]) for column in columns]
        yield "| training, s | | " + " | ".join(f"{mean:.0f}" for mean in seconds) + " |"
        yield "| trainings | | " + " | ".join(str(len(column)) for column in columns) + " |"


def _cell(row: Row, figures: Sequence[dict[str, Any]]) -> str:
    if not figures:
        return ""
    differences = [_difference(figure) for figure in figures]
    mean = float(np.mean(differences))
    curve = "largest distance" in figures[0]
    spread = figures[0]["largest distance of a true cube" if curve else "spread of truth"]
    if row.relative:
        truth = abs(figures[0]["truth"]) or 1.0
        spread /= truth
    missed = row.target is not None and abs(mean) > max(row.target, spread)
    text = _number(row, mean, signed=not curve) + ("*" if missed else "")
    if len(differences) > 1:
        text += f" ± {_number(row, float(np.std(differences, ddof=1)))}"
    brackets = _number(row, spread)
    if not curve:
        ours = float(np.mean([figure["spread of ours"] for figure in figures])) / (truth if row.relative else 1.0)
        brackets += f"; {_number(row, ours)}"
    return f"{text} ({brackets})"


def _difference(figure: dict[str, Any]) -> float:
    key = next(key for key in ("largest distance", "difference", "relative difference") if key in figure)
    return float(figure[key])


def _number(row: Row, value: float, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    if row.relative:
        return f"{value:{sign}.0%}".replace("%", " %").replace("-", "−")
    return f"{value:{sign}.3f}".replace("0.", ".", 1).replace("-", "−")


def _target(row: Row) -> str:
    return "" if row.target is None else _number(row, row.target)
