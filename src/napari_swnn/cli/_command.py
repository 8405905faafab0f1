"""Registration of a command: its name, its help and the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Formatter that appends the default of an option, unless it has none."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        is_flag = action.nargs == 0
        return action.help if is_flag or action.default in (None, "") else super()._get_help_string(action)


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], None], help: str
) -> argparse.ArgumentParser:
    """Add a command, and return its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=help, description=help, formatter_class=HelpFormatter
    )
    parser.set_defaults(run=run)
    return parser
