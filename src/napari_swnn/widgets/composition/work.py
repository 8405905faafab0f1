"""Computation of a composition in a worker thread."""

from collections.abc import Generator

from napari_swnn._progress import Progress
from napari_swnn.widgets.composition.request import ComposeRequest, ComposeResult


def compose(request: ComposeRequest) -> Generator[Progress, None, ComposeResult]:
    """Compose a volume, or its middle plane for a preview; yield progress and return the labels."""
    yield Progress(fraction=0.0, activity="Loading PyTorch…")
    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.volume.assembly import iter_assembly
    from napari_swnn.core.volume.describe_composition import describe_composition

    yield Progress(fraction=0.0, activity="Generating the first block…")
    volume = describe_composition(request.to_composition())
    window = Window.of_shape(volume.shape)
    if request.is_preview:
        middle = volume.shape[0] // 2
        window = Window((middle, 0, 0), (middle + 1, *volume.shape[1:]))
    labels = yield from iter_assembly(volume, window)
    shown = labels[0] if request.is_preview else labels
    return ComposeResult(request, shown, volume.phase_labels, volume.voxel)
