"""Compressions of pictures that may be lossless or not; the first bytes of the compressed values show which."""

from __future__ import annotations

N_BYTES = 4096
"""Number of first bytes that show the kind of the compression."""
_CODING_STYLE = b"\xff\x52"
"""Marker of the coding style of JPEG 2000."""
_TRANSFORM = 13
"""Position of the wavelet after this marker: 1 for the reversible one."""


def is_lossless(start: bytes) -> bool:
    """Return True if the first bytes of JPEG 2000 or WebP values state a lossless compression."""
    if start.startswith(b"RIFF"):
        return b"VP8L" in start[:64]
    where = start.find(_CODING_STYLE) + _TRANSFORM
    return where >= _TRANSFORM and start[where : where + 1] == b"\1"
