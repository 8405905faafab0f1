"""The request of a run in plain values: only a run of the same request is resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_swnn._types import Path

if TYPE_CHECKING:
    from napari_swnn.core.volume.virtual_volume import VirtualVolume

Request = dict[str, Any]


def volume_request(volumes: Sequence[VirtualVolume]) -> Request:
    """Return everything that the voxels of realisations with consecutive seeds depend on.

    Large arrays are represented by their hash. The kind of device is a part: CPU and GPU differ in the last bits.
    """
    first = volumes[0]
    return {
        "version": version("napari-swnn"),
        "model": first.model.fingerprint(),
        "n": len(volumes),
        **describe_value(first.spec),
        "device": describe_value(first.device),
        "precision": describe_value(first.precision),
    }


def check_same_request(request: Request, begun: Request, path: Path) -> None:
    """Refuse to resume a run of another request.

    Raises
    ------
    ValueError
        The message names the first setting that differs.
    """
    if not begun:
        raise ValueError(
            f"resume needs an unfinished run of napari-swnn, got {path}, which is of another origin; "
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
    """Return a value as JSON holds it; an array is represented by its type, shape and hash."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        content = sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return value.item() if value.ndim == 0 else [str(value.dtype), list(value.shape), content]
    if isinstance(value, torch.dtype):
        return str(value)
    if isinstance(value, torch.device):
        return value.type
    if isinstance(value, Mapping):
        return {str(key): describe_value(entry) for key, entry in value.items()}
    if isinstance(value, Sequence):
        return [describe_value(entry) for entry in value]
    if is_dataclass(value):
        return {f.name: describe_value(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"a request must hold plain values, arrays and dataclasses, got {type(value).__name__}")


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:36]}…"
