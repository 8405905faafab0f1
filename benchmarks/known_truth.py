"""Known materials: python benchmarks/known_truth.py [--preset standard] [--structures spheres gaussian].

Two materials with closed-form statistics are generated in 3-D. A model is trained on one section of each, 512 x 512;
ten of its volumes are compared with the closed forms and with ten true volumes.

spheres   the void between overlapping spheres of radius 8, porosity 0.4. The void is the pore phase, because its
          lineal path is known too, and because it percolates down to a porosity of 0.03.
gaussian  level set of a Gaussian field with correlation exp(-r²/4σ²), σ = 4, porosity 0.4. It percolates from
          about 0.16. Its lineal path has no closed form, so that of the true volumes is used.

Both are uncorrelated beyond 16 voxels: a section of 512 holds a thousand such areas, a volume of 64 a few such volumes.
The section is the plane of a thick slab with the porosity nearest to the true one. A random plane would be off by 0.01
through sampling noise, and permeability by 10 %, which is not the subject here.

The table gives the standard deviation of single volumes, and for transport the standard error of the difference of the
means. Transport depends on the porosity, which varies between true volumes, so it is compared at equal porosity too.
Conductivity is computed on the same volumes as the structure; permeability, which takes far longer, on smaller ones,
with mirrored ends. For curves, the column of the truth has the distance of the true volumes from the closed form: the
error of a finite sample.

Models are saved in benchmarks/output/ and reused.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import fft, integrate, stats

import napari_swnn as swnn
from napari_swnn.physics import Outcome, SolverOptions, effective_conductivity, permeability
from napari_swnn.statistics import Curve, lineal_path, percolation, pool, two_point_correlation

OUTPUT = Path(__file__).parent / "output"
SECTION = 512
LAGS = 32
PORE, SOLID = 0.026, 1.4
"""Conductivities in W/(m·K) of air and silica, as in the paper."""
SECTION_SEED, TRUTH_SEED = 1, 1000
START = time.perf_counter()


# The two materials


@dataclass(frozen=True)
class Spheres:
    """Void between overlapping spheres; Torquato (2002), chapter 5."""

    porosity: float = 0.4
    radius: float = 8.0
    name = "spheres"
    reach = 8
    """Number of additional voxels that make opposite faces of a volume independent."""

    def make(self, shape: tuple[int, int, int], seed: int) -> np.ndarray:
        """Return ``(z, y, x)`` booleans, true in the void, periodic."""
        rng = np.random.default_rng(seed)
        expected = -np.log(self.porosity) * np.prod(shape) / (4 / 3 * np.pi * self.radius**3)
        void = np.ones(shape, bool)
        around = np.arange(-int(self.radius) - 1, int(self.radius) + 2)
        for centre in rng.random((rng.poisson(expected), 3)) * shape:
            voxels = [int(c) + around for c in centre]
            z, y, x = np.ix_(*((v + 0.5 - c) ** 2 for v, c in zip(voxels, centre, strict=True)))
            void[np.ix_(*(v % n for v, n in zip(voxels, shape, strict=True)))] &= z + y + x > self.radius**2
        return void

    def autocovariance(self, distance: np.ndarray) -> np.ndarray:
        x = distance / self.radius
        union = np.where(x < 2, 1 + 0.75 * x - x**3 / 16, 2)  # of two spheres, over the volume of one
        return normalised(self.porosity**union, self.porosity)

    def lineal_path(self, distance: np.ndarray) -> np.ndarray | None:
        return self.porosity ** (3 * distance / (4 * self.radius))


@dataclass(frozen=True)
class Gaussian:
    """Level set of a Gaussian field with correlation exp(-r²/4σ²); Torquato (2002), section 8.2."""

    porosity: float = 0.4
    sigma: float = 4.0
    name = "gaussian"
    reach = 16

    def make(self, shape: tuple[int, int, int], seed: int) -> np.ndarray:
        """Return ``(z, y, x)`` booleans, true where the field is low, periodic."""
        noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
        z, y, x = np.ix_(fft.fftfreq(shape[0]), fft.fftfreq(shape[1]), fft.rfftfreq(shape[2]))
        transfer = np.exp(-2 * (np.pi * self.sigma) ** 2 * (z**2 + y**2 + x**2)).astype(np.float32)
        field = fft.irfftn(fft.rfftn(noise) * transfer, s=shape)
        # exact for a box many correlations wide; the sample's own deviation would fix its porosity
        deviation = (4 * np.pi * self.sigma**2) ** -0.75
        return field < deviation * stats.norm.ppf(self.porosity)

    def autocovariance(self, distance: np.ndarray) -> np.ndarray:
        a = stats.norm.ppf(self.porosity)

        def excess(r: float) -> float:
            g = np.exp(-((r / self.sigma) ** 2) / 4)
            # t = sin(u) takes away the root in the denominator
            return integrate.quad(lambda u: np.exp(-(a**2) / (1 + np.sin(u))), 0, np.arcsin(g))[0] / (2 * np.pi)

        s2 = self.porosity**2 + np.array([excess(r) for r in distance])
        return normalised(s2, self.porosity)

    def lineal_path(self, distance: np.ndarray) -> np.ndarray | None:
        return None


Material = Spheres | Gaussian
MATERIALS = {material.name: material for material in (Spheres(), Gaussian())}


def normalised(s2: np.ndarray, porosity: float) -> np.ndarray:
    return (s2 - porosity**2) / (porosity * (1 - porosity))


def section_of(material: Material, depth: int = 64) -> np.ndarray:
    """Return the plane of a slab with the porosity nearest to the true one."""
    slab = material.make((depth, SECTION, SECTION), SECTION_SEED)
    return slab[np.argmin(np.abs(slab.mean(axis=(1, 2)) - material.porosity))]


def true_volumes(material: Material, side: int, n: int) -> Iterator[np.ndarray]:
    """Yield independent cubes, each cut from a slightly larger periodic system, so that they are not periodic."""
    for i in range(n):
        whole = material.make((side + 2 * material.reach,) * 3, TRUTH_SEED + i)
        yield whole[:side, :side, :side]


# The model


def load_or_train(material: Material, options: argparse.Namespace) -> swnn.Model:
    path = OUTPUT / f"known-{material.name}-{options.preset}-{options.seed}.swnn"
    if path.exists() and not options.fresh:
        say(f"{material.name}: using the model {path.name}; --fresh trains a new one")
        return swnn.Model.load(path)
    section = section_of(material)
    say(f"{material.name}: training on a section of {SECTION} x {SECTION}, porosity {section.mean():.4f}")
    reference = swnn.Reference(section.astype(np.uint8))
    model = swnn.train(reference, preset=options.preset, seed=options.seed, progress=training_progress())
    path.unlink(missing_ok=True)
    model.save(path)
    return model


def training_progress(every: float = 15) -> Callable[[swnn.core.training.TrainingStep], None]:
    """Return a function that prints a step from time to time."""
    printed_at = [time.perf_counter()]

    def show(step: swnn.core.training.TrainingStep) -> None:
        if step.note or time.perf_counter() - printed_at[0] >= every:
            printed_at[0] = time.perf_counter()
            progress = f"{step.activity}, step {step.iteration} of {step.n_iterations}, loss {step.loss:.3f}"
            say(f"  {progress}, {step.time_left:.0f} s left {step.note}")

    return show


def our_volumes(model: swnn.Model, side: int, n: int) -> Iterator[np.ndarray]:
    for seed in range(1, n + 1):
        yield swnn.generate(model, (side,) * 3, seed=seed) == model.labels.phase


def say(text: str) -> None:
    print(f"[{time.perf_counter() - START:6.0f} s] {text}", flush=True)


# Measurements


class Structure(NamedTuple):
    """Structure of volumes of one origin; arrays have one row for each volume."""

    porosity: np.ndarray
    s2: list[Curve]
    path: list[Curve]
    spans: np.ndarray
    connected: np.ndarray

    def autocovariance(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the normalised autocovariance of all volumes together, and of each."""
        each = np.array([normalised(curve.values, curve.values[0]) for curve in self.s2])
        together = pool(self.s2).values
        return normalised(together, together[0]), each

    def lineal_path(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lineal path divided by the porosity, of all volumes together and of each."""
        together = pool(self.path).values
        return together / together[0], np.array([curve.values / curve.values[0] for curve in self.path])


class Transport(NamedTuple):
    """Transport property of volumes, averaged over the axes; one entry for each volume."""

    porosity: np.ndarray
    value: np.ndarray


def measure_structure(volumes: Iterable[np.ndarray], name: str) -> Structure:
    rows = []
    for volume in volumes:
        labels = volume.astype(np.uint8)
        connection = percolation(labels)
        curves = (statistic(labels, max_distance=LAGS) for statistic in (two_point_correlation, lineal_path))
        rows.append((volume.mean(), *curves, connection.by_axis.mean(), connection.connected_fraction))
        say(
            f"  {name}, structure {len(rows)}: porosity {volume.mean():.4f}, spans {connection.by_axis.sum()} of 3 axes"
        )
    porosity, s2, path, spans, connected = zip(*rows, strict=True)
    return Structure(np.array(porosity), list(s2), list(path), np.array(spans), np.array(connected))


def measure_transport(volumes: Iterable[np.ndarray], name: str, solve: Callable[[np.ndarray], float]) -> Transport:
    rows = []
    for volume in volumes:
        rows.append((volume.mean(), solve(volume.astype(np.uint8))))
        say(f"  {name} {len(rows)}: porosity {rows[-1][0]:.4f}, {rows[-1][1]:.4f}")
    return Transport(*map(np.array, zip(*rows, strict=True)))


def conductivity_along(axes: list[int]) -> Callable[[np.ndarray], float]:
    def solve(labels: np.ndarray) -> float:
        solved = [effective_conductivity(labels, {0: SOLID, 1: PORE}, axis=axis).value for axis in axes]
        return float(np.mean(solved))

    return solve


def permeability_along(axes: list[int]) -> Callable[[np.ndarray], float]:
    def solve(labels: np.ndarray) -> float:
        flows = [
            permeability(labels, phase=1, axis=axis, boundary="mirror", options=SolverOptions(throw=False))
            for axis in axes
        ]
        for flow in flows:
            if flow.outcome not in (Outcome.CONVERGED, Outcome.NOT_PERCOLATING):
                say(f"  {flow.outcome.advice}")
        return float(np.mean([flow.value for flow in flows]))

    return solve


# The table


class Row(NamedTuple):
    """Line of the table; spreads are standard deviations of single volumes."""

    figure: str
    truth: float
    truth_spread: float
    ours: float
    our_spread: float
    difference: float
    target: float | None = None
    relative: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        return self.target is None or abs(self.difference) <= self.target

    def __str__(self) -> str:
        kind = "+.1%" if self.relative else "+.4f"
        goal = "" if self.target is None else f"{self.target:.0%}" if self.relative else f"{self.target:g}"
        verdict = "" if self.target is None else "met" if self.met else "NOT MET"
        return (
            f"{self.figure:40} {self.truth:8.4f} {self.truth_spread:7.4f} {self.ours:8.4f} {self.our_spread:7.4f} "
            f"{self.difference:{kind}}{goal:>8}  {verdict:8}{self.note}"
        )


HEADER = f"{'figure':40} {'truth':>8} {'spread':>7} {'ours':>8} {'spread':>7} {'diff.':>7}{'target':>8}"


def structure_rows(material: Material, truth: Structure, ours: Structure) -> list[Row]:
    distance = np.arange(LAGS + 1.0)
    covariance, path = material.autocovariance(distance), material.lineal_path(distance)
    known = "closed form"
    if path is None:
        path, known = truth.lineal_path()[0], "true volumes"
    return [
        compared("porosity", truth.porosity, ours.porosity, 0.01, truth=material.porosity),
        *curve_rows("autocovariance", covariance, truth.autocovariance(), ours.autocovariance(), "closed form"),
        *curve_rows("lineal path / porosity", path, truth.lineal_path(), ours.lineal_path(), known),
        compared("share of axes that percolate", truth.spans, ours.spans, 0.05),
        compared("share of pores that percolate", truth.connected, ours.connected, 0.05),
    ]


def curve_rows(
    name: str,
    exact: np.ndarray,
    truth: tuple[np.ndarray, np.ndarray],
    ours: tuple[np.ndarray, np.ndarray],
    known: str,
) -> list[Row]:
    """Return the distances from the exact curve over the lags, of the true volumes and of ours."""
    rows = []
    for word, reduce in (("mean distance", np.mean), ("largest distance", np.max)):
        (true_all, true_each), (our_all, our_each) = (
            [reduce(np.abs(curves - exact)[..., 1:], axis=-1) for curves in pair] for pair in (truth, ours)
        )
        spreads = np.std(true_each, ddof=1), np.std(our_each, ddof=1)
        figures = (float(true_all), float(spreads[0]), float(our_all), float(spreads[1]))
        rows.append(Row(f"{name}, {word}", *figures, float(our_all), 0.03, note=f"from the {known}"))
    return rows


def compared(
    figure: str, theirs: np.ndarray, ours: np.ndarray, target: float | None, *, truth: float | None = None
) -> Row:
    expected = float(theirs.mean()) if truth is None else truth
    spreads = [float(np.std(values, ddof=1)) for values in (theirs, ours)]
    mean = float(ours.mean())
    return Row(figure, expected, spreads[0], mean, spreads[1], mean - expected, target)


def transport_rows(name: str, unit: str, target: float, truth: Transport, ours: Transport) -> list[Row]:
    plain = compared(f"{name}, {unit}", truth.value, ours.value, target)
    mean = plain.truth
    error = np.hypot(plain.truth_spread / len(truth.value) ** 0.5, plain.our_spread / len(ours.value) ** 0.5) / mean
    return [
        compared(f"porosity of the volumes for {name}", truth.porosity, ours.porosity, None),
        plain._replace(difference=plain.difference / mean, relative=True, note=f"± {error:.0%}"),
        at_equal_porosity(f"{name} at equal porosity", truth, ours),
    ]


def at_equal_porosity(figure: str, truth: Transport, ours: Transport) -> Row:
    """Return the difference after a common power law of the porosity is removed; it varies far less."""
    logs = [np.log(np.maximum(origin.value, 1e-6)) for origin in (truth, ours)]
    fractions = [np.log(origin.porosity) for origin in (truth, ours)]
    about_means = [values - values.mean() for values in fractions]
    slope = sum(a @ b for a, b in zip(about_means, logs, strict=True)) / sum(a @ a for a in about_means)
    levels = [y - slope * (x - fractions[0].mean()) for x, y in zip(fractions, logs, strict=True)]
    difference = float(np.expm1(levels[1].mean() - levels[0].mean()))
    error = np.hypot(*(np.std(level, ddof=1) / len(level) ** 0.5 for level in levels))
    values = [float(np.exp(level.mean())) for level in levels]
    spreads = [value * float(np.std(level, ddof=1)) for value, level in zip(values, levels, strict=True)]
    row = Row(figure, values[0], spreads[0], values[1], spreads[1], difference, relative=True)
    return row._replace(note=f"± {error:.0%}, for information")


def curve_lines(material: Material, truth: Structure, ours: Structure) -> Iterator[str]:
    """Yield the curves at a few lags, to show where they differ."""
    lags = [1, 2, 4, 8, 12, 16, 24, 32]
    distance = np.arange(LAGS + 1.0)
    yield f"{'lag':40}" + "".join(f"{lag:8d}" for lag in lags)
    for name, exact, curves in (
        ("autocovariance", material.autocovariance(distance), Structure.autocovariance),
        ("lineal path / porosity", material.lineal_path(distance), Structure.lineal_path),
    ):
        shown = {"closed form": exact, "true volumes": curves(truth)[0], "ours": curves(ours)[0]}
        for origin, values in shown.items():
            if values is not None:
                yield f"{f'{name}, {origin}':40}" + "".join(f"{values[lag]:8.4f}" for lag in lags)


def verdict(name: str, rows: list[Row]) -> str:
    missed = [row for row in rows if not row.met]
    if not missed:
        return f"{name}: every target is met."
    lines = [f"{name} misses targets:"]
    for row in missed:
        off, target = (f"{v:.1%}" if row.relative else f"{v:.4f}" for v in (row.difference, row.target or 0))
        lines.append(f"  {row.figure}: off by {off}, target {target}")
    return "\n".join(lines)


# Comparison


def examine(material: Material, options: argparse.Namespace) -> list[Row]:
    model = load_or_train(material, options)
    n, side = options.volumes, options.side
    truth = measure_structure(true_volumes(material, side, n), f"truth {side}³")
    ours = measure_structure(our_volumes(model, side, n), f"ours {side}³")
    rows = structure_rows(material, truth, ours)
    for name, unit, target, side, solver, axes in (
        ("conductivity", "W/(m·K)", 0.05, options.conduction_side, conductivity_along, [0, 1, 2]),
        ("permeability", "voxel²", 0.25, options.flow_side, permeability_along, options.flow_axes),
    ):
        if side:
            solve = solver(axes)
            origins = {"truth": true_volumes(material, side, n), "ours": our_volumes(model, side, n)}
            found = [
                measure_transport(volumes, f"{origin} {side}³, {name}", solve) for origin, volumes in origins.items()
            ]
            rows += transport_rows(name, unit, target, *found)
    print(f"\n{material}, preset {options.preset}, {n} volumes of each\n{HEADER}")
    print(*rows, "", *curve_lines(material, truth, ours), "", sep="\n")
    print(verdict(material.name, rows), "\n", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--structures", nargs="+", choices=MATERIALS, default=list(MATERIALS))
    parser.add_argument("--preset", choices=tuple(swnn.PRESETS), default="standard")
    parser.add_argument(
        "--volumes", type=int, default=10, help="number of volumes of the model and of the truth, at least 2"
    )
    parser.add_argument("--side", type=int, default=128, help="edge length of the volumes for statistics")
    parser.add_argument(
        "--conduction-side", type=int, default=128, help="edge length of the volumes for conductivity; 0 skips it"
    )
    parser.add_argument(
        "--flow-side", type=int, default=96, help="edge length of the volumes for permeability; 0 skips it"
    )
    parser.add_argument("--flow-axes", type=int, nargs="+", default=[0], help="axes along which permeability is solved")
    parser.add_argument("--seed", type=int, default=0, help="random seed of the training")
    parser.add_argument("--fresh", action="store_true", help="train a new model even if one is saved")
    options = parser.parse_args()
    if options.volumes < 2:
        parser.error("--volumes must be at least 2, to estimate a standard deviation")
    OUTPUT.mkdir(exist_ok=True)
    for name in options.structures:
        examine(MATERIALS[name], options)


if __name__ == "__main__":
    main()
