from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_swnn import statistics


def whole_runs(line, periodic):
    """Lengths of the runs of 1 that the border does not cut."""
    if periodic:
        if 0 not in line:
            return []
        line = np.roll(line, -int(np.flatnonzero(line == 0)[0]))
        line = np.append(line, 0)
    runs = [(value, len(list(group))) for value, group in groupby(line)]
    return [n for value, n in runs[1:-1] if value == 1]


@given(
    image=hnp.arrays(
        np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7), elements=st.integers(0, 1)
    ),
    periodic=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_counts_equal_brute_force(image, periodic):
    chords = statistics.chord_lengths(image, periodic=periodic)
    frequency = np.zeros(max(image.shape))
    for axis, n in enumerate(image.shape):
        lines = np.moveaxis(image, axis, -1).reshape(-1, n)
        runs = [n for line in lines for n in whole_runs(line, periodic)]
        assert chords.n_chords[axis] == len(runs)
        share = np.bincount(runs, minlength=max(image.shape) + 1)[1:]
        places = n if periodic else n - 1 - np.arange(1, len(share) + 1)
        weight = np.divide(share, places, out=np.zeros(len(share)), where=share > 0)
        np.testing.assert_allclose(chords.by_axis[axis], weight / max(weight.sum(), 1e-300))
        frequency += weight / len(lines)  # per place on a line, so that axes of any length mix evenly
    np.testing.assert_allclose(chords.density, frequency / max(frequency.sum(), 1e-300))


def test_long_chords_are_not_lost_at_the_border(rng):
    """Short windows of a line of chords of 2 and 8 find both equally often, as the whole line does."""
    pieces = [part for n in rng.choice([2, 8], 20000) for part in ([1] * n, [0] * 3)]
    line = np.concatenate(pieces)
    windows = line[: len(line) // 12 * 12].reshape(-1, 12)
    chords = statistics.chord_lengths(windows)
    assert chords.by_axis[1, 1] == pytest.approx(0.5, abs=0.02)
    assert chords.mean_by_axis[1] == pytest.approx(5, abs=0.1)
