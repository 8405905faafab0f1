"""Controls for the output of a reconstruction and its resolution, and for boxes of lazy layers."""

from collections.abc import Mapping

from qtpy.QtWidgets import QWidget

from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.lazy.output_panel import Destination, OutputPanel

_RESOLUTIONS = [("full", 1), *((f"1/{scale}: voxels {scale} times as large", scale) for scale in (2, 4, 8, 16))]
_TIP = (
    "The same structure with larger voxels, and so in fewer of them: the volume keeps its size in the unit of length. "
    "It is the output of a coarser scale of the model."
)


class DestinationPanel(OutputPanel):
    """Panel for the output and the resolution of a run, and for computing a box of a lazy layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Run and Generate", parent)

    def add_more_rows(self) -> None:
        """Add the row of the resolution."""
        self.resolution = Combo()
        self.resolution.set_entries(_RESOLUTIONS, 1)
        self.form.add_row("resolution", "Resolution", self.resolution, _TIP)
        self.resolution.currentIndexChanged.connect(self.on_changed)

    @property
    def value(self) -> tuple[Destination, int]:
        """Selected output, and edge length of its voxels in voxels of the model."""
        return self.destination, self.resolution.value

    @property
    def remark(self) -> str:
        """Short description of the selected output and resolution; empty for the defaults."""
        scale = self.resolution.value
        parts = (super().remark, f"1/{scale}" if scale > 1 else "")
        return ", ".join(part for part in parts if part)

    def show_checked(self, problems: Mapping[str, str]) -> None:
        """Show the problem of the resolution that was found by the checks before a run, if there is one."""
        self.form.problems["resolution"].show_text(problems.get("resolution", ""))

    def set_enabled(self, *, choose: bool, compute: bool) -> None:
        """Enable or disable the choices and the computation of boxes."""
        super().set_enabled(choose=choose, compute=compute)
        self.resolution.setEnabled(choose)
