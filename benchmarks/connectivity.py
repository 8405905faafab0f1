"""Connectivity and transport of known materials: python benchmarks/connectivity.py [--quick] [--critic 0 0.3].

Five materials whose third dimension is known are each reconstructed from one section, at their true porosity. Volumes
of the model are compared with true cubes of the same size.

spheres    the void between overlapping spheres of radius 8, porosity 0.4
gaussian   level set of a Gaussian field with correlation exp(-r²/4σ²), σ = 4, porosity 0.4
spinodal   level set of a Gaussian field of one wavelength, 24 voxels, within 15 %, porosity 0.4
berea      Berea sandstone, X-ray tomography; the section has another porosity than the rock
nmc        pores of a battery cathode, X-ray tomography, against all other phases

Every combination of case, settings and seed is one job. Jobs are trained side by side in processes of their own, also
on one GPU, which a single training leaves waiting most of the time; further processes measure the volumes. Each
finished job is one line of JSON in the file of results. A line has, for each figure, the mean and the spread (standard
deviation of single volumes) of truth and of ours; a difference is ours minus truth, relative for transport and the
Euler number.

    --set KEY=VALUE ...       one variant: settings of the training that replace those of the preset
    --schedule KEY=VALUE ...  numbers of every stage (StageSchedule) that replace the derived ones; 4:KEY=VALUE changes
                              the stage at a quarter of the resolution only
    --jobs FILE               lines of JSON with "case", "seed", "config" and "schedule" in place of all combinations

Jobs run in this order: the first seed of all variants and cases, then the second, and so on. With --limit-seconds the
script ends in time: it starts nothing that cannot finish, and drops jobs that are not done.

The real images are not part of this repository; --data names their folder. --pack FILE cuts the cases and stores them,
--cases-from FILE reads them, for machines without the images. Measured true cubes are kept beside the results and
reused.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import queue
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft, ndimage, stats

from known_truth import Gaussian, Spheres
from napari_swnn import statistics
from napari_swnn.core.descriptor import Reference
from napari_swnn.core.training import PRESETS, TrainingConfig, iter_training, plan_training
from napari_swnn.physics import SolverOptions, effective_conductivity, permeability

DATA = Path(__file__).parents[2] / "shared" / "data" / "real"
OUTPUT = Path(__file__).parent / "output"
START = time.monotonic()
LAGS = 32
CLUSTER_WINDOW = 96
PATCH = 24
BOX = 32
TRUTH_SEED = 1000
POROSITY = 0.4


# Materials: a section and cubes, True in the phase of interest


@dataclass(frozen=True)
class Spinodal:
    """Level set of a Gaussian field whose wavelengths lie in a narrow band, like phases that separated."""

    porosity: float = POROSITY
    wavelength: float = 24.0
    width: float = 0.15
    reach = 24

    def make(self, shape: tuple[int, int, int], seed: int) -> np.ndarray:
        """Return ``(z, y, x)`` booleans, periodic."""
        noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
        z, y, x = np.ix_(fft.fftfreq(shape[0]), fft.fftfreq(shape[1]), fft.rfftfreq(shape[2]))
        wave = self.wavelength * np.sqrt(z**2 + y**2 + x**2)
        transfer = np.exp(-((wave - 1) ** 2) / (2 * self.width**2)).astype(np.float32)
        waves = fft.rfftn(noise) * transfer
        field = fft.irfftn(waves, s=shape)
        return field < field.std() * stats.norm.ppf(self.porosity)


SYNTHETIC = {"spheres": Spheres(POROSITY), "gaussian": Gaussian(POROSITY), "spinodal": Spinodal()}
CASES = (*SYNTHETIC, "berea", "nmc")


@dataclass(frozen=True, eq=False)
class Case:
    """Section to learn from, and true cubes."""

    section: np.ndarray
    cubes: np.ndarray

    @property
    def porosity(self) -> float:
        return float(self.cubes.mean())


def make_case(name: str, options: argparse.Namespace) -> Case:
    if options.cases_from:
        return unpack(name, options)
    if name in SYNTHETIC:
        return synthetic_case(SYNTHETIC[name], options)
    return real_case(name, options)


def synthetic_case(material: Any, options: argparse.Namespace) -> Case:
    side = options.side
    slab = material.make((64, options.section + 2 * material.reach, options.section + 2 * material.reach), 1)
    slab = slab[:, : options.section, : options.section]
    section = slab[np.argmin(np.abs(slab.mean(axis=(1, 2)) - material.porosity))]
    whole = (material.make((side + 2 * material.reach,) * 3, TRUTH_SEED + i) for i in range(options.truths))
    return Case(section, np.stack([volume[:side, :side, :side] for volume in whole]))


def real_case(name: str, options: argparse.Namespace) -> Case:
    """Cut the middle of the middle plane, and cubes at the corners."""
    volume = read_real(name, options.data)
    middle = tuple(slice((n - options.section) // 2, (n + options.section) // 2) for n in volume.shape[1:])
    starts = itertools.product(*((0, n - options.side) for n in volume.shape))
    cubes = [volume[tuple(slice(s, s + options.side) for s in start)] for start in starts]
    # Opposite corners first, so that few cubes are far from each other.
    order = [0, 7, 3, 4, 5, 2, 6, 1][: options.truths]
    return Case(volume[volume.shape[0] // 2][middle], np.stack([cubes[i] for i in order]))


def read_real(name: str, folder: Path) -> np.ndarray:
    import tifffile

    if name == "berea":
        with zipfile.ZipFile(folder / "berea-400.zip") as archive:
            return tifffile.imread(BytesIO(archive.read("berea.tif"))) == 0
    return tifffile.imread(folder / "nmc-cbd-matbox-251x301x301.tif") == 0


def pack(path: Path, options: argparse.Namespace) -> None:
    stored = {}
    for name in options.cases:
        case = make_case(name, options)
        stored |= {f"{name}-section": case.section, f"{name}-cubes": np.packbits(case.cubes, axis=-1)}
    np.savez_compressed(path, **stored)
    say(f"{path}: {path.stat().st_size / 2**20:.1f} MB")


def unpack(name: str, options: argparse.Namespace) -> Case:
    with np.load(options.cases_from) as stored:
        cubes = np.unpackbits(stored[f"{name}-cubes"], axis=-1).astype(bool)
        size, side = slice(options.section), slice(options.side)
        return Case(stored[f"{name}-section"][size, size], cubes[: options.truths, side, side, side])


# Figures of one volume


def measure(volume: np.ndarray, section: np.ndarray, task: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a volume of booleans; curves are lists."""
    began = time.monotonic()
    labels = volume.astype(np.uint8)
    found: dict[str, Any] = {"porosity": float(volume.mean())}
    found["autocovariance"] = statistics.normalised_autocovariance(labels, max_distance=LAGS).values.tolist()
    for name, phase in (("pores", 1), ("solid", 0)):
        path = statistics.lineal_path(labels, phase=phase, max_distance=LAGS).values
        found[f"lineal path, {name}"] = (path / path[0]).tolist()
        found[f"largest cluster, {name}"] = largest_cluster(volume == phase)
        found[f"percolating share, {name}"] = float(statistics.percolation(labels, phase=phase).connected_fraction)
        found[f"Euler number, {name}"] = float(statistics.euler_number(labels, phase=phase).density)
        chords = statistics.chord_lengths(labels, phase=phase).mean
        found[f"mean chord, {name}"] = float(np.mean(chords))
        found[f"conductivity, {name}"] = conductivity(labels, phase, task)
    if task["flow"]:
        found["permeability"] = flow(labels, task)
    found["spread over boxes"] = spread_over_boxes(volume)
    found["distance to section"] = nearest_patches(volume, section)
    found["seconds"] = time.monotonic() - began
    return found


def largest_cluster(volume: np.ndarray) -> float:
    """Return the share of the largest cluster in windows of sections, averaged over windows and directions."""
    side = min(CLUSTER_WINDOW, *volume.shape)
    shares = []
    for axis in range(volume.ndim if volume.ndim == 3 else 1):
        planes = np.moveaxis(volume, axis, 0)[::8] if volume.ndim == 3 else volume[None]
        for plane in planes:
            for y, x in itertools.product(*(range(0, n - side + 1, side) for n in plane.shape)):
                window = plane[y : y + side, x : x + side]
                if window.any():
                    sizes = np.bincount(ndimage.label(window)[0].ravel())[1:]
                    shares.append(sizes.max() / window.sum())
    return float(np.mean(shares))


def conductivity(labels: np.ndarray, phase: int, task: dict[str, Any]) -> float:
    """Return the conductivity with one phase conducting and the other insulating; 0 if it does not percolate."""
    values = {phase: 1.0, 1 - phase: 0.0}
    options = SolverOptions(device=task["device"], throw=False)
    solved = [float(effective_conductivity(labels, values, axis=axis, options=options).value) for axis in task["axes"]]
    return float(np.mean(solved))


def flow(labels: np.ndarray, task: dict[str, Any]) -> float:
    side = min(task["flow"], *labels.shape)
    cube = np.ascontiguousarray(labels[:side, :side, :side])
    options = SolverOptions(device=task["device"], throw=False)
    solved = [permeability(cube, phase=1, axis=axis, boundary="mirror", options=options) for axis in task["axes"][:1]]
    return float(np.mean([float(result.value) for result in solved]))


def spread_over_boxes(volume: np.ndarray) -> float:
    """Return the standard deviation of the porosity of boxes within the volume."""
    n = tuple(extent // BOX for extent in volume.shape)
    kept = volume[tuple(slice(k * BOX) for k in n)].astype(np.float32)
    boxes = kept.reshape(n[0], BOX, n[1], BOX, n[2], BOX).mean(axis=(1, 3, 5))
    return float(boxes.std())


def nearest_patches(volume: np.ndarray, section: np.ndarray, n: int = 60) -> float:
    """Return the mean share of pixels in which patches differ from the most similar place of the section.

    A volume that repeats the section is nearer to it than true volumes are.
    """
    rng = np.random.default_rng(0)
    grey = 2.0 * section - 1
    shape = [fft.next_fast_len(extent, real=True) for extent in section.shape]
    there = fft.rfft2(grey, shape)
    fits = tuple(slice(extent - PATCH + 1) for extent in section.shape)
    distances = []
    for _ in range(n):
        plane = np.moveaxis(volume, rng.integers(3), 0)[rng.integers(min(volume.shape))]
        y, x = (int(rng.integers(extent - PATCH + 1)) for extent in plane.shape)
        patch = 2.0 * plane[y : y + PATCH, x : x + PATCH] - 1
        best = -1.0
        for turned in (patch, patch[::-1], patch[:, ::-1], patch[::-1, ::-1]):
            agreement = fft.irfft2(there * np.conj(fft.rfft2(turned, shape)), shape)[fits].max() / PATCH**2
            best = max(best, float(agreement))
        distances.append((1 - best) / 2)
    return float(np.mean(distances))


# Jobs


@dataclass(frozen=True)
class Job:
    """One training and its volumes."""

    case: str
    seed: int
    config: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)


def all_jobs(options: argparse.Namespace) -> list[Job]:
    settings = key_values(options.set)
    if options.jobs:
        lines = options.jobs.read_text(encoding="utf-8").splitlines()
        jobs = [Job(**json.loads(line)) for line in lines if line.strip()]
        return [replace(job, config={**job.config, **settings}) for job in jobs]
    schedule = key_values(options.schedule)
    variants = itertools.product(options.seeds, options.steps or [None], options.critic or [None], options.cases)
    jobs = []
    for seed, steps, critic, case in variants:
        config = dict(settings)
        if steps is not None:
            config["n_steps"], config["n_coarse_steps"] = (int(n) for n in steps.split(":"))
        if critic is not None:
            config["critic"] = critic
        jobs.append(Job(case, seed, config, schedule))
    return jobs


def cases_of(options: argparse.Namespace) -> list[str]:
    return options.cases if options.only_truth else list(dict.fromkeys(job.case for job in options.todo))


def key_values(pairs: list[str]) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in (pair.split("=", 1) for pair in pairs)}


def train(job: Job, section: np.ndarray, porosity: float, options: argparse.Namespace) -> dict[str, Any]:
    """Train a model, generate its volumes and store them; return where, and how long it took."""
    import torch

    from napari_swnn import generate
    from napari_swnn._steps import drain

    torch.set_num_threads(1)
    began = time.monotonic()
    config: TrainingConfig = replace(PRESETS[options.preset], **job.config)
    reference = Reference(section.astype(np.uint8), phase=1)
    plan = plan_training(reference, porosity=porosity, config=config, seed=job.seed, device=options.device)
    plan = replace(plan, schedules=tuple(replace(stage, **changes(job, stage.scale)) for stage in plan.schedules))
    model = drain(iter_training(plan), None)
    trained = time.monotonic()
    side = options.side
    volumes = [
        np.asarray(generate(model, (side,) * 3, seed=seed)) == model.labels.phase
        for seed in range(1, options.volumes + 1)
    ]
    with tempfile.NamedTemporaryFile(suffix=".npy", dir=options.folder, delete=False) as file:
        np.save(file, np.stack(volumes))
    return {
        "volumes": file.name,
        "training seconds": round(trained - began, 1),
        "generation seconds": round(time.monotonic() - trained, 1),
        "device": str(plan.device),
        "stages": [
            {key: stage.as_json()[key] for key in ("scale", "n_steps", "critic_weight", "critic_window")}
            for stage in plan.schedules
        ],
        "threshold": float(model.thresholds.values[0]),
        "fingerprint": sha256(np.packbits(volumes)).hexdigest()[:16],
    }


def changes(job: Job, scale: int) -> dict[str, Any]:
    """Return the numbers that a job changes in the schedule of the stage at a scale."""
    parts = ((key.rpartition(":"), value) for key, value in job.schedule.items())
    return {key: value for (at, _, key), value in parts if at in ("", str(scale))}


# Comparison


def compare(truths: list[dict[str, Any]], ours: list[dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, first in truths[0].items():
        if name == "seconds":
            continue
        true_values = np.array([truth[name] for truth in truths])
        our_values = np.array([our[name] for our in ours])
        if isinstance(first, list):
            found[name] = compare_curves(true_values, our_values)
            continue
        mean, our_mean = float(true_values.mean()), float(our_values.mean())
        difference = our_mean - mean
        relative = name.startswith(("conductivity", "permeability", "Euler", "mean chord"))
        if relative:
            difference = difference / abs(mean) if mean else float("nan")
        found[name] = {
            "truth": rounded(mean),
            "spread of truth": rounded(true_values.std(ddof=1)),
            "ours": rounded(our_mean),
            "spread of ours": rounded(our_values.std(ddof=1)),
            "relative difference" if relative else "difference": rounded(difference),
        }
    return found


def compare_curves(truths: np.ndarray, ours: np.ndarray) -> dict[str, Any]:
    """Return the distances between the mean curves, and that of single true cubes from their mean."""
    apart = np.abs(ours.mean(axis=0) - truths.mean(axis=0))
    scatter = np.abs(truths - truths.mean(axis=0)).max(axis=1)
    return {
        "largest distance": rounded(apart.max()),
        "mean distance": rounded(apart.mean()),
        "largest distance of a true cube": rounded(scatter.mean()),
        "truth": [rounded(value) for value in truths.mean(axis=0)[::4]],
        "ours": [rounded(value) for value in ours.mean(axis=0)[::4]],
    }


def rounded(value: Any) -> float:
    return float(f"{float(value):.5g}")


SHOWN = {
    "porosity": "porosity",
    "lineal path, pores": "lineal",
    "largest cluster, pores": "cluster",
    "percolating share, pores": "percol.",
    "Euler number, pores": "Euler",
    "conductivity, pores": "pores",
    "conductivity, solid": "solid",
    "permeability": "flow",
    "distance to section": "copies",
}


def summary(line: dict[str, Any]) -> str:
    parts = []
    for name, short in SHOWN.items():
        figure = line["figures"].get(name)
        if figure is None:
            continue
        key = next(k for k in ("largest distance", "difference", "relative difference") if k in figure)
        parts.append(f"{short} {figure[key]:{'+.1%' if key.startswith('relative') else '+.4f'}}")
    job = line["job"]
    return f"{job['case']:9} seed {job['seed']} {job['config']} {job['schedule']}: " + ", ".join(parts)


# The run


class Run:
    """Training and measuring processes, and the jobs that are under way."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.cases = {name: make_case(name, options) for name in cases_of(options)}
        self.finished: queue.Queue[tuple[Any, Any]] = queue.Queue()
        self.truths: dict[str, dict[int, Any]] = {name: {} for name in self.cases}
        self.ours: dict[int, dict[int, Any]] = {}
        self.trained: dict[int, dict[str, Any]] = {}
        self.written: set[int] = set()
        self.task = {"flow": options.flow, "axes": options.axes, "device": options.physics_device}
        context = multiprocessing.get_context("spawn")
        self.trainers = context.Pool(options.trainers)
        self.solvers = context.Pool(options.solvers)

    def carry_out(self) -> None:
        """Start everything, and collect it until all is done or the time is over."""
        jobs = self.options.todo
        self._recall_truths()
        waiting = iter(enumerate(jobs))
        under_way = 0
        for index, job in itertools.islice(waiting, self.options.trainers):
            self._train(index, job)
            under_way += 1
        self._measure_truths()
        while self._unfinished():
            left = self._time_left()
            if left <= 0:
                say(f"out of time with {len(self.written)} of {len(jobs)} jobs done")
                break
            try:
                key, result = self.finished.get(timeout=min(left, 5))
            except queue.Empty:
                continue
            if key[0] == "trained":
                self._accept_training(key[1], result)
                under_way -= 1
                following = next(waiting, None) if self._time_left() > self.options.reserve else None
                if following is not None:
                    self._train(*following)
            else:
                self._accept_measures(key, result)
        self.trainers.terminate()
        self.solvers.terminate()

    def _unfinished(self) -> bool:
        if self.options.only_truth:
            return any(len(self.truths[name]) < len(case.cubes) for name, case in self.cases.items())
        return len(self.written) < len(self.options.todo)

    def _time_left(self) -> float:
        return self.options.limit_seconds - (time.monotonic() - START)

    def _train(self, index: int, job: Job) -> None:
        case = self.cases[job.case]
        given = (job, case.section, case.porosity, self.options)
        self._submit(self.trainers, train, given, ("trained", index))

    def _measure(self, key: Any, volume: np.ndarray, section: np.ndarray) -> None:
        self._submit(self.solvers, measure, (np.ascontiguousarray(volume), section, self.task), key)

    def _submit(self, pool: Any, work: Callable[..., Any], given: tuple[Any, ...], key: Any) -> None:
        def accept(result: Any) -> None:
            self.finished.put((key, result))

        def report(error: BaseException) -> None:
            self.finished.put((key, {"error": f"{type(error).__name__}: {error}"}))

        pool.apply_async(work, given, callback=accept, error_callback=report)

    def _measure_truths(self) -> None:
        for i in range(self.options.truths):
            for name, case in self.cases.items():
                if i < len(case.cubes) and i not in self.truths[name]:
                    self._measure(("truth", name, i), case.cubes[i], case.section)

    def _accept_training(self, index: int, result: dict[str, Any]) -> None:
        job = self.options.todo[index]
        self.trained[index] = result
        if "error" in result:
            self._write(index, {"error": result["error"]})
            return
        path = Path(result.pop("volumes"))
        volumes = np.load(path)
        path.unlink()
        say(f"trained {job.case}, seed {job.seed}, {job.config}: {result['training seconds']} s")
        self.ours[index] = {}
        for i, volume in enumerate(volumes):
            self._measure(("ours", index, i), volume, self.cases[job.case].section)

    def _accept_measures(self, key: Any, result: dict[str, Any]) -> None:
        kind, owner, i = key
        if "error" in result:
            say(f"{key}: {result['error']}")
        (self.truths if kind == "truth" else self.ours)[owner][i] = result
        if kind == "truth":
            self._keep_truths()
        for index in list(self.ours):
            case = self.options.todo[index].case
            complete = len(self.ours[index]) == self.options.volumes
            if complete and len(self.truths[case]) >= len(self.cases[case].cubes):
                self._complete(index, case)

    def _complete(self, index: int, case: str) -> None:
        ours, truths = list(self.ours.pop(index).values()), list(self.truths[case].values())
        failed = next((figures["error"] for figures in (*ours, *truths) if "error" in figures), None)
        self._write(index, {"error": failed} if failed else {"figures": compare(truths, ours)})

    def _write(self, index: int, found: dict[str, Any]) -> None:
        job = self.options.todo[index]
        line = {"job": asdict(job), "preset": self.options.preset, **self.trained[index], **found}
        line["done at"] = round(time.monotonic() - START, 1)
        self.written.add(index)
        with self.options.output.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        say(summary(line) if "figures" in found else f"{job}: {found['error']}")

    def _recall_truths(self) -> None:
        """Read the figures of true cubes of an earlier run with the same sizes."""
        if self.options.truth.exists():
            known = json.loads(self.options.truth.read_text(encoding="utf-8"))
            for name, case in self.cases.items():
                kept = known.get(self._key(name), {})
                self.truths[name] = {int(i): figures for i, figures in kept.items() if int(i) < len(case.cubes)}

    def _keep_truths(self) -> None:
        known = json.loads(self.options.truth.read_text(encoding="utf-8")) if self.options.truth.exists() else {}
        known |= {self._key(name): figures for name, figures in self.truths.items()}
        self.options.truth.write_text(json.dumps(known), encoding="utf-8")

    def _key(self, name: str) -> str:
        options = self.options
        return f"{name} side {options.side} section {options.section} flow {options.flow} axes {options.axes}"


def say(text: str) -> None:
    print(f"[{time.monotonic() - START:6.0f} s] {text}", flush=True)


def print_table(path: Path) -> None:
    """Print a line for each job in the file of results, sorted by case and settings."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    done = [line for line in lines if "figures" in line]
    for line in sorted(
        done, key=lambda line: json.dumps([line["job"][k] for k in ("case", "config", "schedule", "seed")])
    ):
        print(summary(line))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add: Callable[..., Any] = parser.add_argument
    add("--cases", nargs="+", choices=CASES, default=list(CASES))
    add("--preset", choices=tuple(PRESETS), default="standard")
    add("--critic", nargs="+", type=float, default=[], help="weights of the critic")
    add("--steps", nargs="+", default=[], help="steps at the finest scale and at coarser ones, FINE:COARSE")
    add("--seeds", nargs="+", type=int, default=[0])
    add("--set", nargs="+", default=[], metavar="KEY=VALUE")
    add("--schedule", nargs="+", default=[], metavar="KEY=VALUE")
    add("--jobs", type=Path)
    add("--volumes", type=int, default=4, help="volumes of each model")
    add("--truths", type=int, default=8, help="true cubes of each case, at most 8 of real materials")
    add("--side", type=int, default=120, help="edge length of all volumes")
    add("--section", type=int, default=256, help="side of the section")
    add("--axes", type=int, nargs="+", default=[0], help="axes along which transport is solved")
    add("--flow", type=int, default=0, help="edge length of volumes for permeability along the first axis; 0 skips it")
    add("--device", default="auto", help="device of the training")
    add("--physics-device", default="auto", choices=("auto", "cpu", "cuda"))
    add("--trainers", type=int, default=1, help="trainings side by side")
    add("--solvers", type=int, default=1, help="volumes measured side by side")
    add("--limit-seconds", type=float, default=float("inf"))
    add("--reserve", type=float, default=60, help="seconds before the limit at which no further training starts")
    add("--data", type=Path, default=DATA)
    add("--pack", type=Path)
    add("--cases-from", type=Path)
    add("--output", type=Path, default=OUTPUT / "connectivity.jsonl")
    add("--truth", type=Path, help="file of the figures of true cubes; by default beside the results")
    add("--only-truth", action="store_true", help="measure the true cubes and end")
    add("--quick", action="store_true", help="a few steps on small sections, to see that everything runs")
    add("--table", action="store_true", help="print the results in the file and end")
    return parser.parse_args()


def main() -> None:
    options = parse()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # the processes share the cores
    if options.quick:
        options.side, options.section, options.volumes, options.truths = 40, 96, 2, 2
        options.set = [
            *options.set,
            "n_steps=4",
            "n_coarse_steps=4",
            "cube_size=24",
            "coarse_cube_size=16",
            "n_calibration_blocks=1",
        ]
    options.truth = options.truth or options.output.with_name("connectivity-truth.json")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    if options.table:
        print_table(options.output)
        return
    if options.pack:
        pack(options.pack, options)
        return
    options.todo = [] if options.only_truth else all_jobs(options)
    with tempfile.TemporaryDirectory() as folder:
        options.folder = folder
        Run(options).carry_out()
    if options.todo:
        print_table(options.output)


if __name__ == "__main__":
    main()
