"""Noise field computed on a GPU, with the values that `NoiseField` has on the CPU.

NumPy draws standard normal values one after another: Philox [1]_ yields a sequence of 32-bit words, and the ziggurat
method [2]_ takes one word per value, or several words for one value in a hundred. A GPU is only fast if it computes
many values side by side. Here, all words of many tiles are computed at once, each word is examined as if a value
started at it, and words that belong to an earlier value are then discarded.

References
----------
.. [1] Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3.
.. [2] Marsaglia and Tsang (2000), The ziggurat method for generating random variables.
"""

from __future__ import annotations

from functools import cache
from math import ceil, erfc, exp, log, pi, sqrt
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_swnn.core.grid.noise import TILE, NoiseField
from napari_swnn.core.grid.windows import Window, split_at_period

try:
    from napari_swnn.core.grid.philox_kernel import philox_words
except ImportError:  # without Triton, torch computes the same words in several hundred steps
    philox_words = None  # type: ignore[assignment]

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
"""Multipliers of Philox with four words of 64 bits."""
_INCREMENTS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
"""Increments of the two key words after each round."""
_N_ROUNDS = 10
_WORDS_PER_COUNT = 8
"""Number of 32-bit words computed from one value of the counter."""
_N_LAYERS = 256
_EDGE = 3.6541528853610088
"""Start of the tail, below which the ziggurat has layers of equal area."""
_LOW = 0xFFFFFFFF
_SPARE = 1.05
"""Number of words computed per value; about 1.02 are used."""
_SPARE_WORDS = 256
_MAX_PAIRS = 16
"""Maximum number of attempts in the tail; more would be needed less than once in 10¹⁵ values."""
_TILES_TOGETHER = 2048


class Ziggurat(NamedTuple):
    """Tables of the ziggurat method in the 23-bit form of NumPy, one entry per layer.

    Attributes
    ----------
    limits : torch.Tensor
        Largest 23-bit number, exclusive, for which a value lies inside its layer; int64.
    widths : torch.Tensor
        Value per unit of the 23-bit number; float32.
    heights : torch.Tensor
        Density at the outer edge of the layer, relative to its maximum; float32.
    """

    limits: Tensor
    widths: Tensor
    heights: Tensor


@cache
def ziggurat(device: torch.device) -> Ziggurat:
    """Compute the tables on a device."""
    tail = sqrt(pi / 2) * erfc(_EDGE / sqrt(2))
    area = _EDGE * exp(-(_EDGE**2) / 2) + tail
    edges = [area / exp(-(_EDGE**2) / 2), _EDGE]
    while len(edges) < _N_LAYERS:
        height = area / edges[-1] + exp(-(edges[-1] ** 2) / 2)
        edges.append(sqrt(-2 * log(height)))
    # Layer 0 contains the tail; the edges decrease from the widest layer 255 (index 1 here) to the top (index 255).
    outer = [edges[0], *reversed(edges[1:])]
    inner = [_EDGE, 0.0, *outer[1:-1]]
    unit = 2.0**23
    limits = torch.tensor([int(a / b * unit) for a, b in zip(inner, outer, strict=True)])
    widths = torch.tensor([b / unit for b in outer], dtype=torch.float64).float()
    heights = torch.tensor([1.0, *(exp(-(b**2) / 2) for b in outer[1:])], dtype=torch.float64).float()
    return Ziggurat(limits.to(device), widths.to(device), heights.to(device))


def noise_on(field: NoiseField, window: Window, device: torch.device) -> Tensor:
    """Return the values of a noise field in a window, for a computation on a device.

    Only CUDA computes the values itself; the CPU does so for other devices, some of which have no 64-bit integers.

    Parameters
    ----------
    field : NoiseField
        Field of independent standard normal values.
    window : Window
        Window on the grid of the field.
    device : torch.device
        Device of the computation.

    Returns
    -------
    torch.Tensor
        ``(n_channels, *window.shape)`` float32; on the CPU unless the device is a CUDA GPU.
    """
    return compute_noise(field, window, device) if device.type == "cuda" else torch.from_numpy(field.window(window))


def compute_noise(field: NoiseField, window: Window, device: torch.device) -> Tensor:
    """Compute the values of a noise field in a window on a device, ``(n_channels, *window.shape)`` float32.

    Parameters
    ----------
    field : NoiseField
        Field of independent standard normal values.
    window : Window
        Window on the grid of the field.
    device : torch.device
        Device to compute on. Values in the tails may differ from those of the CPU by rounding errors.
    """
    values = torch.empty(field.n_channels, *window.shape, device=device)
    for part, place in split_at_period(window, field.period or (None,) * len(window.shape)):
        values[:, *place] = _of_tiles(field, part, device)
    return values


def _of_tiles(field: NoiseField, window: Window, device: torch.device) -> Tensor:
    """Compute all tiles that a window meets, and cut the window from them."""
    ndim = len(window.shape)
    spans = [(a // TILE, -(-b // TILE)) for a, b in zip(window.start, window.stop, strict=True)]
    index = torch.cartesian_prod(*(torch.arange(*span, device=device) for span in spans))
    size = field.n_channels * TILE**ndim
    parts = [
        normal_sequences(field.seed, field.scale, index[at : at + _TILES_TOGETHER], size)
        for at in range(0, len(index), _TILES_TOGETHER)
    ]
    tiles = torch.cat(parts).view(*(b - a for a, b in spans), field.n_channels, *[TILE] * ndim)
    # (*grid, channels, *tile) becomes (channels, grid and tile along each axis in turn)
    order = [ndim, *(axis for i in range(ndim) for axis in (i, ndim + 1 + i))]
    whole = tiles.permute(order).reshape(field.n_channels, *((b - a) * TILE for a, b in spans))
    return whole[:, *window.slices(tuple(TILE * a for a, _ in spans))]


def normal_sequences(seed: int, scale: int, index: Tensor, size: int) -> Tensor:
    """Return the first `size` standard normal values of each tile, ``(n_tiles, size)`` float32.

    Parameters
    ----------
    seed, scale : int
        Key of the generator, from 0 to 2**64 - 1.
    index : torch.Tensor
        ``(n_tiles, ndim)`` int64, the index of each tile; the values are computed on its device.
    size : int
        Number of values per tile.
    """
    counter = F.pad(index, (0, 3 - index.shape[1]))
    compute_words = philox_words if index.device.type == "cuda" and philox_words is not None else _words
    n_words = _SPARE * size + _SPARE_WORDS
    while True:
        words = compute_words(counter, _signed(seed), _signed(scale), ceil(n_words / _WORDS_PER_COUNT))
        values = _values(words, size)
        if values is not None:
            return values
        n_words *= 2  # so improbable that computing everything again does not matter


def _words(index: Tensor, seed: int, scale: int, n_counts: int) -> Tensor:
    """Return the 32-bit words of each tile in the order of use; see `philox_kernel.philox_words`."""
    a = torch.arange(1, n_counts + 1, device=index.device).expand(len(index), -1)
    b, c, d = (index[:, axis, None] for axis in range(3))
    key = [seed, scale]
    for _ in range(_N_ROUNDS):
        high_a, low_a = _multiply(a, _MULTIPLIERS[0])
        high_c, low_c = _multiply(c, _MULTIPLIERS[1])
        a, b, c, d = high_c ^ b ^ key[0], low_c, high_a ^ d ^ key[1], low_a
        key = [_signed(k + increment) for k, increment in zip(key, _INCREMENTS, strict=True)]
    long = torch.stack([a, b, c, d], -1)
    return torch.stack([long & _LOW, (long >> 32) & _LOW], -1).view(len(index), -1)


def _multiply(x: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """Return the upper and lower 64 bits of the product of unsigned 64-bit integers, stored as int64."""
    x_low, x_high = x & _LOW, (x >> 32) & _LOW
    f_low, f_high = factor & _LOW, factor >> 32
    low = x_low * f_low
    middle = x_high * f_low + ((low >> 32) & _LOW)
    other = x_low * f_high + (middle & _LOW)
    high = x_high * f_high + ((middle >> 32) & _LOW) + ((other >> 32) & _LOW)
    return high, x * _signed(factor)


def _signed(number: int) -> int:
    """Return the int64 with the bits of an unsigned 64-bit integer."""
    return (number + 2**63) % 2**64 - 2**63


class _Records(NamedTuple):
    """Value that would start at each word, whether it is accepted, and the number of words that it uses."""

    values: Tensor
    accepted: Tensor
    lengths: Tensor


def _values(words: Tensor, size: int) -> Tensor | None:
    """Return the first `size` values of each tile, or None if the words do not suffice."""
    records = _examine(words)
    used = records.accepted & ~_inside_records(records.lengths)
    rank = used.cumsum(1)
    if (rank[:, -1] < size).any():
        return None
    return records.values[used & (rank <= size)].view(len(words), size)


def _examine(words: Tensor) -> _Records:
    """Examine each word as the start of a value; the last words serve only to complete a value."""
    table = ziggurat(words.device)
    starts = words[:, : -2 * _MAX_PAIRS]
    layer, number = starts & 0xFF, starts >> 9
    values = number * table.widths[layer]
    accepted = number < table.limits[layer]
    lengths = torch.where(accepted, 1, 2)
    # In about one of a hundred cases, the value lies outside the part of its layer that is entirely below the density.
    at = torch.nonzero(~accepted & (layer > 0), as_tuple=True)
    accepted[at] = _is_below_density(values[at], layer[at], _unit(words[at[0], at[1] + 1]), table)
    values = torch.where((starts >> 8 & 1).bool(), -values, values)
    at = torch.nonzero(~accepted & (layer == 0), as_tuple=True)
    size, lengths[at] = _tail(words, *at)
    values[at] = torch.where((number[at] >> 8 & 1).bool(), -size, size)
    accepted[at] = True
    return _Records(values, accepted, lengths)


def _is_below_density(values: Tensor, layer: Tensor, unit: Tensor, table: Ziggurat) -> Tensor:
    lower = table.heights[layer]
    return (table.heights[layer - 1] - lower) * unit + lower < torch.exp(-0.5 * values.double() ** 2)


def _tail(words: Tensor, tile: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Return the absolute values in the tail and the number of words that they use, after Marsaglia (1964)."""
    following = start[:, None] + torch.arange(1, 2 * _MAX_PAIRS + 1, device=words.device)
    drawn = -torch.log1p(-_unit(words[tile[:, None], following])).view(len(start), _MAX_PAIRS, 2)
    beyond = drawn[..., 0] * torch.tensor(1 / _EDGE, device=words.device)
    pair = (2 * drawn[..., 1] > beyond**2).int().argmax(1)
    return _EDGE + beyond.gather(1, pair[:, None])[:, 0], 2 * pair + 3


def _unit(words: Tensor) -> Tensor:
    """Map words to float32 numbers in [0, 1)."""
    return (words >> 8) * torch.tensor(2.0**-24, device=words.device)


def _inside_records(lengths: Tensor) -> Tensor:
    """Return True for the words that belong to a value started by an earlier word."""
    tile, start = torch.nonzero(lengths > 1, as_tuple=True)
    stop = (start + lengths[tile, start]).clamp(max=lengths.shape[1])
    row = tile * (lengths.shape[1] + 1)
    is_start = torch.ones_like(start, dtype=torch.int32)
    # A word inside a record starts none. Corrections move from earlier to later words, so they end after a few rounds.
    while True:
        change = torch.zeros(len(lengths), lengths.shape[1] + 1, dtype=torch.int32, device=lengths.device)
        change.view(-1).scatter_add_(0, row + start + 1, is_start)
        change.view(-1).scatter_add_(0, row + stop, -is_start)
        inside = change.cumsum(1, dtype=torch.int32)[:, :-1] > 0
        corrected = (~inside[tile, start]).int()
        if torch.equal(corrected, is_start):
            return inside
        is_start = corrected
