#!/usr/bin/env python3
"""Make the gallery of the documentation: python scripts/make_gallery.py compute; python scripts/make_gallery.py draw.

`compute` trains a model on each built-in sample, as the commands on the page do, and keeps model, volume and report in
benchmarks/output/gallery. `draw` makes docs/images/gallery/*.png and docs/gallery.md of those that are there. Drawing
needs VTK, which comes with the extra `dev`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

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


ROCK = "A level set of a Gaussian field: pores of many sizes without a preferred direction, as in a sandstone."
MATERIALS = (
    Material(
        "rock",
        "rock_like",
        "Rock with winding pores",
        f"{ROCK}\nThe target is higher than the porosity of the section, and the surface follows it.",
        0.25,
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
        "Pores, active material, and a binder three pixels thick that covers half of its surface.",
    ),
    Material(
        "three-phase-alloy",
        "three_phase_alloy",
        "Alloy of three equal phases",
        "Three phases that are alike, each a third of the volume.",
    ),
)
INTRODUCTION = """# Gallery

One section of each material, and a volume made from it. The volume is cut open: the corner shows the phase of interest
alone. Every picture can be made again with the commands below it, on two cores in some minutes. The sections are
synthetic, with known statistics, and come with the package. Models and volumes have seed 0.

*Within* and *outside of* refer to the 95 % interval of the section, which is what a section of this size knows of its
material. *3-D* is a prediction that no section can confirm.
"""
PAPER = """## The materials of the paper

Silica, porous rock, a battery electrode and a superalloy, 128 × 128 pixels each: the section, and three sections of a
volume made from it with `standard`, beside those of the authors' networks. The scores of the structure against theirs,
1 being equal and lower better, are 0.46, 0.94, 0.92 and 0.81 in the mean of three trainings; `fine` reaches 0.50, 0.79,
0.80 and 0.65
([all figures](../benchmarks/RESULTS.md#accuracy)).

![Sections of reference, volume and the authors' volume](images/contact-sheet.png)

```sh
python benchmarks/accuracy.py --preset standard   # needs the images of the paper
python benchmarks/contact_sheet.py
```
"""


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


def draw(material: Material) -> None:
    """Draw section and volume of a material."""
    import matplotlib.pyplot as plt
    from make_figures import save
    from rendering import BLUE, GOLD, STONE, render_block

    arrays = np.load(RESULTS / f"{material.key}.npz")
    facts = json.loads((RESULTS / f"{material.key}.json").read_text(encoding="utf-8"))
    labels, volume, phase = arrays["labels"], arrays["volume"], facts["phase"]
    colours = {label: STONE if label != phase else GOLD for label in np.unique(labels).tolist()}
    if len(colours) > 2:
        own = getattr(_sample_data, material.sample)()[0][1]["colormap"]
        colours = {label: tuple(own[label][:3]) for label in colours}
    is_empty = material.sample != "three_phase_alloy"  # pores are left out of the block
    solid = {label: colour for label, colour in colours.items() if not is_empty or label != phase}
    cast = GOLD if len(colours) == 2 else BLUE if is_empty else colours[phase]
    block = render_block(volume, solid, {phase: cast}, size=520)
    shown = np.ones((*labels.shape, 3))
    for label, colour in colours.items():
        shown[labels == label] = (0.12, 0.12, 0.14) if is_empty and label == phase else colour
    figure = plt.figure(figsize=(8, 4), dpi=100)
    left, right = figure.add_axes((0.02, 0.08, 0.42, 0.84)), figure.add_axes((0.49, 0, 0.5, 1))
    left.imshow(shown, interpolation="nearest")
    right.imshow(block)
    left.set_axis_off()
    right.set_axis_off()
    save(figure, ROOT / "docs" / "images" / "gallery" / f"{material.key}.png")


def describe(material: Material) -> str:
    """Return heading, picture, verdict and commands of a material."""
    facts = json.loads((RESULTS / f"{material.key}.json").read_text(encoding="utf-8"))
    target = f" --porosity {material.porosity}" if material.porosity is not None else ""
    sample = {"rock_like": "rock"}.get(material.sample, material.key)
    return f"""## {material.title}

{material.text}

![Section and volume](images/gallery/{material.key}.png)

{judge(facts)}

```sh
napari-swnn sample {sample} -o {sample}.tif
napari-swnn train {sample}.tif{target} --preset {facts["preset"]} -o {sample}.swnn
napari-swnn generate {sample}.swnn --shape 128 --exact -o volume.tif
napari-swnn validate {sample}.tif volume.tif
```
"""


def judge(facts: dict[str, Any]) -> str:
    """Return a table of quantities beside the interval of the section, and a sentence on the connectivity."""
    groups = facts.get("phases", [facts])
    rows = []
    for group in groups:
        of = f" of {group['name']}" if len(groups) > 1 else ""
        for quantity in group["quantities"].values():
            known = quantity["reference"]
            if known is None or quantity["within_reference_interval"] is None:
                continue
            unit = quantity["unit"].replace("um", "µm")
            mark = "within" if quantity["within_reference_interval"] else "**outside of**"
            name = f"{quantity['name'].split(',')[0]}{of}{f', {unit}' if unit else ''}"
            section = f"{known['value']:.3g} ± {known['half_width_95']:.2g}"
            rows.append(f"| {name} | {quantity['mean']:.3g} | {section} | {mark} |")
    connected = groups[0]["quantities"]["largest_fraction"]["mean"]
    table = "\n".join(["| | volume | section | |", "|---|---|---|---|", *rows])
    return f"{table}\n\n3-D: {connected:.0%} of the phase of interest is in one cluster."


def main() -> None:
    """Compute or draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("compute", "draw"))
    parser.add_argument("--materials", nargs="+", choices=[material.key for material in MATERIALS])
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--size", type=int, default=128)
    options = parser.parse_args()
    chosen = [each for each in MATERIALS if options.materials is None or each.key in options.materials]
    if options.task == "compute":
        for material in chosen:
            compute(material, options.preset, options.size)
        return
    for material in chosen:
        draw(material)
    parts = [describe(each) for each in MATERIALS if (RESULTS / f"{each.key}.json").is_file()]
    (ROOT / "docs" / "gallery.md").write_text("\n".join([INTRODUCTION, *parts, PAPER]), encoding="utf-8")


if __name__ == "__main__":
    main()
