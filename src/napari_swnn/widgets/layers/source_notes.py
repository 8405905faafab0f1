"""Notes on the sections and phases of a reference."""

from typing import TYPE_CHECKING

from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.layers.phase_pick import describe_merging, format_share

if TYPE_CHECKING:
    from napari_swnn.widgets.layers.checked_reference import CheckedReference


class SourceNotes:
    """Notes below the controls of a reference.

    Attributes
    ----------
    planes : Note
        Advice on a volume of few planes.
    sections : Note
        Number of sections, and the share of the phase of interest in the first.
    phase : Note
        Labels that become one.
    disagreement : Problem
        Warning that sections may show different materials.
    """

    def __init__(self) -> None:
        self.planes = Note()
        self.sections = Note()
        self.phase = Note()
        self.disagreement = Problem()

    def show_found(self, found: "CheckedReference") -> None:
        """Show the contents of a reference."""
        choice, snapshot = found.choice, found.snapshot
        self.phase.show_text("" if choice is None else describe_merging(choice, snapshot.names))
        n = sum(1 for _ in snapshot.parts())
        share = format_share(found.shares[snapshot.name]) if snapshot.name in found.shares else ""
        own = f"“{snapshot.name}” ({format_shape(snapshot.labels.shape)}): {share}"
        self.sections.show_text(f"{n} sections, weighted by area; {own}." if n > 1 and found.shares else "")
        thin = f"{len(snapshot.labels)} planes are few for a volume; if they are separate sections, choose so above."
        self.planes.show_text(thin if snapshot.is_thin else "")
        self.disagreement.show_text(found.warning)

    def clear(self) -> None:
        """Hide all notes."""
        for note in (self.planes, self.sections, self.phase, self.disagreement):
            note.show_text("")
