"""Complete computation of references in a worker thread."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

from napari_swnn._progress import Progress
from napari_swnn._steps import forward_steps
from napari_swnn._types import Labels
from napari_swnn.preparation import Crop, PreparationStep, Recipe, find_data_bar, iter_prepare
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.preparation.draft import Draft
from napari_swnn.widgets.preparation.source import IMAGE, ImageSource


@dataclass(frozen=True, eq=False)
class PrepareJob:
    """Images to prepare in the same way.

    Attributes
    ----------
    sources : tuple of ImageSource
        Images.
    recipe : Recipe
        Steps to apply.
    draft : Draft
        Draft of the recipe, with the names of the phases and the phase of interest.
    """

    sources: tuple[ImageSource, ...]
    recipe: Recipe
    draft: Draft


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """Segmented image.

    Attributes
    ----------
    source : ImageSource
        Image.
    labels : numpy.ndarray
        Labels, ``(height, width)``, of the image after cropping.
    job : PrepareJob
        Request with the recipe.
    """

    source: ImageSource
    labels: Labels
    job: PrepareJob


MOST_INSPECTED = 2**25
"""Number of pixels above which an image is not searched for a data bar."""


def find_bar(source: ImageSource) -> Crop | None:
    """Return the crop without the data bar of an image; None if it has none or is very large."""
    height, width = source.shape
    if height * width > MOST_INSPECTED:
        return None
    bar = find_data_bar(source.read(source.whole))
    return None if bar is None else bar.crop


def prepare_images(job: PrepareJob) -> Generator[Progress, None, tuple[PreparedImage, ...]]:
    """Prepare images one after the other, yielding progress and returning the results.

    Raises
    ------
    BadInputError
        If the recipe is cropped to a rectangle that does not lie within each image.
    """
    for source in job.sources:  # before the first one is computed
        check_crop(source, job.recipe)
    results = []
    n_images = len(job.sources)
    for index, source in enumerate(job.sources):
        yield Progress(fraction=index / n_images, activity=f"Reading “{source.title}”…")
        steps = iter_prepare(source.values, job.recipe, axes=source.axes, phase=job.draft.label)
        labels = yield from forward_steps(steps, partial(_count_image, index, n_images))
        results.append(PreparedImage(source, labels, job))
    return tuple(results)


def check_crop(source: ImageSource, recipe: Recipe) -> None:
    """Raise a `BadInputError` if an image is too small for the rectangle that a recipe begins with."""
    crop = recipe.steps[0] if recipe.steps else None
    if not isinstance(crop, Crop):
        return
    height, width = source.shape
    bottom, right = crop.top + crop.height, crop.left + crop.width
    if bottom > height or right > width:
        raise BadInputError(
            IMAGE,
            f"“{source.title}” has {height} × {width} px, but the recipe crops to rows {crop.top} to {bottom} and "
            f"columns {crop.left} to {right}; choose a smaller rectangle, or leave this image out.",
        )


def _count_image(index: int, n_images: int, step: PreparationStep) -> Progress:
    """Return the progress over all images."""
    return Progress(fraction=(index + step.fraction) / n_images, activity=step.description)
