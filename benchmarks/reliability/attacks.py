"""Kills, races and flipped bits, counted: what a run leaves behind, and what a reader notices.

    python benchmarks/reliability/attacks.py kills --n 63
    python benchmarks/reliability/attacks.py races --n 40
    python benchmarks/reliability/attacks.py flips --n 160
    python benchmarks/reliability/attacks.py headers --n 1500

Each attack runs in processes that are forked after everything is loaded, so that a kill or a race takes moments.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch

import napari_swnn as swnn
from napari_swnn._sample_data import gaussian_level_set

RUNS = {
    "zarr": {"shape": (128, 192, 192), "out": "v.ome.zarr"},
    "tif": {"shape": (128, 128, 160), "out": "v.tif"},
    "two": {"shape": (96, 130, 130), "n": 2, "out": "two.ome.zarr"},
    "exact": {"shape": (128, 128, 128), "exact": True, "out": "exact.ome.zarr"},
    "periodic": {"shape": (128, 128, 128), "porosity": 0.28, "periodic": True, "out": "periodic.ome.zarr"},
}
"""Generations to kill: both formats, several realisations, an exact porosity, and a periodic volume of a range."""
CONFIG = swnn.TrainingConfig(
    n_scales=2, template_size=5, n_blocks=2, n_channels=8, n_steps=6, n_coarse_steps=6, n_calibration_blocks=1
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attack", choices=tuple(ATTACKS))
    parser.add_argument("--n", type=int, default=40, help="number of attacks")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)  # a fork loses the threads of a pool
    warnings.simplefilter("ignore")
    labels = gaussian_level_set(0.3, lambda k: np.exp(-(np.hypot(*k) ** 2) * 9 / 2), seed=0, side=96).astype(np.uint8)
    models = {
        name: swnn.train(swnn.Reference(labels), config=CONFIG, porosity=porosity)
        for name, porosity in (("one", None), ("range", (0.25, 0.35)))
    }
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        found = ATTACKS[options.attack](models, options.n, np.random.default_rng(options.seed))
    for outcome, count in sorted(found.items()):
        print(f"{outcome:60s} {count}")
    return 0


def kill_runs(models, n, rng):
    """Kill generations at random times and resume them until they end; compare the bytes with those of whole runs."""
    outcomes = Counter()
    names = list(RUNS)
    whole = {}
    durations = {}
    for name in names:
        start = time.monotonic()
        whole[name] = content(generate(models, name, Path("whole")))
        durations[name] = time.monotonic() - start
    run = 0
    while outcomes["kills"] < n:
        name = names[run % len(names)]
        folder = Path(f"run-{run}")
        run += 1
        for attempt in range(12):
            child = fork(lambda name=name, folder=folder: generate(models, name, folder, resume=True))
            time.sleep(rng.uniform(0.02, 0.9) * durations[name])
            if attempt < 9 and outcomes["kills"] < n and os.waitpid(child, os.WNOHANG)[0] == 0:
                os.kill(child, signal.SIGKILL)
                outcomes["kills"] += 1
                os.waitpid(child, 0)
                continue
            break
        generate(models, name, folder, resume=True)
        outcomes["runs resumed to the end"] += 1
        outcomes["same bytes"] += content(folder / RUNS[name]["out"]) == whole[name]
        outcomes["files left over"] += len(list(folder.iterdir())) - 1
    return outcomes


def generate(models, name, folder, **options):
    folder.mkdir(exist_ok=True)
    asked = dict(RUNS[name])
    model = models["range" if "porosity" in asked else "one"]
    return swnn.generate(model, asked.pop("shape"), seed=3, **{**asked, "out": folder / asked["out"]}, **options)


def race_runs(models, n, rng):
    """Start two processes at the same moment that write one name with different seeds."""
    outcomes = Counter()
    model, shape = models["one"], (64, 96, 96)
    expected = {seed: swnn.generate(model, shape, seed=seed) for seed in (1, 2)}
    for i in range(n):
        out = Path("r", f"{i}.{'tif' if i % 2 else 'ome.zarr'}")
        out.parent.mkdir(exist_ok=True)
        begin = time.time() + 0.05

        def write(seed, out=out, begin=begin):
            time.sleep(max(0.0, begin - time.time()))
            try:
                swnn.generate(model, shape, seed=seed, out=out)
            except FileExistsError:
                return 3
            return 0

        ends = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in [fork(write, 1), fork(write, 2)])
        volume = np.asarray(swnn.io.open_volumes(out)[0])
        pure = any(np.array_equal(volume, whole) for whole in expected.values())
        kind = {(0, 3): "one wrote, one was refused", (0, 0): "both wrote"}.get(tuple(ends), f"ended with {ends}")
        outcomes[f"{kind}; {'voxels of one seed' if pure else 'MIXED'}"] += 1
        outcomes["files left over"] += (
            len([path for path in out.parent.iterdir() if path.name.startswith((".", f"{i}."))]) - 1
        )
        remove(out)
    return outcomes


def flip_shards(models, n, rng):
    """Flip one bit in a part of a store, and read the volume."""
    whole = np.asarray(swnn.io.open_volumes(swnn.generate(models["one"], (128,) * 3, seed=1, out="f.ome.zarr"))[0])
    parts = sorted(path for path in Path("f.ome.zarr/0/c").rglob("*") if path.is_file())
    outcomes = Counter()
    for _ in range(n):
        path = parts[rng.integers(len(parts))]
        outcomes[flipped(path, rng, 0, "f.ome.zarr", whole)] += 1
    return outcomes


def flip_headers(models, n, rng):
    """Flip one bit in the header of a TIFF, and read the volume."""
    whole = np.asarray(swnn.io.open_volumes(swnn.generate(models["one"], (16,) * 3, seed=1, out="h.tif"))[0])
    size = Path("h.tif").stat().st_size - whole.size
    outcomes = Counter()
    for _ in range(n):
        outcomes[flipped(Path("h.tif"), rng, size, "h.tif", whole)] += 1
    return outcomes


def flipped(path, rng, limit, name, whole):
    data = path.read_bytes()
    changed = bytearray(data)
    changed[rng.integers(limit or len(data))] ^= 1 << int(rng.integers(8))
    path.write_bytes(changed)
    try:
        volumes = swnn.io.open_volumes(name)
        same = len(volumes) == 1 and np.array_equal(np.asarray(volumes[0]), whole)
        return "read as written" if same else "ANOTHER VOLUME"
    except ValueError:
        return "refused (ValueError)"
    except Exception as error:  # noqa: BLE001  (counted)
        return f"UNDOCUMENTED {type(error).__name__}"
    finally:
        path.write_bytes(data)


def fork(work, *arguments):
    """Run a function in a new process and return its number; the result of the function is the exit status."""
    child = os.fork()
    if child:
        return child
    try:
        status = work(*arguments)
        os._exit(status if isinstance(status, int) else 0)
    except BaseException as error:  # noqa: BLE001  (the process ends here)
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(4)


def content(path):
    """Return the bytes of a file, or of every file in a folder."""
    path = Path(path)
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def remove(path):
    import shutil

    shutil.rmtree(path) if path.is_dir() else path.unlink()


ATTACKS = {"kills": kill_runs, "races": race_runs, "flips": flip_shards, "headers": flip_headers}

if __name__ == "__main__":
    sys.exit(main())
