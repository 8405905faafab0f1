"""Functions and generators that the reconstruction panel runs outside the viewer's thread."""

from collections.abc import Callable, Generator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pathlib import Path

    from napari_swnn._types import Labels
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.checkpoint import Checkpoint
    from napari_swnn.core.training.plan import TrainingPlan
    from napari_swnn.core.training.run import TrainingStep
    from napari_swnn.core.training.unfinished import UnfinishedTraining
    from napari_swnn.core.volume.assembly import GenerationStep
    from napari_swnn.core.volume.virtual_volume import VirtualVolume
    from napari_swnn.widgets.reconstruction.keeping import Keeping
    from napari_swnn.widgets.reconstruction.request import Request

Job = tuple[Any, ...]
"""Function or generator function, and its arguments."""
BENCHMARK = Lock()
"""Lock held during a benchmark; training waits for it, as both would be slow at the same time."""
_LONGEST_WAIT = 20.0
"""Maximum time that training waits for a benchmark, in seconds."""


def find_devices() -> dict[str, str]:
    """Load PyTorch and return descriptions of the available devices, "auto" first."""
    from napari_swnn.core.numerics.device import DEVICES, describe_device, pick_device

    found = {"auto": describe_device(pick_device("auto"))}
    for name in DEVICES[1:]:
        try:
            found[name] = describe_device(pick_device(name))
        except ValueError:  # not available
            continue
    return found


def train(
    plan: "TrainingPlan", should_stop: Callable[[], bool], keeping: "Keeping"
) -> "Generator[TrainingStep, None, Model]":
    """Execute a training plan; yield steps and return the model, which is kept as `keeping` says.

    The state of the training is saved as it goes on, so that it can be resumed after any end.
    """
    from napari_swnn.core.training.piece_distance import piece_distances
    from napari_swnn.core.training.run import iter_training

    if BENCHMARK.acquire(timeout=_LONGEST_WAIT):
        BENCHMARK.release()
    keeping.piece_distances = piece_distances(plan)
    name = keeping.facts.get("name", "")
    keeping.checkpoint = checkpoint = find_checkpoint(plan, resume=keeping.resume, aim=keeping.aim, name=name)
    model = yield from iter_training(plan, should_stop=should_stop, checkpoint=checkpoint)
    keeping.keep(model)
    if checkpoint is not None and not model.provenance["stopped_early"] and not keeping.is_discarded:
        checkpoint.remove()
    return model


def find_checkpoint(
    plan: "TrainingPlan", *, resume: bool = False, aim: "Mapping[str, Any] | None" = None, name: str = ""
) -> "Checkpoint | None":
    """Return the checkpoint of a plan; None if the data folder cannot be used."""
    from napari_swnn.core.training.checkpoint import Checkpoint

    try:
        return Checkpoint.of(plan, resume=resume, aim=aim, name=name)
    except OSError:
        return None


def find_unfinished(reference: "Reference | None" = None) -> "tuple[UnfinishedTraining, ...]":
    """Return the unfinished trainings of one or of all references; none if the data folder cannot be used."""
    from napari_swnn.core.training import unfinished

    try:
        return tuple(unfinished.find_unfinished(reference))
    except OSError:
        return ()


def generate(request: "Request", model: "Model", i: int) -> "Generator[GenerationStep, None, Labels]":
    """Generate the `i`-th realisation of a request in memory; yield steps and return the labels."""
    from napari_swnn.runs import iter_generation

    model = yield from through_section(request, model)
    spec = request.spec(model.dimension, i=i, porosity=request.porosity)
    labels: Any = yield from iter_generation(model, spec, device=request.device)
    return cast("Labels", labels)


def describe(request: "Request", model: "Model") -> "Generator[GenerationStep, None, list[VirtualVolume]]":
    """Return the realisations of a request as lazy volumes."""
    from napari_swnn.core.volume.virtual_volume import describe_volume

    model = yield from through_section(request, model)
    specs = [request.spec(model.dimension, i=i, porosity=request.porosity) for i in range(request.n)]
    return [describe_volume(model, spec, device=request.device) for spec in specs]


def save(request: "Request", model: "Model") -> "Generator[GenerationStep, None, Path]":
    """Write the realisations to the file of a request, or resume it; yield steps and return the path."""
    model = yield from through_section(request, model)
    path: Path = yield from iter_file(request, model)
    return path


def iter_file(request: "Request", model: "Model") -> "Generator[GenerationStep, None, Any]":
    """Return the generator for `save`; raise an error if the file cannot be written."""
    from napari_swnn.runs import iter_generation

    spec = request.spec(model.dimension, porosity=request.porosity)
    return iter_generation(model, spec, n=request.n, out=request.path, resume=True, device=request.device)


def through_section(request: "Request", model: "Model") -> "Generator[GenerationStep, None, Model]":
    """Draw the noise around the section of a request, if there is one; yield steps and return the model."""
    section = request.spatial.section
    if section is None:
        return model
    from napari_swnn.runs.through import iter_through_sections

    spec = request.spec(model.dimension, porosity=request.porosity)
    return (yield from iter_through_sections(model, spec, section.through, device=request.device))
