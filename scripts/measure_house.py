#!/usr/bin/env python3
"""Measure the shape of the code: sizes of functions, files and classes, opening words, stacked assignments.

    python scripts/measure_house.py            # a table of counts beside their limits
    python scripts/measure_house.py --list     # and each place that is counted

Only the standard library is used, and nothing is imported from the package. The status is 1 if a limit is exceeded.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "napari_swnn"
TESTS = ROOT / "tests"
MAX_PARAMETERS = 7
MAX_FILE_LINES = 300
MAX_CLASS_LINES = 200
CLAUSE = re.compile(r"(what|how|where|whether|why|of)\b", re.IGNORECASE)
NOUN_CLAUSE = re.compile(r"\bwhat (?:is|was|are|were|it|has)\b", re.IGNORECASE)
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Measure:
    """One line of the table: the places that are counted, or a rate, and the limit."""

    name: str
    places: list[str]
    limit: float
    rate: float | None = None

    @property
    def value(self) -> float:
        """Number that is compared with the limit."""
        return len(self.places) if self.rate is None else self.rate


def is_overload(function: Definition) -> bool:
    """Return True for the stub of an overload, which repeats the parameters of the function that it describes."""
    return any(ast.unparse(decorator).endswith("overload") for decorator in function.decorator_list)


def n_parameters(function: Definition) -> int:
    """Count the parameters a caller can give, without `self` and `cls`."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args]
    bound = bool(named) and named[0].arg in {"self", "cls"}
    variadic = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return len(named) - bound + len(arguments.kwonlyargs) + len(variadic)


def strings_as_statements(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield docstrings, and the descriptions written below fields and constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def is_stacked(node: ast.AST) -> bool:
    """Return True for `a, b = x, y`: several assignments on one line. Swaps count too, and are few."""
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple)


def is_private_reach(node: ast.AST) -> bool:
    """Return True for the access `x._name`, unless `x` is `self` or `cls`. Names with two underscores are protocols."""
    if not isinstance(node, ast.Attribute) or not node.attr.startswith("_") or node.attr.startswith("__"):
        return False
    return not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"})


def code_lines(source: str) -> int:
    """Count the lines that are neither empty nor a comment."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source.splitlines())


def measure() -> list[Measure]:
    """Read the package and the tests, and return every line of the table."""
    parameters, files, classes, clauses, stacked, reaches = ([] for _ in range(6))
    n_lines = n_words = n_noun_clauses = 0
    for path in sorted(SOURCE.rglob("*.py")):
        source, place = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        tree, length = ast.parse(source), len(source.splitlines())
        n_lines += code_lines(source)
        if length > MAX_FILE_LINES:
            files.append(f"{place}: {length} lines")
        for node in ast.walk(tree):
            if isinstance(node, Definition) and not is_overload(node) and n_parameters(node) > MAX_PARAMETERS:
                parameters.append(f"{place}:{node.lineno} {node.name}: {n_parameters(node)} parameters")
            if isinstance(node, ast.ClassDef) and (size := node.end_lineno - node.lineno + 1) > MAX_CLASS_LINES:
                classes.append(f"{place}:{node.lineno} {node.name}: {size} lines")
            if is_stacked(node):
                stacked.append(f"{place}:{node.lineno} {ast.unparse(node)[:80]}")
        for text in strings_as_statements(tree):
            n_words += len(text.value.split())
            n_noun_clauses += len(NOUN_CLAUSE.findall(text.value))
            if CLAUSE.match(text.value.strip()):
                clauses.append(f"{place}:{text.lineno} {text.value.strip()[:60]!r}")
    for path in sorted(TESTS.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        reaches += [
            f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)[:60]}"
            for node in ast.walk(tree)
            if is_private_reach(node)
        ]
    return [
        Measure(f"functions with more than {MAX_PARAMETERS} parameters", parameters, limit=5),
        Measure(f"files over {MAX_FILE_LINES} lines", files, limit=0),
        Measure(f"classes over {MAX_CLASS_LINES} lines", classes, limit=0),
        Measure("docstrings that begin with what, how, where, whether, why, of", clauses, limit=0),
        Measure("stacked assignments for 1000 lines of code", stacked, limit=4, rate=1000 * len(stacked) / n_lines),
        Measure("'what is', 'what was', … for 1000 words", [], limit=1, rate=1000 * n_noun_clauses / n_words),
        Measure("private attributes that tests read", reaches, limit=4),
    ]


def main() -> int:
    """Print the table, and return 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description="Measure the shape of the code.")
    parser.add_argument("--list", action="store_true", help="name each place that is counted")
    options = parser.parse_args()
    measures = measure()
    for each in measures:
        value = f"{each.value:.1f}" if each.rate is not None else f"{each.value:.0f}"
        print(f"{each.name:<62} {value:>6}   limit {each.limit:g}{'' if each.value <= each.limit else '   exceeded'}")
        if options.list:
            print(*(f"    {place}" for place in each.places), sep="\n")
    return int(any(each.value > each.limit for each in measures))


if __name__ == "__main__":
    raise SystemExit(main())
