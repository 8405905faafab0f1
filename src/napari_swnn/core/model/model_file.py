"""Model files: safetensors with a JSON header, so that loading a file never executes code.

Format 2 describes two phases without names, format 3 any phases, with a digest of settings and weights, and format 4 an
overlay in addition; format 1 had a single threshold. Everything that a file states is checked before memory is
allocated for it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from napari_swnn._files import replaced_when_complete
from napari_swnn._types import Path
from napari_swnn.core.model import header_fields as fields
from napari_swnn.core.model.model_header import FORMAT_VERSION, model_header, parse_header
from napari_swnn.core.model.overlay import described_tensors, fill_overlay
from napari_swnn.core.model.weights import build_stages, check_described, named_tensors

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model

_KEY = "napari-swnn"
_DIGEST = "digest"
_WITH_DIGEST = 3
"""First format with a digest."""
_LARGEST_HEADER = 2**24
"""Largest size of a header in bytes; those of models have some thousand."""


def save_model(model: Model, path: Path) -> None:
    """Write a model file; an existing file stays intact until the new one is complete."""
    header = model_header(model)
    tensors = model_tensors(model)
    if header["format_version"] >= _WITH_DIGEST:
        header[_DIGEST] = digest_of(header, tensors)
    with replaced_when_complete(FilePath(path)) as partial:
        try:
            save_file(tensors, partial, metadata={_KEY: json.dumps(header)})
        except SafetensorError as error:  # raised when the disk is full, although not an OSError
            raise OSError(f"the model could not be written to {path}: {error}") from error


def model_tensors(model: Model) -> dict[str, Tensor]:
    """Return the weights, and the arrays of an overlay, by name."""
    tensors = named_tensors(model.stages)
    return tensors if model.overlay is None else tensors | model.overlay.tensors()


def digest_of(header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """Return a hash of the settings and the weights of a model."""
    stated = {name: value for name, value in header.items() if name != _DIGEST}
    return hash_content(stated, {name: tensors[name] for name in sorted(tensors)})


def hash_content(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """Return a hash of settings, whatever their order, and of weights, in their order."""
    digest = sha256(json.dumps(settings, sort_keys=True).encode())
    for name, tensor in tensors.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def read_model(path: Path) -> dict[str, Any]:
    """Read a model file and return the attributes of the model.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file is not a model file, is damaged, or has a newer format.
    """
    path = FilePath(path)
    if path.is_dir():
        raise ValueError(f"path must name a model file, got the folder {path}")
    if not path.is_file():
        raise FileNotFoundError(f"path must name a model file, got {path}, which does not exist")
    try:
        described = _describe(path)
        with safe_open(path, framework="pt", device="cpu") as file:  # checks sizes and offsets
            metadata = file.metadata() or {}
    except (SafetensorError, OSError, ValueError, RecursionError, struct.error) as error:
        raise ValueError(
            f"path must name a model file of napari-swnn, got {path}, which is damaged or in another format ({error})"
        ) from error
    if _KEY not in metadata:
        raise ValueError(
            f"path must name a model file of napari-swnn, got {path}, a safetensors file not written by napari-swnn"
        )
    try:
        header = fields.record(json.loads(metadata[_KEY]), "the header")
        version = fields.whole(fields.field(header, "format_version"), "the format", 1, 10**6)
        attributes = _attributes(header, described, path) if version <= FORMAT_VERSION else None
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"path must name a valid model file, got {path}, whose content is inconsistent: {error}"
        ) from error
    if attributes is None:
        raise ValueError(f"{path} has format {version}, this version reads up to {FORMAT_VERSION}; update napari-swnn")
    return attributes


def _describe(path: FilePath) -> dict[str, Any]:
    """Return data type and shape of each tensor of a file, without reading the tensors."""
    size = path.stat().st_size
    with path.open("rb") as file:
        (n_bytes,) = struct.unpack("<Q", file.read(8))
        if n_bytes > min(size - 8, _LARGEST_HEADER):
            raise ValueError(f"its header has {n_bytes} bytes")
        header = json.loads(file.read(n_bytes))
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def _attributes(header: Mapping[str, Any], described: Mapping[str, Any], path: FilePath) -> dict[str, Any]:
    attributes = parse_header(header)
    overlay = attributes["overlay"]
    check_described(described, attributes["network"], () if overlay is None else list(described_tensors(overlay)))
    with safe_open(path, framework="pt", device="cpu") as file:
        tensors = {name: file.get_tensor(name) for name in described}
    stated = header.get(_DIGEST)
    if header["format_version"] >= _WITH_DIGEST and stated != digest_of(header, tensors):
        raise ValueError("its settings or weights have changed since it was saved")
    if overlay is not None:
        attributes["overlay"] = fill_overlay(overlay, tensors, len(attributes["labels"].phases))
    weights = {name: tensor for name, tensor in tensors.items() if name.startswith("stage")}
    return attributes | {"stages": build_stages(attributes["network"], weights)}
