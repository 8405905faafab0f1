"""Checks before a run: analysis of the reference, training plan, problems and cost.

All functions run outside the viewer's thread and do not access controls; problems name the control they belong to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from napari_swnn._memory import format_memory, free_memory
from napari_swnn._progress import format_estimate, format_span
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.widgets.kit.errors import BadInputError, to_bad_input
from napari_swnn.widgets.layers.checked_reference import CheckedReference
from napari_swnn.widgets.layers.phase_pick import PhasePick
from napari_swnn.widgets.layers.provenance import list_fractions
from napari_swnn.widgets.layers.snapshot import Snapshot
from napari_swnn.widgets.reconstruction.jobs import BENCHMARK, find_checkpoint, find_unfinished
from napari_swnn.widgets.reconstruction.request import Request

if TYPE_CHECKING:
    from napari_swnn.core.network.config import NetworkConfig
    from napari_swnn.core.training.plan import ReferenceAnalysis, TrainingPlan
    from napari_swnn.core.training.unfinished import UnfinishedTraining
    from napari_swnn.statistics import FractionInterval

_BUSY = 1.5
"""Load from which an estimate mentions it."""
_SHARED = ("map", "mask", "through", "periodic", "exact", "resolution")
"""Keys of the controls that affect both Run and Generate."""
_CONTROLS = {"shape": "periodic", "periodic": "periodic", "mask": "mask", "exact": "exact", "coarse": "coarse"}
"""Keys of the controls by argument of a volume."""


@dataclass(frozen=True, eq=False)
class Findings:
    """Results of checking a reference.

    Attributes
    ----------
    checked : CheckedReference
        Copy of the reference with its phases.
    analysis : ReferenceAnalysis or None
        Network and patterns; None if the reference cannot be used.
    interval : FractionInterval or None
        Confidence interval of the material's porosity.
    problem : BadInputError or None
        Reason that the reference cannot be used.
    """

    checked: CheckedReference
    analysis: "ReferenceAnalysis | None" = None
    interval: "FractionInterval | None" = None
    problem: BadInputError | None = None

    @property
    def snapshot(self) -> Snapshot:
        """Checked copy of the reference."""
        return self.checked.snapshot


@dataclass(frozen=True, slots=True)
class CurrentCost:
    """Estimated run time and memory under the present load of the machine.

    Attributes
    ----------
    training, generation : float
        Time to train, and to generate the volumes, in seconds.
    memory : int
        Peak memory, in bytes.
    load : float
        Factor by which the times are longer than on a free machine, if that is known; otherwise 1.
    rest : float or None
        Time for what is left of an unfinished training with the same settings, in seconds; None if there is none.
    """

    training: float
    generation: float
    memory: int
    load: float = 1.0
    rest: float | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """Checked request with its plan and problems.

    Attributes
    ----------
    request : Request
        Checked settings.
    plan : TrainingPlan or None
        Training plan that Run executes.
    run_problem, generate_problem : BadInputError or None
        Reason that Run or Generate cannot start.
    resumable : bool
        True if an unfinished training of this plan was saved.
    unfinished : tuple of UnfinishedTraining
        Unfinished trainings of the reference, whatever their settings; that of this plan first, if there is one.
    kept : UnfinishedTraining or None
        The one of this plan.
    """

    request: Request
    plan: "TrainingPlan | None" = None
    run_problem: BadInputError | None = None
    generate_problem: BadInputError | None = None
    resumable: bool = False
    unfinished: "tuple[UnfinishedTraining, ...]" = ()
    kept: "UnfinishedTraining | None" = None

    @property
    def problem(self) -> BadInputError | None:
        """Problem to show below a control; names the button if only one of two buttons is affected."""
        run, generate = self.run_problem, self.generate_problem
        if run is not None and generate is not None:
            same = str(run) == str(generate) or run.control != generate.control
            return run if same else BadInputError(run.control, f"For Generate: {generate} For Run: {run}")
        found = run or generate
        if found is None or self._has_one_button or found.control not in _SHARED:
            return found
        return BadInputError(found.control, f"For {'Generate' if run is None else 'Run'}: {found}")

    @property
    def can_run(self) -> bool:
        """True if Run can execute the plan."""
        return self.plan is not None and self.run_problem is None

    @property
    def fits_section(self) -> bool:
        """True if Generate would fit a section with the selected model."""
        request = self.request
        is_ready = request.entry is not None and self.generate_problem is None
        return is_ready and request.spatial.section is not None

    @property
    def _has_one_button(self) -> bool:
        return self.request.entry is None or (self.plan is None and self.run_problem is None)


def analyse(snapshot: Snapshot, pick: PhasePick, config: TrainingConfig) -> Findings:
    """Check a reference and extract its patterns.

    Parameters
    ----------
    snapshot : Snapshot
        Copy of the reference.
    pick : int, AllBut or None
        Phase of interest. If None or not in the reference, a default is used.
    config : TrainingConfig
        Training settings.
    """
    from napari_swnn.core.training.plan import analyse_reference
    from napari_swnn.validation import reference_interval

    checked = CheckedReference.look(snapshot, pick)
    if checked.problem is not None:
        return Findings(checked, problem=checked.problem)
    try:
        analysis = analyse_reference(checked.reference(), config=config)
        interval = reference_interval(analysis.reference)
    except (TypeError, ValueError) as error:
        return Findings(checked, problem=to_bad_input(error))
    return Findings(checked, analysis, interval)


def prepare(analysis: "ReferenceAnalysis | None", request: Request) -> Prepared:
    """Plan a training, and check that it and the selected model can generate the requested volumes.

    Parameters
    ----------
    analysis : ReferenceAnalysis or None
        Analysed reference, or None to check for Generate only.
    request : Request
        Settings to check.
    """
    plan, run_problem, generate_problem = None, None, None
    if analysis is not None:
        try:
            plan = analysis.plan(**request.aim, seed=request.seed, device=request.device)
        except (TypeError, ValueError) as error:
            run_problem = to_bad_input(error)
    if request.spatial_problem is not None:
        run_problem, generate_problem = run_problem or request.spatial_problem, request.spatial_problem
    elif not request.is_plain:
        if plan is not None:
            fractions = dict(zip(plan.reference.phases, plan.target.fractions, strict=True))
            run_problem = _volume_problem(request, plan.choice.network, fractions, None)
        if request.entry is not None:
            model = request.entry.model
            generate_problem = _volume_problem(request, model.network, list_fractions(model), request.porosity)
            if model.overlay is not None and request.scale != 1:
                text = "The known voxels of the model are of the full resolution; choose it."
                generate_problem = BadInputError("resolution", text)
    checkpoint = None if plan is None or run_problem is not None else find_checkpoint(plan)
    resumable = checkpoint is not None and checkpoint.exists
    found = () if analysis is None else find_unfinished(analysis.reference)
    kept = next((each for each in found if checkpoint is not None and each.path == checkpoint.path), None)
    if kept is not None:
        found = (kept, *(each for each in found if each is not kept))
    return Prepared(request, plan, run_problem, generate_problem, resumable, found, kept)


def _volume_problem(
    request: Request, network: "NetworkConfig", own: Mapping[int, float], target: float | None
) -> BadInputError | None:
    """Return the reason that a network, trained or not, cannot generate the requested volumes, or None."""
    from napari_swnn.core.volume.spec import check_spec

    if request.exact and request.destination == "lazy":
        text = "An exact porosity needs the whole volume; choose another output under Large volumes, or untick it."
        return BadInputError("exact", text)
    if request.spatial.section is not None and request.n > 1:
        return BadInputError("through", "A section needs a single volume; set the number of volumes to 1.")
    if network.porosity_range is None and request.spatial.kind != "uniform":
        text = "A varying porosity needs a model for a range of porosities; tick Train for a range above."
        return BadInputError("map", text)
    porosity = next(iter(own.values()), None)  # the phase of interest is the first
    if request.scale != 1:
        problem = _resolution_problem(request.scale, network, porosity)
        if problem is not None:
            return problem
        network = replace(network, stages=tuple(stage for stage in network.stages if stage.scale >= request.scale))
    try:
        check_spec(request.spec(network.dimension, porosity=target), network, porosity, own)
    except BadInputError as problem:
        return problem
    except (TypeError, ValueError) as error:
        return to_bad_input(error, _CONTROLS, default="map")
    return None


def _resolution_problem(scale: int, network: "NetworkConfig", porosity: float | None) -> BadInputError | None:
    """Return the reason that a network cannot generate volumes at a coarser resolution, or None."""
    scales = [stage.scale for stage in network.stages]
    if scale not in scales:
        offered = ", ".join("full" if each == 1 else f"1/{each}" for each in sorted(scales))
        return BadInputError("resolution", f"The model has no scale of 1/{scale}; choose one of {offered}.")
    if porosity is None or network.box is not None:
        text = "A coarser resolution needs a model of known fractions that are not free; choose full."
        return BadInputError("resolution", text)
    return None


def estimate(prepared: Prepared) -> "CurrentCost | None":
    """Estimate the time and memory of a run under the present load of the machine.

    Each type of network is benchmarked at first use. Later on, the machine may be more or less busy than it was then,
    so that its load is measured each time.
    """
    from napari_swnn.core.numerics.machine_load import present_load
    from napari_swnn.core.training.cost import estimate_cost, time_after

    plan, request = prepared.plan, prepared.request
    if plan is None:
        return None
    shape = request.grid(plan.choice.network.dimension)
    with BENCHMARK:
        load = present_load(plan.device)
        cost = estimate_cost(plan, shape, n_volumes=request.n, exact=request.exact, load=load)
        rest = None if prepared.kept is None else time_after(plan, prepared.kept.n_done, load=load)
    memory, generation = cost.memory + (request.n - 1) * prod(shape), cost.generation
    if request.destination != "memory":
        memory = estimate_cost(plan, (1,) * len(shape)).memory  # only single blocks are in memory
        generation = 0.0 if request.destination == "lazy" else generation
    return CurrentCost(cost.training, generation, memory, load, rest)


def describe_cost(cost: "CurrentCost") -> str:
    """Describe an estimate in one line: the times on a free machine, and the whole time under a considerable load."""
    load = cost.load if cost.load >= _BUSY else 1.0
    times = f"About {format_estimate(cost.training / load)} to train"
    times += f" ({format_estimate(cost.rest / load)} with Resume)" if cost.rest is not None else ""
    times += f", {format_estimate(cost.generation / load)} to generate" if cost.generation else ""
    if load > 1:
        times += f"; {format_span(cost.training + cost.generation)} while the computer is this busy"
    return f"{times} · {format_memory(cost.memory)} of memory"


def memory_warning(cost: "CurrentCost") -> str:
    """Return a warning if a run may not fit into memory, otherwise an empty text."""
    free = free_memory()
    if cost.memory <= free:
        return ""
    return (
        f"A run takes about {format_memory(cost.memory)} of memory, but only {format_memory(free)} is free; choose a "
        "smaller size or fewer volumes, or close other programs."
    )
