"""Compositions against a synthetic alloy of known statistics: python benchmarks/composition.py [--dimension 3].

The alloy (`_alloy.py`) consists of equiaxed grains and of colonies of lamellae, each with a direction of its own. In
the second case the lamellae become wider towards the borders of their colony. Models are trained on sections, within
the first colony as the region of interest, and fill all colonies. The global structure of the compositions is that of
a further realisation, so that only the parts and their borders differ from the truth. In 2-D, models of sections train
in a fraction of the time of volumes.

Errors are sliced Wasserstein distances between windows of 9 x 9 pixels, in sections along all axes, around pixels of
the first colony: those that reach within their width of a border, and all others. The floor is the distance between
two realisations. In 3-D, the normal of the lamellae of each colony is found again from the gradients of the smoothed
volume. Both dimensions print how far windows at borders are from those inside, resampled to the porosity at borders:
what a second distribution of patterns could add to a porosity that depends on the distance.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

import napari_swnn as swnn
from _alloy import EQUIAXED, FIRST, GRAINS, LAMELLAE, MATRIX, TURNS, truth
from _border_errors import SIDE, measure_errors, report_resampling
from napari_swnn.core.volume.border_profile import border_distances
from napari_swnn.figures._block import draw_block

IMAGES = Path(__file__).parents[1] / "docs" / "images"
RANGE = (0.3, 0.75)
"""Fractions of lamellae of the range model."""
WIDENING = 0.9
"""Shift of the level at a border, in the second case."""
CASES = {"independent": 0.0, "wider at borders": WIDENING}
"""Shift of each case."""
COLOURS = {MATRIX: "#2b4c7e", LAMELLAE: "#e8e4dc", GRAINS: "#b7c4a1"}
COLUMNS = (
    "truth",
    "masked noise (paper)",
    "composed",
    "composed, porosity inside",
    "composed, porosity by distance",
)
PLANES = {"xy": 0, "xz": 1, "yz": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path(), help="folder of the models, which are trained if absent")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--dimension", type=int, choices=(2, 3), default=2)
    parser.add_argument("--side", type=int, help="edge length, by default 1024 in 2-D and 160 in 3-D")
    parser.add_argument("--volumes", type=int, default=3)
    parser.add_argument("--truths", type=int, default=1, help="realisations that are pooled to compare with; 6 in 3-D")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--picture", action="store_true", help="write a picture into docs/images")
    options = parser.parse_args()
    options.shape = (options.side or {2: 1024, 3: 160}[options.dimension],) * options.dimension
    volumes = {}
    for case in options.cases:
        widening = CASES[case]
        reference, where = truth(options.shape, seed=100, widening=widening)
        models = {
            kind: model_of(reference, where, options, kind, f"alloy-{options.dimension}d-{case.split()[0]}-{kind}.swnn")
            for kind in kinds_of(widening, options.dimension)
        }
        measured = swnn.BorderProfile.measure(reference, where, region=FIRST, phase=LAMELLAE, width=16)
        # The fraction of a single realisation varies, and may lie just outside the range of the model.
        profile = swnn.BorderProfile(measured.distances, tuple(np.clip(measured.porosities, *RANGE).tolist()))
        volumes[case] = compare(case, models, profile, widening, options)
        if widening:
            report_resampling(
                [truth(options.shape, seed=3000 + 20 * k, widening=widening) for k in range(6)], profile.distances[-1]
            )
    if options.picture:
        draw(volumes, IMAGES / f"composition{'-3d' * (options.dimension == 3)}.png")


# Models


def kinds_of(widening: float, dimension: int) -> tuple[str, ...]:
    """Return the models of a case; in 3-D, where trainings take long, only what a composition needs."""
    if not widening:
        return ("whole",)
    return ("range",) if dimension == 3 else ("whole", "range")


def model_of(labels: np.ndarray, regions: np.ndarray, options: argparse.Namespace, kind: str, name: str) -> swnn.Model:
    """Load a model, or train it on the first colony of sections."""
    path = options.models / name
    if path.exists():
        return swnn.Model.load(path)
    reference = reference_of(labels, regions)
    porosity = RANGE if kind == "range" else None
    model = swnn.train(reference, porosity=porosity, preset=options.preset, seed=0, dimension=options.dimension)
    model.save(path)
    return model


def reference_of(labels: np.ndarray, regions: np.ndarray) -> swnn.Reference:
    """Return the first colony of a section, or of three sections along each plane of a volume."""
    inside = regions == FIRST
    shown = np.where(inside, labels, MATRIX)
    if labels.ndim == 2:
        return swnn.Reference(shown, phase=LAMELLAE, roi=inside)
    places = [n * labels.shape[0] // 4 for n in (1, 2, 3)]

    def cut(values: np.ndarray) -> dict[str, list[np.ndarray]]:
        return {plane: [np.take(values, place, axis) for place in places] for plane, axis in PLANES.items()}

    return swnn.Reference(cut(shown), phase=LAMELLAE, roi=cut(inside))


# Compositions


def compare(
    case: str, models: dict[str, swnn.Model], profile: swnn.BorderProfile, widening: float, options: argparse.Namespace
) -> dict[str, np.ndarray]:
    """Print the errors of each method at borders and inside, and return one volume of each."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    shown: dict[str, np.ndarray] = {}
    print(f"{case}: profile {', '.join(f'{p:.3f}' for p in profile.porosities)}", flush=True)
    for i in range(options.volumes):
        expected, where = truth(options.shape, seed=200 + 20 * i, widening=widening)
        others = [truth(options.shape, seed=2000 + 20 * k, widening=widening) for k in range(1, options.truths)]
        truths = [(expected, where), *others]
        other = truth(options.shape, seed=1000 + 20 * i, widening=widening)
        shown.setdefault("truth", expected)
        for method, make in methods(models, profile).items():
            labels = make(where, i)
            rows.setdefault(method, []).append(measure_errors(truths, (labels, where)))
            shown.setdefault(method, labels)
            if i == 0 and method == "composed" and labels.ndim == 3:
                report_directions(expected, labels, where)
        rows.setdefault("floor: another realisation", []).append(measure_errors(truths, other))
    for method, values in rows.items():
        mean, spread = np.mean(values, axis=0), np.std(values, axis=0)
        figures = "   ".join(f"{m:.4f} ± {s:.4f}" for m, s in zip(mean, spread, strict=True))
        print(f"  {method:46} border, inside, lamellae at borders, lamellae inside: {figures}", flush=True)
    return shown


def methods(
    models: dict[str, swnn.Model], profile: swnn.BorderProfile
) -> dict[str, Callable[[np.ndarray, int], np.ndarray]]:
    """Return the methods of a case, as functions of the regions and the seed."""
    found: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {}
    if "whole" in models:
        found["masked noise (paper)"] = partial(masked, models["whole"])
        found["composed"] = partial(composed, {"model": models["whole"]})
    if "range" in models:
        inside = {"model": models["range"], "porosity": profile.porosities[-1]}
        found["composed, porosity inside"] = partial(composed, inside)
        found["composed, porosity by distance"] = partial(composed, {"model": models["range"], "porosity": profile})
    return found


def composed(part: dict, regions: np.ndarray, seed: int) -> np.ndarray:
    """Return a composition with one model in all colonies, rotated as they are."""
    parts: dict[int, swnn.Part | int] = {EQUIAXED: GRAINS}
    for region, turn in TURNS[regions.ndim].items():
        parts[region] = swnn.Part(**part, angle=turn.angle, axis=turn.axis, axes=turn.axes)
    return swnn.compose(parts, regions.shape, regions=regions, seed=seed)


def masked(model: swnn.Model, regions: np.ndarray, seed: int) -> np.ndarray:
    """Return a volume made by the method of the paper: the noise outside a region is 0; the first colony only."""
    labels = composed({"model": model}, regions, seed)
    inside = regions == FIRST
    own = swnn.generate(model, regions.shape, seed=seed, mask=swnn.SpatialMask(inside, method="noise"))
    labels[inside] = own[inside]
    return labels


# Measures


def report_directions(expected: np.ndarray, labels: np.ndarray, regions: np.ndarray) -> None:
    """Print how far the normals of the lamellae of each colony are from the true ones, in degrees."""
    for region, turn in TURNS[3].items():
        deep = border_distances(regions == region) > SIDE
        wanted = turn.rows(3)[2]
        found = [normal(volume, deep) for volume in (expected, labels)]
        angles = [np.degrees(np.arccos(min(1.0, abs(vector @ wanted)))) for vector, _ in found]
        print(
            f"  colony {region}, true normal {np.round(wanted, 3)}: found {np.round(found[1][0], 3)}, off by "
            f"{angles[1]:.1f} degrees, the truth by {angles[0]:.1f}; share of the gradients along it "
            f"{found[1][1]:.3f}, in the truth {found[0][1]:.3f}",
            flush=True,
        )


def normal(labels: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the main direction of the gradients of the lamellae, and its share of their squares."""
    gradients = np.gradient(gaussian_filter((labels == LAMELLAE).astype(np.float32), 1.0))
    at = np.stack([gradient[chosen] for gradient in gradients])
    values, vectors = np.linalg.eigh((at @ at.T).astype(float))
    return vectors[:, -1], float(values[-1] / values.sum())


# Pictures


def draw(volumes: dict[str, dict[str, np.ndarray]], path: Path) -> None:
    """Draw a row for each case and a column for each method."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    colours = ListedColormap(list(COLOURS.values()))
    n = max(sum(name in shown for name in COLUMNS) for shown in volumes.values())
    size = (2.75 * n, 2.95 * len(volumes))
    figure, rows = plt.subplots(len(volumes), n, figsize=size, squeeze=False, layout="constrained")
    for ax in rows.flat:
        ax.set_axis_off()
    for row, (case, shown) in zip(rows, volumes.items(), strict=True):
        for ax, method in zip(row, [name for name in COLUMNS if name in shown], strict=False):
            if shown[method].ndim == 3:
                draw_block(ax, shown[method], COLOURS)
            else:
                ax.imshow(shown[method][300:560, 300:560], colours, vmin=0, vmax=2, interpolation="nearest")
            ax.set_title(f"{method}" + (f": {case}" if method == "truth" else ""), fontsize=9)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
