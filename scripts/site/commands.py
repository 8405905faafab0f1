"""The command line as a page, from its parsers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from textwrap import dedent

from napari_swnn.cli import make_parser


def document_commands() -> str:
    """Return usage and options of every command."""
    parser = make_parser()
    parts = [f"```text\n{parser.format_help()}```"]
    parts += [f"## {name}\n\n{describe(command)}" for name, command in list_commands(parser).items()]
    return "\n\n".join(parts)


def list_commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of the commands by their names."""
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(commands.choices)


def describe(parser: argparse.ArgumentParser) -> str:
    """Return description, usage, and a table of the arguments of a command."""
    usage = re.sub(r"\n +", "\n    ", parser.format_usage().removeprefix("usage: "))
    arguments = (row for group in parser._action_groups for row in list_arguments(group, parser))
    rows = "\n".join(f"| {name} | {text} |" for name, text in arguments)
    example = (parser.epilog or "").removeprefix("example:\n")
    shown = f"```sh\n{dedent(example)}\n```\n\n" if example else ""
    return f"{parser.description}\n\n{shown}```text\n{usage}```\n\n| argument | meaning |\n|---|---|\n{rows}"


def list_arguments(group: argparse._ArgumentGroup, parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Yield name and meaning of each argument of a group, except the help."""
    formatter = parser._get_formatter()
    for action in group._group_actions:
        if isinstance(action, argparse._HelpAction):
            continue
        name = ", ".join(f"`{option}`" for option in action.option_strings) or f"`{action.metavar or action.dest}`"
        if action.choices is not None:
            name += f" {{{', '.join(f'`{choice}`' for choice in action.choices)}}}"
        yield name.replace("|", "\\|"), formatter._expand_help(action).replace("|", "\\|")
