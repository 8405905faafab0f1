"""Reading of segmented images."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np

from napari_swnn._checks import check_labels
from napari_swnn._types import Labels, Path


def read_labels(path: Path) -> Labels:
    """Read a segmented image or volume: TIFF, PNG, BMP or NumPy.

    Colour images with equal channels are read as one channel.

    Parameters
    ----------
    path : path-like
        Image file.

    Returns
    -------
    numpy.ndarray
        Labels ``(y, x)`` or ``(z, y, x)``.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file cannot be read as an image, or its channels differ.
    """
    path = FilePath(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must name an image, got {path}, which does not exist")
    try:
        image, coloured = _read(path)
    except Exception as error:  # image readers raise errors of many types
        raise ValueError(
            f"path must name a TIFF, PNG, BMP or NumPy image, got {path}, which cannot be read: {error}"
        ) from error
    return check_labels(_one_channel(image, path) if coloured else image, name=str(path))


def _read(path: FilePath) -> tuple[np.ndarray, bool]:
    """Return the image, and True if its last axis contains colour channels."""
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False), False
    if path.suffix.lower() in (".tif", ".tiff"):
        import tifffile

        with tifffile.TiffFile(path) as file:
            return file.asarray(), file.pages[0].photometric == tifffile.PHOTOMETRIC.RGB
    from PIL import Image

    with Image.open(path) as image:
        # Transparency is ignored. The palette indices of an image are its labels.
        opaque = image.convert({"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode))
        array = np.asarray(opaque)
    return array, array.ndim == 3


def _one_channel(image: np.ndarray, path: FilePath) -> np.ndarray:
    if (image[..., :3] != image[..., :1]).any():
        raise ValueError(f"path must name a segmented image of one channel, got the colour image {path}; segment it")
    grey: np.ndarray = image[..., 0]
    return grey
