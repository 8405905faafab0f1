"""Requests of the properties panel: no viewer and no control."""

import numpy as np
import pytest

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.watch import LayerFacts
from napari_swnn.widgets.properties.job import PropertyChoice, make_job
from napari_swnn.widgets.properties.kinds import CONDUCTIVITY, DIFFUSION, PERMEABILITY
from napari_swnn.widgets.properties.work import compute_property


def facts(labels):
    return LayerFacts("layer", labels, VoxelSize(2.0, "um"), {}).with_phases()


def choice(kind, **changes):
    return PropertyChoice(kind=kind, axes=(0,), boundary=kind.boundaries[0][0], phase=1, **changes)


@pytest.mark.parametrize(
    ("labels", "kind", "control"),
    [
        (np.arange(27).reshape(3, 3, 3), CONDUCTIVITY, "layer"),
        (np.eye(4, dtype=int), PERMEABILITY, "property"),
        (np.ones((4, 4, 4), int), PERMEABILITY, "layer"),
        (np.broadcast_to(np.eye(8, dtype=np.uint8), (2**20, 8, 8)), DIFFUSION, "layer"),
    ],
)
def test_an_unsuitable_layer_is_refused(labels, kind, control, monkeypatch):
    monkeypatch.setattr("napari_swnn.widgets.kit.memory.free_memory", lambda: 2**30)
    with pytest.raises(BadInputError) as refused:
        make_job(facts(labels), choice(kind))
    assert refused.value.control == control


@pytest.mark.parametrize("kind", [CONDUCTIVITY, DIFFUSION, PERMEABILITY])
def test_the_progress_of_all_solves_rises_to_one(kind):
    labels = np.zeros((4, 6, 5), np.uint8)
    labels[:, 1:4, 1:4] = 1
    labels[1:3] = 1
    request = make_job(facts(labels), choice(kind, conductivities={0: 1.0, 1: 5.0}))
    request = make_job(request.facts, PropertyChoice(**{**vars(request.choice), "axes": (0, 1)}))
    steps, work = [], compute_property(request)
    try:
        while True:
            steps.append(next(work))
    except StopIteration as finished:
        run = finished.value
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert [record.axis for record in run.records] == ["z", "y"]
    assert any("Along y: iteration" in step.activity for step in steps)
