"""Pages of the Python API: the public names of a package, documented from their docstrings by mkdocstrings.

The package is read, not imported, which is what takes time.
"""

from __future__ import annotations

import ast
import re
from inspect import cleandoc
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
TABLE = re.compile(r"^=+ +=+\n(.*?)^=+ +=+$", re.DOTALL | re.MULTILINE)
TOP = "napari_swnn"
ROOMS = tuple(
    f"{TOP}.core.{room}"
    for room in ("descriptor", "training", "model", "volume", "conditioning", "direct", "network", "loss")
)
"""Packages of the core whose public names are on its page."""


def document_package(name: str) -> str:
    """Return the description of a package and a directive for each of its public names."""
    parts = [describe(name)]
    for package in (name, *(ROOMS if name == f"{TOP}.core" else ())):
        parts += [f"::: {path}" for path in list_objects(package).values()]
    return "\n\n".join(parts)


def list_objects(package: str) -> dict[str, str]:
    """Return the paths of the public objects of a package, by name, functions first.

    Objects that have their place on the page of the top package are left out elsewhere.
    """
    found = read_objects(package)
    if package != TOP:
        found = {name: path for name, path in found.items() if name not in read_objects(TOP)}
    return dict(sorted(found.items(), key=lambda item: (item[0][0].isupper(), item[0].lower())))


def read_objects(package: str) -> dict[str, str]:
    """Return the objects that a package exports, by name, with their paths: a module may have the same name."""
    folder = SOURCE.joinpath(*package.split("."))
    stub = folder / "__init__.pyi"
    file = stub if stub.is_file() else folder / "__init__.py"
    found = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            module = f"{package}.{node.module}" if node.level else node.module
            found |= {alias.name: f"{module}.{alias.name}" for alias in node.names if alias.name[0] != "_"}
    inner = {name: path.rpartition(".")[0] for name, path in found.items() if path.startswith(TOP)}
    return {name: _follow(module, name) for name, module in inner.items()}


def _follow(module: str, name: str) -> str:
    """Return the path of an object, through packages that pass it on."""
    folder = SOURCE.joinpath(*module.split("."))
    return read_objects(module)[name] if folder.is_dir() else f"{module}.{name}"


def describe(package: str) -> str:
    """Return the docstring of a package as Markdown, with its table and links to the functions that it names."""
    module = SOURCE.joinpath(*package.split("."), "__init__.py")
    paths = list_objects(package)
    text = cleandoc(ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "")
    text = TABLE.sub(lambda found: _to_markdown(found[1]), text)
    link = re.compile(r"(?<!`)`(\w+)`(?!`)")
    return link.sub(lambda found: f"[{found[0]}][{paths[found[1]]}]" if found[1] in paths else found[0], text)


def _to_markdown(table: str) -> str:
    """Turn the rows of a simple table, which may continue on the next line, into Markdown."""
    rows: list[list[str]] = []
    for line in table.splitlines():
        first, _, second = line.partition("  ") if not line.startswith(" ") else ("", "", line)
        if first:
            rows.append([first.strip(), second.strip()])
        elif line.strip():
            rows[-1][1] += f" {second.strip()}"
    return "\n".join(["| name | content |", "|---|---|", *(f"| {first} | {second} |" for first, second in rows)])
