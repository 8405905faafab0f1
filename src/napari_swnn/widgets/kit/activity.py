"""Progress of work in the activity dock of napari."""

from typing import Any


class Activity:
    """Entry of one run in the activity dock; use it in the viewer's thread only.

    Parameters
    ----------
    title : str
        Title of the entry.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: Any = None
        self._is_drawing = False

    def begin(self) -> None:
        """Add the entry."""
        from napari.utils import progress

        self.end()
        self._bar = progress(total=100, desc=self._title)

    def reach(self, step: Any) -> None:
        """Show the fraction that a step states; other steps leave the bar as it is.

        napari processes events while it draws the bar, so that further steps can arrive within this call. They are
        not drawn: each would nest another call.
        """
        fraction = getattr(step, "fraction", None)
        if self._bar is None or fraction is None or self._is_drawing:
            return
        ahead = round(100 * fraction) - self._bar.n
        if ahead <= 0:
            return
        self._is_drawing = True
        try:
            self._bar.update(ahead)
        finally:
            self._is_drawing = False

    def end(self) -> None:
        """Remove the entry."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None
