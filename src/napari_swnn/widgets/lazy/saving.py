"""Saving of volumes, of which lazy ones are computed into a file, with progress, and can be stopped and resumed."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import QMessageBox, QProgressDialog, QWidget

from napari_swnn._files import UNFINISHED
from napari_swnn._memory import format_memory
from napari_swnn._progress import describe_progress, format_estimate
from napari_swnn.widgets.kit.file_dialogs import ask_file
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.threads import Checker, TaskRunner
from napari_swnn.widgets.layers.saving import VOLUMES, LayerSaver, describe_saved
from napari_swnn.widgets.lazy.layers import get_tiles
from napari_swnn.widgets.lazy.volume_file import iter_volume

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.core.volume.assembly import GenerationStep
    from napari_swnn.core.volume.block_volume import BlockVolume

_COMPUTED = {"OME-Zarr": "ome.zarr", "TIFF": "labels.tif"}
"""Formats of volumes that are written block by block."""
_LARGE = 2**30
"""Size in bytes from which it is asked before a volume is written."""
_LONG = 60.0
"""Time in seconds from which it is asked before a volume is computed."""
_MARKS = 1000


class VolumeSaver(LayerSaver):
    """Saver of layers, which computes a lazy one block by block into a file.

    Before a large volume, it asks with the size of the file and the time that it takes.
    """

    message_changed = Signal(str)
    """Emitted with what is being done."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._writer = TaskRunner(self, "Saving")
        self._timer = Checker(self)
        self._window: QProgressDialog | None = None
        self._owner: QWidget | None = None
        self._volume: BlockVolume | None = None
        self._path = Path()
        self._timer.done.connect(self._on_timed)
        self._timer.failed.connect(self._on_failed)
        self._writer.stepped.connect(self._on_step)
        self._writer.done.connect(self._on_written)
        self._writer.failed.connect(self._on_unwritten)
        self._writer.cancelled.connect(self._on_stopped)

    @property
    def is_busy(self) -> bool:
        """True while a file is being written."""
        return super().is_busy or self._writer.busy or self._timer.busy

    def ask(self, owner: QWidget, title: str, layer: "LabelsLayer") -> None:
        """Prompt for a file, and write a layer to it in the background.

        Parameters
        ----------
        owner : QWidget
            Parent of the dialogs.
        title : str
            Title of the dialog for the file.
        layer : napari.layers.Labels
            Layer to write.
        """
        tiles = get_tiles(layer)
        if tiles is None:
            path = ask_file(owner, title, layer.name, VOLUMES)
            if path is not None:
                self.message_changed.emit(f"Saving {path.name}…")
                self.save_volume(layer, path)
            return
        path = ask_file(owner, title, layer.name, _COMPUTED, confirm_overwrite=False)
        if path is None:
            return
        if self.is_busy:
            self.failed.emit("Another file is being saved; try again when it is complete.")
            return
        tiles.stop()  # the view goes on when it is next changed
        self._owner, self._volume = owner, tiles.volume
        self._path = path.with_name(path.name.removesuffix(UNFINISHED))
        self.message_changed.emit(f"Estimating the time to compute {self._path.name}…")
        self._timer.request(_measure, tiles.volume, self._path)

    def stop(self) -> None:
        """Stop computing; the unfinished file can be resumed."""
        self._writer.stop()

    def _on_timed(self, found: "_Cost") -> None:
        if (found.size >= _LARGE or found.seconds >= _LONG) and not self._confirm(found):
            self.message_changed.emit("")
            self.ended.emit()
            return
        self._window = window = QProgressDialog("", "Stop", 0, _MARKS, self._owner)
        window.setWindowTitle("Save volume")
        window.setWindowModality(Qt.WindowModality.NonModal)
        window.setLabelText(f"Computing {self._path.name}…")
        window.setAutoReset(False)
        window.setMinimumWidth(420)
        window.canceled.connect(self.stop)
        window.show()
        self.message_changed.emit(f"Computing {self._path.name}…")
        self._writer.run(iter_volume, self._volume, self._path)

    def _confirm(self, cost: "_Cost") -> bool:
        assert self._volume is not None
        answers = QMessageBox.StandardButton
        time = f"about {format_estimate(cost.seconds)} while the computer is as busy as now"
        if cost.written > 0:
            title = "Resume the file?"
            time = f"{cost.written:.0%} of it is written already, and the rest is computed in {time}"
        else:
            title = "Save a large volume?"
            time = f"It is computed in {time}"
        text = (
            f"“{self._path.name}” has {format_shape(self._volume.shape)} voxels: up to {format_memory(cost.size)} on "
            f"the disk. {time}. It can be stopped and resumed."
        )
        chosen = QMessageBox.question(self._owner, title, text, answers.Save | answers.Cancel, answers.Save)
        return chosen == answers.Save

    def _on_step(self, step: "GenerationStep") -> None:
        if self._window is not None:
            self._window.setLabelText(f"Computing {self._path.name} · {describe_progress(replace(step, activity=''))}")
            self._window.setValue(min(_MARKS - 1, int(_MARKS * step.fraction)))

    def _on_written(self, _outcome: Any) -> None:
        assert self._volume is not None
        self._close(self.done, describe_saved(self._path, self._volume.shape))

    def _on_unwritten(self, text: str) -> None:
        self._close(self.failed, text)

    def _on_stopped(self) -> None:
        self._close(self.done, f"Stopped; save the volume as {self._path.name} again to resume it.")

    def _close(self, signal: Any, text: str) -> None:
        window, self._window, self._volume = self._window, None, None
        if window is not None:
            window.hide()
            window.deleteLater()
        signal.emit(text)
        self.ended.emit()


@dataclass(frozen=True, slots=True)
class _Cost:
    """Cost of a file: its largest size in bytes, the part that is written already, and the time for the rest."""

    size: int
    written: float
    seconds: float


def _measure(volume: "BlockVolume", path: Path) -> _Cost:
    """Return the cost of the file of a volume; raise an error if the volume cannot be written there."""
    from napari_swnn.core.volume.block_time import estimate_time
    from napari_swnn.runs.lazy_volume import measure_written
    from napari_swnn.runs.volume_files import file_of_volumes

    iter_volume(volume, path)  # checks the file, and writes nothing before its first step
    written = measure_written(volume, path)
    seconds = (1 - written) * estimate_time(volume) if written < 1 else 0.0
    return _Cost(file_of_volumes(path, [volume]).size, written, seconds)
