"""The same structure at a coarser resolution: the output of a coarser stage, segmented like a volume."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from weakref import WeakKeyDictionary

import torch

from napari_swnn._checks import check_whole
from napari_swnn._steps import drain
from napari_swnn.core.model.model import Model
from napari_swnn.core.model.offset_surface import OffsetSurface
from napari_swnn.core.model.segmentation import CurveSegmentation, OffsetCurve, Segmentation, ThresholdCurve
from napari_swnn.core.numerics.device import generation_precision
from napari_swnn.core.volume.assembly import iter_assembly
from napari_swnn.core.volume.coarse_cells import Averaging, fit_averaging
from napari_swnn.core.volume.exact_porosity import iter_exact
from napari_swnn.core.volume.fitted_scan import FittedScan
from napari_swnn.core.volume.spec import CheckedSpec, VolumeSpec, check_spec
from napari_swnn.core.volume.virtual_volume import VirtualVolume

_SHAPE = {2: (1024, 1024), 3: (64, 128, 128)}
"""Shape of the volume that a segmentation is calibrated on, by dimension."""
_N_CELLS = 6
"""Least extent of that volume in voxels of a scan, whose averages are estimated from 27 neighbours."""
_SEED = 2**63 + 2**40
"""Seed of that volume, which no volume of a user has."""
_CPU = torch.device("cpu")
_KNOWN: WeakKeyDictionary[Model, dict[int, Model]] = WeakKeyDictionary()
_AVERAGING: WeakKeyDictionary[Model, dict[tuple[int, str], Averaging]] = WeakKeyDictionary()
_CALIBRATING = Lock()


def coarser_model(model: Model, scale: int) -> Model:
    """Return the model of the same structure with voxels `scale` times as large.

    Its volumes are the output of a coarser stage for the same noise. That stage learned averages over its voxels; they
    are segmented so that a large volume has the porosity, or the fractions, of the model. The segmentation is computed
    once for each model and scale.

    Parameters
    ----------
    model : Model
        A trained model of several scales.
    scale : int
        Edge length of a voxel, in voxels of the model: 1, or the scale of one of its stages.

    Raises
    ------
    ValueError
        If no stage has the scale, the porosity of the model is unknown, or it was trained for a box of fractions.
    """
    check_whole(scale, name="scale")
    if scale == 1:
        return model
    scales = [stage.scale for stage in model.network.stages]
    if scale not in scales:
        listed = ", ".join(map(str, sorted(scales)))
        raise ValueError(f"scale must be that of a stage of the model, {listed}, got {scale}; choose one of them")
    if model.porosity is None or isinstance(model.segmentation, OffsetSurface):
        kind = "of unknown porosity" if model.porosity is None else "for ranges of several fractions"
        raise ValueError(f"scale must be 1 for a model {kind}, got {scale}; omit it")
    with _CALIBRATING:
        known = _KNOWN.setdefault(model, {})
        if scale not in known:
            known[scale] = _calibrate(model, scales.index(scale) + 1)
        return known[scale]


def fit_scan(model: Model, spec: CheckedSpec) -> FittedScan | None:
    """Return the coarse scan of a volume over its extents; None if it has none.

    For a segmented scan, the estimate of averages is fitted to a volume of the model, once for each factor and kind.
    """
    scan = spec.coarse
    if scan is None:
        return None
    factor = scan.factor(spec.shape)
    averaging = None if scan.kind == "averages" else _averaging(model, factor, scan.kind)
    return FittedScan(scan, factor, spec.periodic, model.network.finest_scale, averaging)


def _averaging(model: Model, factor: int, kind: str) -> Averaging:
    with _CALIBRATING:
        known = _AVERAGING.setdefault(model, {})
        if (factor, kind) not in known:
            fractions = dict(zip(model.labels.phases, model.fractions_at(), strict=True))
            shape = tuple(max(extent, _N_CELLS * factor) for extent in _SHAPE[model.dimension])
            spec = check_spec(VolumeSpec(shape), model.network, model.porosity, fractions)
            bounded = all(stage.bounded for stage in model.network.stages)
            volume = VirtualVolume(model, replace(spec, seed=_SEED), _CPU, generation_precision(_CPU, bounded=bounded))
            labels = drain(iter_assembly(volume))
            phases = model.labels.phases[: model.network.n_phase_channels]
            known[factor, kind] = fit_averaging([labels == phase for phase in phases], factor, kind)
        return known[factor, kind]


def _calibrate(model: Model, n_stages: int) -> Model:
    network = replace(model.network, stages=model.network.stages[:n_stages])
    scale = network.stages[-1].scale
    uncalibrated = replace(
        model,
        network=network,
        stages=model.stages[:n_stages],
        voxel=model.voxel.scaled(scale),
        provenance={**model.provenance, "scale": scale},
    )
    return replace(uncalibrated, segmentation=_segmentation(uncalibrated))


def _segmentation(model: Model) -> Segmentation:
    if model.porosity_range is None:
        return _exact_segmentation(model, None)
    assert not isinstance(model.segmentation, OffsetSurface)
    nodes = model.segmentation.porosities
    found = [_exact_segmentation(model, node) for node in nodes]
    thresholds = tuple(each.values[0] for each in found if isinstance(each, ThresholdCurve))
    if thresholds:
        return ThresholdCurve(nodes, thresholds)
    return OffsetCurve(nodes, tuple(each.values[0] for each in found if isinstance(each, OffsetCurve)))


def _exact_segmentation(model: Model, porosity: float | None) -> CurveSegmentation:
    """Return the segmentation at which the calibration volume has exactly a porosity, and the other fractions."""
    shape = _SHAPE[model.dimension]
    fractions = dict(zip(model.labels.phases, model.fractions_at(), strict=True))
    spec = check_spec(VolumeSpec(shape, porosity=porosity, exact=True), model.network, model.porosity, fractions)
    bounded = all(stage.bounded for stage in model.network.stages)
    precision = generation_precision(_CPU, bounded=bounded)
    volume = VirtualVolume(model, replace(spec, seed=_SEED), _CPU, precision)
    segmentation = drain(iter_exact(volume)).segmentation
    assert segmentation is not None
    return segmentation
