"""Lower bound of the error of an isotropic generator: python benchmarks/isotropic_floor.py [--materials 3].

The yardstick compares sections normal to all three axes with one image. In an image of 128² rows and columns differ by
sampling noise, and it differs from its mirror image; an isotropic material shows neither. So even a perfect one has an
error: the distance of the patterns of the image together with those of its transpose and mirror images from those of
the image alone. The two-point correlation and the lineal path are means over the axes, which these symmetries preserve.
"""

from __future__ import annotations

import argparse

import numpy as np

import _paper


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    options = parser.parse_args()
    yardstick = _paper.load_yardstick(options.yardstick)
    for material in options.materials:
        distances = floor(_paper.load_image(options.data, material), yardstick)
        ratios = _paper.ratios(material, {**dict.fromkeys(_paper.FLOORS, 0.0), **distances})
        print(yardstick.row(f"M{material}, all symmetries", distances))
        print(yardstick.row("ratio", {name: ratios[name] for name in distances}))
        print(f"score without any other error: {np.exp(np.mean(np.log(list(ratios.values())))):.2f}", flush=True)


def floor(image: np.ndarray, yardstick) -> dict[str, float]:
    """Return the distances of the patterns of all symmetries of an image from its own, at each scale."""
    distances = {}
    for scale in (1, 2, 4):
        section = yardstick.shrink(image[None].astype(np.float32), scale)
        turned = [np.rot90(section, k, axes=(1, 2)) for k in range(4)]
        symmetric = [np.ascontiguousarray(copy) for s in turned for copy in (s, s[:, ::-1])]
        own, every = yardstick.patterns(section, np.random.default_rng(7)), []
        for copy in symmetric:
            every.append(yardstick.patterns(copy, np.random.default_rng(7)))
        distances[f"sw{scale}"] = yardstick.sliced_w1(np.concatenate(every), own, np.random.default_rng(11))
    return distances


if __name__ == "__main__":
    main()
