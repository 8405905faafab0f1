"""Control strategy: resampling of patterns to a target porosity or to fractions (Eq. 9-11, Steps 1-4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax

from napari_swnn._checks import check_choice, check_in_range
from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.mixtures import Mixtures
from napari_swnn.core.descriptor.whitening import half_whitening

Strategy = Literal["maximum_entropy", "truncation"]
STRATEGIES: tuple[Strategy, ...] = ("maximum_entropy", "truncation")
Means = float | Sequence[float]
"""Mean of each channel of the patterns; with two phases, the single channel is the phase of interest."""
_SUM_TOLERANCE = 1e-3
"""Deviation of the sum of fractions from 1 that is put down to rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class TargetDistribution:
    """Patterns and their probabilities.

    Attributes
    ----------
    patterns : numpy.ndarray
        ``(n, c, t, t)`` area fractions in [0, 1], with a channel for each phase, or one for the phase of interest.
    weights : numpy.ndarray
        ``(n,)`` probabilities, which sum to 1.
    """

    patterns: FloatArray
    weights: FloatArray

    @property
    def porosity(self) -> float:
        """Mean of the first channel, the phase of interest, in [0, 1]."""
        return float(self.weights @ _channel_means(self.patterns[:, 0]))

    @property
    def means(self) -> FloatArray:
        """``(c,)`` mean of each channel."""
        return np.array([self.weights @ _channel_means(channel) for channel in self.patterns.swapaxes(0, 1)])

    @property
    def variance(self) -> float:
        """Weighted variance of the pixel values of the first channel."""
        return float(self.variances[0])

    @property
    def variances(self) -> FloatArray:
        """``(c,)`` weighted variance of the pixel values of each channel."""
        squares = [
            (channel.reshape(len(channel), -1) - float(mean)) ** 2
            for channel, mean in zip(self.patterns.swapaxes(0, 1), self.means, strict=True)
        ]
        return np.array([self.weights @ values.mean(axis=1, dtype=np.float64) for values in squares])

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
            ``(n, c, t, t)``.
        """
        drawn: FloatArray = self.patterns[systematic_resample(self.weights, n, rng)]
        return drawn


class TargetFamily:
    """Target distributions of one set of patterns as a function of the means of their channels.

    Means are a porosity for patterns of one channel. For patterns of several channels, one for each phase, they are a
    fraction for each channel, and the fractions sum to 1.

    Parameters
    ----------
    patterns : numpy.ndarray
        ``(n, c, t, t)`` area fractions in [0, 1].
    strategy : {"maximum_entropy", "truncation"}
        See `control`.
    """

    STEP = 0.001
    """Step to which means are rounded, so that training steps share a few cached distributions."""

    def __init__(self, patterns: FloatArray, strategy: Strategy = "maximum_entropy") -> None:
        self.patterns = patterns
        self.strategy = strategy
        self._mixtures: Mixtures | None = None
        # A cached method would keep a reference to `self`, and so the patterns in a reference cycle.
        if patterns.shape[1] > 1:
            _check_several(strategy)
            self._mixtures = Mixtures(pattern_means(patterns))
            self._near_several = lru_cache(maxsize=64)(partial(_mixture_near, patterns, self._mixtures))
        else:
            self._near = lru_cache(maxsize=64)(partial(_distribution_at, patterns, strategy, self.reachable))

    @cached_property
    def reachable(self) -> tuple[float, float]:
        """Lowest and highest porosity of mixtures of the patterns, with further phases in the patterns' proportion."""
        return reachable_range(self.patterns) if self._mixtures is None else self._mixtures.limits

    @cached_property
    def whitening(self) -> FloatArray:
        """Matrix that weights directions towards the fine detail of these patterns; see `half_whitening`."""
        return half_whitening(self.patterns)

    def at(self, means: Means) -> TargetDistribution:
        """Return the distribution with given means, which a mixture of the patterns must have; see `control`."""
        if self._mixtures is None:
            return control(self.patterns, _single(means), strategy=self.strategy)
        return TargetDistribution(self.patterns, self._mixtures.weigh(self._several(means)))

    def near(self, means: Means) -> TargetDistribution:
        """Return a cached distribution with means within about `STEP`, moved to what mixtures can have."""
        if self._mixtures is not None:
            return self._near_several(tuple(round(mean / self.STEP) for mean in _as_tuple(means)))
        low, high = self.reachable
        return self._near(round(min(max(_single(means), low), high) / self.STEP))

    def reaches(self, means: Means) -> bool:
        """Return True if a mixture of the patterns has these means."""
        if self._mixtures is not None:
            return self._mixtures.reaches(self._several(means))
        low, high = self.reachable
        return low <= _single(means) <= high

    def reaches_with(self, means: Means, least: float) -> bool:
        """Return True if a mixture has these means and an effective size of at least `least` patterns."""
        return self.reaches(means) and self.at(means).effective_size >= least

    def nearest(self, means: Means) -> tuple[float, ...]:
        """Return the means, closest to the given ones, that a mixture of the patterns has."""
        if self._mixtures is not None:
            return tuple(map(float, self._mixtures.nearest(self._several(means))))
        low, high = self.reachable
        return (min(max(_single(means), low), high),)

    def _several(self, means: Means) -> tuple[float, ...]:
        return _check_means(means, self.patterns.shape[1])


def _distribution_at(
    patterns: FloatArray, strategy: Strategy, reachable: tuple[float, float], step: int
) -> TargetDistribution:
    """Return the distribution whose mean is `step` times `TargetFamily.STEP`, clipped to the reachable range."""
    low, high = reachable
    return control(patterns, min(max(step * TargetFamily.STEP, low), high), strategy=strategy)


def _mixture_near(patterns: FloatArray, mixtures: Mixtures, steps: tuple[int, ...]) -> TargetDistribution:
    """Return a distribution with means near `steps` times `TargetFamily.STEP`."""
    return TargetDistribution(patterns, mixtures.weigh_near([step * TargetFamily.STEP for step in steps]))


def pattern_means(patterns: FloatArray) -> FloatArray:
    """Return the mean of each pattern (its one-point statistic).

    Returns
    -------
    numpy.ndarray
        ``(n,)`` for patterns of one channel, otherwise ``(n, c)``.
    """
    if patterns.shape[1] == 1:
        return _channel_means(patterns)
    return np.stack([_channel_means(channel) for channel in patterns.swapaxes(0, 1)], axis=1)


def _channel_means(channel: FloatArray) -> FloatArray:
    means: FloatArray = channel.reshape(len(channel), -1).mean(axis=1, dtype=np.float64)
    return means


def reachable_range(patterns: FloatArray) -> tuple[float, float]:
    """Return the lowest and highest porosity of mixtures of the patterns, whatever their other phases."""
    means = _channel_means(patterns[:, 0])
    return float(means.min()), float(means.max())


def control(patterns: FloatArray, means: Means, *, strategy: Strategy = "maximum_entropy") -> TargetDistribution:
    """Return the distribution of `patterns` with given means.

    Parameters
    ----------
    patterns : numpy.ndarray
        ``(n, c, t, t)`` area fractions in [0, 1].
    means : float or sequence of float
        Target porosity, within the reachable range. For patterns of several channels, a fraction for each of them.
    strategy : {"maximum_entropy", "truncation"}
        ``"truncation"`` is the strategy of the paper (Steps 1-2): it keeps the longest run of patterns, sorted by mean
        from the lowest (or highest) end, that meets the target. ``"maximum_entropy"`` weights all patterns by
        ``exp(λ·mean)``; it keeps every morphology, whereas truncation removes entire pore sizes. Only this one applies
        to several channels, in which patterns have no order.

    Raises
    ------
    ValueError
        If no mixture of the patterns has these means, or the strategy does not apply.
    """
    check_choice(strategy, STRATEGIES, name="strategy")
    if patterns.shape[1] > 1:
        return TargetFamily(patterns, strategy).at(means)
    of_patterns = pattern_means(patterns)
    porosity = _single(means)
    check_in_range(
        porosity,
        float(of_patterns.min()),
        float(of_patterns.max()),
        name="porosity",
        hint="no combination of the patterns of this reference has it; choose one in the range",
    )
    weigh = truncation_weights if strategy == "truncation" else maximum_entropy_weights
    return TargetDistribution(patterns, weigh(of_patterns, porosity))


def _single(means: Means) -> float:
    return means[0] if isinstance(means, Sequence | np.ndarray) else means


def _check_several(strategy: Strategy) -> None:
    if strategy == "truncation":
        raise ValueError(
            "strategy must be 'maximum_entropy' for more than two phases, got 'truncation', which sorts patterns by a "
            "single porosity; change it, or merge the phases"
        )


def _check_means(means: Means, n_channels: int) -> tuple[float, ...]:
    """Return one fraction for each channel, without the rounding of their sum."""
    fractions = _as_tuple(means)
    if len(fractions) != n_channels or not abs(sum(fractions) - 1) <= _SUM_TOLERANCE:
        raise ValueError(
            f"fractions must be {n_channels} numbers that sum to 1, got {', '.join(f'{f:g}' for f in fractions)}"
        )
    return tuple(fraction / sum(fractions) for fraction in fractions)


def _as_tuple(means: Means) -> tuple[float, ...]:
    return tuple(map(float, means)) if isinstance(means, Sequence | np.ndarray) else (float(means),)


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
