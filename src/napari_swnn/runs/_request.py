"""What a run was asked for, in plain values: a run that goes on must have been asked for the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_swnn._types import Path

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.volume.virtual_volume import VirtualVolume

Request = dict[str, Any]


def volume_request(volumes: Sequence[VirtualVolume]) -> Request:
    """Everything that the voxels of realisations with consecutive seeds depend on.

    Large arrays are told by their hash. The kind of device is a part of it: CPU and GPU differ in the last bits.
    """
    first = volumes[0]
    settings = {f.name: plain(getattr(first, f.name)) for f in fields(first) if f.init and f.name != "model"}
    return {"version": version("napari-swnn"), "model": fingerprint(first.model), "n": len(volumes), **settings}


def fingerprint(model: Model) -> str:
    """Hash of the weights and of all settings of a model."""
    with TemporaryDirectory() as folder:
        path = FilePath(folder) / "model"
        model.save(path)
        return sha256(path.read_bytes()).hexdigest()


def check_same(request: Request, begun: Request, path: Path) -> None:
    """Refuse to go on with a run that was asked for something else.

    Raises
    ------
    ValueError
        The message names the first setting that differs.
    """
    if not begun:
        raise ValueError(
            f"what is gone on with must be an unfinished run of napari-swnn, got {path}, which is of another origin; "
            "choose another name"
        )
    for key in {**request, **begun}:
        if request.get(key) != begun.get(key):
            raise ValueError(
                f"an unfinished run must be gone on with as it was begun, got another {key} for {path}: "
                f"{_shown(request.get(key))}, where it was {_shown(begun.get(key))}; ask for the same, or choose "
                "another name"
            )


def plain(value: Any) -> Any:
    """Values that JSON gives back as they are."""
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
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, Sequence):
        return [plain(entry) for entry in value]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"a request holds plain values, arrays and dataclasses, got {type(value).__name__}")


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:36]}…"
