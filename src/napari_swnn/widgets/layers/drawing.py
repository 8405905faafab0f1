"""Drawing of what has changed in the viewer, before it changes again."""

from qtpy.QtCore import QEventLoop
from qtpy.QtWidgets import QApplication


def draw_changes() -> None:
    """Draw what has changed: napari crashes if a volume is removed between its new data and their drawing."""
    QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
