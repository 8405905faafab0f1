"""What is said before a training: what was asked for, and what it will take."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from napari_swnn.cli._progress import as_time

if TYPE_CHECKING:
    from napari_swnn._types import Shape
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.core.training.plan import TrainingPlan


def planned(reference: Reference, options: argparse.Namespace, *, dimension: int = 3) -> TrainingPlan:
    """Check what is asked for, and say what it comes to."""
    from napari_swnn.core.numerics.device import describe_device
    from napari_swnn.core.training.plan import plan_training
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


def foretell(
    plan: TrainingPlan,
    shape: Shape,
    *,
    exact: bool = False,
    n_trainings: int = 1,
    n_volumes: int = 1,
    shared: bool = False,
) -> None:
    """Say what the run will take, from a short measurement that is kept for the next time."""
    from napari_swnn.core.training.cost import estimate_cost

    cost = estimate_cost(plan, shape, n_volumes=n_volumes, exact=exact)
    models = "" if n_trainings == 1 else f" {n_trainings} models"
    size = ("" if n_volumes == 1 else f"{n_volumes} times ") + " × ".join(map(str, shape))
    print(
        f"It will take about {as_time(n_trainings * cost.training)} to train{models} and {as_time(cost.generation)} to "
        f"generate {size} voxels, in {cost.memory / 2**30:.1f} GiB of memory"
        + (" on this machine alone; the workers share the work." if shared else ".")
    )
