#!/usr/bin/env python
"""Build the wheel, install it into fresh environments, and try the engine there, without napari and Qt.

    python scripts/try_install.py --pythons python3.11 python3.12 python3.13 --versions newest lowest

``lowest`` installs the oldest releases that ``pyproject.toml`` permits, ``newest`` the latest ones, and ``pinned``
those of ``constraints.txt``. Each environment trains a small model, generates a volume, checks and compares it, and
prints a hash of its voxels. torch takes most of the time and space; ``--torch 2.13.0`` sets its release everywhere.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
INTERFACE = ("napari", "qtpy", "PyQt6", "PySide6", "magicgui", "superqt")
TRIAL = """
import hashlib, importlib.util, platform
import numpy as np, torch
import napari_swnn as swnn
from napari_swnn.cli import main

there = [name for name in {interface!r} if importlib.util.find_spec(name)]
assert not there, there
rng = np.random.default_rng(0)
labels = (rng.random((20, 20)) < 0.4).repeat(6, 0).repeat(6, 1).astype(np.uint8)
config = swnn.TrainingConfig(n_scales=2, template_size=5, n_blocks=2, n_channels=8, n_steps=4, n_coarse_steps=4)
reference = swnn.Reference(labels)
swnn.train(reference, config=config).save("m.swnn")
model = swnn.Model.load("m.swnn")
swnn.generate(model, (70, 70, 70), seed=1, out="v.ome.zarr")
swnn.generate(model, (32, 32, 32), seed=1, out="v.tif")
volume = np.asarray(swnn.io.open_volumes("v.ome.zarr")[0])
swnn.validate(volume[:48, :48, :48], reference).save("report.json")
assert main(["check", "m.swnn", "v.ome.zarr", "v.tif"]) == 0
digest = hashlib.sha256(volume.tobytes()).hexdigest()[:12]
print("RESULT", platform.python_version(), "numpy", np.__version__, "torch", torch.__version__, "voxels", digest)
"""


def main() -> int:
    """Try each combination and return the number of those that fail."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pythons", nargs="+", default=[sys.executable], help="interpreters")
    parser.add_argument("--versions", nargs="+", choices=("newest", "lowest", "pinned"), default=["newest"])
    parser.add_argument("--torch", help="release of torch in all environments")
    parser.add_argument("--folder", type=Path, help="folder for the environments, which are kept")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = (options.folder or Path(name)).absolute()
        wheel = build(folder / "wheel")
        for python in options.pythons:
            for versions in options.versions:
                try:
                    print(try_one(wheel, python, versions, folder, options.torch), flush=True)
                except subprocess.CalledProcessError as error:
                    failed += 1
                    print(f"FAILED {python} {versions}: {(error.stderr or error.stdout).strip()[-1500:]}", flush=True)
    return failed


def build(folder: Path) -> Path:
    """Build the wheel and return its path."""
    execute([sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT], cwd=ROOT)
    return next(folder.glob("napari_swnn-*.whl"))


def try_one(wheel: Path, python: str, versions: str, folder: Path, torch: str | None) -> str:
    """Install the wheel into a new environment, run the trial in it and return its last line."""
    here = folder / f"{Path(python).name}-{versions}"
    execute([python, "-m", "venv", here / "venv"])
    own = here / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pins = {"newest": [], "lowest": lowest(), "pinned": pinned()}[versions]
    if torch is not None:
        pins = [pin for pin in pins if not pin.startswith("torch==")] + [f"torch=={torch}"]
    (here / "pins.txt").write_text("\n".join(pins), encoding="utf-8")
    execute([own, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "-c", here / "pins.txt", wheel])
    printed = execute([own, "-c", TRIAL.format(interface=INTERFACE)], cwd=here)
    return f"{versions:7s} {printed.strip().splitlines()[-1]}"


def lowest() -> list[str]:
    """Return a pin to the oldest permitted release of each dependency."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return ["==".join(re.fullmatch(r"([\w-]+)(?:\[.*\])?>=([\d.]+)", entry).groups()) for entry in declared]


def pinned() -> list[str]:
    """Return the pins with which the project is tested."""
    return [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line]


def execute(command: list[object], cwd: Path | None = None) -> str:
    """Run a command and return what it prints."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
