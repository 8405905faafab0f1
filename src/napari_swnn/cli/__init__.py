"""Command line interface ``napari-swnn``: training, generation and validation without a viewer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from napari_swnn.cli import check, compose, convert, demo, ensemble, generate, prepare, sample, train, validate
from napari_swnn.cli._command import HelpFormatter
from napari_swnn.cli._signals import TerminatedError, end, handled
from napari_swnn.cli._streams import lenient_output

__all__ = ["main", "make_parser"]

DESCRIPTION = "Generate 3-D microstructures with a chosen porosity from one segmented 2-D micrograph."
EPILOG = """\
example:
  napari-swnn train section.png --porosity 0.2 -o rock.swnn
  napari-swnn generate rock.swnn --shape 256 -o rock.ome.zarr
  napari-swnn validate section.png rock.ome.zarr --html report.html

terms:
  phase of interest   the phase that porosity refers to, such as the pores
  preset              a named set of training settings: draft, standard, connected, fine, paper
  realisation         a volume generated with one seed
"""
COMMANDS = (demo, sample, prepare, train, generate, compose, ensemble, validate, check, convert)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line interface and return the exit status.

    It is 0, 2 after an error, 130 after Ctrl-C, or 128 and the number of another signal that ended the command.
    """
    with lenient_output(), handled(end):
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    options = make_parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, TypeError, OSError, RuntimeError, MemoryError) as error:  # torch raises RuntimeError
        print(f"napari-swnn: {error}", file=sys.stderr)
        return 2
    except TerminatedError as error:
        print("\nnapari-swnn: ended by a signal", file=sys.stderr)
        return 128 + error.number
    except KeyboardInterrupt:
        print("\nnapari-swnn: stopped", file=sys.stderr)
        return 130
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line with all commands."""
    parser = argparse.ArgumentParser(
        prog="napari-swnn", description=DESCRIPTION, epilog=EPILOG, formatter_class=HelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"napari-swnn {version('napari-swnn')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser
