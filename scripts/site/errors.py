"""Catalogue of error messages, from the `raise` statements of the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "napari_swnn"
SECTIONS = {
    "References, targets and training": ("core/descriptor", "core/training", "core/loss", "core/network"),
    "Generation": ("core/volume", "core/grid", "core/model", "core/numerics"),
    "Runs on disk and on clusters": ("runs", "_lock", "_files", "_memory"),
    "Images and files": ("io", "_reader", "_writer"),
    "Preparation of micrographs": ("preparation",),
    "Statistics": ("statistics",),
    "Physics": ("physics",),
    "Validation and figures": ("validation", "figures"),
    "Command line": ("cli",),
    "Panels": ("widgets",),
}
"""Parts of the package, by the heading under which their messages are listed; all others are about arguments."""


@dataclass(frozen=True, order=True)
class Message:
    """Text of an error with placeholders, its remedy, and the class of the exception."""

    text: str
    remedy: str
    kind: str


def document_errors(source: Path) -> str:
    """Return the classes of exceptions and, by part of the package, the messages with their remedies.

    Parameters
    ----------
    source : Path
        Folder that contains the package.
    """
    root = source / PACKAGE
    modules = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.py"))}
    found: dict[str, set[Message]] = {title: set() for title in ("Arguments", *SECTIONS)}
    for path, tree in modules.items():
        found[_find_section(path.relative_to(root).with_suffix("").as_posix())].update(find_messages(tree))
    parts = [_document_classes(modules)]
    parts += [f"## {title}\n\n{_document_messages(messages)}" for title, messages in found.items()]
    return "\n\n".join(parts)


def find_messages(tree: ast.AST) -> Iterator[Message]:
    """Yield the messages that the `raise` statements of a module state in full."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
            continue
        texts = [to_text(argument) for argument in node.exc.args]
        text = max(texts, key=len, default="")
        if " " in text:
            statement, _, remedy = text.partition("; ")
            yield Message(statement, remedy, ast.unparse(node.exc.func).split(".")[0])


def to_text(node: ast.expr) -> str:
    """Return a string expression with ‹names› in place of values; empty for any other expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(to_text(part) or f"‹{_name(part)}›" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return to_text(node.left) + to_text(node.right)
    return ""


def _name(node: ast.AST) -> str:
    """Return the name of the value that an expression shows: its variable, attribute or first argument."""
    match node:
        case ast.FormattedValue():
            return _name(node.value)
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call():
            return _name(node.func)
        case ast.Subscript():
            return _name(node.value)
        case _:
            return "…"


def _find_section(module: str) -> str:
    for title, places in SECTIONS.items():
        if any(module == place or module.startswith(f"{place}/") for place in places):
            return title
    return "Arguments"


def _document_messages(messages: set[Message]) -> str:
    rows = [
        f"| {_escape(message.text)} | {_escape(message.remedy)} | `{message.kind}` |" for message in sorted(messages)
    ]
    return "\n".join(["| message | remedy | exception |", "|---|---|---|", *rows])


def _document_classes(modules: dict[Path, ast.Module]) -> str:
    """Return a table of the exceptions that the package defines, with what they stand for."""
    rows = []
    for tree in modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                bases = ", ".join(f"`{ast.unparse(base)}`" for base in node.bases)
                meaning = (ast.get_docstring(node) or "").split("\n")[0]
                rows.append(f"| `{node.name}` | {_escape(meaning)} | {bases} |")
    return "\n".join(["| exception | meaning | is a |", "|---|---|---|", *sorted(rows)])


def _escape(text: str) -> str:
    """Return text that Markdown shows as it is."""
    for character in "\\|*_[]<>`$":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ")
