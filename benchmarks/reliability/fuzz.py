"""Run the properties of tests/fuzz/test_inputs.py on many inputs, random ones or ones that reach new branches.

    python benchmarks/reliability/fuzz.py --n 3000                      # each property
    python benchmarks/reliability/fuzz.py an_image --n 20000 --seed 7   # one
    python benchmarks/reliability/fuzz.py an_image --guided --n 20000   # guided by coverage; needs atheris

The first failure of a property ends it, and is shown with the input.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[2] / "tests" / "fuzz" / "test_inputs.py"
LONGEST_INPUT = 4000
"""Number of random bytes from which an input is drawn."""

N_FIRST = 50
"""Number of random inputs from which a guided search begins."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="properties, without test_; by default all")
    parser.add_argument("--n", type=int, default=3000, help="number of inputs for each property")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--guided", action="store_true", help="search for inputs that reach new branches")
    options = parser.parse_args()
    if options.guided:
        return run_guided(options)
    tests = load_tests()
    warnings.simplefilter("error")
    failed = 0
    for name in options.names or [name.removeprefix("test_") for name in vars(tests) if name.startswith("test_")]:
        failed += not run_random(name, getattr(tests, f"test_{name}"), options)
    return failed


def load_tests():
    spec = importlib.util.spec_from_file_location("test_inputs", TESTS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_random(name, test, options) -> bool:
    """Run a property on random inputs and print a line; return True if it holds."""
    rng = np.random.default_rng(options.seed)
    start = time.perf_counter()
    n_valid = 0
    for i in range(options.n):
        data = rng.bytes(int(rng.integers(10, LONGEST_INPUT)))
        try:
            n_valid += test.hypothesis.fuzz_one_input(data) is not None
        except Exception as error:  # noqa: BLE001  (a failure of any kind is shown)
            print(f"{name:32s} input {i} of seed {options.seed} fails: {type(error).__name__}: {error}", flush=True)
            for note in getattr(error, "__notes__", ()):
                print(note)
            return False
    print(f"{name:32s} {n_valid} inputs  {time.perf_counter() - start:.0f} s", flush=True)
    return True


def run_guided(options) -> int:
    import atheris

    with atheris.instrument_imports(include=["napari_swnn", "tifffile", "PIL"]):
        tests = load_tests()
    (name,) = options.names
    rng = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as corpus:
        for i in range(N_FIRST):
            Path(corpus, str(i)).write_bytes(rng.bytes(LONGEST_INPUT // 2))
        lengths = [f"-max_len={LONGEST_INPUT}", "-len_control=0"]  # short inputs draw nothing
        limits = [f"-runs={options.n}", f"-seed={options.seed + 1}", *lengths]
        atheris.Setup([sys.argv[0], *limits, corpus], getattr(tests, f"test_{name}").hypothesis.fuzz_one_input)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
