"""Long runs: where they compute, and how one that was stopped goes on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def add_run_options(parser: argparse.ArgumentParser, resuming: str) -> None:
    """Where to compute, and whether to go on; `resuming` says with what."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--resume", action="store_true", help=resuming)
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster that computes, or its scheduler file, .json"
    )


@contextmanager
def cluster_client(address: str | None) -> Iterator[Any]:
    """A client of a Dask cluster, if there is an address."""
    if address is None:
        yield None
        return
    try:
        from concurrent.futures import CancelledError

        from distributed import Client, KilledWorker
    except ImportError as error:
        raise ValueError("--scheduler needs the package distributed; install napari-swnn[cluster]") from error
    # A scheduler that is just starting writes its file in a moment: the client waits for it.
    with Client(scheduler_file=address) if address.endswith(".json") else Client(address) as client:
        try:
            yield client
        except (KilledWorker, CancelledError) as error:
            said = " ".join(str(error).split())
            raise RuntimeError(f"the workers and the scheduler must stay alive, got: {said}") from error


@contextmanager
def resumable() -> Iterator[None]:
    """Tell a user who stops the run how to go on with it."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nWhat is complete is kept: the same command with --resume goes on.", file=sys.stderr)
        raise
