"""Request for a box of a lazy layer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_swnn._types import Labels
    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.volume.assembly import GenerationStep
    from napari_swnn.core.volume.block_volume import BlockVolume


@dataclass(frozen=True, eq=False)
class BoxRequest:
    """Request for a box of a lazy layer.

    Attributes
    ----------
    volume : BlockVolume
        Volume that contains the box.
    window : Window
        Position of the box.
    name : str
        Description of the box.
    """

    volume: "BlockVolume"
    window: "Window"
    name: str

    def compute(self) -> "Generator[GenerationStep, None, Labels]":
        """Compute the box; yield steps and return its labels."""
        from napari_swnn.core.volume.assembly import iter_assembly

        return (yield from iter_assembly(self.volume, self.window))
