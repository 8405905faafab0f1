"""Projection directions for the comparison of patterns."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor


def random_directions(n_projections: int, dimension: int, generator: torch.Generator) -> Tensor:
    """Draw directions uniformly on the unit sphere.

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
    """Draw projection directions for patterns, some of them sensitive to only a part of the pattern.

    A uniformly random direction mixes all pixels of a pattern, and its projections are nearly normally distributed for
    any structure: a thin wall or a speck hardly changes them. Three kinds of local directions resolve such detail, in
    this order: equal weights along a run of pixels in a row or column, whose projections contain the lineal path (they
    are largest where the entire run lies in the phase); random weights in a random rectangle, down to a single pixel;
    and bars of any orientation, every second one minus its surroundings, which respond to oblique channels and edges.

    With several phases, lines and bars belong to one phase each, in turn, so that a rare phase is not lost among the
    others. The area fractions of all phases add up to 1 in each pixel; all directions are therefore orthogonal to this
    sum, which is the same for every pattern.

    Parameters
    ----------
    n_projections : int
        Number of directions.
    phases, template_size : int
        Number of grey channels and side of the patterns; 1 for two phases.
    local : float
        Share of local directions, in [0, 1]: half of them lines, a quarter rectangles, a quarter bars.
    whitened : float
        Share of directions that cover the entire pattern and are weighted towards its fine detail, in [0, 1];
        ``local + whitened`` is at most 1.
    whitening : torch.Tensor, optional
        ``(d, d)`` matrix by which these are multiplied; see `napari_swnn.core.descriptor.whitening`.
    generator : torch.Generator
        Random generator.

    Returns
    -------
    torch.Tensor
        ``(n_projections, phases, template_size, template_size)``, each of length 1.
    """
    t = template_size
    several = phases > 1
    directions = random_directions(n_projections, phases * t * t, generator).view(-1, phases, t, t)
    n_local, n_lines, n_bars = (round(share * local * n_projections) for share in (1, 1 / 2, 1 / 4))
    n_rectangles = n_local - n_lines - n_bars
    lines = _rectangles(n_lines, t, generator, flat=True).float()
    directions[:n_lines] = lines * _phases_in_turn(n_lines, phases, generator) if several else lines
    directions[n_lines : n_lines + n_rectangles] *= _rectangles(n_rectangles, t, generator, flat=False)
    bars = _bars(n_bars, t, generator)
    directions[n_local - n_bars : n_local] = bars * _phases_in_turn(n_bars, phases, generator) if several else bars
    if whitening is not None:
        n_whitened = min(round(whitened * n_projections), n_projections - n_local)
        detailed = directions[n_projections - n_whitened :]
        detailed[:] = (detailed.flatten(1) @ whitening.to(directions.device)).view_as(detailed)
    if several:
        directions -= directions.mean(1, keepdim=True)
    return torch.nn.functional.normalize(directions.flatten(1), dim=1).view_as(directions)


def _phases_in_turn(n: int, phases: int, generator: torch.Generator) -> Tensor:
    """Return masks ``(n, phases, 1, 1)`` of one phase each, in turn from a random one; pairs have the same phase."""
    first = torch.randint(phases, (1,), generator=generator, device=generator.device)
    # Kinds of lines and bars alternate, so each phase has one of either kind.
    chosen = (first + torch.arange(n, device=generator.device) // 2) % phases
    return torch.nn.functional.one_hot(chosen, phases)[:, :, None, None]


def _rectangles(n: int, t: int, generator: torch.Generator, *, flat: bool) -> Tensor:
    """Draw masks ``(n, 1, t, t)`` of rectangles; flat ones are alternately one pixel high and one pixel wide."""
    sides = 1 + _uniform(n, 2, t, generator)  # height and width
    if flat:
        sides[::2, 0] = sides[1::2, 1] = 1
    rows, columns = (_random_runs(side, t, generator) for side in sides.T)
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def _random_runs(length: Tensor, extent: int, generator: torch.Generator) -> Tensor:
    """Draw boolean rows ``(n, extent)``, each true in one run of the given length at a random position."""
    start = _uniform(len(length), 1, extent - length[:, None] + 1, generator)
    position = torch.arange(extent, device=length.device)
    return (position >= start) & (position < start + length[:, None])


def _bars(n: int, t: int, generator: torch.Generator) -> Tensor:
    """Draw soft-edged bars ``(n, 1, t, t)``, every second one with a mean of 0."""
    draw = torch.rand(5, n, 1, 1, generator=generator, device=generator.device)
    # Lengths from short to more than half a pattern; about as wide as the thinnest wall, as narrower bars would alias.
    angle = pi * draw[0]
    length = 1 + draw[1] * t / 2
    width = 0.5 + 0.7 * draw[2]
    # Distance of each pixel from the random centre of a bar, along and across the bar.
    y, x = torch.meshgrid(*[torch.arange(t, device=generator.device)] * 2, indexing="ij")
    dy = y - (t - 1) * draw[3]
    dx = x - (t - 1) * draw[4]
    along = dy * angle.cos() + dx * angle.sin()
    across = dx * angle.cos() - dy * angle.sin()

    def bar(width: Tensor) -> Tensor:
        return torch.exp(-0.5 * (along / length) ** 2 - 0.5 * (across / width) ** 2)

    # A wider bar with the same sum is subtracted from every second bar, which then responds to the edges of a channel
    # but not to the volume fraction, which the uniform directions already capture.
    narrow = bar(width)
    wide = bar(2.2 * width)
    surroundings = wide * (narrow.sum((1, 2), keepdim=True) / wide.sum((1, 2), keepdim=True))
    narrow[::2] -= surroundings[::2]
    return narrow[:, None]


def _uniform(n: int, m: int, limit: int | Tensor, generator: torch.Generator) -> Tensor:
    """Draw an ``(n, m)`` tensor of integers from 0 up to but excluding `limit`, which may differ between rows."""
    return (torch.rand(n, m, generator=generator, device=generator.device) * limit).long()
