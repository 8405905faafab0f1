"""New Labels layers: of an Image layer that holds labels, and with square pixels."""

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._axes import collapse_channels
from napari_swnn._phases import MOST_PHASES
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.layers.grid import read_grid
from napari_swnn.widgets.layers.reading import MOST_LAZY, check_readable, copy_values, read_placement
from napari_swnn.widgets.layers.region import resample_nearest

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer

_LOOK_AT = 2**20
"""Number of pixels that are looked at to tell whether an image may hold labels."""
_MOST_LAZY = 2**24
"""Number of pixels above which an image that is not in memory is taken for a grey image."""


def may_hold_labels(image: "Image") -> bool:
    """Return True if an image has few values, all of them whole, as far as a part of its pixels shows."""
    data = image.data[-1] if image.multiscale else image.data
    if not isinstance(data, np.ndarray) and np.prod(data.shape) > _MOST_LAZY:  # every block would have to be read
        return False
    step = max(1, int(np.ceil((np.prod(data.shape) / _LOOK_AT) ** (1 / max(1, data.ndim)))))
    steps = (slice(None, None, step),) * (data.ndim - 1 if image.rgb else data.ndim)
    part = np.asarray(data[steps])
    values = np.unique(part.reshape(-1, part.shape[-1])[:, 0] if image.rgb else part)
    return 1 < len(values) <= MOST_PHASES and bool(np.isfinite(values).all() and (values == np.rint(values)).all())


def convert_to_labels(image: "Image") -> tuple[np.ndarray, dict[str, Any]]:
    """Return the data and the attributes of a Labels layer with the values of an image.

    A TIFF that this plugin wrote gives its voxel size and the names and colours of its phases, of which napari shows
    none; napari's reader opens it if its name ends in other than ``.labels.tif``.

    Raises
    ------
    BadInputError
        If the image has many values, fractions, or different colour channels.
    """
    own = _read_own_file(image)
    if own is not None:
        return own
    data = image.data[0] if image.multiscale else image.data
    check_readable(image, data, "reference")
    values = np.asarray(data)
    if image.rgb:
        values = _grey(values, image.name)
    found = np.unique(values)
    whole = np.isfinite(found).all() and (found == np.rint(found)).all()
    if len(found) > MOST_PHASES or not whole:
        text = f"“{image.name}” has {len(found)} different values, so it is a grey image; segment it first."
        raise BadInputError("reference", text)
    fits = found.min() >= 0 and found.max() <= np.iinfo(np.uint8).max
    kept = values.astype(np.uint8 if fits else np.int32)
    names = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
    place = {name: getattr(image, name) for name in names}
    return kept, {"name": f"{image.name} labels", "metadata": dict(image.metadata), **place}


def _read_own_file(image: "Image") -> tuple[Any, dict[str, Any]] | None:
    """Return the labels of the file of an image if this plugin wrote it and they are of the same size, or None."""
    from napari_swnn._reader import open_labels
    from napari_swnn.io.phase_names import read_provenance

    path = image.source.path
    if path is None or image.multiscale or image.rgb or not np.allclose(image.scale, 1):
        return None
    try:
        if not read_provenance(path):
            return None
        layers = open_labels(path)
    except (OSError, ValueError):  # moved or replaced since it was opened
        return None
    data, attributes, _ = layers[0]
    if len(layers) > 1 or data.shape != np.squeeze(image.data).shape:
        return None
    return np.asarray(data), attributes


def _grey(values: np.ndarray, name: str) -> np.ndarray:
    try:
        grey: np.ndarray = collapse_channels(values, -1)
    except ValueError as error:
        text = f"“{name}” is a colour image; convert it to grey and segment it first."
        raise BadInputError("reference", text) from error
    return grey


def square_pixels(layer: "LabelsLayer") -> tuple[np.ndarray, dict[str, Any]]:
    """Return the data and the attributes of a copy of a layer with square pixels, or cubic voxels.

    The side of the pixels is the shortest one of the original, and each takes the label of the nearest original pixel.

    Raises
    ------
    BadInputError
        If the layer is sheared, or the copy would be too large.
    """
    values = copy_values(layer, "reference")
    grid = read_grid(layer, values.ndim, "reference")
    lengths = grid.sides
    ratios = lengths.min() / lengths
    shape = tuple(max(1, round(n / ratio)) for n, ratio in zip(values.shape, ratios, strict=True))
    if np.prod(np.array(shape, float)) > MOST_LAZY:
        text = f"With square pixels, “{layer.name}” would have {format_shape(shape)} of them; crop it first."
        raise BadInputError("reference", text)
    offset = (ratios - 1) / 2  # the outer edges of the image stay in place
    place = read_placement(layer, values.ndim)
    scale = np.asarray(place["scale"], float)
    same_unit = len({str(unit) for unit in place["units"]}) == 1
    place["scale"] = tuple(np.sign(scale) * np.abs(scale).min() if same_unit else scale * ratios)
    turned = np.eye(values.ndim) if layer.ndim != values.ndim else layer.affine.linear_matrix
    place["translate"] = tuple(place["translate"] + np.linalg.solve(turned, grid.matrix @ offset))
    copied = resample_nearest(values, np.diag(ratios), offset, shape)
    kind = "square pixels" if values.ndim == 2 else "cubic voxels"
    look = {"colormap": layer.colormap, "opacity": layer.opacity}
    return copied, {"name": f"{layer.name} ({kind})", "metadata": dict(layer.metadata), **look, **place}
