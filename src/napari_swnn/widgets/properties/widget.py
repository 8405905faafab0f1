"""The dock widget *SWNN properties*: effective properties of segmented volumes.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QWidget

from napari_swnn._memory import format_memory
from napari_swnn.widgets.kit.controls import Form, place_below_one_another
from napari_swnn.widgets.kit.drawer import enable_controls
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.kit.formatting import format_extent
from napari_swnn.widgets.kit.memory import check_free_memory
from napari_swnn.widgets.kit.run_panel import RunPanel
from napari_swnn.widgets.kit.session import NotReady, Report
from napari_swnn.widgets.kit.threads import TaskRunner
from napari_swnn.widgets.layers.lead import Guide
from napari_swnn.widgets.layers.reading import read_placement
from napari_swnn.widgets.layers.view_3d import show_in_3d
from napari_swnn.widgets.layers.view_choice import ViewChoice
from napari_swnn.widgets.layers.watch import LayerCheck, LayerFacts
from napari_swnn.widgets.properties.job import PropertyJob, make_job
from napari_swnn.widgets.properties.layers import add_layers
from napari_swnn.widgets.properties.records import describe_failure
from napari_swnn.widgets.properties.results import Results
from napari_swnn.widgets.properties.session import PropertySession
from napari_swnn.widgets.properties.settings import PropertySettings
from napari_swnn.widgets.properties.work import PropertyRun

if TYPE_CHECKING:
    import napari

LARGE = {"conductivity": 2**25, "diffusion": 2**25, "permeability": 2**21}
"""Number of voxels above which a run takes more than a few minutes on a CPU."""
_PHASES_TIP = "Phases shown in 3-D. The numbers above are of the whole volume, whatever 3-D shows of it."


class PropertiesWidget(RunPanel):
    """Panel with the layer and property at the top and the numbers below.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer whose layers are read and to which layers are added; existing layers are not changed.
    """

    input_layers: ClassVar[str] = "a Labels layer with a segmented volume"
    run_label = "Run"
    running_label = "Running…"
    run_tip = "Compute the property and add the selected output layers."
    stop_tip = "Cancel the computation; nothing is added."

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.settings = PropertySettings()
        self.results = Results()
        self.view = ViewChoice()
        self.view.phases.setToolTip(_PHASES_TIP)
        self.check = LayerCheck(self._take_layer, LayerFacts.with_phases, "layer", self)
        self._guide = Guide(napari_viewer, self.settings.lead, self.settings.layer, self.reset_choices)
        self._placement: dict[str, Any] = {}
        self.set_session(PropertySession(TaskRunner(self, "SWNN properties"), self._deliver))
        self.lay_out_run(self.settings, place_below_one_another(self.view, self.results))
        self.settings.layer_changed.connect(self._on_layer)
        self.settings.changed.connect(self.refresh)
        self.check.changed.connect(self._on_check)
        self.view.viewed.connect(self._on_view)
        self.session.started.connect(self._on_run)
        self.session.failed.connect(self._on_failed)

    @property
    def form(self) -> Form:
        """Form that shows the problems of a request."""
        return self.settings.form

    # -- docked and closed

    def on_docked(self) -> None:
        """Read the chosen layer."""
        self.results.refresh()
        self._on_layer()

    def on_closed(self) -> None:
        """Cancel the run, since the viewer may have been closed."""
        self.check.stop()
        self.session.close()
        self.view.follow(None)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.settings, self.progress, self.results):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers of the viewer; napari calls this when a layer is added, removed, moved or renamed."""
        selected = self._viewer.layers.selection.active
        self.settings.set_layers(self.labels_layers(), self.image_layers(), selected)
        self.refresh()

    # -- the layer

    def _on_layer(self) -> None:
        if self.is_docked:
            self.check.restart(self.settings.layer.value)

    def _take_layer(self) -> LayerFacts | None:
        layer = self.settings.layer.value
        if layer is None:
            return None
        try:
            facts = LayerFacts.take(layer, "layer")
        except BadInputError as problem:
            self.settings.lead.offer(problem.remedy)
            raise
        self.settings.lead.offer(None)
        self.settings.set_ndim(facts.labels.ndim)
        from napari_swnn.physics.memory import LEAST_BYTES

        check_free_memory(LEAST_BYTES * float(facts.labels.size), "layer", f"Any run on “{facts.name}”")
        return facts

    def _on_check(self) -> None:
        if self.check.found is not None:
            self.settings.show_facts(self.check.found)
            self.guard(self.settings.conductivities)
        self.refresh()

    # -- the request

    def prepare(self) -> PropertyJob | NotReady:
        """Return the checked request for a run, or `NotReady` if it is incomplete.

        Raises
        ------
        BadInputError
            If the layer or a setting cannot be used.
        """
        missing = f"Add {self.input_layers}, or reconstruct one from a section."
        waits = self.check.why_not_ready(self.settings.layer.value, missing)
        return waits or make_job(self.check.found, self.settings.value)

    def show_session(self) -> None:
        """Show the state of the session."""
        super().show_session()
        layer = self.settings.layer.value
        self.settings.extent.show_text(self._describe_extent())
        enable_controls(self.settings, not self.session.is_busy)
        self.view.setEnabled(layer is not None and layer.ndim >= 3)
        self.view.follow(layer if self.is_docked else None)

    def _describe_extent(self) -> str:
        """Return the size of the layer, the memory that a run needs, and a warning if the run is long."""
        facts: LayerFacts | None = self.check.found
        if facts is None:
            return ""
        shape = facts.labels.shape
        voxel = "" if facts.voxel.unit == "voxel" else f" of {facts.voxel}"
        text = f"{format_extent(shape)}{voxel}"
        if self.session.request is not None:
            text += f" · a run needs about {format_memory(self.session.request.choice.estimate_memory(shape))}"
        if prod(shape) > LARGE[self.settings.kind.key]:
            text += ". ⚠ This takes a long time without a GPU: try a cropped volume first"
        return f"{text}."

    # -- the run

    def describe_run(self) -> str:
        """Return the status text of the current run."""
        return "" if self.session.running is None else self.session.running.title

    def _on_run(self) -> None:
        if self.session.running is not None:  # read now, since the layer may be moved or removed during the run
            ndim = self.session.running.facts.labels.ndim
            self._placement = read_placement(self.settings.layer.value, ndim)

    def _deliver(self, run: PropertyRun) -> Report:
        """Show the numbers of a run and add its layers."""
        self.results.add(run)
        try:
            added = add_layers(self._viewer, run, self._placement)
        except Exception as error:  # noqa: BLE001  (the numbers are shown, and the panel must stay usable)
            return Report("Done, but some layers could not be added.", describe_error(error))
        failed = [record for record in run.records if record.outcome != "converged"]
        return Report(
            f"Done.{_count_layers(len(added))}", " ".join(describe_failure(run.job, record) for record in failed)
        )

    def _on_failed(self, text: str) -> None:
        from napari.utils.notifications import show_error

        show_error(f"SWNN properties: {text}")

    def _on_view(self, phases: Any) -> None:
        layer = self.settings.layer.value
        if layer is not None and layer in self._viewer.layers:
            show_in_3d(self._viewer, layer, phases)


def _count_layers(n: int) -> str:
    if n < 2:
        return " One layer was added." if n else ""
    return f" {n} layers were added; the eye icons in the layer list show and hide them."
