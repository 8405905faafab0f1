"""Labels that a volume of napari-swnn may contain, and refusal of any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_swnn._phases import first_free
from napari_swnn.io.stored_image import ImageError

StoredLabels = frozenset[int]


def stored_labels(provenance: Mapping[str, Any]) -> StoredLabels | None:
    """Return the labels that the provenance of a volume allows; None if it states none."""
    try:
        entries = provenance["labels"]
        two = [entries[name] for name in ("phase", "background") if name in entries]
        phases = {int(label) for label in entries.get("phases", two)}
        mask = provenance["request"].get("mask")
        outside = None if mask is None else mask["outside"]
        if mask is not None and outside is None and len(phases) > 2:  # voxels outside a mask belong to no phase
            outside = first_free(phases)
        allowed = phases if outside is None else phases | {int(outside)}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return frozenset(allowed) if phases else None


def check_labels(values: np.ndarray, allowed: StoredLabels | None, where: object) -> None:
    """Raise an error if values contain a label that does not exist.

    Parameters
    ----------
    values : numpy.ndarray
        Part of a volume.
    allowed : frozenset of int, optional
        Labels from `stored_labels`; None allows any.
    where : path-like
        File for the error message.

    Raises
    ------
    ImageError
        If a label is not among those allowed.
    """
    if allowed is None:
        return
    if values.dtype == np.uint8:
        unknown = np.flatnonzero(np.bincount(values.ravel(), minlength=256))
    else:
        unknown = np.unique(values)
    unknown = unknown[~np.isin(unknown, list(allowed))]
    if len(unknown):
        raise ImageError(
            f"{where} must hold the labels {', '.join(map(str, sorted(allowed)))}, got {unknown[0]}; the file is "
            "damaged: copy it again, or generate it again"
        )
