"""Links between files of the repository, as seen from the pages of the site."""

from __future__ import annotations

import re
from posixpath import dirname, normpath, relpath

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/RESULTS.md": "benchmarks.md",
}
"""Pages of the site that show files outside of docs."""


def mend(markdown: str, *, source: str, page: str) -> str:
    """Return the text of a file with its links as they are on a page of the site.

    A link to a file that is not on the site becomes plain text.

    Parameters
    ----------
    markdown : str
        Content of the file.
    source : str
        Path of the file in the repository.
    page : str
        Path of the page on the site, relative to its root.
    """

    def replace(found: re.Match[str]) -> str:
        mark, text, target, anchor = found.groups()
        path = normpath(f"{dirname(source)}/{target}" if dirname(source) else target)
        if path not in PAGES and not path.startswith("docs/"):
            return text
        on_site = PAGES.get(path, path.removeprefix("docs/"))
        return f"{mark}[{text}]({relpath(on_site, dirname(page) or '.')}{anchor or ''})"

    return LINK.sub(replace, markdown)
