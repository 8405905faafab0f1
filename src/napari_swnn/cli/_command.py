"""Registration of a command with its name, help text, example and function."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Help formatter that appends the default value of an option if it has one, and keeps the lines of examples."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        default = action.default
        if action.nargs == 0 or default in (None, "") or default is argparse.SUPPRESS:
            return action.help
        if isinstance(default, list | tuple):  # as it is typed, and nothing for an empty list
            shown = " ".join(map(str, default))
            return f"{action.help} (default: {shown})" if shown else action.help
        return super()._get_help_string(action)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" not in text:
            return super()._fill_text(text, width, indent)
        return "".join(indent + line for line in text.splitlines(keepends=True))


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], None], help: str, *, example: str
) -> argparse.ArgumentParser:
    """Add a command with an example of its use, and return its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=help,
        epilog=f"example:\n  napari-swnn {name} {example}",
        formatter_class=HelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser
