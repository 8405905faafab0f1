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
        image = _read(path)
    except Exception as error:  # readers of many formats raise many kinds
        raise ValueError(f"path must name a TIFF, PNG, BMP or NumPy image, got {path}, unreadable: {error}") from error
    return check_labels(_one_channel(image, path), name=str(path))


def _read(path: FilePath) -> np.ndarray:
    if path.suffix == ".npy":
        array: np.ndarray = np.load(path, allow_pickle=False)
        return array
    if path.suffix.lower() in (".tif", ".tiff"):
        import tifffile

        return np.asarray(tifffile.imread(path))
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image)  # of a palette image the indices: the labels


def _one_channel(image: np.ndarray, path: FilePath) -> np.ndarray:
    if image.ndim != 3 or image.shape[2] not in (3, 4):
        return image
    if (image[..., :3] != image[..., :1]).any():
        raise ValueError(f"path must name a segmented image of one channel, got the colour image {path}; segment it")
    grey: np.ndarray = image[..., 0]
    return grey
