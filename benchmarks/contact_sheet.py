"""Sections of reference, ours and the authors' side by side: python benchmarks/contact_sheet.py.

Takes the models that accuracy.py saved in benchmarks/output/, and the authors' checkpoints where they are available, at
the exact porosity. Generates a new volume with each, and draws one section normal to each axis. Writes
docs/images/contact-sheet.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import _paper
import napari_swnn as swnn
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

ROOT = Path(__file__).resolve().parents[1]
SIDE, SEED = 128, 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images" / "contact-sheet.png")
    options = parser.parse_args()
    rows = [row for material in options.materials for row in rows_of(material, options)]
    save(rows, options.output)


def rows_of(material: int, options: argparse.Namespace) -> list[tuple[str, list[np.ndarray]]]:
    """Return label and sections of our volume and the authors', each after the reference."""
    image, rows = _paper.load_image(options.data, material), []
    ours = ROOT / "benchmarks" / "output" / f"M{material}-{options.preset}.swnn"
    if ours.is_file():
        volume = swnn.generate(swnn.Model.load(ours), (SIDE,) * 3, seed=SEED) == 1
        rows.append((f"M{material}\nours, {options.preset}", [image, *sections(volume)]))
    checkpoint = options.data / f"M{material}.pytorch"
    if checkpoint.is_file():
        rows.append((f"M{material}\nauthors'", [image, *sections(authors_volume(checkpoint, image.mean()))]))
    return rows


def sections(volume: np.ndarray) -> list[np.ndarray]:
    """Return one section normal to each axis."""
    return [volume[40], volume[:, 64], volume[:, :, 88]]


def authors_volume(checkpoint: Path, porosity: float, *, side: int = SIDE, seed: int = SEED) -> np.ndarray:
    """Generate a volume of the authors' network with exactly this porosity."""
    model = swnn.Model.from_authors(checkpoint)
    described = describe_volume(model, VolumeSpec((side,) * 3, seed=seed))
    grey = np.empty(described.shape, np.float32)
    for block in described.blocks():
        grey[block.destination((0, 0, 0))] = described.grey(block.window)[0][block.source()]
    return grey >= float(np.quantile(grey, 1 - porosity))


def save(rows: list[tuple[str, list[np.ndarray]]], path: Path) -> None:
    """Draw every pixel three screen pixels wide, without interpolation."""
    titles = ["reference", "normal to z", "normal to y", "normal to x"]
    figure, axes = plt.subplots(len(rows), 4, figsize=(8.6, 2.12 * len(rows)), dpi=150, squeeze=False)
    for line, (label, images) in zip(axes, rows, strict=True):
        for ax, image in zip(line, images, strict=True):
            ax.imshow(image, cmap="gray", interpolation="nearest")
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(label, fontsize=9)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    figure.subplots_adjust(left=0.06, right=0.995, top=0.985, bottom=0.005, wspace=0.03, hspace=0.03)
    figure.savefig(path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
