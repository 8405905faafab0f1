"""Control strategy: resampling of patterns to a target porosity (Eq. 9-11, Steps 1-4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax

from napari_swnn._checks import check_choice, check_in_range
from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.whitening import half_whitening

Strategy = Literal["maximum_entropy", "truncation"]
STRATEGIES: tuple[Strategy, ...] = ("maximum_entropy", "truncation")


@dataclass(frozen=True, eq=False, slots=True)
class TargetDistribution:
    """Patterns with their probabilities.

    Attributes
    ----------
    patterns : numpy.ndarray
        ``(n, phases, t, t)`` area fractions in [0, 1].
    weights : numpy.ndarray
        ``(n,)`` probabilities; they add up to 1.
    """

    patterns: FloatArray
    weights: FloatArray

    @property
    def porosity(self) -> float:
        """Mean of the distribution, in [0, 1]."""
        return float(self.weights @ pattern_means(self.patterns))

    @property
    def variance(self) -> float:
        """Variance of the pixels of all patterns."""
        deviations = (self.patterns.reshape(len(self.patterns), -1) - self.porosity) ** 2
        return float(self.weights @ deviations.mean(axis=1, dtype=np.float64))

    @property
    def effective_size(self) -> float:
        """Effective number of patterns: all of them for equal weights (Kish 1965)."""
        return float(1 / np.sum(self.weights**2))

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Expand or thin the distribution to `n` patterns (Step 3).

        Each pattern occurs `n` times its weight, rounded down or up: the remainder is drawn by systematic sampling.

        Returns
        -------
        numpy.ndarray
            ``(n, phases, t, t)``.
        """
        drawn: FloatArray = self.patterns[systematic_resample(self.weights, n, rng)]
        return drawn


class TargetFamily:
    """Target distributions of one set of patterns, one for each porosity.

    Parameters
    ----------
    patterns : numpy.ndarray
        ``(n, phases, t, t)`` area fractions in [0, 1].
    strategy : {"maximum_entropy", "truncation"}
        See `control`.
    """

    STEP = 0.001
    """Porosities are rounded to multiples of this, so that few distributions serve many training steps."""

    def __init__(self, patterns: FloatArray, strategy: Strategy = "maximum_entropy") -> None:
        self.patterns = patterns
        self.strategy = strategy
        self.reachable = reachable_range(patterns)
        # A cached method would hold `self` and so keep the patterns in a reference cycle.
        self._near = lru_cache(maxsize=64)(partial(_distribution_at, patterns, strategy, self.reachable))

    @cached_property
    def whitening(self) -> FloatArray:
        """Matrix that weights directions towards the detail of these patterns; see `half_whitening`."""
        return half_whitening(self.patterns)

    def at(self, porosity: float) -> TargetDistribution:
        """Return the distribution with a mean of `porosity`; an error outside the reachable range, see `control`."""
        return control(self.patterns, porosity, strategy=self.strategy)

    def near(self, porosity: float) -> TargetDistribution:
        """Return the distribution with a mean within `STEP` of `porosity`, or at the end of the reachable range."""
        low, high = self.reachable
        return self._near(round(min(max(porosity, low), high) / self.STEP))


def _distribution_at(
    patterns: FloatArray, strategy: Strategy, reachable: tuple[float, float], step: int
) -> TargetDistribution:
    """Return the distribution with a mean of `step` times `TargetFamily.STEP`, or the nearest that is reachable."""
    low, high = reachable
    return control(patterns, min(max(step * TargetFamily.STEP, low), high), strategy=strategy)


def pattern_means(patterns: FloatArray) -> FloatArray:
    """Return the one-point statistic of each pattern, its mean: ``(n,)``."""
    means: FloatArray = patterns.reshape(len(patterns), -1).mean(axis=1, dtype=np.float64)
    return means


def reachable_range(patterns: FloatArray) -> tuple[float, float]:
    """Return the lowest and highest porosity that a combination of the patterns can have."""
    means = pattern_means(patterns)
    return float(means.min()), float(means.max())


def control(patterns: FloatArray, porosity: float, *, strategy: Strategy = "maximum_entropy") -> TargetDistribution:
    """Return the distribution of `patterns` whose mean is `porosity`.

    Parameters
    ----------
    patterns : numpy.ndarray
        ``(n, phases, t, t)`` area fractions in [0, 1].
    porosity : float
        Target mean, within the reachable range.
    strategy : {"maximum_entropy", "truncation"}
        ``"truncation"`` is that of the paper (Steps 1-2): the longest run of patterns, sorted by mean, that starts at
        the empty (or the full) end and meets the target. ``"maximum_entropy"`` weights all patterns by
        ``exp(λ·mean)`` and so keeps every morphology, where truncation removes whole pore sizes.

    Raises
    ------
    ValueError
        If `porosity` is outside the reachable range.
    """
    check_choice(strategy, STRATEGIES, name="strategy")
    means = pattern_means(patterns)
    check_in_range(
        porosity,
        float(means.min()),
        float(means.max()),
        name="porosity",
        hint="no combination of the patterns of this reference has it; choose one in the range",
    )
    weigh = truncation_weights if strategy == "truncation" else maximum_entropy_weights
    return TargetDistribution(patterns, weigh(means, porosity))


def truncation_weights(means: FloatArray, porosity: float) -> FloatArray:
    """Return equal weights on the longest sorted run that meets the target (Steps 1-2 of the paper)."""
    order = np.argsort(means, kind="stable")
    if porosity > means.mean():
        order = order[::-1]  # a suffix of the sorted patterns is a prefix of the reversed ones
    running = np.cumsum(means[order]) / np.arange(1, len(means) + 1)
    rounding = 1e-9  # a run that meets the target exactly must not be lost to the rounding of its mean
    meets = running >= porosity - rounding if porosity > means.mean() else running <= porosity + rounding
    length = int(np.flatnonzero(meets)[-1]) + 1 if meets.any() else 1
    weights = np.zeros(len(means))
    weights[order[:length]] = 1 / length
    return weights


def maximum_entropy_weights(means: FloatArray, porosity: float) -> FloatArray:
    """Return weights ``∝ exp(λ·mean)`` with the mean `porosity`: those closest to equal weights (Jaynes 1957)."""
    spread = float(means.max() - means.min())
    if spread == 0:
        return np.full(len(means), 1 / len(means))

    def excess(tilt: float) -> float:
        return float(softmax(tilt * means) @ means) - porosity

    limit = 1.0 / spread
    while excess(-limit) * excess(limit) > 0 and limit < 1e9:
        limit *= 4
    if excess(-limit) * excess(limit) > 0:  # the very end of the range: only the extreme patterns have it
        extreme = means.min() if excess(limit) > 0 else means.max()
        chosen = means == extreme
        return np.asarray(chosen / chosen.sum())
    weights: FloatArray = softmax(brentq(excess, -limit, limit, xtol=1e-12, rtol=1e-12) * means)
    return weights


def systematic_resample(weights: FloatArray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw indices ``(n,)``, in which entry `i` occurs ``floor`` or ``ceil`` of ``n * weights[i]`` times."""
    edges = np.cumsum(weights)
    marks = (np.arange(n) + rng.random()) / n * edges[-1]
    indices: np.ndarray = np.minimum(np.searchsorted(edges, marks), len(weights) - 1)
    return indices
