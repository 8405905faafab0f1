"""Descriptions of a volume: as specified by a user, and as validated for a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from napari_swnn._checks import check_flag, check_seed, check_shape
from napari_swnn._types import BoolArray, FloatArray, Shape
from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.network.fraction_box import FractionBox
from napari_swnn.core.volume.coarse_scan import CoarseScan, check_coarse
from napari_swnn.core.volume.fraction_map import FractionMap, check_composition
from napari_swnn.core.volume.noise_gradient import NoiseGradient, check_noise
from napari_swnn.core.volume.periodicity import check_periodic
from napari_swnn.core.volume.porosity_map import FieldSource, PorosityMap, check_porosity
from napari_swnn.core.volume.spatial_mask import SpatialMask, as_mask


@dataclass(frozen=True, eq=False)
class VolumeSpec:
    """Description of a volume by a user; it is validated only when combined with a model.

    Attributes
    ----------
    shape : tuple of int
        Voxels along each axis, ``(z, y, x)``, or ``(y, x)`` for a 2-D model.
    seed : int
        Seed of the realisation.
    porosity : float, array_like or PorosityMap, optional
        Target porosity, or a map of it, for a model trained for a range of porosities. By default the porosity of the
        reference.
    mask : array_like or SpatialMask, optional
        Part of the volume that contains structure.
    periodic : bool or sequence of bool
        Periodic boundary conditions: one flag for all axes, or one per axis.
    noise : NoiseGradient, optional
        Graded mean and standard deviation of the input of a single-scale model.
    exact : bool
        Match the target porosity exactly by choosing the threshold for this volume.
    fractions : mapping or FractionMap, optional
        Target fraction of each phase by label, or a map of them, for a model trained for ranges of fractions. Phases
        that are not given share the rest in the proportion of the model.
    scale : int
        Edge length of a voxel, in voxels of the model: 1, or the scale of a coarser stage, whose output is the same
        structure at a coarser resolution.
    coarse : array_like, mapping or CoarseScan, optional
        Coarse scan to which the model adds detail, instead of the output of its coarser stages.
    """

    shape: Shape
    seed: int = 0
    porosity: float | FloatArray | PorosityMap | None = None
    mask: BoolArray | SpatialMask | None = None
    periodic: bool | Sequence[bool] = False
    noise: NoiseGradient | None = None
    exact: bool = False
    fractions: Mapping[int, float | FloatArray] | FractionMap | None = None
    scale: int = 1
    coarse: FloatArray | Mapping[int, FloatArray] | CoarseScan | None = None


@dataclass(frozen=True, eq=False)
class CheckedSpec:
    """Validated `VolumeSpec` in the form that generation uses; see `check_spec`.

    Attributes
    ----------
    shape : tuple of int
        Voxels along each axis.
    seed : int
        Seed of the realisation.
    porosity : FieldSource or None
        Target porosity, usually a `PorosityMap`; None for a network trained for a single porosity or for a box.
    mask : SpatialMask or None
        Part of the volume that contains structure.
    periodic : tuple of bool
        One flag per axis.
    noise : NoiseGradient or None
        Mean and standard deviation of the noise.
    exact_porosity : float or None
        Porosity to match exactly; None to use the threshold of the model.
    free : tuple of FieldSource
        Each free fraction, for a network trained for a box; see `NetworkConfig.box`.
    exact_fractions : tuple of float or None
        Fractions to match exactly, for such a network; the first one is the `exact_porosity`.
    coarse : CoarseScan or None
        Scan that takes the place of the coarser stages.
    """

    shape: Shape
    seed: int
    porosity: FieldSource | None
    mask: SpatialMask | None
    periodic: tuple[bool, ...]
    noise: NoiseGradient | None
    exact_porosity: float | None
    free: tuple[FieldSource, ...] = ()
    exact_fractions: tuple[float, ...] | None = None
    coarse: CoarseScan | None = None


def check_spec(
    spec: VolumeSpec, network: NetworkConfig, porosity: float | None, fractions: Mapping[int, float] | None = None
) -> CheckedSpec:
    """Validate the description of a volume for a network.

    Parameters
    ----------
    spec : VolumeSpec
        Description by the user.
    network : NetworkConfig
        Architecture of the model; it need not be trained.
    porosity : float or None
        Porosity of the model, in [0, 1]; None if unknown.
    fractions : mapping of int to float, optional
        Default fraction of each phase of the model by label, in the order of the phases; required for a network trained
        for a box, and to check fractions.

    Raises
    ------
    TypeError, ValueError
        If the network cannot generate such a volume.
    """
    shape = check_shape(spec.shape, ndim=(network.dimension,))
    periodic = check_periodic(spec.periodic, shape, network)
    free: tuple[PorosityMap, ...] = ()
    target = None
    if network.box is not None or spec.fractions is not None:
        free = check_composition(spec.porosity, spec.fractions, network, fractions or {})
    else:
        target = check_porosity(spec.porosity, porosity_range=network.porosity_range, own=porosity)
    if network.box is None and free:
        target = free[0]
        free = ()
    is_exact = check_flag(spec.exact, name="exact")
    mask = as_mask(spec.mask)
    check_noise(spec.noise, network)
    for field in (target, mask, spec.noise, *free):
        if field is not None:
            field.over(shape, periodic)  # raises if the field does not fit the volume
    exact = None
    exact_fractions = None
    if is_exact and network.box is not None:
        exact_fractions = _exact_fractions(free, network.box)
        exact = exact_fractions[0]
    elif is_exact:
        exact = _exact_porosity(spec, target, porosity)
    coarse = check_coarse(spec.coarse, shape, network, tuple(fractions or ()))
    if coarse is not None and is_exact:
        raise ValueError("exact must be False with coarse, whose own fractions the volume keeps, got True; omit it")
    seed = check_seed(spec.seed)
    return CheckedSpec(shape, seed, target, mask, periodic, spec.noise, exact, free, exact_fractions, coarse)


def _exact_fractions(free: tuple[PorosityMap, ...], box: FractionBox) -> tuple[float, ...]:
    ends = [each.extremes for each in free]
    if any(low != high for low, high in ends):
        raise ValueError("exact needs the same fractions in the whole volume, got a map; omit exact, or the map")
    return tuple(map(float, box.fractions([low for low, _ in ends])))


def _exact_porosity(spec: VolumeSpec, target: PorosityMap | None, porosity: float | None) -> float:
    if target is not None:
        low, high = target.extremes
        if low != high:
            raise ValueError(f"exact needs one porosity for the whole volume, got a map from {low:.4g} to {high:.4g}")
        return low
    if spec.noise is not None:
        raise ValueError("exact needs noise without a gradient, got a noise gradient; omit exact or noise")
    if porosity is None:
        raise ValueError("exact needs a model of known porosity, got an unknown porosity; omit exact")
    return porosity
