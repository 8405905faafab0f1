"""Segmented images from disk."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np

from napari_swnn._checks import check_labels
from napari_swnn._types import Labels, Path


def read_labels(path: Path) -> Labels:
    """Read a segmented image or volume: TIFF, PNG, BMP or NumPy.

    Colour images whose channels are equal are taken as one channel.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it cannot be read as an image, or its channels differ.
    """
    path = FilePath(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must name an image, got {path}, which does not exist")
    try:
        image, coloured = _read(path)
    except Exception as error:  # readers of many formats raise many kinds
        raise ValueError(f"path must name a TIFF, PNG, BMP or NumPy image, got {path}, unreadable: {error}") from error
    return check_labels(_one_channel(image, path) if coloured else image, name=str(path))


def _read(path: FilePath) -> tuple[np.ndarray, bool]:
    """The image, and whether its last axis is colour."""
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False), False
    if path.suffix.lower() in (".tif", ".tiff"):
        import tifffile

        with tifffile.TiffFile(path) as file:
            return file.asarray(), file.pages[0].photometric == tifffile.PHOTOMETRIC.RGB
    from PIL import Image

    with Image.open(path) as image:
        # Transparency says nothing of phases. Of a palette image the indices are taken: they are the labels.
        opaque = image.convert({"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode))
        array = np.asarray(opaque)
    return array, array.ndim == 3


def _one_channel(image: np.ndarray, path: FilePath) -> np.ndarray:
    if (image[..., :3] != image[..., :1]).any():
        raise ValueError(f"path must name a segmented image of one channel, got the colour image {path}; segment it")
    grey: np.ndarray = image[..., 0]
    return grey
