"""The command ``napari-swnn``: the main job without a viewer."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from napari_swnn._checks import check_memory, check_shape
from napari_swnn._steps import drain
from napari_swnn.core.config import PRESETS

if TYPE_CHECKING:
    import numpy as np

    from napari_swnn._types import Shape
    from napari_swnn.core.generation import GenerationStep
    from napari_swnn.core.model import Model
    from napari_swnn.core.plan import TrainingPlan
    from napari_swnn.core.reference import Reference
    from napari_swnn.core.training import TrainingStep
    from napari_swnn.production import EnsembleStep

Result = TypeVar("Result")

DESCRIPTION = "3-D microstructures of a chosen porosity from one segmented 2-D micrograph."
MANY_VOXELS = 2**28
PICTURES = (".png", ".pdf", ".svg")
SHAPE_HELP = "voxels along z y x, or one number for a cube"
ALL_AXES = "all"
SAMPLES = ("silica", "rock", "electrode", "superalloy")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, or 2 if the input cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, TypeError, OSError, RuntimeError, MemoryError) as error:  # RuntimeError: how torch says most
        print(f"napari-swnn: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nnapari-swnn: stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="napari-swnn", description=DESCRIPTION)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_train(commands)
    _add_generate(commands)
    _add_ensemble(commands)
    _add_validate(commands)
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], None], help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=help, description=help, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def _add_demo(commands: Any) -> None:
    parser = _command(commands, "demo", _demo, "Run the whole job on a built-in sample, without a display.")
    parser.add_argument("--sample", choices=SAMPLES, default="rock", help="which synthetic reference")
    parser.add_argument("--porosity", type=float, default=0.25, help="porosity of the reconstruction")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard", help="how long to train")
    parser.add_argument("--size", type=int, default=128, help="side of the volume in voxels")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another realisation")
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="folder for the results")


def _add_train(commands: Any) -> None:
    parser = _command(commands, "train", _train, "Train a model on a segmented image.")
    parser.add_argument("image", type=Path, help="segmented section: TIFF, PNG, BMP or .npy, one value for each phase")
    _add_reference_options(parser)
    parser.add_argument(
        "--porosity",
        type=float,
        nargs="+",
        metavar=("P", "HIGH"),
        help="fraction of the phase in the volumes (the image's own if left); two numbers: one model for the range",
    )
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard", help="how long to train")
    parser.add_argument("--dimension", type=int, choices=(2, 3), default=3, help="3 for volumes, 2 for sections")
    parser.add_argument("--seed", type=int, default=0, help="of all random draws")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--output", "-o", type=Path, default=Path("model.swnn"), help="model file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace the model file that is there")


def _add_reference_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--phase", type=int, help="value of the phase of interest (the highest of two if left)")
    parser.add_argument("--roi", type=Path, help="image of the same size, above 0 inside the region of interest")
    parser.add_argument("--voxel-size", type=float, default=1.0, help="side of a pixel")
    parser.add_argument("--unit", default="voxel", help="unit of the voxel size, for example um")


def _add_generate(commands: Any) -> None:
    parser = _command(commands, "generate", _generate, "Generate volumes of any size from a trained model.")
    parser.add_argument("model", type=Path, help="model file that 'train' wrote")
    parser.add_argument("--shape", type=int, nargs="+", default=[128], help=SHAPE_HELP)
    parser.add_argument("--porosity", type=float, help="for a model of a range of porosities: which (its own if left)")
    parser.add_argument(
        "--periodic", nargs="?", const=ALL_AXES, default="", metavar="AXES", help="repeat along these axes, all if left"
    )
    parser.add_argument(
        "--exact", action="store_true", help="give each volume just the porosity asked for, in twice the time"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, another realisation")
    parser.add_argument("--n", type=int, default=1, help="realisations, with consecutive seeds, on a leading axis")
    parser.add_argument("--output", "-o", type=Path, default=Path("volume.tif"), help=".tif or .ome.zarr to write")
    _add_run_options(parser, "goes on with the unfinished run of this request that the output has")


def _add_ensemble(commands: Any) -> None:
    parser = _command(commands, "ensemble", _ensemble, "Train several models, generate several volumes of each.")
    parser.add_argument("image", type=Path, help="segmented section: TIFF, PNG, BMP or .npy, one value for each phase")
    _add_reference_options(parser)
    parser.add_argument("--porosity", type=float, help="fraction of the phase in the volumes (the image's own if left)")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard", help="how long to train")
    parser.add_argument("--trainings", type=int, default=4, help="models")
    parser.add_argument("--realisations", type=int, default=5, help="volumes of each model")
    parser.add_argument("--shape", type=int, nargs="+", default=[128], help=SHAPE_HELP)
    parser.add_argument("--seed", type=int, default=0, help="of all random draws")
    parser.add_argument("--no-validation", action="store_true", help="do not compare the volumes with the image")
    parser.add_argument("--output", "-o", type=Path, default=Path("ensemble"), help="folder for the results")
    _add_run_options(parser, "goes on with the ensemble of this request that the folder holds")


def _add_run_options(parser: argparse.ArgumentParser, resuming: str) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--resume", action="store_true", help=resuming)
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster that computes, or its scheduler file, .json"
    )


def _add_validate(commands: Any) -> None:
    parser = _command(commands, "validate", _validate, "Compare volumes with the image they were made from.")
    parser.add_argument("image", type=Path, help="the segmented section")
    parser.add_argument(
        "volumes", type=Path, nargs="+", help="generated volumes: .ome.zarr, TIFF or .npy; all that a file holds"
    )
    _add_reference_options(parser)
    parser.add_argument("--physics", action="store_true", help="compute conductivity and permeability too: takes long")
    parser.add_argument(
        "--conductivities",
        type=float,
        nargs=2,
        metavar=("PHASE", "REST"),
        help="of the phase of interest and of the rest, in W/(m·K); the paper's air and silica if left",
    )
    parser.add_argument("--report", type=Path, help="JSON file for all results")
    parser.add_argument("--csv", type=Path, help="CSV file for all results, one value a line")
    parser.add_argument("--html", type=Path, help="HTML page with tables and figures, for reading and printing")
    parser.add_argument("--figures", type=Path, help="folder for the figures of that page, as PNG and SVG")
    parser.add_argument("--picture", type=Path, help="PNG, PDF or SVG file for sections and curves of the first volume")


def _demo(options: argparse.Namespace) -> None:
    from napari_swnn import Reference, _sample_data, validate
    from napari_swnn.core.generation import iter_generate
    from napari_swnn.figures import reconstruction_figure, save_figure
    from napari_swnn.io import write_tiff

    labels, attributes, _ = getattr(_sample_data, f"{options.sample}_like")()[0]
    scale = {"voxel_size": attributes["scale"][0], "unit": attributes["units"][0]}
    reference = Reference(labels, **scale)
    plan = _planned(reference, options)
    check_memory(check_shape([options.size] * 3))
    _foretell(plan, (options.size,) * 3, exact=True)
    options.output.mkdir(parents=True, exist_ok=True)
    _check_writable(options.output / "model.swnn")
    model = _trained(plan)
    model.save(options.output / "model.swnn")
    volume = _followed(iter_generate(model, (options.size,) * 3, seed=options.seed, exact=True), _describe_generation)
    write_tiff(options.output / "volume.tif", volume, **scale)
    report = validate(volume, reference)
    report.save(options.output / "report.json")
    print(report.summary())
    figure = reconstruction_figure(volume, reference, report, target=plan.porosity)
    save_figure(figure, options.output / "reconstruction.png")
    print(f"Wrote model.swnn, volume.tif, report.json and reconstruction.png to {options.output}/")


def _train(options: argparse.Namespace) -> None:
    _check_writable(options.output)
    if options.output.exists() and not options.overwrite:
        raise ValueError(
            f"--output must be a new file, got {options.output}, which is there; add --overwrite to replace it"
        )
    plan = _planned(_reference(options), options, dimension=options.dimension)
    _foretell(plan, (128,) * plan.choice.network.dimension)
    model = _trained(plan)
    model.save(options.output)
    print(f"Wrote {options.output}")


def _generate(options: argparse.Namespace) -> None:
    from napari_swnn import Model, iter_generation

    if not options.output.is_dir():
        _check_writable(options.output)
    model = Model.load(options.model)
    with _client(options.scheduler) as client, _resumable():
        steps = iter_generation(
            model,
            _full(options.shape, model.dimension),
            seed=options.seed,
            porosity=options.porosity,
            periodic=_flags(options.periodic, model.dimension),
            exact=options.exact,
            n=options.n,
            out=options.output,
            resume=options.resume,
            client=client,
            device=options.device,
        )
        _followed(steps, _describe_generation)
    print(f"Porosity {_porosity_of(options.output, model.labels.phase):.4f}; wrote {options.output}")


def _ensemble(options: argparse.Namespace) -> None:
    from napari_swnn import iter_ensemble

    shape, n_volumes = _full(options.shape, 3), options.trainings * options.realisations
    with _client(options.scheduler) as client, _resumable():
        reference = _reference(options)
        steps = iter_ensemble(
            reference,
            out=options.output,
            porosity=options.porosity,
            n_trainings=options.trainings,
            n_realisations=options.realisations,
            shape=shape,
            preset=options.preset,
            seed=options.seed,
            validate=not options.no_validation,
            resume=options.resume,
            client=client,
            device=options.device,
        )
        plan = _planned(reference, options, dimension=len(shape))
        _foretell(plan, shape, n_trainings=options.trainings, n_volumes=n_volumes, shared=client is not None)
        result = _followed(steps, _describe_ensemble)
    print(result.summary())
    print(f"Wrote models, volumes, reports and tables to {options.output}/")


def _full(shape: Sequence[int], dimension: int) -> tuple[int, ...]:
    return tuple(shape) * dimension if len(shape) == 1 else tuple(shape)


def _flags(axes: str, dimension: int) -> tuple[bool, ...]:
    names = "zyx"[-dimension:]
    if axes != ALL_AXES and not set(axes) <= set(names):
        raise ValueError(f"--periodic must name axes of {names}, which a {dimension}-D model has, got {axes!r}")
    return tuple(axes == ALL_AXES or name in axes for name in names)


@contextmanager
def _client(address: str | None) -> Iterator[Any]:
    """A client of a Dask cluster, if there is an address."""
    if address is None:
        yield None
        return
    try:
        from concurrent.futures import CancelledError

        from distributed import Client, KilledWorker
    except ImportError as error:
        raise ValueError("--scheduler needs the package distributed; install napari-swnn[cluster]") from error
    # A scheduler that is just starting writes its file in a moment: the client waits for it.
    with Client(scheduler_file=address) if address.endswith(".json") else Client(address) as client:
        try:
            yield client
        except (KilledWorker, CancelledError) as error:
            said = " ".join(str(error).split())
            raise RuntimeError(f"the workers and the scheduler must stay alive, got: {said}") from error


@contextmanager
def _resumable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print("\nWhat is complete is kept: the same command with --resume goes on.", file=sys.stderr)
        raise


def _porosity_of(path: Path, phase: int) -> float:
    """Fraction of the phase; of a very large OME-Zarr, that of a coarser level, which is a sample of the voxels."""
    import dask.array as da

    from napari_swnn.io import is_ome_zarr, open_ome_zarr

    if is_ome_zarr(path):
        levels = open_ome_zarr(path).levels
        labels = next((level for level in levels if level.size <= MANY_VOXELS), levels[-1])
    else:
        import tifffile

        labels = da.from_array(tifffile.memmap(path, mode="r"))
    return float((labels == phase).mean().compute())


def _validate(options: argparse.Namespace) -> None:
    import numpy as np

    from napari_swnn import iter_validate
    from napari_swnn.figures import reconstruction_figure, report_page, save_figure, save_plates
    from napari_swnn.io import open_volumes

    for path in filter(None, (options.report, options.csv, options.html, options.picture)):
        _check_writable(path)
    if options.figures:
        _check_folder(options.figures)
    if options.picture and options.picture.suffix.lower() not in PICTURES:
        raise ValueError(f"--picture must end in {', '.join(PICTURES)}, got {options.picture}")
    reference = _reference(options)
    volumes = [volume for path in options.volumes for volume in open_volumes(path)]
    report = _followed(
        iter_validate(volumes, reference, physics=options.physics, conductivities=_conductivities(options, reference)),
        lambda s: f"validating  {s.index + 1}/{s.n_steps}  {s.task}",
    )
    print(report.summary())
    if options.report:
        report.save(options.report)
    if options.csv:
        report.save_csv(options.csv)
    if options.html:
        options.html.write_text(report_page(report), encoding="utf-8")
    if options.figures:
        save_plates(report, options.figures)
    if options.picture:
        save_figure(reconstruction_figure(np.asarray(volumes[0]), reference, report), options.picture)


def _conductivities(options: argparse.Namespace, reference: Reference) -> dict[int, float] | None:
    if options.conductivities is None:
        return None
    of_phase, of_rest = options.conductivities
    return {reference.phase: of_phase, reference.background: of_rest}


def _reference(options: argparse.Namespace) -> Reference:
    from napari_swnn import Reference
    from napari_swnn.io import read_labels

    labels = read_labels(options.image)
    phase = _highest_of_two(labels, options.image) if options.phase is None else options.phase
    roi = None if options.roi is None else read_labels(options.roi) > 0
    return Reference(labels, phase=phase, roi=roi, voxel_size=options.voxel_size, unit=options.unit)


def _highest_of_two(labels: np.ndarray, path: Path) -> int:
    import numpy as np

    values = np.unique(labels)
    if len(values) > 2:
        raise ValueError(
            f"--phase must say which phase of {path} is of interest, got none for {len(values)} values from "
            f"{values[0]} to {values[-1]}; segment the image first if these are grey levels"
        )
    return int(values[-1])


def _planned(reference: Reference, options: argparse.Namespace, *, dimension: int = 3) -> TrainingPlan:
    """Check what is asked for, and say what it comes to."""
    from napari_swnn.core.device import describe_device
    from napari_swnn.core.plan import plan_training
    from napari_swnn.validation import reference_interval

    plan = plan_training(
        reference,
        porosity=_one_or_range(options.porosity),
        preset=options.preset,
        dimension=dimension,
        seed=options.seed,
        device=getattr(options, "device", "auto"),
    )
    low, high = plan.reachable
    limits = plan.porosity_range
    target = f"target {plan.porosity:.3f}" if limits is None else f"range {limits[0]:.3f} to {limits[1]:.3f}"
    interval = reference_interval(reference)
    print(
        f"Reference porosity {interval.value:.3f}, 95 % interval {interval.low:.3f} to {interval.high:.3f}; "
        f"reachable {low:.3f} to {high:.3f}; {target}."
    )
    if interval.warning is not None:
        print(f"Note: {interval.warning}.")
    print(*plan.choice.reasons)
    scheduler = getattr(options, "scheduler", None)
    where = describe_device(plan.device) if scheduler is None else f"the workers of {scheduler}"
    print(f"Training on {where}, preset {options.preset!r}.")
    return plan


def _one_or_range(porosity: Any) -> float | tuple[float, float] | None:
    """What was typed: nothing, a number, or two of them."""
    if not isinstance(porosity, list):
        return None if porosity is None else float(porosity)
    if len(porosity) > 2:
        raise ValueError(f"--porosity must be one number or two, LOW HIGH, got {len(porosity)}")
    return float(porosity[0]) if len(porosity) == 1 else (float(porosity[0]), float(porosity[1]))


def _foretell(
    plan: TrainingPlan,
    shape: Shape,
    *,
    exact: bool = False,
    n_trainings: int = 1,
    n_volumes: int = 1,
    shared: bool = False,
) -> None:
    """Say what the run will take, from a short measurement that is kept for the next time."""
    from napari_swnn.core.cost import estimate_cost

    cost = estimate_cost(plan, shape, n_volumes=n_volumes, exact=exact)
    models = "" if n_trainings == 1 else f" {n_trainings} models"
    size = ("" if n_volumes == 1 else f"{n_volumes} times ") + " × ".join(map(str, shape))
    print(
        f"It will take about {_time(n_trainings * cost.training)} to train{models} and {_time(cost.generation)} to "
        f"generate {size} voxels, in {cost.memory / 2**30:.1f} GiB of memory"
        + (" on this machine alone; the workers share the work." if shared else ".")
    )


def _trained(plan: TrainingPlan) -> Model:
    from napari_swnn.core.training import iter_plan

    asked: list[int] = []

    def on_signal(number: int, _frame: Any) -> None:
        """Ctrl-C, or the end of a job's time, finishes the model with what was learned; Ctrl-C after it gives up."""
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not asked:
            with suppress(RuntimeError):  # a print that the signal cut into allows no other
                print("\nstopping: finishing the model; press Ctrl-C again to give it up", flush=True)
        asked.append(number)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return _followed(iter_plan(plan, should_stop=lambda: bool(asked)), _describe_training)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _describe_training(step: TrainingStep) -> str:
    return (
        f"{step.activity}  step {step.iteration}/{step.n_iterations}  scale 1/{step.scale}  "
        f"distance {step.loss:.4f}  {_time(step.time_left)} left"
    )


def _describe_generation(step: GenerationStep) -> str:
    return f"generating  block {step.block}/{step.n_blocks}  {_time(step.time_left)} left"


def _describe_ensemble(step: EnsembleStep) -> str:
    detail, text = step.detail, f"{step.index}/{step.n_steps} done  {step.task}"
    for kind, described in (
        ("iteration", "step {0.iteration}/{0.n_iterations}"),
        ("block", "block {0.block}/{0.n_blocks}"),
    ):
        if hasattr(detail, kind):
            return f"{text}  {described.format(detail)}  {_time(detail.time_left)} left"
    return text if detail is None else f"{text}  {detail.task}"


def _followed(steps: Generator[Any, None, Result], describe: Callable[[Any], str]) -> Result:
    """Drain a generator, saying how far it is: in place on a terminal, else a line every ten seconds."""
    terminal, start, said, text = sys.stdout.isatty(), perf_counter(), float("-inf"), ""

    def say(step: Any) -> None:
        nonlocal said, text
        if note := _note_of(step):
            print("\r" + f"Note: {note}".ljust(len(text)) if terminal else f"Note: {note}", flush=True)
        text = describe(step).ljust(len(text) if terminal else 0)  # what is longer on the line would stay there
        if perf_counter() - said >= (0.2 if terminal else 10):
            print("\r" + text if terminal else text, end="" if terminal else "\n", flush=True)
            said = perf_counter()

    result = drain(steps, say)
    done = f"{text.rstrip()}  done in {_time(perf_counter() - start)}"
    print("\r" + done.ljust(len(text)) if terminal else done, flush=True)
    return result


def _note_of(step: Any) -> str:
    """What the user should know, for example that a training diverged; of an ensemble it is in the detail."""
    return getattr(step, "note", "") or getattr(getattr(step, "detail", None), "note", "")


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _check_writable(path: Path) -> None:
    """Refuse now what would fail after hours of work."""
    if path.is_dir():
        raise ValueError(f"a file is to be written, got the folder {path}; add a file name")
    if not path.parent.is_dir():
        raise ValueError(f"the folder of {path} must exist, got {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"the folder of {path} must be writable, got {path.parent}; choose another")
    if path.exists() and not os.access(path, os.W_OK):
        raise ValueError(f"the file {path} must be writable, got one that is not; choose another name")


def _check_folder(path: Path) -> None:
    """Refuse now a folder that could not be made or written to after hours of work."""
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise ValueError(f"--figures must name a folder, got {path}, where {there} is a file; choose another")
    if not os.access(there, os.W_OK):
        raise ValueError(f"--figures must lie in a folder that is writable, got {path} in {there}; choose another")
