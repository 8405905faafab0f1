"""Computation of a composition in a worker thread."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from napari_swnn._progress import Progress
from napari_swnn.widgets.composition.request import ComposeRequest, ComposeResult
from napari_swnn.widgets.lazy.box_request import BoxRequest
from napari_swnn.widgets.lazy.volume_file import check_file_name, check_file_of_run, iter_volume, open_levels

if TYPE_CHECKING:
    from napari_swnn._types import Labels
    from napari_swnn.core.volume.block_volume import BlockVolume
    from napari_swnn.core.volume.composed_volume import ComposedVolume


def work(request: ComposeRequest | BoxRequest) -> Generator[Progress, None, Any]:
    """Compose a volume, its middle plane for a preview, or a box of a lazy one; yield progress and return the result.

    The result is a `ComposeResult`, or the labels of a box.
    """
    if isinstance(request, BoxRequest):
        return (yield from request.compute())
    return (yield from compose(request))


def compose(request: ComposeRequest) -> Generator[Progress, None, ComposeResult]:
    """Compose a volume, or its middle plane for a preview; yield progress and return the result."""
    yield Progress(fraction=0.0, activity="Loading PyTorch…")
    volume = describe(request)
    if request.is_lazy:
        return ComposeResult(request, volume, volume)
    yield Progress(fraction=0.0, activity="Generating the first block…")
    if request.path is not None and not request.is_preview:
        path = yield from iter_volume(volume, request.path)
        return ComposeResult(request, volume, open_levels(path))
    labels = yield from _assemble(volume, is_preview=request.is_preview)
    return ComposeResult(request, volume, labels)


def describe(request: ComposeRequest) -> "ComposedVolume":
    """Return the volume of a request, whose voxels are computed on access; loads PyTorch."""
    from napari_swnn.core.volume.describe_composition import describe_composition

    return describe_composition(request.to_composition())


def check_file(request: ComposeRequest) -> None:
    """Check the file of a request without writing to it.

    Raises
    ------
    BadInputError
        If the name or folder is invalid, the file belongs to another request, or the volume cannot be stored in it.
    """
    path = check_file_name(request.path)
    check_file_of_run(path, lambda: iter_volume(describe(request), path))


def estimate(request: ComposeRequest) -> tuple[float, int]:
    """Return about the time to compose the volume in seconds, and the largest size of its OME-Zarr in bytes."""
    from pathlib import Path

    from napari_swnn.core.volume.block_time import estimate_time
    from napari_swnn.runs.volume_files import file_of_volumes

    volume = describe(request)
    return estimate_time(volume), file_of_volumes(Path("volume.zarr"), [volume]).size


def _assemble(volume: "BlockVolume", *, is_preview: bool) -> Generator[Progress, None, "Labels"]:
    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.volume.assembly import iter_assembly

    if not is_preview:
        return (yield from iter_assembly(volume))
    middle = volume.shape[0] // 2
    plane = Window((middle, 0, 0), (middle + 1, *volume.shape[1:]))
    return (yield from iter_assembly(volume, plane))[0]
