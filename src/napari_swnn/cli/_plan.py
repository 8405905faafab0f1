"""Printed summary of a planned training: reference, target, architecture, estimated time and memory."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from napari_swnn._phase_names import name_phase
from napari_swnn._progress import format_duration
from napari_swnn.cli._pairs import parse_pairs

if TYPE_CHECKING:
    from napari_swnn._types import Shape
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.core.training.config import TrainingConfig
    from napari_swnn.core.training.plan import TrainingPlan


def plan_and_report(
    reference: Reference, options: argparse.Namespace, *, config: TrainingConfig | None = None, dimension: int = 3
) -> TrainingPlan:
    """Plan a training from command-line options and print its summary."""
    from napari_swnn.core.training.plan import analyse_reference

    analysis = analyse_reference(reference, preset=options.preset, config=config, dimension=dimension)
    plan = analysis.plan(
        porosity=_parse_porosity(options.porosity),
        fractions=parse_pairs(getattr(options, "fractions", None), _number_or_range, "--fractions"),
        seed=options.seed,
        device=getattr(options, "device", "auto"),
    )
    report_plan(plan, options)
    return plan


def report_plan(plan: TrainingPlan, options: argparse.Namespace) -> None:
    """Print the porosities, architecture and device of a training."""
    from napari_swnn.core.network.fraction_box import describe_box
    from napari_swnn.core.numerics.device import describe_device
    from napari_swnn.validation import reference_interval

    low, high = plan.reachable
    limits = plan.porosity_range
    target = f"target {plan.porosity:.3f}" if limits is None else f"range {limits[0]:.3f} to {limits[1]:.3f}"
    interval = reference_interval(plan.reference)
    print(
        f"Reference porosity {interval.value:.3f}, 95 % interval {interval.low:.3f} to {interval.high:.3f}; "
        f"reachable {low:.3f} to {high:.3f}; {target}."
    )
    if interval.warning is not None:
        print(f"Note: {interval.warning}.")
    if plan.network.box is not None:
        print(f"Ranges of fractions: {describe_box(plan.network.box, plan.reference.phases)}.")
    if len(plan.target.fractions) > 2:
        print(f"Target fractions: {_list_fractions(plan)}.")
    print(*plan.reasons)
    scheduler = getattr(options, "scheduler", None)
    where = describe_device(plan.device) if scheduler is None else f"the workers of {scheduler}"
    print(f"Training on {where}, preset {options.preset!r}.")


def _number_or_range(text: str) -> float | tuple[float, float]:
    """Convert a number, or two numbers with a colon between them."""
    low, colon, high = text.partition(":")
    return (float(low), float(high)) if colon else float(low)


def _list_fractions(plan: TrainingPlan) -> str:
    reference = plan.reference
    shares = zip(reference.phases, plan.target.fractions, strict=True)
    return ", ".join(f"{name_phase(label, reference.names)} {fraction:.3f}" for label, fraction in shares)


def _parse_porosity(porosity: Any) -> float | tuple[float, float] | None:
    """Return the porosity or porosity range from the command line, or None if it was not given."""
    if not isinstance(porosity, list):
        return None if porosity is None else float(porosity)
    if len(porosity) > 2:
        raise ValueError(f"--porosity must be one number, or two (LOW HIGH), got {len(porosity)}")
    return float(porosity[0]) if len(porosity) == 1 else (float(porosity[0]), float(porosity[1]))


def report_cost(
    plan: TrainingPlan,
    shape: Shape,
    *,
    exact: bool = False,
    n_trainings: int = 1,
    n_volumes: int = 1,
    shared: bool = False,
) -> None:
    """Print the estimated time and memory of a run; the underlying benchmark is cached for later runs."""
    from napari_swnn.core.numerics.machine_load import present_load
    from napari_swnn.core.training.cost import estimate_cost

    cost = estimate_cost(plan, shape, n_volumes=n_volumes, exact=exact, load=present_load(plan.device))
    models = "" if n_trainings == 1 else f" {n_trainings} models"
    size = ("" if n_volumes == 1 else f"{n_volumes} times ") + " × ".join(map(str, shape))
    print(
        f"Estimated time: {format_duration(n_trainings * cost.training)} to train{models}, "
        f"{format_duration(cost.generation)} to generate {size} voxels; memory: {cost.memory / 2**30:.1f} GiB"
        + (" on this machine alone; the workers share the work." if shared else ".")
    )
