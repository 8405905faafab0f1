"""Formulas as MathML, so that a page needs no script and no fonts from elsewhere."""

from __future__ import annotations

import re
from html import unescape

from latex2mathml.converter import convert

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
DISPLAY = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)


def set_formulas(html: str) -> str:
    """Replace formulas in the notation of TeX by MathML."""
    html = INLINE.sub(lambda found: convert(unescape(found[1])), html)
    return DISPLAY.sub(
        lambda found: f'<div class="formula">{convert(unescape(found[1]).strip(), display="block")}</div>', html
    )
