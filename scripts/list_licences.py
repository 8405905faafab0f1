#!/usr/bin/env python
"""List the licences of all packages that napari-swnn installs, and look up known vulnerabilities with ``--audit``.

    python scripts/list_licences.py             # a table, in Markdown
    python scripts/list_licences.py --audit     # pip-audit, which needs the network

The dependencies of the engine are followed in the current environment; extras and development tools are left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

USUAL = re.compile(r"BSD|MIT|Apache|PSF|Python|ISC|MPL|HPND|Zlib|Unlicense|Public Domain", re.IGNORECASE)


def main() -> int:
    """Print the table; the exit status is the number of licences that are not permissive."""
    if "--audit" in sys.argv:
        pins = [f"{name}=={distribution(name).version.partition('+')[0]}\n" for name in packages()]
        command = [sys.executable, "-m", "pip_audit", "--strict", "--no-deps", "--disable-pip", "-r", "/dev/stdin"]
        return subprocess.run(command, input="".join(pins), text=True, check=False).returncode
    print("| package | release | licence |\n|---|---|---|")
    unusual = 0
    for name in packages():
        licence = licence_of(name)
        unusual += not USUAL.search(licence)
        print(f"| {name} | {distribution(name).version} | {licence} |")
    return unusual


def packages() -> list[str]:
    """Return the names of all packages that the engine needs, directly or not."""
    found: dict[str, str] = {}
    waiting = [("napari-swnn", frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        for text in distribution(name).requires or ():
            need = Requirement(text)
            chosen = any(need.marker.evaluate({"extra": extra}) for extra in (*extras, "")) if need.marker else True
            key = re.sub(r"[-_.]+", "-", need.name).lower()
            if not chosen or key in found:
                continue
            try:
                found[key] = distribution(need.name).metadata["Name"]
            except PackageNotFoundError:  # for another platform
                continue
            waiting.append((need.name, frozenset(need.extras)))
    return [found[key] for key in sorted(found)]


def licence_of(name: str) -> str:
    """Return the licence that a package states, in a few words."""
    metadata = distribution(name).metadata
    if stated := metadata.get("License-Expression"):
        return stated
    classified = [entry.split(" :: ")[-1] for entry in metadata.get_all("Classifier", []) if "License ::" in entry]
    lines = (metadata.get("License") or "").strip().splitlines()
    return ", ".join(classified) or (lines[0][:60] if lines else "not stated")


if __name__ == "__main__":
    sys.exit(main())
