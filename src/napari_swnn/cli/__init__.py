"""The command ``napari-swnn``: the main job without a viewer, one module for each of its commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from napari_swnn.cli import demo, ensemble, generate, train, validate

__all__ = ["main"]

DESCRIPTION = "3-D microstructures of a chosen porosity from one segmented 2-D micrograph."
COMMANDS = (demo, train, generate, ensemble, validate)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, or 2 if the input cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, TypeError, OSError, RuntimeError, MemoryError) as error:  # RuntimeError: how torch says most
        print(f"napari-swnn: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nnapari-swnn: stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="napari-swnn", description=DESCRIPTION)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser
