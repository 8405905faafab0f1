"""Target fractions of several phases as a function of position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._checks import check_label, check_labels, check_mapping
from napari_swnn._phases import list_labels
from napari_swnn._types import FloatArray
from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.network.fraction_box import FractionBox, describe_box
from napari_swnn.core.volume.porosity_map import PorosityMap, as_porosity_map, frozen_values

_SUM_TOLERANCE = 1e-3
"""Deviation of the sum of all fractions from 1 that counts as rounding."""
_ROUNDING = 1e-3
"""Deviation from the fractions of a model, which are printed with few digits, that counts as rounding."""


@dataclass(frozen=True, eq=False)
class FractionMap:
    """Target fractions of some phases as functions of position; created with one of the class methods.

    The other phases share the rest in the proportion of the model. A map has no fixed size: it is stretched over the
    volume.

    Attributes
    ----------
    phases : tuple of int
        Labels of the phases with given fractions.
    maps : tuple of PorosityMap
        Fraction of each of these phases.
    """

    phases: tuple[int, ...]
    maps: tuple[PorosityMap, ...]

    def __post_init__(self) -> None:
        kinds = {(part.sampling, part.axis) for part in self.maps if part.values.ndim}
        shapes = {part.values.shape for part in self.maps if part.values.ndim}
        if len(shapes) > 1 or len(kinds) > 1:
            came = " and ".join(map(str, sorted(shapes))) if len(shapes) > 1 else "maps of different kinds"
            raise ValueError(f"fractions must have one map shape for all phases, got {came}; resample them to one grid")

    @classmethod
    def from_arrays(cls, fractions: Mapping[int, Any]) -> FractionMap:
        """Return a map from numbers or arrays of fractions, interpolated linearly to the voxels of the volume.

        Parameters
        ----------
        fractions : mapping
            Fraction of each phase, by label: numbers in [0, 1], or arrays of one shape, ``(z, y, x)`` or ``(y, x)``; a
            2-D map is repeated along axis 0 of a volume.

        Raises
        ------
        TypeError
            If `fractions` is not a mapping, or an array does not hold floating-point numbers.
        ValueError
            If a value is not in [0, 1], the arrays differ in shape, or there is no phase.
        """
        check_mapping(fractions, name="fractions", maps="labels to fractions, such as {1: 0.3}")
        if not fractions:
            raise ValueError("fractions must name at least one phase, got none; omit it for those of the model")
        phases = tuple(check_label(label, name="each label of fractions") for label in fractions)
        maps = (as_porosity_map(values, name=f"fractions[{label}]") for label, values in fractions.items())
        return cls(phases, tuple(maps))

    @classmethod
    def from_labels(cls, labels: Any, fractions: Mapping[int, Mapping[int, float]]) -> FractionMap:
        """Return a map with the same fractions throughout each labelled region, with sharp borders between regions.

        Parameters
        ----------
        labels : array_like
            Integers, ``(z, y, x)`` or ``(y, x)``; a 2-D array is repeated along axis 0 of a volume.
        fractions : mapping
            Mapping from each region to the fractions of the phases there, which are the same phases in each region.

        Raises
        ------
        TypeError
            If the labels are not integers, or the fractions are no mapping.
        ValueError
            If a region has no fractions, or regions name different phases.
        """
        regions = check_labels(labels)
        check_mapping(fractions, name="fractions", maps="regions to the fractions of phases, such as {1: {0: 0.3}}")
        for region, of_region in fractions.items():
            _check_named(of_region, f"fractions[{region}]")
        phases = {tuple(sorted(of_region)) for of_region in fractions.values()}
        if len(phases) != 1 or not min(phases):
            raise ValueError(
                "fractions must name the same phases in each region, got "
                f"{' and '.join(list_labels(named) for named in sorted(phases)) or 'no region'}"
            )
        chosen = phases.pop()
        return cls(
            chosen,
            tuple(
                PorosityMap.from_labels(regions, {region: of_region[phase] for region, of_region in fractions.items()})
                for phase in chosen
            ),
        )

    @classmethod
    def gradient(cls, start: Mapping[int, float], stop: Mapping[int, float], axis: int = 0) -> FractionMap:
        """Return a linear gradient from one face of the volume to the opposite one.

        Parameters
        ----------
        start, stop : mapping of int to float
            Fractions of the same phases at the first and last faces.
        axis : int
            Axis along which the fractions change.

        Raises
        ------
        TypeError
            If `start` or `stop` is no mapping.
        ValueError
            If the phases differ, a fraction is not in [0, 1], or the axis is not 0, 1 or 2.
        """
        _check_named(start, "start")
        _check_named(stop, "stop")
        if set(start) != set(stop) or not start:
            raise ValueError(
                f"start and stop must name the same phases, got {list_labels(start) or 'none'} and "
                f"{list_labels(stop) or 'none'}"
            )
        return cls(tuple(start), tuple(PorosityMap.gradient(start[phase], stop[phase], axis) for phase in start))

    def over_phases(self, phases: Sequence[int], own: Sequence[float]) -> FloatArray:
        """Return the fractions of all phases, ``(*map shape, c)``.

        Parameters
        ----------
        phases : sequence of int
            Labels of the phases of the model.
        own : sequence of float
            Fractions of the model, in whose proportion the phases that are not given share the rest.

        Raises
        ------
        ValueError
            If a given label is no phase, or the fractions do not sum to 1.
        """
        absent = [label for label in self.phases if label not in phases]
        if absent:
            raise ValueError(f"fractions must name phases of the model ({list_labels(phases)}), got label {absent[0]}")
        given = dict(zip(self.phases, (part.values.astype(np.float64) for part in self.maps), strict=True))
        total = np.asarray(sum(given.values()))
        shares = np.array([0.0 if phase in given else fraction for phase, fraction in zip(phases, own, strict=True)])
        all_given = not shares.any()
        if total.max() > 1 + _SUM_TOLERANCE or (all_given and total.min() < 1 - _SUM_TOLERANCE):
            wrong = float(total.max() if total.max() > 1 + _SUM_TOLERANCE else total.min())
            wanted = "1" if all_given else "less than 1, to leave room for the other phases"
            raise ValueError(f"fractions must sum to {wanted}, got a sum of {wrong:.4g}")
        rest = np.zeros_like(total) if all_given else (1 - total) / shares.sum()
        scale = 1 / total if all_given else 1.0
        columns = [
            scale * given[phase] if phase in given else rest * share
            for phase, share in zip(phases, shares, strict=True)
        ]
        return np.stack(np.broadcast_arrays(*columns), axis=-1)

    def free_maps(self, box: FractionBox, phases: Sequence[int], own: Sequence[float]) -> tuple[PorosityMap, ...]:
        """Return the map of each free fraction of a network.

        Parameters
        ----------
        box : FractionBox
            Fractions that the network was trained for.
        phases, own
            See `over_phases`.

        Raises
        ------
        ValueError
            If the fractions lie outside the box anywhere.
        """
        fractions = self.over_phases(phases, own)
        if not box.contains(fractions):
            low, high = (end(fractions.reshape(-1, len(phases)), axis=0) for end in (np.min, np.max))
            came = ", ".join(f"{a:.4g}" if a == b else f"{a:.4g} to {b:.4g}" for a, b in zip(low, high, strict=True))
            raise ValueError(
                f"fractions must lie in the ranges of the model, {describe_box(box, phases)}, got {came} for the "
                f"phases {list_labels(phases)}; choose values in them, or train with wider ranges"
            )
        kind = next((part for part in self.maps if part.values.ndim), self.maps[0])
        columns = np.moveaxis(box.free_of(fractions), -1, 0)
        return tuple(PorosityMap(frozen_values(values), kind.sampling, kind.axis) for values in columns)


def _check_named(fractions: Any, name: str) -> None:
    """Raise an error for anything but a mapping of labels."""
    for label in check_mapping(fractions, name=name, maps="labels to fractions, such as {1: 0.3}"):
        check_label(label, name=f"each label of {name}")


def as_fraction_map(fractions: Any) -> FractionMap:
    """Convert a mapping to a map; return a map unchanged."""
    return fractions if isinstance(fractions, FractionMap) else FractionMap.from_arrays(fractions)


def check_composition(
    porosity: Any, fractions: Any, network: NetworkConfig, own: Mapping[int, float]
) -> tuple[PorosityMap, ...]:
    """Return the map of each free fraction of a network; none for a network trained for a single composition.

    Parameters
    ----------
    porosity, fractions
        Arguments of `generate`, of which at least one may be given.
    network : NetworkConfig
        Architecture of the model.
    own : mapping of int to float
        Default fraction of each phase by label, in the order of the phases.

    Raises
    ------
    TypeError
        If the fractions are not a mapping.
    ValueError
        If both are given, or the network was not trained for the fractions.
    """
    if porosity is not None and fractions is not None:
        raise ValueError(
            "porosity and fractions must not both be given, got both; include the phase of interest in fractions"
        )
    if not own:
        raise ValueError("fractions need a model whose phases are known, got one without; omit fractions")
    phases = tuple(own)
    default_or_porosity = own if porosity is None else {phases[0]: porosity}
    target = as_fraction_map(default_or_porosity if fractions is None else fractions)
    default = tuple(own.values())
    box = network.box
    if box is None and network.porosity_range is not None:
        box = FractionBox.of((network.porosity_range, *[None] * (len(phases) - 1)), default)
    if box is not None:
        return target.free_maps(box, phases, default)
    if np.abs(target.over_phases(phases, default) - default).max() > _ROUNDING:
        listed = ", ".join(f"{fraction:.4g}" for fraction in default)
        raise ValueError(
            f"fractions must be omitted for a model trained for the single composition {listed}, got others; train a "
            "model for ranges of fractions"
        )
    return ()
