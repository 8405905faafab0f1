"""Noise around measured sections, drawn before a generation."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from napari_swnn._steps import forward_steps
from napari_swnn.core.conditioning.known_voxels import Sections, list_sections
from napari_swnn.core.conditioning.run import ConstraintSpec, ConstraintStep, iter_constrain
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.assembly import GenerationStep
from napari_swnn.core.volume.constrained import check_variation
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume


def check_fits(model: Model, spec: VolumeSpec, through: Sections, *, n: int = 1) -> None:
    """Raise an error unless sections are planes of a volume.

    Parameters
    ----------
    model : Model
        Trained model.
    spec : VolumeSpec
        Description of the volume.
    through : mapping
        As for `napari_swnn.generate`.
    n : int
        Number of realisations.

    Raises
    ------
    TypeError, ValueError
        If a section does not fit the volume, the volume is periodic or varies in space, or there are several.
    """
    if n != 1:
        raise ValueError(
            f"through needs a single realisation, got n={n}; call constrain once and generate n volumes that share the "
            "planes near the sections, or call generate with one seed after another"
        )
    if spec.scale != 1:
        raise ValueError(f"scale must be 1 for a volume that passes through a section, got {spec.scale}; omit it")
    checked = describe_volume(replace(model, overlay=None), spec, device="cpu").spec
    check_variation(checked)
    for section in list_sections(through, model.dimension):
        across = tuple(np.delete(checked.shape, section.axis).tolist())
        if section.labels.shape != across or section.position >= checked.shape[section.axis]:
            raise ValueError(
                f"{section.name} must be a plane of the volume, of shape {across} at a position below "
                f"{checked.shape[section.axis]}, got shape {section.labels.shape} at {section.position}; crop the "
                "section, or change the shape or the position"
            )


def iter_through_sections(
    model: Model, spec: VolumeSpec, through: Sections, *, n: int = 1, device: str = "auto"
) -> Generator[GenerationStep, None, Model]:
    """Draw the noise around sections that are planes of a volume.

    Parameters
    ----------
    model, spec, through, n
        As for `check_fits`.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on.

    Yields
    ------
    GenerationStep
        Progress of the draw, with iterations in place of blocks.

    Returns
    -------
    Model
        The constrained model.
    """
    check_fits(model, spec, through, n=n)
    steps = iter_constrain(model, describe_constraint(spec, through), device=device)
    return (yield from forward_steps(steps, _as_generation))


def describe_constraint(spec: VolumeSpec, through: Sections) -> ConstraintSpec:
    """Return the description of the draw around sections of a volume."""
    return ConstraintSpec(through, None, spec.seed, spec.porosity, spec.fractions)


def _as_generation(step: ConstraintStep) -> GenerationStep:
    return GenerationStep(
        block=step.iteration,
        n_blocks=step.n_iterations,
        fraction=step.fraction,
        elapsed=step.elapsed,
        time_left=step.time_left,
        activity=step.activity,
        note=step.note,
    )
