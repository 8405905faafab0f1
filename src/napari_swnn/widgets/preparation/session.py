"""State of the preparation panel, independent of its controls."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from napari_swnn.preparation import Threshold
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.session import Checker, NotReady, Report, RunSession, Worker
from napari_swnn.widgets.preparation.draft import Draft
from napari_swnn.widgets.preparation.editor import DraftEditor
from napari_swnn.widgets.preparation.live_preview import LivePreview
from napari_swnn.widgets.preparation.preview import PreviewJob, choose_window
from napari_swnn.widgets.preparation.strokes import Strokes
from napari_swnn.widgets.preparation.work import PreparedImage, PrepareJob, find_bar, prepare_images

if TYPE_CHECKING:
    from napari_swnn._voxel_size import VoxelSize
    from napari_swnn.preparation import Crop, Recipe
    from napari_swnn.widgets.preparation.preview import Preview
    from napari_swnn.widgets.preparation.source import ImageSource

NO_IMAGE = "Add an Image layer with the micrograph: drop a file on the window, or open a sample from the File menu."


class PreparationSession(RunSession[PrepareJob, tuple[PreparedImage, ...]]):
    """Image with the draft of its recipe, their preview, and the run that makes references.

    Parameters
    ----------
    worker : Worker
        Runner of the complete computation.
    make_checker : callable
        Function that returns a new `Checker`.
    deliver : callable
        Function that adds the references to the viewer and returns its `Report`.
    clock : callable
        Function that returns the time in seconds.

    Attributes
    ----------
    editor : DraftEditor
        Draft of the recipe.
    live : LivePreview
        Preview of the draft.
    source : ImageSource or None
        Image to prepare.
    voxel : VoxelSize or None
        Pixel size of the image; None if it is unknown.
    proposal : Crop or None
        Crop without the data bar that was found in the image.
    """

    def __init__(
        self,
        worker: Worker,
        make_checker: Callable[[], Checker],
        deliver: Callable[[tuple[PreparedImage, ...]], Report],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(worker, prepare_images, deliver)
        self.editor = DraftEditor(clock)
        self.live = LivePreview(make_checker)
        self.source: ImageSource | None = None
        self.voxel: VoxelSize | None = None
        self._image_problem: BadInputError | None = None
        self._view_centre: tuple[float, float] | None = None
        self.proposal: Crop | None = None
        self._is_inspected = False
        self._is_shown = True
        self._is_stale = False
        self._inspector = make_checker()
        self._inspector.done.connect(self._on_inspected)
        self._inspector.failed.connect(self._on_not_inspected)
        self.editor.edited.connect(self.refresh)
        self.live.changed.connect(self._on_preview)

    def set_source(
        self, source: "ImageSource | None", voxel: "VoxelSize | None" = None, problem: BadInputError | None = None
    ) -> None:
        """Prepare another image.

        Parameters
        ----------
        source : ImageSource or None
            Image; None if no layer is selected or the layer cannot be used.
        voxel : VoxelSize, optional
            Pixel size of the image.
        problem : BadInputError, optional
            Reason that the layer cannot be used.
        """
        is_new = _place_of(source) != _place_of(self.source)
        self.source = source
        self.voxel = voxel
        self._image_problem = problem
        if is_new:
            draft = _draft_for_another_image(self.editor.draft, self.live.preview)
            self.proposal = None
            self._is_inspected = False
            self._view_centre = None
            self.live.forget()
            self._inspector.drop()
            self.editor.restart(draft)
            self._inspect()
        else:
            self.refresh()

    def show(self, on: bool) -> None:
        """Compute nothing while the panel is hidden, and what was missed once it is shown."""
        if on == self._is_shown:
            return
        self._is_shown = on
        if on and not self._is_inspected:
            self._inspect()
        if self._is_stale or self.live.is_pending:
            self.refresh()

    def _inspect(self) -> None:
        if self.source is not None and self._is_shown:
            self._inspector.request(find_bar, self.source)

    def look_at(self, centre: tuple[float, float]) -> None:
        """Preview the part of a large image around a pixel, ``(row, column)``."""
        before = self.window
        self._view_centre = centre
        if self.window != before:
            self.refresh()

    @property
    def window(self) -> "Crop | None":
        """Part of the image in the preview."""
        if self.source is None:
            return None
        return choose_window(self.source.shape, self.editor.draft.crop, self._view_centre)

    @property
    def recipe(self) -> "Recipe | None":
        """Recipe of the draft; None while the scribbles still have to be learned."""
        draft = self.editor.draft
        if not isinstance(draft.segmentation, Strokes):
            return draft.to_recipe()
        preview = self.live.preview
        if preview is None or preview.trained is None or not preview.is_trained_for(draft):
            return None
        return draft.with_step("segmentation", preview.trained).to_recipe()

    def refresh(self) -> None:
        """Compute the preview again, and prepare the request."""
        window = self.window
        self._is_stale = not self._is_shown
        if self.source is None or window is None or self.is_busy or self._is_stale:
            self.live.pause()
        else:
            self.live.request(PreviewJob(self.source, window, self.editor.draft, self.proposal), self.voxel)
        self.update(self.prepare)

    def prepare(self) -> PrepareJob | NotReady:
        """Return the request for the selected image, or the reason that no run can start.

        Raises
        ------
        BadInputError
            If the image cannot be used, or the draft cannot be applied to it.
        """
        if self._image_problem is not None:
            raise self._image_problem
        if self.source is None:
            return NotReady(NO_IMAGE)
        if self.live.problem is not None:
            raise self.live.problem
        segmentation = self.editor.draft.segmentation
        if segmentation is None:
            return NotReady("Choose a method of segmentation.")
        if isinstance(segmentation, Strokes) and len(segmentation.used) < 2:
            return NotReady("Scribble a few strokes in at least two phases.")
        recipe = self.recipe
        if recipe is None:
            return NotReady("Learning from the scribbles…", is_checking=True)
        return PrepareJob((self.source,), recipe, self.editor.draft)

    def run_on(self, sources: "tuple[ImageSource, ...]") -> None:
        """Apply the recipe to several images."""
        if self.can_run and self.request is not None and sources:
            self.request = PrepareJob(sources, self.request.recipe, self.request.draft)
            self.run()

    def close(self) -> None:
        """Cancel all work and ignore its results."""
        self.live.pause()
        self._inspector.drop()
        super().close()

    def _end(self, report: Report) -> None:
        super()._end(report)
        preview = self.live.preview
        if preview is None or preview.job.source is not self.source:  # the image has changed during the run
            self.refresh()
        else:
            self.update(self.prepare)

    @property
    def is_cropped(self) -> bool | None:
        """True if the area holds no data bar; None as long as the image is being searched for one."""
        if not self._is_inspected:
            return None
        crop, free = self.editor.draft.crop, self.proposal
        if free is None:
            return True
        return crop is not None and crop.top >= free.top and crop.top + crop.height <= free.top + free.height

    def _on_inspected(self, proposal: "Crop | None") -> None:
        self.proposal = proposal
        self._is_inspected = True
        if proposal is not None and not self.is_busy:
            self.refresh()  # the histogram counts the pixels outside the data bar
        self.changed.emit()

    def _on_not_inspected(self, _text: str) -> None:
        self._on_inspected(None)

    def _on_preview(self) -> None:
        self.update(self.prepare)


def _draft_for_another_image(draft: Draft, preview: "Preview | None") -> Draft:
    """Return a draft without its crop; scribbles are replaced by the classifier that learned from them."""
    kept = draft.with_step("crop", None)
    if not isinstance(draft.segmentation, Strokes):
        return kept
    is_current = preview is not None and preview.is_trained_for(draft)
    trained = preview.trained if preview is not None and is_current else None
    return kept.with_step("segmentation", Threshold() if trained is None else trained)


def _place_of(source: "ImageSource | None") -> tuple[object, ...]:
    """Return the layer and the section of a source, which stay the same if only the pixel size changes."""
    return () if source is None else (source.layer, source.sections)
