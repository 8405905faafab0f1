"""Free memory of this machine, as all checks before long computations read it."""

from __future__ import annotations


def free_memory() -> int:
    """Return the free memory of this machine in bytes."""
    import psutil

    return int(psutil.virtual_memory().available)


def format_memory(n_bytes: float) -> str:
    """Format an amount of memory in GiB."""
    return f"{max(n_bytes / 2**30, 0.1):.1f} GiB"
