"""Free memory, as all checks before long computations read it.

A process may have less than the machine: limits of the process (``ulimit``), of its control group (containers, systemd,
most batch systems) and of its SLURM job are respected.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")
_UNLIMITED = 2**60
"""Limit above which a control group counts as unlimited; version 1 states a huge number instead of ``max``."""


@dataclass(frozen=True, slots=True)
class FreeMemory:
    """Free memory of this process.

    Attributes
    ----------
    n_bytes : int
        Amount in bytes.
    limit : str
        Limit that leaves no more, for messages; empty if it is the memory of the machine.
    """

    n_bytes: int
    limit: str = ""

    def __str__(self) -> str:
        return f"{format_memory(self.n_bytes)} free" + (f" under the limit of {self.limit}" if self.limit else "")


def free_memory() -> int:
    """Return the free memory of this process in bytes."""
    return find_free_memory().n_bytes


def find_free_memory() -> FreeMemory:
    """Return the free memory of this process and the limit that determines it."""
    import psutil

    machine = FreeMemory(int(psutil.virtual_memory().available))
    return min((machine, *_limits()), key=lambda free: free.n_bytes)


def format_memory(n_bytes: float) -> str:
    """Format an amount of memory or disk space in GiB, or a small one in MiB or KiB."""
    if n_bytes >= 0.1 * 2**30:
        return f"{n_bytes / 2**30:.1f} GiB"
    return f"{n_bytes / 2**20:.0f} MiB" if n_bytes >= 2**20 else f"{n_bytes / 2**10:.0f} KiB"


def _limits() -> Iterator[FreeMemory]:
    """Yield what each limit leaves; limits that cannot be read are left out."""
    readers = (_of_process, _of_cgroups, _of_slurm)
    for reader in readers:
        with suppress(OSError, ValueError, LookupError):
            yield from reader()


def _of_process() -> Iterator[FreeMemory]:
    if sys.platform == "win32":
        return
    import resource

    import psutil

    used = psutil.Process().memory_info()
    # Data segments include private mappings on Linux, which count here as all address space.
    for name, kind in (("RLIMIT_AS", "ulimit -v"), ("RLIMIT_DATA", "ulimit -d")):
        limit, _ = resource.getrlimit(getattr(resource, name))
        if limit != resource.RLIM_INFINITY:
            yield _left(limit, used.vms if name == "RLIMIT_AS" else getattr(used, "data", used.rss), kind)


def _of_cgroups() -> Iterator[FreeMemory]:
    """Yield what the control groups of this process and those above them leave, in versions 2 and 1."""
    for line in _OWN_CGROUPS.read_text(encoding="utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, names = _CGROUPS, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = _CGROUPS / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents):
            with suppress(OSError, ValueError, LookupError):  # "max", or a folder outside this container
                yield _of_cgroup(folder, *names)
            if folder == root:
                break


def _of_cgroup(folder: Path, limit_file: str, usage_file: str, cache: str) -> FreeMemory:
    limit = int((folder / limit_file).read_text(encoding="ascii"))
    if limit >= _UNLIMITED:
        raise ValueError("no limit")
    used = int((folder / usage_file).read_text(encoding="ascii"))
    lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    statistics = dict(line.split(maxsplit=1) for line in lines)
    # Pages of files that nothing uses are counted, but given up on demand.
    return _left(limit, used - int(statistics.get(cache, 0)), "the control group (container or job)")


def _of_slurm() -> Iterator[FreeMemory]:
    """Yield what the memory of a SLURM job on this node leaves, which not every cluster enforces by control groups."""
    import psutil

    if per_node := int(os.environ.get("SLURM_MEM_PER_NODE", 0)):  # 0 stands for all memory
        limit = per_node
    else:
        limit = int(os.environ["SLURM_MEM_PER_CPU"]) * int(os.environ["SLURM_CPUS_ON_NODE"])
    yield _left(limit * 2**20, psutil.Process().memory_info().rss, "the SLURM job")


def _left(limit: int, used: int, name: str) -> FreeMemory:
    return FreeMemory(max(0, limit - used), name)
