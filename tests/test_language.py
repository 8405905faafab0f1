"""The language of the project: summaries that name a thing or an action, and the terms of `docs/reference/glossary.md`.

Every docstring, message and comment of the package is read, and every page of the documentation.
"""

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "napari_swnn"
MODULES = sorted([*PACKAGE.rglob("*.py"), *ROOT.glob("benchmarks/*.py"), *ROOT.glob("scripts/**/*.py")])
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "RESULTS.md",
    *(page for page in ROOT.glob("docs/**/*.md") if page.stem != "glossary"),  # which names what it refuses
]

REFUSED = {
    r"told": "report, give or show",
    r"foret(?:ell|old)\w*": "estimate, or predict",
    r"heed\w*": "follow, respect or take into account",
    r"(?:go|goes|going|gone) on with": "resume, or continue",
    r"(?:let|lets|letting) through": "conduct, or the conducting phase",
    r"(?:lead|leads|leading) through": "percolate",
    r"cards?": "GPU",
    r"of late": "recent",
    r"luck": "sampling noise",
    r"ask(?:s|ed|ing)? for": "target, requested, or the name of the parameter",
    r"anew": "again; recompute, remake, restart",
    r"unasked": "without confirmation, or silently",
    r"(?-i:gray)(?:scale)?": "grey (British spelling; Gray is a name)",
    r"(?:normal|optim|initial|visual|local)iz(?:e|es|ed|er|ing|ation)s?": "the spelling with s",
}
"""Pattern of words that are refused, and the words to write instead."""

ANY_REFUSED = re.compile(rf"(?<![\w-])(?:{'|'.join(REFUSED)})(?![\w-])", re.IGNORECASE)

OPENINGS = re.compile(r"(?:what|how|where|whether|why|of)\b", re.IGNORECASE)
"""First words that make a clause of a summary. Begin with a verb ("Return the …") or a noun ("Number of …")."""

SHOWN = {"help", "tooltip", "title"}
"""Keywords whose texts a user reads."""


def part(path):
    """Return the part that a file belongs to: `core/loss`, `statistics`, `_checks`, `docs` or `README.md`."""
    if PACKAGE not in path.parents:
        return path.relative_to(ROOT).parts[0]
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "/".join(parts[: 2 if parts[0] in {"core", "widgets"} else 1])


def docstrings(tree):
    """Yield the string expressions of a module: docstrings, and descriptions below fields and constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def comments(source):
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def prose(text):
    """Drop code, targets of links and references to publications, which quote rather than use words."""
    text = re.sub(r"```.*?```", lambda code: "\n" * code[0].count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"\.\. \[\w+\].*(?:\n +(?!\.\. ).+)*", lambda entry: "\n" * entry[0].count("\n"), text)
    return re.sub(r"``?[^`\n]+``?|\]\([^)]*\)", "", text)


def refused(line, text):
    text = prose(text)
    for found in ANY_REFUSED.finditer(text):
        instead = next(words for pattern, words in REFUSED.items() if re.fullmatch(pattern, found[0], re.IGNORECASE))
        yield f"{line + text.count(chr(10), 0, found.start())}: {found[0]!r}; write: {instead}"


def openings(line, text):
    """Find summaries, and descriptions of parameters, that begin as a clause."""
    if OPENINGS.match(text.strip()):
        yield f"{line}: begins {text.strip()[:50]!r}; begin with a verb or a noun"
    for found in re.finditer(r"^( *)[\w*`, ]+ : .*\n\1 +((?:of|what|how|where|whether|why)\b.*)", text, re.M | re.I):
        yield f"{line}: a parameter is described as {found[2][:50]!r}; begin with a noun"


def read_module(path):
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    for text in docstrings(tree):
        yield from openings(text.lineno, text.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield from refused(node.lineno, node.value)
        if isinstance(node, ast.keyword) and node.arg in SHOWN and isinstance(node.value, ast.Constant):
            yield from openings(node.value.lineno, str(node.value.value))
    for line, text in comments(source):
        yield from refused(line, text)


@cache
def findings():
    """Return the places to reword, by part of the project."""
    by_part = {}
    for path in MODULES:
        by_part.setdefault(part(path), []).extend(f"{path.relative_to(ROOT)}:{found}" for found in read_module(path))
    for path in PAGES:
        by_part.setdefault(part(path), []).extend(
            f"{path.relative_to(ROOT)}:{found}" for found in refused(1, path.read_text(encoding="utf-8"))
        )
    return by_part


@pytest.mark.parametrize("name", sorted({part(path) for path in (*MODULES, *PAGES)}))
def test_a_part_uses_the_terms_of_the_glossary(name):
    assert not findings()[name], "\n".join(findings()[name])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Return the mean.", 0),
        ("What a run takes.", 1),
        ("Return the mean.\n\nParameters\n----------\nx : int\n    Of the volume.", 1),
        ("Return the mean.\n\nParameters\n----------\nx : int\n    Number of voxels.", 0),
        ("Offset of the window.", 0),
    ],
)
def test_clauses_in_place_of_summaries_are_found(text, expected):
    assert len(list(openings(1, text))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The time is foretold.", 1),
        ("`foretold` is a name", 0),
        ("twofold", 0),
        ("Use a GPU.", 0),
        ("A Card or a gray value", 2),
        ("```python\ncards\n```", 0),
        (".. [1] Jordan: an optimizer\n   for luck\n\nluck", 1),
        ("Lavin and Gray", 0),
    ],
)
def test_words_that_are_refused_are_found(text, expected):
    assert len(list(refused(1, text))) == expected
