"""Training samples of a random forest: features and phases of painted pixels."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_PER_PHASE = 2000
"""Largest number of samples that are kept for a phase; further ones are drawn at random with a fixed seed."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Features and phases of painted pixels; compared by value.

    Parameters
    ----------
    features : (n, m) array of float32
        Features of each sample.
    phases : (n,) array of uint8
        Label that was painted, above 0.

    Raises
    ------
    ValueError
        If the shapes do not match, a value is not finite, or fewer than two phases were painted.
    """

    features: NDArray[np.float32]
    phases: NDArray[np.uint8]

    def __post_init__(self) -> None:
        features = np.array(self.features, np.float32, order="C")
        phases = np.array(self.phases, np.uint8)
        if features.ndim != 2 or phases.shape != features.shape[:1]:
            raise ValueError(
                "samples must have one phase for each row of features, "
                f"got the shapes {phases.shape} and {features.shape}"
            )
        if not np.isfinite(features).all():
            raise ValueError("samples must have finite features, got NaN or infinite ones; paint other pixels")
        if len(np.unique(phases)) < 2:
            raise ValueError(
                f"scribbles must show at least two phases, got {len(np.unique(phases))}; paint a stroke for each phase"
            )
        for name, array in (("features", features), ("phases", phases)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @staticmethod
    def collect(features: NDArray[np.float32], phases: NDArray[Any]) -> Samples:
        """Return samples without duplicates, and at most 2000 for each phase.

        Parameters
        ----------
        features : (n, m) array
            Features of the painted pixels.
        phases : (n,) array
            Their phases.
        """
        kept = [_draw(features[phases == phase]) for phase in np.unique(phases)]
        each = np.repeat(np.unique(phases), [len(rows) for rows in kept])
        return Samples(np.concatenate(kept) if kept else features, each)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Samples) and self._raw() == other._raw()

    def __hash__(self) -> int:
        return hash(self.digest())

    def digest(self) -> str:
        """Return a short text that differs between different samples."""
        return hashlib.sha256(self._raw()).hexdigest()[:16]

    def to_text(self) -> str:
        """Return the samples as text: little-endian phases and features, compressed, in base 64."""
        return base64.b64encode(zlib.compress(self._raw(), 6)).decode("ascii")

    def _raw(self) -> bytes:
        return self.phases.tobytes() + self.features.astype("<f4").tobytes()

    @staticmethod
    def from_text(text: str, n_features: int) -> Samples:
        """Return the samples from text.

        Raises
        ------
        ValueError
            If the text does not hold samples with `n_features` features.
        """
        try:
            raw = zlib.decompress(base64.b64decode(text, validate=True))
        except (ValueError, TypeError, zlib.error) as error:
            raise ValueError(f"samples must be compressed numbers in base 64, got another text ({error})") from error
        size = 1 + 4 * n_features
        n, rest = divmod(len(raw), size)
        if rest:
            raise ValueError(f"samples must have {n_features} features each, got {len(raw)} bytes, which do not fit")
        phases = np.frombuffer(raw, np.uint8, n)
        return Samples(np.frombuffer(raw, "<f4", offset=n).reshape(n, n_features), phases)


def _draw(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = np.unique(rows, axis=0)
    if len(rows) <= MAX_PER_PHASE:
        return rows
    chosen: NDArray[np.float32] = rows[np.sort(np.random.default_rng(0).permutation(len(rows))[:MAX_PER_PHASE])]
    return chosen
