"""Training and generation on a CUDA GPU: python benchmarks/gpu.py [--side 1024].

Trains a model with `standard` on a synthetic section, then measures: the time of 128³ voxels in memory, the largest
difference between volumes of GPU and CPU, the time to compute all blocks of a large volume without keeping them, and
the time to write the same volume as OME-Zarr. The paper reports 140 to 157 s for 1024³ on an RTX 4070 Ti.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

import napari_swnn as swnn
from napari_swnn._sample_data import rock_like
from napari_swnn.core.numerics.parallel import iter_side_by_side, pool_size
from napari_swnn.core.volume.virtual_volume import describe_volume

PAPER = 140.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=1024, help="side of the large volume in voxels")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--no-disk", action="store_true", help="do not write the large volume")
    options = parser.parse_args()
    if options.device == "cuda":
        print(torch.cuda.get_device_name(), torch.__version__, f"{torch.get_num_threads()} threads", flush=True)
    model, seconds = timed(lambda: train(options))
    n_steps = model.provenance["n_steps"]
    print(f"training with {options.preset}: {seconds:.1f} s, {1000 * seconds / n_steps:.1f} ms per step", flush=True)
    generate_small(model, options)
    generate_large(model, options)


def train(options: argparse.Namespace) -> swnn.Model:
    section = rock_like()[0][0]
    return swnn.train(swnn.Reference(section), preset=options.preset, device=options.device)


def generate_small(model: swnn.Model, options: argparse.Namespace) -> None:
    shape = (128,) * 3
    ours, first = timed(lambda: swnn.generate(model, shape, device=options.device))
    best = min(timed(lambda: swnn.generate(model, shape, device=options.device))[1] for _ in range(5))
    on_cpu = swnn.generate(model, shape, device="cpu")
    print(
        f"128³ in memory: {1000 * best:.0f} ms (first {first:.2f} s), {(ours != on_cpu).mean():.2e} of the voxels ",
        end="",
    )
    print("differ from the CPU", flush=True)


def generate_large(model: swnn.Model, options: argparse.Namespace) -> None:
    shape = (options.side,) * 3
    volume = describe_volume(model, swnn.VolumeSpec(shape, seed=1), device=options.device)

    def compute() -> int:
        with closing(iter_side_by_side(volume.labels, volume.blocks(), pool_size(volume.device))) as blocks:
            return sum(int(labels.size) for labels in blocks)

    _, seconds = timed(compute)
    report(options.side, "computed", seconds)
    if options.no_disk:
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "volume.ome.zarr"
        _, seconds = timed(lambda: swnn.generate(model, shape, seed=1, out=out, device=options.device))
        report(options.side, "written as OME-Zarr", seconds)


def report(side: int, action: str, seconds: float) -> None:
    per_voxel = seconds / side**3
    ratio = PAPER / (per_voxel * 1024**3)
    print(
        f"{side}³ {action}: {seconds:.1f} s, {1e-6 / per_voxel:.0f} million voxels/s, paper / ours {ratio:.1f}",
        flush=True,
    )


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = perf_counter()
    result = work()
    return result, perf_counter() - start


if __name__ == "__main__":
    main()
