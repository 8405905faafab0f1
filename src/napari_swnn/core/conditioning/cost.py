"""Time and memory of drawing the noise around known voxels, measured on a small part before the run."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from time import perf_counter

from napari_swnn.core.conditioning.known_voxels import KnownVoxels
from napari_swnn.core.conditioning.noise_variables import count_noise, input_windows
from napari_swnn.core.conditioning.run import ConstraintSpec, check_constraint
from napari_swnn.core.conditioning.sampler import NoiseSampler
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.model.model import Model
from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.numerics.device import pick_device

_BYTES_PER_VALUE = 4
_COPIES = 6
"""Number of arrays of all variables that the sampler holds."""
_FEATURE_COPIES = 2
"""Number of copies of the features of a block that a backward pass holds."""


@dataclass(frozen=True, slots=True)
class ConstraintEstimate:
    """Estimate for `constrain`.

    Attributes
    ----------
    seconds : float
        Run time.
    n_bytes : int
        Largest memory in use.
    n_file_bytes : int
        Size that the overlay adds to the model file.
    n_values : int
        Number of noise values that are drawn.
    """

    seconds: float
    n_bytes: int
    n_file_bytes: int
    n_values: int


def estimate_constraint(model: Model, spec: ConstraintSpec, *, device: str = "auto") -> ConstraintEstimate:
    """Estimate time and memory of `constrain` from two steps of each stage with a part of the known voxels.

    Parameters
    ----------
    model, spec, device
        As for `iter_constrain`.

    Raises
    ------
    TypeError, ValueError
        As for `constrain`.
    """
    where = pick_device(device)
    own, known, free = check_constraint(model, spec)
    network = own.network
    work = [_work(network, window) for window in known.windows]
    largest = work.index(max(work))
    part = KnownVoxels(known.positions, known.phases, (known.windows[largest],))
    start = perf_counter()
    sampler = NoiseSampler(own, part, free, 0, where)
    before, once = perf_counter() - start, 0.0
    for i in range(sampler.n_stages):
        progress = i / sampler.n_stages
        sampler.step(progress)  # loads and plans everything, which later steps need not
        start = perf_counter()
        sampler.step(progress)
        once += (perf_counter() - start) / sampler.n_stages
    once *= sum(work) / work[largest]
    n_values, n_positions = count_noise(network, known.windows)
    n_file = _BYTES_PER_VALUE * (n_values + network.dimension * n_positions) + 13 * len(known.positions)
    return ConstraintEstimate(
        seconds=before + once * spec.n_iterations,
        n_bytes=_BYTES_PER_VALUE * (_COPIES * n_values + _features(network, known.windows[largest])),
        n_file_bytes=n_file,
        n_values=n_values,
    )


def _work(network: NetworkConfig, window: Window) -> int:
    """Return the arithmetic of a step in any unit."""
    inputs = input_windows(network, window)
    return sum(prod(inputs[stage.scale].shape) * stage.n_blocks * stage.n_channels**2 for stage in network.stages)


def _features(network: NetworkConfig, window: Window) -> int:
    """Return the number of features that a backward pass needs."""
    inputs = input_windows(network, window)
    voxels = [prod(inputs[stage.scale].shape) * stage.n_blocks * stage.n_channels for stage in network.stages]
    return _FEATURE_COPIES * sum(voxels)
