#!/usr/bin/env python3
"""Make the gallery of the documentation: python scripts/make_gallery.py compute; python scripts/make_gallery.py draw.

`compute` trains a model on each built-in sample as `napari-swnn demo` does, and keeps volume and report in
benchmarks/output/gallery. `draw` makes docs/images/gallery/*.png and docs/gallery.md from them. Drawing needs VTK,
which comes with the extra `dev`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

import napari_swnn as swnn
from napari_swnn import _sample_data

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "output" / "gallery"


@dataclass(frozen=True)
class Material:
    """A built-in sample, its target and its description."""

    key: str
    sample: str
    title: str
    text: str
    porosity: float | None = None
    """Target, or None for that of the sample."""


MATERIALS = (
    Material(
        "rock",
        "rock_like",
        "Rock with winding pores",
        "A level set of a Gaussian field: pores of many sizes without a preferred direction, as in a sandstone.",
    ),
    Material(
        "rock-dense",
        "rock_like",
        "The same rock, less porous",
        "Patterns of the same section, resampled to a porosity that the section does not have.",
        0.12,
    ),
    Material(
        "silica",
        "silica_like",
        "Silica with isolated pores",
        "Overlapping spheres at a porosity of a tenth: most pores do not touch.",
    ),
    Material(
        "electrode",
        "electrode_like",
        "Electrode of fine particles",
        "The space between overlapping particles with a radius of four pixels.",
    ),
    Material(
        "superalloy",
        "superalloy_like",
        "Superalloy with channels",
        "Channels between precipitates that are nearly periodic along the axes.",
    ),
    Material(
        "three-phase-electrode",
        "three_phase_electrode",
        "Electrode with binder",
        "Three phases: pores, active material, and a binder three pixels thick that covers half of its surface.",
    ),
    Material(
        "three-phase-alloy",
        "three_phase_alloy",
        "Alloy of three equal phases",
        "Three phases that are alike, each a third of the volume.",
    ),
)


def read_sample(material: Material) -> tuple[np.ndarray, swnn.Reference]:
    """Return labels and reference of the sample of a material."""
    labels, attributes, _ = getattr(_sample_data, material.sample)()[0]
    phases = attributes.get("metadata", {}).get("swnn", {})
    names = {"phase": phases["phase"], "names": phases["phases"]} if phases else {}
    return labels, swnn.Reference(labels, voxel_size=attributes["scale"][0], unit=attributes["units"][0], **names)


def compute(material: Material, preset: str, size: int) -> None:
    """Train, generate and validate, and keep the results."""
    labels, reference = read_sample(material)
    begin = time.perf_counter()
    model = swnn.train(reference, porosity=material.porosity, preset=preset, seed=0)
    trained = time.perf_counter()
    RESULTS.mkdir(parents=True, exist_ok=True)
    model.save(RESULTS / f"{material.key}.swnn")
    volume = swnn.generate(model, (size,) * 3, seed=0, exact=True)
    generated = time.perf_counter()
    report = swnn.validate(volume, reference)
    RESULTS.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(RESULTS / f"{material.key}.npz", labels=labels, volume=volume)
    facts = report.to_dict() | {
        "preset": preset,
        "training_seconds": trained - begin,
        "generation_seconds": generated - trained,
        "date": date.today().isoformat(),
        "summary": report.summary(),
    }
    (RESULTS / f"{material.key}.json").write_text(json.dumps(facts), encoding="utf-8")
    print(f"{material.key}: {trained - begin:.0f} s\n{report.summary()}", flush=True)


def main() -> None:
    """Compute or draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("compute", "draw"))
    parser.add_argument("--materials", nargs="+", choices=[material.key for material in MATERIALS])
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--size", type=int, default=128)
    options = parser.parse_args()
    for material in MATERIALS:
        if options.materials is None or material.key in options.materials:
            compute(material, options.preset, options.size)


if __name__ == "__main__":
    main()
