"""Reading of PNG, BMP, JPEG and other pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._voxel_sides import VoxelSides
from napari_swnn.io.compression import N_BYTES, is_lossless
from napari_swnn.io.print_resolution import INCH, sides_of_resolution
from napari_swnn.io.stored_image import ImageError, StoredImage, arrange, check_fits
from napari_swnn.io.transparency import with_transparency

_PNG = b"\x89PNG\r\n\x1a\n"
_DEEP_COLOUR = (2, 4, 6)
"""Colour types of PNG that Pillow reduces from 16 to 8 bits: colour, grey with alpha, colour with alpha."""
_LOSSY = {"JPEG", "MPO", "JPEG2000", "AVIF", "WEBP"}
_LOCK = threading.Lock()


def read_picture(path: FilePath) -> StoredImage:
    """Read a picture in any format that Pillow reads.

    The values are those without transparency. The indices of a palette of colours are labels; a palette of grey values
    is resolved.

    Raises
    ------
    ImageError
        If the picture does not fit into memory, is animated, or has a single colour of varying transparency.
    """
    from PIL import Image

    # Opened here, since Pillow leaves a file open whose header raises an error.
    with _unlimited(Image), path.open("rb") as file, Image.open(file) as picture:
        check_fits((picture.height, picture.width, len(picture.getbands())), 2, path)
        n_frames = getattr(picture, "n_frames", 1)
        if n_frames > 1 and picture.format != "MPO":  # a photograph followed by its previews
            raise ImageError(f"{path} must hold one picture, got {n_frames} frames; save one of them as PNG")
        sides = _sides(picture)
        lossy = picture.format in _LOSSY
        if picture.format in ("JPEG2000", "WEBP"):
            lossy = not _starts_lossless(path)
        values = _deep_png(path) if picture.format == "PNG" else None
        if values is None:
            values = _values_of(picture)
        alpha = np.asarray(picture.getchannel("A")) if "A" in picture.getbands() else None
    arranged, axes = arrange(values, ("y", "x", "c")[: values.ndim])
    image = StoredImage(arranged, axes, sides, str(path), lossy)
    return image if alpha is None else with_transparency(image, alpha)


def _starts_lossless(path: FilePath) -> bool:
    with path.open("rb") as file:
        return is_lossless(file.read(N_BYTES))


def read_picture_sides(path: FilePath) -> VoxelSides:
    """Return the pixel size that a picture states."""
    from PIL import Image

    with _unlimited(Image), path.open("rb") as file, Image.open(file) as picture:
        return _sides(picture)


@contextmanager
def _unlimited(module: Any) -> Iterator[None]:
    """Lift Pillow's limit on the number of pixels; the free memory is checked instead."""
    with _LOCK:
        limit, module.MAX_IMAGE_PIXELS = module.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            module.MAX_IMAGE_PIXELS = limit


def _values_of(picture: Any) -> np.ndarray:
    mode = picture.mode
    if mode == "1":
        return (np.asarray(picture.convert("L")) > 0).astype(np.uint8)
    if mode in ("P", "PA"):
        return _without_palette(picture)
    if mode.startswith("I;16"):
        return np.asarray(picture).astype(np.uint16)
    grey_or_colour = {"LA": "L", "La": "L", "L": "L", "I": "I", "F": "F"}.get(mode, "RGB")
    return np.asarray(picture if mode == grey_or_colour else picture.convert(grey_or_colour))


def _without_palette(picture: Any) -> np.ndarray:
    """Return the grey values of a grey palette, or the indices of a palette of colours."""
    indices = np.asarray(picture if picture.mode == "P" else picture.getchannel("P"))
    colours = np.array(picture.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    return resolve_palette(indices, colours)


def resolve_palette(indices: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Return grey values if all used colours of a palette are different greys; otherwise, its indices.

    Parameters
    ----------
    indices : numpy.ndarray
        Index of the colour of each pixel.
    colours : numpy.ndarray
        Colours ``(n, 3)``.
    """
    used = np.unique(indices)
    if used[-1] >= len(colours):
        return indices
    shown = colours[used]
    greys = shown[:, 0]
    if (shown != greys[:, None]).any() or len(np.unique(greys)) < len(used):
        return indices
    resolved: np.ndarray = colours[:, 0][indices]
    return resolved


def _deep_png(path: FilePath) -> np.ndarray | None:
    """Return the values of a PNG of 16 bits in several channels without alpha, which Pillow would reduce to 8 bits."""
    with path.open("rb") as file:
        header = file.read(26)
        if not header.startswith(_PNG) or header[24] != 16 or header[25] not in _DEEP_COLOUR:
            return None
        file.seek(0)
        content = file.read()
    import imagecodecs

    values = np.asarray(imagecodecs.png_decode(content))
    n_colours = 1 if header[25] == 4 else 3
    return values[..., :n_colours] if values.ndim == 3 else values


def _sides(picture: Any) -> VoxelSides:
    """Return the pixel size that a picture states; the default resolutions of drawing programs are none."""
    dpi = picture.info.get("dpi")
    if dpi is None:
        aspect = picture.info.get("aspect")
        if aspect is None or min(aspect) <= 0:
            return VoxelSides.unknown(2)
        return VoxelSides((1 / aspect[1], 1 / aspect[0]), ("pixel", "pixel"))
    if min(dpi) <= 0:
        return VoxelSides.unknown(2)
    return sides_of_resolution([float(dpi[1]) / INCH, float(dpi[0]) / INCH])
