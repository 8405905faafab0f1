"""Generation by the number of threads: python benchmarks/generation_threads.py MODEL [--against OTHER/src].

Measures `generate` for a model file, each run in a process of its own: wall time, processor time and the peak of the
resident memory. With --against, the source tree of another commit is measured in turns with this one, on the same
machine, and the ratios of the medians are printed: above 1, this tree is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from statistics import median

HERE = Path(__file__).parents[1] / "src"
RUN = """
import json, resource, sys
from time import perf_counter, process_time
import torch
import napari_swnn as swnn
path, side, threads, precision = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(threads)
if precision != "default":
    from napari_swnn.core.volume import virtual_volume
    virtual_volume.generation_precision = lambda *_args, **_kwargs: getattr(torch, precision)
model = swnn.Model.load(path)
swnn.generate(model, (64,) * 3, device="cpu")  # loads code
wall, processor = perf_counter(), process_time()
swnn.generate(model, (side,) * 3, seed=1, device="cpu")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps([perf_counter() - wall, process_time() - processor, peak / 2**20]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model file")
    parser.add_argument("--against", type=Path, help="src folder of another commit")
    parser.add_argument("--sides", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--precision", choices=("default", "float32", "bfloat16"), default="default")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    trees = {"this": HERE} | ({} if options.against is None else {"other": options.against})
    for side, threads in product(options.sides, options.threads):
        runs = {name: [] for name in trees}
        for _, (name, source) in product(range(options.rounds), trees.items()):
            runs[name].append(run_alone(source, options.model, side, threads, options.precision))
        report(side, threads, runs)


def run_alone(source: Path, model: Path, side: int, threads: int, precision: str) -> list[float]:
    """Return seconds of wall time, seconds of processor time, and the peak memory in MiB of one run."""
    environment = {**os.environ, "PYTHONPATH": str(source.resolve())}
    command = [sys.executable, "-c", RUN, str(model), str(side), str(threads), precision]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def report(side: int, threads: int, runs: dict[str, list[list[float]]]) -> None:
    medians = {name: [median(column) for column in zip(*rows, strict=True)] for name, rows in runs.items()}
    for name, (wall, processor, peak) in medians.items():
        print(
            f"{side}³, {threads} threads, {name:5}: {wall:7.2f} s, {processor:7.2f} s of processors, {peak:5.0f} MiB;"
            f" wall times {', '.join(f'{row[0]:.2f}' for row in runs[name])}"
        )
    if "other" in medians:
        wall, processor = (medians["other"][i] / medians["this"][i] for i in (0, 1))
        print(f"    ratio other/this: wall {wall:.2f}, processors {processor:.2f}", flush=True)


if __name__ == "__main__":
    main()
