"""Gallery of trained models in the data folder of the user, which outlives the session that trained them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._files import replaced_when_complete, write_json
from napari_swnn._user_data import data_folder

if TYPE_CHECKING:
    from napari_swnn._types import Labels
    from napari_swnn.core.model.model import Model

MOST_MODELS = 30
"""Default number of models that are kept."""
_SUFFIX = ".swnn"
_THUMBNAIL_SIDE = 96


@dataclass(frozen=True, slots=True)
class KeptModel:
    """Model of a gallery.

    Attributes
    ----------
    path : pathlib.Path
        File of the model.
    facts : mapping of str to str
        Texts by key: ``name``, ``reference``, ``description``, ``created`` and ``verdict``; any can be missing.
    """

    path: Path
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name given by the user, by default that of the reference."""
        return self.facts.get("name") or self.path.stem

    @property
    def thumbnail(self) -> Path:
        """File of a picture of a section, which may not exist."""
        return self.path.with_suffix(".png")

    @property
    def _notes(self) -> Path:
        return self.path.with_suffix(".json")

    @classmethod
    def read(cls, path: Path) -> KeptModel:
        """Return a model with what is known about it; damaged or missing notes are left out."""
        kept = cls(path)
        try:
            found = json.loads(kept._notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return kept
        if not isinstance(found, dict):
            return kept
        return cls(path, {str(key): value for key, value in found.items() if isinstance(value, str)})

    def note(self, **facts: str) -> KeptModel:
        """Write further facts, and return the model with them.

        Raises
        ------
        OSError
            If they cannot be written.
        """
        noted = KeptModel(self.path, {**self.facts, **facts})
        write_json(noted._notes, dict(noted.facts))
        return noted

    def draw(self, labels: Labels, colours: Mapping[int, tuple[float, ...]]) -> None:
        """Write the thumbnail: a section with a colour for each label; others are black.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        from PIL import Image

        section = labels[len(labels) // 2] if labels.ndim == 3 else labels
        picture = np.zeros((*section.shape, 3), np.uint8)
        for label, colour in colours.items():
            picture[section == label] = [round(255 * channel) for channel in colour[:3]]
        side = min(section.shape)
        image = Image.fromarray(picture[:side, :side])
        image = image.resize((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.NEAREST)
        with replaced_when_complete(self.thumbnail) as partial:
            image.save(partial, format="PNG")

    def export(self, path: Path) -> None:
        """Copy the model to another file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        with replaced_when_complete(path) as partial:
            shutil.copyfile(self.path, partial)

    def remove(self) -> None:
        """Remove the model with its thumbnail and notes."""
        for path in (self.path, self.thumbnail, self._notes):
            path.unlink(missing_ok=True)


class Gallery:
    """Folder of models.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Folder with the models; by default in the data folder of the user.
    most : int
        Number of models to keep; when another one is added, the oldest are removed.
    """

    def __init__(self, folder: Path | None = None, *, most: int = MOST_MODELS) -> None:
        self.folder = data_folder("gallery") if folder is None else folder
        self.most = most

    def list_models(self) -> list[KeptModel]:
        """Return the models, newest first."""
        return [KeptModel.read(path) for path in sorted(self.folder.glob(f"*{_SUFFIX}"), reverse=True)]

    def add(self, model: Model, **facts: str) -> KeptModel:
        """Write a model with facts about it, and remove the oldest models if there are too many.

        Raises
        ------
        OSError
            If the model cannot be written.
        """
        now = datetime.now()
        path = self.folder / f"{now:%Y%m%d-%H%M%S-%f}{_SUFFIX}"  # sorted by name, the newest is last
        model.save(path)
        kept = KeptModel(path)
        with suppress(OSError):  # the model is safe
            kept = kept.note(created=f"{now:%Y-%m-%d %H:%M}", **facts)
        for old in self.list_models()[self.most :]:
            with suppress(OSError):
                old.remove()
        return kept
