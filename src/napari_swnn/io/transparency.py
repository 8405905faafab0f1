"""Transparency of a stored image, which may hold the only trace of its labels, or hide some of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_swnn._axes import follows_values
from napari_swnn.io.stored_image import ImageError, StoredImage


def with_transparency(image: StoredImage, alpha: np.ndarray) -> StoredImage:
    """Return an image with a remark if its transparency hides some of its values.

    Parameters
    ----------
    image : StoredImage
        Image without its transparency.
    alpha : numpy.ndarray
        Opacity of each pixel, with the shape of the image without channels.

    Raises
    ------
    ImageError
        If the image has a single colour and only its transparency varies.
    """
    first = alpha.flat[0]
    if (alpha == first).all():
        return image
    colours = image.values.reshape(-1, image.values.shape[-1] if "c" in image.axes else 1)
    if (colours == colours[0]).all():
        raise ImageError(
            f"path must name an image of several colours, got {image.source} with a single colour, of which only the "
            "transparency varies; flatten it onto a background of another colour, or save its transparency as an image"
        )
    if "c" not in image.axes and follows_values(alpha, image.values):
        return image
    note = f"{image.source} has transparent pixels, of which the hidden values are taken"
    return replace(image, notes=(*image.notes, note), hides=True)
