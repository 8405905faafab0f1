"""Command line interface ``napari-swnn``: training, generation and validation without a viewer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from napari_swnn.cli import check, convert, demo, ensemble, generate, prepare, train, validate

__all__ = ["main"]

DESCRIPTION = "Generate 3-D microstructures with a chosen porosity from one segmented 2-D micrograph."
COMMANDS = (demo, prepare, train, generate, ensemble, validate, check, convert)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line interface and return the exit status: 0, 2 after an error, or 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, TypeError, OSError, RuntimeError, MemoryError) as error:  # torch raises RuntimeError
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
