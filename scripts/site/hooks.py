"""Steps of mkdocs: fill in what is generated from the code, mend links, and set formulas."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import api
import commands
import errors
import formulas
import links
import settings

ROOT = Path(__file__).resolve().parents[2]
MARKER = re.compile(r"<!-- generated: (\w+) ?(.*?) -->")


def include(path: str, page: str) -> str:
    """Return a page that lies outside of docs, with its links as seen from `page`."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return links.mend(text, source=path, page=page)


GENERATORS: dict[str, Callable[[str, str], str]] = {
    "file": include,
    "api": lambda name, page: api.document_package(name),
    "commands": lambda _, page: commands.document_commands(),
    "settings": lambda _, page: settings.document_settings(),
    "errors": lambda _, page: errors.document_errors(ROOT / "src"),
}
"""Functions of the argument of the marker and the page, by the name in the marker."""


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Replace the markers of a page by what they stand for."""
    uri = page.file.src_uri
    text = links.mend(markdown, source=f"docs/{uri}", page=uri)
    return MARKER.sub(lambda found: GENERATORS[found[1]](found[2], uri), text)


def on_page_content(html: str, **_: Any) -> str:
    """Turn formulas into MathML, which browsers set without a script, and drop markup of reStructuredText."""
    return formulas.set_formulas(html).replace(".. [1]", "[1]")
