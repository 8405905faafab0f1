"""Request of a run as plain values; a run is resumed only with an identical request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from napari_swnn._checks import is_lazy
from napari_swnn._types import Path
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.block_volume import BlockVolume

Request = dict[str, Any]

_LATER = ("free", "exact_fractions", "coarse")
"""Settings that runs of earlier versions lack, which are left out where they are empty."""
_SLAB = 2**26
"""Number of values of an array that are read at a time."""


def volume_request(volumes: Sequence[BlockVolume]) -> Request:
    """Return everything that determines the voxels of realisations with consecutive seeds.

    Arrays are represented by their hash. The type of device is included, because CPU and GPU results differ in the last
    bits.
    """
    first = volumes[0]
    described = describe_value(first.identity)
    return {
        "version": version("napari-swnn"),
        "n": len(volumes),
        **{key: value for key, value in described.items() if value or key not in _LATER},
        "device": describe_value(first.device),
        "precision": describe_value(first.precision),
    }


def volume_provenance(volume: BlockVolume, request: Request) -> dict[str, Any]:
    """Return the request, the labels, and the training of each model, as JSON types."""
    return {"request": request, "labels": volume.phase_labels.as_json(), **describe_value(volume.training)}


def check_same_request(request: Request, begun: Request, path: Path) -> None:
    """Raise an error if the request differs from that of the unfinished run.

    Raises
    ------
    ValueError
        If they differ; the message names the first setting that differs.
    """
    if not begun:
        raise ValueError(
            f"resume needs an unfinished run of napari-swnn, got {path}, which napari-swnn did not write; "
            "choose another name"
        )
    for key in {**request, **begun}:
        if request.get(key) != begun.get(key):
            raise ValueError(
                f"resume needs the request of the unfinished run, got a different {key} for {path}: "
                f"{_shown(request.get(key))} instead of {_shown(begun.get(key))}; repeat the request, or choose "
                "another name"
            )


def describe_value(value: Any) -> Any:
    """Convert a value to JSON types; an array is represented by its data type, shape and hash, a model by its hash."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    if isinstance(value, np.ndarray) or is_lazy(value):
        return [str(value.dtype), list(value.shape), _hash_array(value)]
    if isinstance(value, torch.dtype | torch.device):
        return value.type if isinstance(value, torch.device) else str(value)
    if isinstance(value, Model):
        return value.fingerprint()
    if isinstance(value, Mapping):
        return {str(key): describe_value(entry) for key, entry in value.items()}
    if isinstance(value, Sequence):
        return [describe_value(entry) for entry in value]
    if is_dataclass(value):
        return {f.name: describe_value(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"a request must contain only plain values, arrays and dataclasses, got {type(value).__name__}")


def _hash_array(array: Any) -> str:
    """Return the hash of the values of a NumPy or dask array; of a large one, a few planes are read at a time."""
    content = sha256()
    n_planes = max(1, _SLAB * len(array) // max(1, array.size))
    for first in range(0, len(array), n_planes):
        content.update(np.ascontiguousarray(array[first : first + n_planes]).tobytes())
    return content.hexdigest()


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:36]}…"
