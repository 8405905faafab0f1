"""Registration of a command with its name, help text and function."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Help formatter that appends the default value of an option if it has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        is_flag = action.nargs == 0
        return action.help if is_flag or action.default in (None, "") else super()._get_help_string(action)


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], None], help: str
) -> argparse.ArgumentParser:
    """Add a command and return its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=help, description=help, formatter_class=HelpFormatter
    )
    parser.set_defaults(run=run)
    return parser
