"""Time for each voxel and peak memory of volumes written to disk, by their size.

Usage: ``python benchmarks/scaling.py [--sides 128 256 512] [--side 1024] [--model rock.swnn] [--suffix .ome.zarr]``

Each volume is generated in a process of its own, whose peak memory the operating system reports. A volume of 1024³
takes half an hour or more. Core time, unlike wall time, hardly depends on other work on the machine. Without a model, a
small one is trained first; its time per voxel is its own, while trend and memory are representative.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

COLUMNS = {"volume": 7, "blocks": 8, "seconds": 10, "µs/voxel": 10, "core µs/voxel": 15}
COLUMNS |= {"writing": 9, "peak GB": 9, "disk MB": 9}


def small_model(path: Path) -> Path:
    """Train a small network on a built-in sample."""
    import napari_swnn as swnn
    from napari_swnn._sample_data import rock_like

    labels = rock_like()[0][0]
    swnn.train(swnn.Reference(labels), preset="draft").save(path)
    return path


def run(model: Path, side: int, out: Path, threads: int) -> None:
    """Generate one volume in this process, and print the figures as JSON."""
    import resource

    import torch

    import napari_swnn as swnn
    from napari_swnn.io.ome_zarr import OmeZarrFile
    from napari_swnn.io.tiff_stream import TiffFile

    writing = [0.0]

    def timed(cls: type, name: str) -> None:
        original = getattr(cls, name)

        def method(*arguments: object) -> object:
            start = perf_counter()
            result = original(*arguments)
            writing[0] += perf_counter() - start
            return result

        setattr(cls, name, method)

    timed(OmeZarrFile, "write")
    timed(TiffFile, "write")
    torch.set_num_threads(threads)
    loaded = swnn.Model.load(model)
    start, before = perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    steps = swnn.iter_generation(loaded, swnn.VolumeSpec((side,) * 3), out=out)
    n_blocks = 0
    for step in steps:
        n_blocks = step.n_blocks
    seconds = perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    files = [out] if out.is_file() else [path for path in out.rglob("*") if path.is_file()]
    figures = {
        "blocks": n_blocks,
        "seconds": seconds,
        "writing": writing[0],
        "core_seconds": usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime,
        # in kilobytes on Linux, in bytes on macOS
        "peak": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "disk": sum(path.stat().st_size for path in files),
    }
    print(json.dumps(figures))


def check(model: Path, side: int, out: Path) -> str:
    """Compare a volume on disk with the one in memory."""
    import tifffile

    import napari_swnn as swnn

    stored = swnn.io.open_ome_zarr(out).levels[0].compute() if out.is_dir() else tifffile.imread(out)
    same = (stored == swnn.generate(swnn.Model.load(model), (side,) * 3)).all()
    return "equal to the volume made in memory" if same else "NOT EQUAL to the volume made in memory"


def measure(model: Path, side: int, options: argparse.Namespace, folder: Path) -> None:
    """Generate one volume in another process, and print its line."""
    out = folder / f"v{side}{options.suffix}"
    command = [sys.executable, __file__, "--model", str(model), "--threads", str(options.threads)]
    finished = subprocess.run([*command, "--run", str(side), str(out)], check=True, capture_output=True, text=True)
    figures = json.loads(finished.stdout.splitlines()[-1])
    per_voxel, per_voxel_of_a_core = (1e6 * figures[key] / side**3 for key in ("seconds", "core_seconds"))
    print(
        f"{side:>6}³{figures['blocks']:>8}{figures['seconds']:>10.1f}{per_voxel:>10.3f}{per_voxel_of_a_core:>15.3f}"
        f"{figures['writing'] / figures['seconds']:>9.1%}{figures['peak'] / 1e9:>9.2f}{figures['disk'] / 1e6:>9.1f}",
        flush=True,
    )
    if side <= options.check:
        print(f"        {check(model, side, out)}", flush=True)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sides", "--side", type=int, nargs="+", default=[128, 256, 512], help="edge lengths of the volumes in voxels"
    )
    parser.add_argument("--model", type=Path, help="model file (default: a small model is trained)")
    parser.add_argument("--suffix", choices=(".ome.zarr", ".tif"), default=".ome.zarr", help="file format")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads of PyTorch")
    parser.add_argument(
        "--check", type=int, default=256, help="compare volumes up to this edge length with those in memory"
    )
    parser.add_argument("--folder", type=Path, help="folder for the volumes, which are removed at the end")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.model, int(options.run[0]), Path(options.run[1]), options.threads)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        model = options.model or small_model(Path(name) / "small.swnn")
        print(f"{os.cpu_count()} cores, {options.threads} threads, {model.stem}, {options.suffix}")
        print("".join(f"{name:>{width}}" for name, width in COLUMNS.items()))
        for side in options.sides:
            measure(model, side, options, Path(name))


if __name__ == "__main__":
    main()
