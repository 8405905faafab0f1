"""Options of long runs: device, cluster and resuming."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def add_run_options(parser: argparse.ArgumentParser, resume_help: str) -> None:
    """Add the options for the device, the cluster and resuming."""
    parser.add_argument("--device", default="auto", help="device for the computation: auto, cpu, cuda or mps")
    parser.add_argument("--resume", action="store_true", help=resume_help)
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="address or scheduler file (.json) of the Dask cluster to use"
    )


@contextmanager
def cluster_client(address: str | None) -> Iterator[Any]:
    """Yield a client for the Dask cluster at `address`, or None if no address is given."""
    if address is None:
        yield None
        return
    try:
        from concurrent.futures import CancelledError

        from distributed import Client, KilledWorker
    except ImportError as error:
        raise ValueError("--scheduler needs the package 'distributed' (Dask); install napari-swnn[cluster]") from error
    # The client waits until a starting scheduler has written its file.
    with Client(scheduler_file=address) if address.endswith(".json") else Client(address) as client:
        try:
            yield client
        except (KilledWorker, CancelledError) as error:
            reason = " ".join(str(error).split())
            raise RuntimeError(f"the workers and the scheduler must stay alive, got: {reason}") from error


@contextmanager
def explain_resuming() -> Iterator[None]:
    """Print instructions for resuming if the run is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nCompleted work is kept; run the same command with --resume to continue.", file=sys.stderr)
        raise
