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
    """Patterns and their probabilities.

    Attributes
    ----------
    patterns : numpy.ndarray
        ``(n, phases, t, t)`` area fractions in [0, 1].
    weights : numpy.ndarray
        ``(n,)`` probabilities, which sum to 1.
    """

    patterns: FloatArray
    weights: FloatArray

    @property
    def porosity(self) -> float:
        """Mean of the distribution, in [0, 1]."""
        return float(self.weights @ pattern_means(self.patterns))

    @property
    def variance(self) -> float:
        """Weighted variance of the pixel values of all patterns."""
        deviations = (self.patterns.reshape(len(self.patterns), -1) - self.porosity) ** 2
        return float(self.weights @ deviations.mean(axis=1, dtype=np.float64))

    @property
    def effective_size(self) -> float:
        """Effective sample size (Kish 1965): the number of patterns if all weights are equal."""
        return float(1 / np.sum(self.weights**2))

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Expand or thin the distribution to `n` patterns (Step 3).

        Each pattern occurs `n` times its weight, rounded down or up by systematic sampling.

        Returns
        -------
        numpy.ndarray
            ``(n, phases, t, t)``.
        """
        drawn: FloatArray = self.patterns[systematic_resample(self.weights, n, rng)]
        return drawn


class TargetFamily:
    """Target distributions of one set of patterns as a function of porosity.

    Parameters
    ----------
    patterns : numpy.ndarray
        ``(n, phases, t, t)`` area fractions in [0, 1].
    strategy : {"maximum_entropy", "truncation"}
        See `control`.
    """

    STEP = 0.001
    """Step to which porosities are rounded, so that training steps share a few cached distributions."""

    def __init__(self, patterns: FloatArray, strategy: Strategy = "maximum_entropy") -> None:
        self.patterns = patterns
        self.strategy = strategy
        self.reachable = reachable_range(patterns)
        # A cached method would keep a reference to `self`, and so the patterns in a reference cycle.
        self._near = lru_cache(maxsize=64)(partial(_distribution_at, patterns, strategy, self.reachable))

    @cached_property
    def whitening(self) -> FloatArray:
        """Matrix that weights directions towards the fine detail of these patterns; see `half_whitening`."""
        return half_whitening(self.patterns)

    def at(self, porosity: float) -> TargetDistribution:
        """Return the distribution with mean `porosity`, which must lie in the reachable range; see `control`."""
        return control(self.patterns, porosity, strategy=self.strategy)

    def near(self, porosity: float) -> TargetDistribution:
        """Return a cached distribution with a mean within `STEP` of `porosity`, clipped to the reachable range."""
        low, high = self.reachable
        return self._near(round(min(max(porosity, low), high) / self.STEP))


def _distribution_at(
    patterns: FloatArray, strategy: Strategy, reachable: tuple[float, float], step: int
) -> TargetDistribution:
    """Return the distribution whose mean is `step` times `TargetFamily.STEP`, clipped to the reachable range."""
    low, high = reachable
    return control(patterns, min(max(step * TargetFamily.STEP, low), high), strategy=strategy)


def pattern_means(patterns: FloatArray) -> FloatArray:
    """Return the mean of each pattern (its one-point statistic), ``(n,)``."""
    means: FloatArray = patterns.reshape(len(patterns), -1).mean(axis=1, dtype=np.float64)
    return means


def reachable_range(patterns: FloatArray) -> tuple[float, float]:
    """Return the lowest and highest porosity that a mixture of the patterns can have."""
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
        ``"truncation"`` is the strategy of the paper (Steps 1-2): it keeps the longest run of patterns, sorted by mean
        from the lowest (or highest) end, that meets the target. ``"maximum_entropy"`` weights all patterns by
        ``exp(λ·mean)``; it keeps every morphology, whereas truncation removes entire pore sizes.

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
    """Return equal weights for the longest sorted run that meets the target (Steps 1-2 of the paper)."""
    order = np.argsort(means, kind="stable")
    if porosity > means.mean():
        order = order[::-1]  # a suffix of the sorted patterns is a prefix of the reversed ones
    running = np.cumsum(means[order]) / np.arange(1, len(means) + 1)
    rounding = 1e-9  # tolerance, so that rounding does not exclude a run that meets the target exactly
    meets = running >= porosity - rounding if porosity > means.mean() else running <= porosity + rounding
    length = int(np.flatnonzero(meets)[-1]) + 1 if meets.any() else 1
    weights = np.zeros(len(means))
    weights[order[:length]] = 1 / length
    return weights


def maximum_entropy_weights(means: FloatArray, porosity: float) -> FloatArray:
    """Return the weights ``∝ exp(λ·mean)`` with mean `porosity`, the closest to equal weights (Jaynes 1957)."""
    spread = float(means.max() - means.min())
    if spread == 0:
        return np.full(len(means), 1 / len(means))

    def excess(tilt: float) -> float:
        return float(softmax(tilt * means) @ means) - porosity

    limit = 1.0 / spread
    while excess(-limit) * excess(limit) > 0 and limit < 1e9:
        limit *= 4
    if excess(-limit) * excess(limit) > 0:  # end of the range: only the extreme patterns reach it
        extreme = means.min() if excess(limit) > 0 else means.max()
        chosen = means == extreme
        return np.asarray(chosen / chosen.sum())
    weights: FloatArray = softmax(brentq(excess, -limit, limit, xtol=1e-12, rtol=1e-12) * means)
    return weights


def systematic_resample(weights: FloatArray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw `n` indices, in which `i` occurs ``n * weights[i]`` times, rounded down or up."""
    edges = np.cumsum(weights)
    marks = (np.arange(n) + rng.random()) / n * edges[-1]
    indices: np.ndarray = np.minimum(np.searchsorted(edges, marks), len(weights) - 1)
    return indices
