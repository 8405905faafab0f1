"""Images of the paper, networks of its authors and the yardstick, which are kept outside the repository."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

from napari_swnn.io import read_labels

MATERIALS = {1: "silica", 2: "porous rock", 3: "battery electrode", 4: "superalloy"}
SHARED = Path(__file__).resolve().parents[2] / "shared"

AUTHORS_EXACT = {
    1: {"s2": 0.0032, "lp": 0.0021, "sw1": 0.0139, "sw2": 0.0175, "sw4": 0.0186, "surf": 0.397, "local": 0.29},
    2: {"s2": 0.0018, "lp": 0.0018, "sw1": 0.0066, "sw2": 0.0119, "sw4": 0.0179, "surf": 0.092, "local": 0.05},
    3: {"s2": 0.0036, "lp": 0.0007, "sw1": 0.0071, "sw2": 0.0101, "sw4": 0.0127, "surf": 0.037, "local": 1.05},
    4: {"s2": 0.0098, "lp": 0.0012, "sw1": 0.0138, "sw2": 0.0207, "sw4": 0.0220, "surf": 0.006, "local": 0.29},
}
"""Errors of the authors' trained networks, thresholded so that the porosity is exact."""
FLOORS = {"s2": 0.002, "lp": 0.001, "sw1": 0.005, "sw2": 0.005, "sw4": 0.005, "surf": 0.05}
"""Errors below which differences have no meaning."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for the paths of the data and the choice of materials."""
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "paper", help="folder with M1.bmp to M4.bmp")
    parser.add_argument("--yardstick", type=Path, default=SHARED / "bench" / "metrics.py", help="path of metrics.py")
    parser.add_argument("--materials", type=int, nargs="+", choices=MATERIALS, default=list(MATERIALS))


def load_yardstick(path: Path) -> ModuleType:
    """Import the yardstick from its file, or exit with a message if it is missing."""
    if not path.is_file():
        sys.exit(f"The yardstick is not at {path}: set its path with --yardstick.")
    spec = importlib.util.spec_from_file_location("metrics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_image(folder: Path, material: int) -> np.ndarray:
    """Return one of the paper's images as booleans, or exit with a message if it is missing."""
    path = folder / f"M{material}.bmp"
    if not path.is_file():
        sys.exit(f"The paper's image is not at {path}: give its folder with --data.")
    return read_labels(path) > 127


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each figure over volumes."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def ratios(material: int, figures: dict[str, float]) -> dict[str, float]:
    """Return the ratio of each error to that of the authors, both first raised to the floor."""
    authors = AUTHORS_EXACT[material]
    return {name: max(figures[name], floor) / max(authors[name], floor) for name, floor in FLOORS.items()}


def score(material: int, figures: dict[str, float]) -> float:
    """Return the geometric mean of the ratios; 1 is as good as the authors' network."""
    return float(np.exp(np.mean(np.log(list(ratios(material, figures).values())))))
