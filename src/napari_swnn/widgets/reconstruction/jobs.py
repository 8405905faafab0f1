"""Work of the reconstruction panel off the viewer's thread: plain functions and generators."""

from collections.abc import Callable, Generator
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pathlib import Path

    from napari_swnn._types import Labels
    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.plan import TrainingPlan
    from napari_swnn.core.training.run import TrainingStep
    from napari_swnn.core.volume.assembly import GenerationStep
    from napari_swnn.core.volume.virtual_volume import VirtualVolume
    from napari_swnn.widgets.reconstruction.request import Request

BENCHMARK = Lock()
"""Held during a benchmark of this machine: a training waits for it, or both would be slow."""
_LONGEST_WAIT = 20.0
"""Longest time that a training waits for a benchmark, in seconds."""


def find_devices() -> dict[str, str]:
    """Return the devices of this machine with a description of each, "auto" first. Loads PyTorch."""
    from napari_swnn.core.numerics.device import DEVICES, describe_device, pick_device

    found = {"auto": describe_device(pick_device("auto"))}
    for name in DEVICES[1:]:
        try:
            found[name] = describe_device(pick_device(name))
        except ValueError:  # not on this machine
            continue
    return found


def train(plan: "TrainingPlan", should_stop: Callable[[], bool]) -> "Generator[TrainingStep, None, Model]":
    """Carry out a plan; yields steps and returns the model."""
    from napari_swnn.core.training.run import iter_training

    if BENCHMARK.acquire(timeout=_LONGEST_WAIT):
        BENCHMARK.release()
    return (yield from iter_training(plan, should_stop=should_stop))


def generate(request: "Request", model: "Model", i: int) -> "Generator[GenerationStep, None, Labels]":
    """Generate the `i`-th realisation of a request in memory; yields steps and returns the labels."""
    from napari_swnn.runs import iter_generation

    spec = request.spec(model.dimension, i=i, porosity=request.porosity)
    labels: Any = yield from iter_generation(model, spec, device=request.device)
    return cast("Labels", labels)


def describe(request: "Request", model: "Model") -> "Generator[GenerationStep, None, list[VirtualVolume]]":
    """Return the realisations of a request as volumes that are computed on demand; yields nothing."""
    from napari_swnn.core.volume.virtual_volume import describe_volume

    yield from ()
    specs = [request.spec(model.dimension, i=i, porosity=request.porosity) for i in range(request.n)]
    return [describe_volume(model, spec, device=request.device) for spec in specs]


def save(request: "Request", model: "Model") -> "Generator[GenerationStep, None, Path]":
    """Generate the realisations of a request into its file, or resume it; yields steps and returns the path."""
    path: Path = yield from iter_file(request, model)
    return path


def iter_file(request: "Request", model: "Model") -> "Generator[GenerationStep, None, Any]":
    """Return the steps of `save`; raises if the file cannot be written."""
    from napari_swnn.runs import iter_generation

    spec = request.spec(model.dimension, porosity=request.porosity)
    return iter_generation(model, spec, n=request.n, out=request.path, resume=True, device=request.device)


def compute_box(volume: "VirtualVolume", window: "Window") -> "Generator[GenerationStep, None, Labels]":
    """Compute a box of a volume; yields steps and returns its labels."""
    from napari_swnn.core.volume.assembly import iter_assembly

    return (yield from iter_assembly(volume, window))


def load_model(path: "Path") -> "Model":
    """Read a model file. Loads PyTorch."""
    from napari_swnn.core.model.model import Model

    return Model.load(path)
