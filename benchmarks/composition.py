"""Compositions against a synthetic three-phase alloy of known statistics: python benchmarks/composition.py.

The alloy consists of equiaxed grains (label 2) and of colonies of two orientations, in which lamellae (label 1) lie in
a matrix (label 0). The regions are level sets of smooth Gaussian fields; the lamellae are those of a stretched field,
rotated in the second colony. In the second case the lamellae become wider towards the borders of their colony. Models
are trained on a section, within the first colony as the region of interest, and fill both. The global structure of the
compositions is that of a further realisation, so that only the parts and their borders differ from the truth. Sections
are composed of 2-D models, which train in a fraction of the time of volumes.

Errors are sliced Wasserstein distances between windows of 9 x 9 pixels around pixels of the first colony: those that
reach within their width of a border, and all others. The floor is the distance between two realisations.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter, minimum_filter

import napari_swnn as swnn
from napari_swnn.core.loss.directions import random_directions
from napari_swnn.core.loss.sliced_wasserstein import wasserstein_1d
from napari_swnn.core.volume.border_profile import border_distances

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ANGLE = 40.0
"""Rotation of the second colony in degrees."""
SHAPE = (1024, 1024)
SIDE = 9
"""Side of the windows."""
MATRIX, LAMELLAE, GRAINS = 0, 1, 2
FIRST, SECOND, EQUIAXED = 1, 2, 3
"""Regions: two colonies and the equiaxed grains."""
WIDENING, REACH = 0.9, 5.0
"""Shift of the level at a border, and the distance over which it decays, in the second case."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=Path(), help="folder of the models, which are trained if absent")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--volumes", type=int, default=3)
    parser.add_argument("--picture", action="store_true", help="write composition.png into docs/images")
    options = parser.parse_args()
    sections = {}
    for widening, case in ((0.0, "independent"), (WIDENING, "wider at borders")):
        reference, where = truth(SHAPE, seed=100, widening=widening)
        models = {
            kind: model_of(reference, where, options, kind, f"alloy-{case.split()[0]}-{kind}.swnn")
            for kind in (("whole", "range") if widening else ("whole",))
        }
        profile = swnn.BorderProfile.measure(reference, where, region=FIRST, phase=LAMELLAE, width=16)
        sections[case] = compare(case, models, profile, widening, options.volumes)
    if options.picture:
        draw(sections, IMAGES / "composition.png")


def field(shape: tuple[int, ...], sigmas: tuple[float, ...], seed: int, angle: float = 0.0) -> np.ndarray:
    """Return a periodic Gaussian field of variance 1 with the covariance exp(-r^2 / 4 sigma^2), rotated."""
    waves = np.meshgrid(*(2 * np.pi * np.fft.fftfreq(n).astype(np.float32) for n in shape), indexing="ij", sparse=True)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    y, x = waves
    own = (c * y + s * x, -s * y + c * x)
    kernel = np.exp(-sum((k * sigma) ** 2 for k, sigma in zip(own, sigmas, strict=True)) / 2).astype(np.float32)
    white = np.random.default_rng(seed).standard_normal(shape, np.float32)
    values = np.fft.ifftn(np.fft.fftn(white) * kernel).real.astype(np.float32)
    return (values - values.mean()) / values.std()


def truth(shape: tuple[int, ...], *, seed: int, widening: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels and the regions of a realisation."""
    smooth = [field(shape, (20,) * 2, seed + i) for i in range(3)]
    regions = np.where(smooth[0] > 0.9, EQUIAXED, np.where(smooth[1] > smooth[2], FIRST, SECOND)).astype(np.uint8)
    labels = np.full(shape, GRAINS, np.uint8)
    for region, angle in ((FIRST, 0.0), (SECOND, ANGLE)):
        inside = regions == region
        lamellae = field(shape, (9, 2.2), seed + 10 + region, angle)
        level = 0.4 - widening * np.exp(-border_distances(inside)[inside] / REACH)
        labels[inside] = np.where(lamellae[inside] > level, LAMELLAE, MATRIX)
    return labels, regions


def model_of(labels: np.ndarray, regions: np.ndarray, options: argparse.Namespace, kind: str, name: str) -> swnn.Model:
    """Load a model, or train it on the first colony of a section."""
    path = options.models / name
    if path.exists():
        return swnn.Model.load(path)
    inside = regions == FIRST
    reference = swnn.Reference(np.where(inside, labels, MATRIX), phase=LAMELLAE, roi=inside)
    porosity = (0.3, 0.75) if kind == "range" else None
    model = swnn.train(reference, porosity=porosity, preset=options.preset, seed=0, dimension=2)
    model.save(path)
    return model


def compare(
    case: str, models: dict[str, swnn.Model], profile: swnn.BorderProfile, widening: float, n: int
) -> dict[str, np.ndarray]:
    """Print the errors of each method at borders and inside, and return one section of each."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    shown: dict[str, np.ndarray] = {}
    for i in range(n):
        expected, where = truth(SHAPE, seed=200 + 20 * i, widening=widening)
        other, elsewhere = truth(SHAPE, seed=1000 + 20 * i, widening=widening)
        made = {"floor: another realisation": (other, elsewhere)}
        made["masked noise (paper)"] = masked(models["whole"], where, i), where
        made["composed"] = composed({"model": models["whole"]}, where, i), where
        if widening:
            flat = {"model": models["range"], "porosity": far_porosity(profile)}
            made["composed, range model at the porosity inside"] = composed(flat, where, i), where
            made["composed, porosity by distance"] = (
                composed({"model": models["range"], "porosity": profile}, where, i),
                where,
            )
        for method, (labels, regions) in made.items():
            rows.setdefault(method, []).append(errors((expected, where), (labels, regions)))
            shown.setdefault(method, labels)
        shown.setdefault("truth", expected)
    print(f"{case}: profile {', '.join(f'{p:.3f}' for p in profile.porosities)}", flush=True)
    for method, values in rows.items():
        mean, spread = np.mean(values, axis=0), np.std(values, axis=0)
        figures = "   ".join(f"{m:.4f} ± {s:.4f}" for m, s in zip(mean, spread, strict=True))
        print(f"  {method:46} border, inside, lamellae at borders, lamellae inside: {figures}", flush=True)
    return shown


def far_porosity(profile: swnn.BorderProfile) -> float:
    """Return the porosity far from borders."""
    return profile.porosities[-1]


def composed(part: dict, regions: np.ndarray, seed: int) -> np.ndarray:
    """Return a composition with one model in both colonies, rotated in the second one."""
    parts = {EQUIAXED: GRAINS, FIRST: swnn.Part(**part), SECOND: swnn.Part(**part, angle=ANGLE)}
    return swnn.compose(parts, regions.shape, regions=regions, seed=seed)


def masked(model: swnn.Model, regions: np.ndarray, seed: int) -> np.ndarray:
    """Return a volume made by the method of the paper: the noise outside a region is 0; the first colony only."""
    labels = np.full(regions.shape, GRAINS, np.uint8)
    inside = regions == FIRST
    own = swnn.generate(model, regions.shape, seed=seed, mask=swnn.SpatialMask(inside, method="noise"))
    labels[inside] = own[inside]
    cut = composed({"model": model}, regions, seed)
    labels[regions == SECOND] = cut[regions == SECOND]
    return labels


def errors(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> tuple[float, ...]:
    """Return the pattern error at borders and inside, and the errors of the fraction of lamellae there.

    Only windows that meet the first colony count, whose structure every method makes.
    """
    found = [bands(*given) for given in (one, other)]
    distances = [distance(a, b) for a, b in zip(*(f[:2] for f in found), strict=True)]
    return (*distances, *(abs(a - b) for a, b in zip(*(f[2:] for f in found), strict=True)))


def bands(labels: np.ndarray, regions: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return windows at borders and inside, and the fraction of lamellae of the first colony in either band."""
    size = (3 * SIDE, 3 * SIDE)
    near = maximum_filter(regions, size) != minimum_filter(regions, size)
    half = SIDE // 2
    centres = (slice(half, -half), slice(half, -half))
    windows = sliding_window_view(labels, (SIDE, SIDE))
    first = regions[centres] == FIRST
    rng = np.random.default_rng(0)
    patterns = []
    for chosen in (near[centres] & first, ~near[centres] & first):
        places = np.argwhere(chosen)
        places = places[rng.permutation(len(places))[:20000]]
        patterns.append(windows[tuple(places.T)])
    inside = regions == FIRST
    close = border_distances(inside) < SIDE
    own = labels == LAMELLAE
    return *patterns, float(own[inside & close].mean()), float(own[inside & ~close].mean())


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the sliced Wasserstein distance between windows, with one channel for each label."""
    directions = random_directions(256, 3 * SIDE * SIDE, torch.Generator().manual_seed(1))
    n = min(len(one), len(other))
    return float(wasserstein_1d(*(directions @ _channels(windows[:n]).T for windows in (one, other))).mean())


def _channels(windows: np.ndarray) -> torch.Tensor:
    channels = np.stack([windows == label for label in (MATRIX, LAMELLAE, GRAINS)], 1)
    return torch.from_numpy(channels.reshape(len(windows), -1).astype(np.float32))


def draw(sections: dict[str, dict[str, np.ndarray]], path: Path) -> None:
    """Draw a row for each case and a column for each method."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    colours = ListedColormap(["#2b4c7e", "#e8e4dc", "#b7c4a1"])
    methods = ["truth", "masked noise (paper)", "composed", "composed, porosity by distance"]
    figure, rows = plt.subplots(2, 4, figsize=(11, 5.9), layout="constrained")
    for row, (case, shown) in zip(rows, sections.items(), strict=True):
        for ax, method in zip(row, methods, strict=True):
            ax.set_axis_off()
            if method in shown:
                ax.imshow(shown[method][300:560, 300:560], colours, vmin=0, vmax=2, interpolation="nearest")
                ax.set_title(f"{method}" + (f": {case}" if method == "truth" else ""), fontsize=9)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
