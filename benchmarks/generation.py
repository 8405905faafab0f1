"""Generation against the paper's network as its authors run it: python benchmarks/generation.py [--material 2].

Measures, in one run on one machine, the voxels per second of: the plain network (the authors' checkpoint if available,
otherwise random weights) as its authors run it, in blocks of 128³ in torch's default layout with separate batch norm;
the same network as `generate` runs it, with the same output, at once and in blocks of 64 with margins; and the cascade
of `standard`. Then the time per voxel and the memory beyond the volume, by size.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import psutil
import torch
from torch import nn

import _paper
import napari_swnn as swnn
from napari_swnn.core.model.paper_checkpoint import load_checkpoint
from napari_swnn.core.model.segmentation import ThresholdCurve
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.training.trainer import new_stage

OUTPUT = Path(__file__).parent / "output"
SIDE = 128
CLOCKS = {"wall": perf_counter, "processor": process_time}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: for one thread on a busy machine")
    parser.add_argument("--sides", type=int, nargs="+", default=[128, 256, 384, 512])
    options = parser.parse_args()
    for material in options.materials:
        compare_networks(material, options)
    cascade = cascade_model(options.materials[0], options)
    flatness(cascade, options.sides)


def compare_networks(material: int, options: argparse.Namespace) -> None:
    """Measure the variants in turns, and print the best of three runs of each."""
    plain = plain_stage(material, options)
    reference, folded = as_the_authors_run_it(plain), plain.fold()
    cascade = cascade_model(material, options)
    side = SIDE + 2 * plain.margin
    noise = torch.randn(1, plain.config.n_noise_channels, side, side, side)

    def authors() -> torch.Tensor:
        with torch.inference_mode():
            return reference(noise)

    def ours() -> torch.Tensor:
        with torch.inference_mode():
            return folded(noise)

    torch.testing.assert_close(ours(), authors(), rtol=1e-3, atol=1e-4)
    shape = (SIDE,) * 3
    ways = {
        "authors' way": authors,
        "plain, folded": ours,
        "plain, in blocks": lambda: swnn.generate(model_of(folded), shape),
        "cascade": lambda: swnn.generate(cascade, shape),
    }
    best = dict.fromkeys(ways, np.inf)
    for _ in range(3):
        for name, way in ways.items():
            best[name] = min(best[name], _seconds(way, CLOCKS[options.clock]))
    print(f"M{material}, {SIDE}³ voxels, equal output of both plain variants:")
    for name, seconds in best.items():
        ratio = best["authors' way"] / seconds
        print(f"    {name:<16} {seconds:6.2f} s   {SIDE**3 / seconds / 1e6:6.3f} million voxels/s   ratio {ratio:.1f}")


def model_of(stage: Stage) -> swnn.Model:
    """Return a model of one stage; its threshold and porosity have no meaning."""
    return swnn.Model(NetworkConfig((stage.config,)), (stage,), ThresholdCurve.constant(0.0), 0.5)


def plain_stage(material: int, options: argparse.Namespace) -> Stage:
    """Return the authors' trained network, or one of the same size with random weights."""
    checkpoint = options.data / f"M{material}.pytorch"
    if checkpoint.is_file():
        return load_checkpoint(checkpoint)[1]
    print(f"M{material}: no checkpoint of the authors found, weights are random")
    config = StageConfig(1, 7, 8, 24, 3, bounded=False)
    return Stage(config, conditioned=False, generator=torch.Generator().manual_seed(0)).eval()


def as_the_authors_run_it(stage: Stage) -> nn.Sequential:
    """Evaluate layer by layer in the default layout, with batch norm and a final 1 × 1 × 1 convolution."""
    layers: list[nn.Module] = []
    for convolution in stage.convolutions:
        copy = nn.Conv3d(convolution.in_channels, convolution.out_channels, 3)
        copy.load_state_dict(convolution.state_dict())
        copy.to(memory_format=torch.contiguous_format)
        layers += [copy, nn.BatchNorm3d(convolution.out_channels, eps=0.0), nn.LeakyReLU(0.01)]
    head = nn.Conv3d(stage.head.in_features, 1, 1)
    head.weight.data.copy_(stage.head.weight.view(head.weight.shape))
    head.bias.data.copy_(stage.head.bias)
    return nn.Sequential(*layers, head).eval()


def cascade_model(material: int, options: argparse.Namespace) -> swnn.Model:
    """Return the model that accuracy.py saved, or one of the same size with random weights, which is as fast."""
    path = OUTPUT / f"M{material}-standard.swnn"
    if path.is_file():
        return swnn.Model.load(path)
    image = _paper.load_image(options.data, material)
    plan = swnn.plan_training(swnn.Reference(image.astype(np.uint8)))
    generator = torch.Generator().manual_seed(0)
    stages = tuple(new_stage(plan.network, i, generator).fold() for i in range(len(plan.schedules)))
    return swnn.Model(plan.network, stages, ThresholdCurve.constant(0.0), plan.porosity)


def flatness(model: swnn.Model, sides: list[int]) -> None:
    """Print the time per voxel and the memory beyond the volume by size, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.swnn"
        model.save(path)
        for side in sides:
            with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
                seconds, beyond = fresh.submit(generate_alone, path, side).result()
            print(
                f"{side}³: {seconds:7.1f} s, {1e6 * seconds / side**3:.3f} µs per voxel, "
                f"at most {beyond / 2**20:.0f} MiB beyond libraries, model and volume",
                flush=True,
            )


def generate_alone(path: Path, side: int) -> tuple[float, int]:
    """Return the seconds of a volume, and the peak of bytes beyond those held before generation."""
    model, before = swnn.Model.load(path), psutil.Process().memory_info().rss
    swnn.generate(model, (64,) * 3)  # initialises the libraries
    seconds = _seconds(lambda: swnn.generate(model, (side,) * 3))
    # Linux only: getrusage includes the parent before the new program was loaded.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    return seconds, peak - before - side**3


def _seconds(work, clock=perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


if __name__ == "__main__":
    main()
