"""Conditioning of a model on known voxels, as one call or step by step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace

from napari_swnn._checks import check_seed, check_whole
from napari_swnn._progress import IterationProgress, WorkClock
from napari_swnn._steps import drain
from napari_swnn._types import FloatArray
from napari_swnn.core.conditioning.known_voxels import KnownVoxels, Sections, SingleVoxels, collect_known
from napari_swnn.core.conditioning.sampler import NoiseSampler
from napari_swnn.core.model.model import Model
from napari_swnn.core.model.overlay import Overlay
from napari_swnn.core.numerics.device import pick_device
from napari_swnn.core.volume.fraction_map import FractionMap
from napari_swnn.core.volume.porosity_map import PorosityMap
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

ACTIVITY = "drawing the noise around known voxels"
_PER_STEP = 3
"""Number of iterations between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintStep(IterationProgress):
    """Progress of `constrain`.

    Attributes
    ----------
    wrong : float
        Fraction of the known voxels that the stage at work puts into another phase. Those of the finest stage are set
        to their phase in the end.
    iteration, n_iterations, fraction, elapsed, time_left, activity, note
        As for `IterationProgress`.
    """

    wrong: float


@dataclass(frozen=True, eq=False)
class ConstraintSpec:
    """Description of known voxels, and of the volumes that contain them.

    Attributes
    ----------
    through : mapping, optional
        Sections that volumes pass through: for an axis normal to sections (``"z"``, ``"y"`` or ``"x"``), the position
        of the plane in voxels and the labels of the section, such as ``{"z": (64, section)}``, or a list of such pairs.
        Their first pixel lies at the origin of the volume. Sections along several axes must agree where they cross.
    known : mapping or array_like, optional
        Other known voxels: the label of each position, such as ``{(10, 20, 30): 1}``, or labels from the origin on, in
        which voxels that are not known are masked or -1.
    seed : int
        Seed of the noise around the known voxels.
    porosity, fractions : optional
        Porosity, or fractions by label, of the volumes, for a model trained for ranges; by default those of the model.
        Maps are not supported.
    n_iterations : int
        Number of steps in which the noise is drawn, shared equally by the stages of the network.
    """

    through: Sections | None = None
    known: SingleVoxels | None = None
    seed: int = 0
    porosity: float | FloatArray | PorosityMap | None = None
    fractions: Mapping[int, float | FloatArray] | FractionMap | None = None
    n_iterations: int = 120


def constrain(
    model: Model,
    *,
    through: Sections | None = None,
    known: SingleVoxels | None = None,
    seed: int = 0,
    porosity: float | None = None,
    device: str = "auto",
    progress: Callable[[ConstraintStep], None] | None = None,
) -> Model:
    """Return a model all of whose volumes contain measured sections or other known voxels.

    The noise around the known voxels is drawn given that the network generates them, and voxels that remain wrong are
    set. The rest of a volume goes on from there as the material does. Like any other model, the result generates
    volumes of any size, lazily, to disk and on clusters.

    Parameters
    ----------
    model : Model
        Trained model. Known voxels that it has already are dropped.
    through, known, porosity
        As for `ConstraintSpec`.
    seed : int
        Seed of the noise around the known voxels. Volumes with other seeds have the same voxels there, and differ
        elsewhere.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on.
    progress : callable, optional
        Called with a `ConstraintStep` after every few iterations.

    Returns
    -------
    Model
        The model with an overlay, which `Model.save` keeps.

    Raises
    ------
    TypeError
        If sections or known voxels have the wrong type.
    ValueError
        If nothing is known, a label is no phase of the model, sections disagree where they cross, or the model cannot
        generate the porosity.
    """
    spec = ConstraintSpec(through, known, seed, porosity)
    return drain(iter_constrain(model, spec, device=device), progress)


def iter_constrain(
    model: Model, spec: ConstraintSpec, *, device: str = "auto"
) -> Generator[ConstraintStep, None, Model]:
    """Draw the noise step by step, as `constrain` does.

    Invalid input raises an error at the call.

    Parameters
    ----------
    model : Model
        Trained model.
    spec : ConstraintSpec
        Known voxels, and in how many steps to draw the noise.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on.

    Yields
    ------
    ConstraintStep
        Progress after every few iterations.

    Returns
    -------
    Model
        As for `constrain`.
    """
    own, known, free = check_constraint(model, spec)
    return _iter_draw(NoiseSampler(own, known, free, spec.seed, pick_device(device)), spec)


def check_constraint(model: Model, spec: ConstraintSpec) -> tuple[Model, KnownVoxels, tuple[float, ...]]:
    """Check a description and return the model without known voxels, the known voxels, and the free fractions.

    Raises
    ------
    TypeError, ValueError
        As for `constrain`.
    """
    check_seed(spec.seed)
    check_whole(spec.n_iterations, name="n_iterations")
    if model.network.finest_scale != 1:
        raise ValueError(
            f"model must have its finest stage to contain known voxels, got one that ends at scale "
            f"{model.network.finest_scale}; use the whole model"
        )
    known = collect_known(model.labels, model.dimension, spec.through, spec.known)
    without = replace(model, overlay=None)
    free = _free_fractions(without, spec)
    return _at(without, free), known, free


def _free_fractions(model: Model, spec: ConstraintSpec) -> tuple[float, ...]:
    """Return the free fractions of the volumes; the check is that of a small volume with them."""
    shape = (1,) * model.dimension
    volume = describe_volume(model, VolumeSpec(shape, porosity=spec.porosity, fractions=spec.fractions), device="cpu")
    maps = volume.spec.free if volume.spec.porosity is None else (volume.spec.porosity,)
    free = []
    for each in maps:
        low, high = each.extremes if isinstance(each, PorosityMap) else (0.0, 1.0)
        if low != high:
            raise ValueError("porosity must be one number around known voxels, got a map; pass one porosity")
        free.append(low)
    return tuple(free)


def _at(model: Model, free: tuple[float, ...]) -> Model:
    """Return the model with free fractions as its default."""
    box = model.network.box
    if box is not None:
        of_box = tuple(map(float, box.fractions(free)))
        return replace(model, porosity=of_box[0], fractions=of_box)
    if not free:
        return model
    fractions = None if model.fractions is None else model.fractions_at(free[0])
    return replace(model, porosity=free[0], fractions=fractions)


def _last_step(sampler: NoiseSampler) -> float:
    sampler.step(1.0)
    return sampler.wrong_share()


def _iter_draw(sampler: NoiseSampler, spec: ConstraintSpec) -> Generator[ConstraintStep, None, Model]:
    n = spec.n_iterations
    clock = WorkClock(n)
    at_first = wrong = sampler.wrong_share()
    for done in range(1, n + 1):
        wrong = sampler.step((done - 1) / max(n - 1, 1)) if done < n else _last_step(sampler)
        clock.advance(1)
        if done % _PER_STEP and done < n:
            continue
        yield ConstraintStep(
            iteration=done,
            n_iterations=n,
            wrong=wrong,
            fraction=clock.fraction,
            elapsed=clock.elapsed,
            time_left=clock.time_left,
            activity=ACTIVITY,
        )
    overlay = Overlay(sampler.variables.scattered(), sampler.known.positions, sampler.known.phases, sampler.free)
    record = {
        "n_voxels": len(overlay.positions),
        "seed": spec.seed,
        "n_iterations": spec.n_iterations,
        "wrong_at_first": at_first,
        "wrong_before_setting": wrong,
    }
    return replace(sampler.model, overlay=overlay, provenance={**sampler.model.provenance, "known_voxels": record})
