"""The directions along which patterns are compared."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor


def random_directions(n_projections: int, dimension: int, generator: torch.Generator) -> Tensor:
    """Draw directions evenly on the unit sphere.

    Returns
    -------
    torch.Tensor
        ``(n_projections, dimension)`` float32, each row of length 1.
    """
    normal = torch.randn(n_projections, dimension, generator=generator, device=generator.device)
    return torch.nn.functional.normalize(normal, dim=1)


def pattern_directions(
    n_projections: int,
    phases: int,
    template_size: int,
    *,
    local: float,
    whitened: float = 0.0,
    whitening: Tensor | None = None,
    generator: torch.Generator,
) -> Tensor:
    """Draw directions for patterns, some of which look at a part of the pattern only.

    A direction even on the sphere mixes all pixels of a pattern, and its projections are nearly normal whatever the
    pattern: a thin wall or a speck hardly moves them. Three kinds of local directions see such detail, in this order:
    equal weights along a run of pixels in a row or column, whose projections hold the lineal path: they are 1 where
    the whole run lies in the phase; random weights in a random rectangle, down to a single pixel; and bars of any
    orientation, every other one less its surroundings, which see channels and edges that run aslant.

    Parameters
    ----------
    n_projections : int
        Number of directions.
    phases, template_size : int
        Of the patterns.
    local : float
        Share of local directions, in [0, 1]: half of them lines, a quarter rectangles, a quarter bars.
    whitened : float
        Share of directions over the whole pattern that lean towards its detail, in [0, 1]; together with `local` at
        most 1.
    whitening : torch.Tensor, optional
        ``(d, d)`` what those are multiplied by; see `napari_swnn.core.descriptor.whitening`.
    generator : torch.Generator
        Source of the draw.

    Returns
    -------
    torch.Tensor
        ``(n_projections, phases, template_size, template_size)``, each of length 1.
    """
    t = template_size
    directions = random_directions(n_projections, phases * t * t, generator).view(-1, phases, t, t)
    n_local, n_lines, n_bars = (round(share * local * n_projections) for share in (1, 1 / 2, 1 / 4))
    n_rectangles = n_local - n_lines - n_bars
    directions[:n_lines] = _rectangles(n_lines, t, generator, flat=True).float()
    directions[n_lines : n_lines + n_rectangles] *= _rectangles(n_rectangles, t, generator, flat=False)
    directions[n_local - n_bars : n_local] = _bars(n_bars, t, generator)
    if whitening is not None:
        n_whitened = min(round(whitened * n_projections), n_projections - n_local)
        detailed = directions[n_projections - n_whitened :]
        detailed[:] = (detailed.flatten(1) @ whitening.to(directions.device)).view_as(detailed)
    return torch.nn.functional.normalize(directions.flatten(1), dim=1).view_as(directions)


def _rectangles(n: int, t: int, generator: torch.Generator, *, flat: bool) -> Tensor:
    """Masks ``(n, 1, t, t)`` of random rectangles; flat ones are one pixel high or wide in turn."""
    sides = 1 + _uniform(n, 2, t, generator)  # height and width
    if flat:
        sides[::2, 0] = sides[1::2, 1] = 1
    rows, columns = (_random_runs(side, t, generator) for side in sides.T)
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def _random_runs(length: Tensor, extent: int, generator: torch.Generator) -> Tensor:
    """Rows ``(n, extent)``, each true in one run of its length ``(n,)`` at a random place."""
    start = _uniform(len(length), 1, extent - length[:, None] + 1, generator)
    position = torch.arange(extent, device=length.device)
    return (position >= start) & (position < start + length[:, None])


def _bars(n: int, t: int, generator: torch.Generator) -> Tensor:
    """Soft-edged bars ``(n, 1, t, t)``; every other one has a mean of 0, by what is taken off around it."""
    draw = torch.rand(5, n, 1, 1, generator=generator, device=generator.device)
    angle, length, width = pi * draw[0], 1 + draw[1] * t / 2, 0.5 + 0.7 * draw[2]
    y, x = torch.meshgrid(*[torch.arange(t, device=generator.device)] * 2, indexing="ij")
    dy, dx = y - (t - 1) * draw[3], x - (t - 1) * draw[4]
    along, across = dy * angle.cos() + dx * angle.sin(), dx * angle.cos() - dy * angle.sin()

    def bar(width: Tensor) -> Tensor:
        return torch.exp(-0.5 * (along / length) ** 2 - 0.5 * (across / width) ** 2)

    narrow, wide = bar(width), bar(2.2 * width)
    around = wide * (narrow.sum((1, 2), keepdim=True) / wide.sum((1, 2), keepdim=True))
    narrow[::2] -= around[::2]
    return narrow[:, None]


def _uniform(n: int, m: int, limit: int | Tensor, generator: torch.Generator) -> Tensor:
    """Whole numbers ``(n, m)`` from 0 to below a limit, which may differ from row to row."""
    return (torch.rand(n, m, generator=generator, device=generator.device) * limit).long()
