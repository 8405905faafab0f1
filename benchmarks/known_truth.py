"""Known materials, from one section: python benchmarks/known_truth.py [--quick] [--preset standard] [--critic 0 0.3].

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
deviation of single volumes) of truth and of ours; a difference is ours minus truth, relative for transport, chords and
the Euler number. --table prints all lines of a file as tables with targets.

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
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from _exam import tables
from _figures import compare, measure
from _materials import CASES, DATA, make_case, pack
from napari_swnn.core.descriptor import Reference
from napari_swnn.core.training import PRESETS, TrainingConfig, iter_training, plan_training

OUTPUT = Path(__file__).parent / "output"
START = time.monotonic()


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
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        settings = "".join(f"-{key}={value}" for key, value in job.config.items())
        path = options.keep / f"known-{job.case}-{options.preset}{settings}-{job.seed}.npz"
        np.savez_compressed(path, volumes=np.packbits(volumes, axis=-1))
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
        say(f"{job}: {found.get('error', 'measured')}")

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


def print_tables(path: Path) -> None:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    print(*tables([line for line in lines if "figures" in line]), sep="\n")


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
    add("--keep", type=Path, help="folder in which to keep the volumes, as packed bits")
    add("--output", type=Path, default=OUTPUT / "known-truth.jsonl")
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
    options.truth = options.truth or options.output.with_name("known-truth-cubes.json")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    if options.table:
        print_tables(options.output)
        return
    if options.pack:
        pack(options.pack, options)
        return
    options.todo = [] if options.only_truth else all_jobs(options)
    with tempfile.TemporaryDirectory() as folder:
        options.folder = folder
        Run(options).carry_out()
    if options.todo:
        print_tables(options.output)


if __name__ == "__main__":
    main()
