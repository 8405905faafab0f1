"""Journal of the complete strips of an unfinished TIFF, which survives a power failure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path as FilePath
from zlib import crc32

from napari_swnn._files import sync_file, sync_folder


@dataclass(frozen=True, slots=True)
class StripJournal:
    """Small file that counts the strips that are on the disk.

    Attributes
    ----------
    path : pathlib.Path
        Path of the journal, beside the unfinished file.
    """

    path: FilePath

    def count(self) -> int:
        """Return the number of complete strips; 0 if there is no journal, or its content is damaged."""
        try:
            words = self.path.read_text(encoding="ascii").split()
            n = int(words[0])
            return n if len(words) == 1 or words[1] == _checksum(n) else 0
        except (OSError, ValueError, IndexError):
            return 0

    def record(self, n: int) -> None:
        """Record the number of complete strips, whose content must be on the disk."""
        # Several processes may write at the same time if a lock was taken over; each has a name of its own.
        new = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        new.write_text(f"{n} {_checksum(n)}", encoding="ascii")
        sync_file(new)
        new.replace(self.path)
        sync_folder(self.path.parent)

    def remove(self) -> None:
        """Remove the journal, and what killed processes left of it."""
        for left in self.path.parent.iterdir():
            if left.name.startswith(self.path.name):
                left.unlink(missing_ok=True)


def _checksum(n: int) -> str:
    return f"{crc32(str(n).encode()):08x}"
