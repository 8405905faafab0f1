"""Preview of a draft, which is computed in a thread whenever the draft changes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.session import Checker
from napari_swnn.widgets.preparation.editor import RECIPE
from napari_swnn.widgets.preparation.preview import Previewer, PreviewJob, assess_preview

if TYPE_CHECKING:
    from napari_swnn._voxel_size import VoxelSize
    from napari_swnn.preparation import Assessment
    from napari_swnn.widgets.preparation.preview import Preview


class LivePreview:
    """Newest preview of a draft with its assessment.

    Parameters
    ----------
    make_checker : callable
        Function that returns a new `Checker`.

    Attributes
    ----------
    preview : Preview or None
        Newest complete preview; it stays while the next one is being computed.
    assessment : Assessment or None
        Facts on the segmentation in the preview; None until they are complete.
    problem : BadInputError or None
        Reason that the draft cannot be applied to the image.
    is_pending : bool
        True while a preview is being computed.
    """

    changed = Signal()

    def __init__(self, make_checker: Callable[[], Checker]) -> None:
        self.preview: Preview | None = None
        self.assessment: Assessment | None = None
        self.problem: BadInputError | None = None
        self.is_pending = False
        self._voxel: VoxelSize | None = None
        self._previewer = Previewer()
        self._checker = make_checker()
        self._assessor = make_checker()
        self._feature_worker = make_checker()
        self._checker.done.connect(self._on_previewed)
        self._checker.failed.connect(self._on_failed)
        self._assessor.done.connect(self._on_assessed)
        self._assessor.failed.connect(self._on_not_assessed)

    def request(self, job: PreviewJob, voxel: "VoxelSize | None") -> None:
        """Compute a preview once the running one is complete; older requests are dropped."""
        self._voxel = voxel
        self._assessor.drop()
        self.is_pending = True
        self.problem = None
        self._checker.request(self._previewer.preview, job)

    def pause(self) -> None:
        """Ignore pending results."""
        self._checker.drop()
        self._assessor.drop()
        self._feature_worker.drop()
        self.is_pending = False

    def forget(self) -> None:
        """Drop the preview, since another image was chosen."""
        self.pause()
        self.preview = None
        self.assessment = None
        self.problem = None
        self.changed.emit()

    def _on_previewed(self, preview: "Preview") -> None:
        self.is_pending = False
        self.preview = preview
        self.problem = preview.problem
        if preview.labels is None or preview.porosity in (0, 1):
            self.assessment = None
        else:
            self._assessor.request(assess_preview, preview, self._voxel)
        if preview.labels is None and preview.classifier is not None:  # ready for the first strokes
            self._feature_worker.request(preview.classifier.compute_features, preview.job.window_in_area)
        self.changed.emit()

    def _on_failed(self, text: str) -> None:
        self.is_pending = False
        self.problem = BadInputError(RECIPE, text)
        self.changed.emit()

    def _on_assessed(self, assessment: "Assessment") -> None:
        self.assessment = assessment
        self.changed.emit()

    def _on_not_assessed(self, _text: str) -> None:
        self.assessment = None
        self.changed.emit()
