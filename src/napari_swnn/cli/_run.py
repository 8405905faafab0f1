"""Options of long runs: device, cluster and resuming."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def add_run_options(parser: argparse.ArgumentParser, resume_help: str) -> None:
    """Add the options for the device, the cluster and resuming."""
    parser.add_argument("--device", default="auto", help="device for the computation: auto, cpu, cuda or mps")
    parser.add_argument("--resume", action="store_true", help=resume_help)
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="address or scheduler file (.json) of the Dask cluster to use"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=60.0,
        metavar="MINUTES",
        help="longest wait for the scheduler and a worker",
    )


@contextmanager
def cluster_client(address: str | None, minutes: float) -> Iterator[Any]:
    """Yield a client for the Dask cluster at `address` once it has a worker, or None if no address is given.

    Raises
    ------
    ValueError
        If distributed is not installed.
    OSError
        If there is no scheduler, or no worker within the given number of minutes.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError("--scheduler needs the package 'distributed' (Dask); install napari-swnn[cluster]") from error
    from napari_swnn.runs._workers import wait_for_file, wait_for_workers

    # Their reports of a lost connection fill pages; each of these loggers has a level of its own.
    for name in logging.root.manager.loggerDict:
        if name.startswith(("distributed", "tornado")):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    limit = 60 * minutes
    if address.endswith(".json"):
        wait_for_file(Path(address), longest=limit, report=_report)
    with Client(scheduler_file=address) if address.endswith(".json") else Client(address) as client:
        wait_for_workers(client, longest=limit, report=_report)
        yield client


def _report(sentence: str) -> None:
    print(f"Note: {sentence}.", flush=True)


@contextmanager
def explain_resuming() -> Iterator[None]:
    """Print instructions for resuming if the run is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nCompleted work is kept; run the same command with --resume to continue.", file=sys.stderr)
        raise
