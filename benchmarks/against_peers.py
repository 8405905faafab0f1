"""Other packages on the same image: python benchmarks/against_peers.py --python mcrpy=PATH porespy=PATH gstools=PATH.

Each package runs in a process of its own with the interpreter of its own environment, with one thread; packages without
an interpreter are left out. The yardstick judges every volume of at least 64³ against the image. Each line has the time
of the processor and the peak memory of the process with its libraries, the score, the spread over boxes, and the
conductivities with one phase conducting and the other insulating.

mcrpy-s2-lp, mcrpy-gram        gradient-based reconstruction, from two-point correlation and lineal path, or from Gram
                               matrices of VGG features
porespy-blobs, -spheres        generators, fitted to porosity and the length of the autocovariance
gstools                        truncated Gaussian field, fitted to the same
slicegan                       one training step of a network of SliceGAN's description, times its usual number of steps

mcrpy needs NumPy below 2, and tf_keras for the Gram matrices; slicegan needs torch, and runs with this interpreter
unless another one is given.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import _paper
from napari_swnn.physics import SolverOptions, effective_conductivity

PEERS = ("mcrpy-s2-lp", "mcrpy-gram", "porespy-blobs", "porespy-spheres", "gstools", "slicegan")


class Outcome(NamedTuple):
    """Volume of a process, with its costs and what it printed last."""

    volume: np.ndarray | None
    seconds: float
    bytes: int
    said: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--python", nargs="*", default=[], metavar="PACKAGE=PATH", help="interpreters of the packages")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--sides", type=int, nargs="+", default=[64])
    parser.add_argument("--limit", type=float, default=1800, help="longest time of a process, in seconds")
    parser.add_argument("--ours", nargs="*", default=["standard"], help="presets to train, or files of trained models")
    options = parser.parse_args()
    interpreters = {"slicegan": sys.executable, **dict(pair.split("=", 1) for pair in options.python)}
    yardstick = _paper.load_yardstick(options.yardstick)
    for material in options.materials:
        image = _paper.load_image(options.data, material)
        print("| | side | time, s | memory, GB | score | local | porosity | conductivity of 1; of 0 | |")
        print("|---|---|---|---|---|---|---|---|---|")
        for side in options.sides:
            for peer in options.peers:
                interpreter = interpreters.get(peer.partition("-")[0])
                if interpreter:
                    command = [interpreter, str(Path(__file__).with_name("_peers.py")), peer]
                    report(material, peer, side, image, run(command, image, side, options), yardstick)
            for how in options.ours:
                outcome = run([*OURS, how], image, side, options)
                report(material, f"ours, `{Path(how).name}`", side, image, outcome, yardstick)


OURS = [
    sys.executable,
    "-c",
    "import sys, numpy as np, napari_swnn as swnn\n"
    "how, image = sys.argv[1], np.load(sys.argv[2]).astype(np.uint8)\n"
    "saved = how.endswith('.swnn')\n"
    "model = swnn.Model.load(how) if saved else swnn.train(swnn.Reference(image), preset=how)\n"
    "np.save(sys.argv[4], swnn.generate(model, (int(sys.argv[3]),) * 3, seed=1) == 1)",
]


def run(command: list[str], image: np.ndarray, side: int, options: argparse.Namespace) -> Outcome:
    """Run a process that makes a volume of an image."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1")
    # The lineal path of MCRpy calls a function from within a function, and waits forever for a second thread.
    one_thread |= {"TF_NUM_INTEROP_THREADS": "4", "TF_USE_LEGACY_KERAS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        given, made, log = Path(folder, "image.npy"), Path(folder, "volume.npy"), Path(folder, "log.txt")
        np.save(given, image)
        with log.open("wb") as file:
            process = subprocess.Popen(
                ["timeout", str(options.limit), *command, str(given), str(side), str(made)],
                env={**os.environ, **one_thread},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            usage = os.wait4(process.pid, 0)[2]
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "")
        volume = np.load(made) if made.exists() else None
    return Outcome(volume, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss, said)


def report(material: int, peer: str, side: int, image: np.ndarray, outcome: Outcome, yardstick: Any) -> None:
    cells = [peer, f"{side}³", f"{outcome.seconds:.0f}", f"{outcome.bytes / 1e9:.2f}"]
    volume = outcome.volume
    if volume is None or not volume.any():
        cells += ["", "", "", ""]
    else:
        figures = yardstick.compare(volume, image) if side >= 64 else None
        cells += ["", ""] if figures is None else [f"{_paper.score(material, figures):.2f}", f"{figures['local']:.2f}"]
        cells += [f"{volume.mean():.4f}", "; ".join(f"{conductivity(volume, phase):.3f}" for phase in (1, 0))]
    print("| " + " | ".join([*cells, outcome.said[:120]]) + " |", flush=True)


def conductivity(volume: np.ndarray, phase: int) -> float:
    values = {phase: 1.0, 1 - phase: 0.0}
    options = SolverOptions(throw=False)
    labels = volume.astype(np.uint8)
    return float(
        np.mean([effective_conductivity(labels, values, axis=axis, options=options).value for axis in range(3)])
    )


if __name__ == "__main__":
    main()
