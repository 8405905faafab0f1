"""Training time against the paper's recipe: python benchmarks/against_paper.py [--materials 2].

Compares, in one run on one machine, 2000 iterations of the recipe, implemented here from the paper's description, with
a training of the preset `standard`. The accuracy of the latter is in RESULTS.md.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import _paper
import napari_swnn as swnn

ITERATIONS, SIDE, BLOCKS, CHANNELS, NOISE, DIRECTIONS = 2000, 128, 8, 24, 3, 512
TEMPLATES = {1: 5, 2: 7, 3: 6, 4: 5}


def paper_network() -> nn.Sequential:
    """Return eight blocks of convolution, batch norm and leaky ReLU, and a final 1 × 1 × 1 convolution."""
    layers = []
    for i in range(BLOCKS):
        layers += [nn.Conv3d(CHANNELS if i else NOISE, CHANNELS, 3), nn.BatchNorm3d(CHANNELS), nn.LeakyReLU(0.01)]
    return nn.Sequential(*layers, nn.Conv3d(CHANNELS, 1, 1))


def paper_iteration(network: nn.Module, optimiser: torch.optim.Optimizer, image: torch.Tensor, template: int) -> None:
    """Take one step: compare the patterns of one section of each of three slabs with those of the image (Eq. 20)."""
    optimiser.zero_grad()
    goal = F.unfold(image, template)[0]  # (t * t, n)
    loss = torch.zeros(())
    for axis in range(3):
        shape = [SIDE + 2 * BLOCKS] * 3
        shape[axis] = 1 + 2 * BLOCKS
        section = network(torch.randn(1, NOISE, *shape)).squeeze(axis + 2)
        directions = F.normalize(torch.randn(DIRECTIONS, template**2), dim=1)
        patterns = F.unfold(section, template)[0]
        ours, theirs = (torch.sort(directions @ sample, dim=1)[0] for sample in (patterns, goal))
        loss = loss + (ours - theirs).abs().mean() / 3
    loss.backward()
    optimiser.step()


def seconds_per_iteration(image: np.ndarray, template: int, n: int = 3) -> float:
    network = paper_network()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.05)
    target = torch.from_numpy(2 * image.astype(np.float32) - 1)[None, None]
    paper_iteration(network, optimiser, target, template)  # not counted: it sets the libraries up
    start = perf_counter()
    for _ in range(n):
        paper_iteration(network, optimiser, target, template)
    return (perf_counter() - start) / n


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    options = parser.parse_args()
    torch.manual_seed(0)
    for material in options.materials:
        image = _paper.load_image(options.data, material)
        paper = seconds_per_iteration(image, TEMPLATES[material])
        start = perf_counter()
        swnn.train(swnn.Reference(image.astype(np.uint8)))
        ours = perf_counter() - start
        whole = ITERATIONS * paper
        print(f"M{material}: paper {paper:.2f} s per iteration, {whole / 3600:.1f} h in total")
        print(f"    standard {ours:.0f} s: ratio {whole / ours:.0f}", flush=True)


if __name__ == "__main__":
    main()
