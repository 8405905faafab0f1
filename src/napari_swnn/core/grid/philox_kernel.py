"""Triton kernel that fills tiles with the words of Philox; torch installs Triton where CUDA needs it."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

_COUNTS_PER_PROGRAM = 256


def philox_words(index: Tensor, seed: int, scale: int, n_counts: int) -> Tensor:
    """Return the 32-bit words of each tile in the order of use.

    Parameters
    ----------
    index : torch.Tensor
        ``(n_tiles, 3)`` int64 on a CUDA GPU, the upper three words of the counter of each tile.
    seed, scale : int
        Key of the generator, as the int64 with the bits of the unsigned 64-bit integer.
    n_counts : int
        Number of values of the lowest counter word, from 1.

    Returns
    -------
    torch.Tensor
        ``(n_tiles, 8 * n_counts)`` int64.
    """
    words = torch.empty(len(index), 8 * n_counts, dtype=torch.int64, device=index.device)
    key = torch.tensor([seed, scale], device=index.device)
    grid = (len(index), triton.cdiv(n_counts, _COUNTS_PER_PROGRAM))
    _fill[grid](words, index, key, n_counts, _COUNTS_PER_PROGRAM)
    return words


@triton.jit  # type: ignore[untyped-decorator]
def _fill(words, index, key, n_counts, n_together: tl.constexpr):  # type: ignore[no-untyped-def]
    tile = tl.program_id(0).to(tl.int64)
    count = tl.program_id(1) * n_together + tl.arange(0, n_together)
    zero = tl.zeros_like(count).to(tl.uint64)
    c0 = zero + (count + 1).to(tl.uint64)
    c1 = zero + tl.load(index + 3 * tile).to(tl.uint64, bitcast=True)
    c2 = zero + tl.load(index + 3 * tile + 1).to(tl.uint64, bitcast=True)
    c3 = zero + tl.load(index + 3 * tile + 2).to(tl.uint64, bitcast=True)
    k0 = zero + tl.load(key).to(tl.uint64, bitcast=True)
    k1 = zero + tl.load(key + 1).to(tl.uint64, bitcast=True)
    c0, c1, c2, c3 = tl.philox_impl(c0, c1, c2, c3, k0, k1, 10)
    first = words + 8 * (tile * n_counts + count)
    inside = count < n_counts
    tl.store(first, (c0 & 0xFFFFFFFF).to(tl.int64), mask=inside)
    tl.store(first + 1, (c0 >> 32).to(tl.int64), mask=inside)
    tl.store(first + 2, (c1 & 0xFFFFFFFF).to(tl.int64), mask=inside)
    tl.store(first + 3, (c1 >> 32).to(tl.int64), mask=inside)
    tl.store(first + 4, (c2 & 0xFFFFFFFF).to(tl.int64), mask=inside)
    tl.store(first + 5, (c2 >> 32).to(tl.int64), mask=inside)
    tl.store(first + 6, (c3 & 0xFFFFFFFF).to(tl.int64), mask=inside)
    tl.store(first + 7, (c3 >> 32).to(tl.int64), mask=inside)
