"""Recipe: the steps from a raw micrograph to labels, kept in layers and files and replayed on further images."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from napari_swnn._files import write_text
from napari_swnn._types import Path
from napari_swnn.preparation.background import FlattenBackground
from napari_swnn.preparation.crop import Crop
from napari_swnn.preparation.denoise import Denoise
from napari_swnn.preparation.holes import FillHoles
from napari_swnn.preparation.scribbles import SegmentScribbles
from napari_swnn.preparation.smooth import Smooth
from napari_swnn.preparation.specks import RemoveSpecks
from napari_swnn.preparation.step import Content, Step
from napari_swnn.preparation.threshold import Threshold

FORMAT = "napari-swnn recipe"
VERSION = 1
STEPS: dict[str, type[Step]] = {
    step.name: step
    for step in (Crop, FlattenBackground, Denoise, Threshold, SegmentScribbles, RemoveSpecks, FillHoles, Smooth)
}
"""Kinds of steps by their names in a file."""


@dataclass(frozen=True)
class Recipe:
    """Sequence of steps, compared by value.

    Parameters
    ----------
    steps : sequence of Step
        Steps on grey values, at most one step that segments, then steps on labels.

    Raises
    ------
    TypeError
        If an entry is not a step.
    ValueError
        If a step does not fit the result of the step before it.

    Examples
    --------
    >>> recipe = Recipe((Denoise("median", 2), Threshold("otsu"), RemoveSpecks(20)))
    >>> Recipe.from_json(recipe.to_json()) == recipe
    True
    """

    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        given: Any = self.steps
        steps: tuple[Step, ...] = (given,) if hasattr(given, "kind") else tuple(given)
        content: Content = "grey"
        for step in steps:
            if not hasattr(step, "kind"):
                raise TypeError(f"steps must be steps of a preparation, such as Threshold, got {step!r}; pass objects")
            if step.kind[0] != content:
                raise ValueError(
                    f"steps must treat grey values first, then segment once, then treat labels, got "
                    f"{', '.join(each.name for each in steps)}; move the step {step.name!r}"
                )
            content = step.kind[1]
        object.__setattr__(self, "steps", steps)

    @property
    def gives(self) -> Content:
        """Values of the result: ``"labels"`` if a step segments, otherwise ``"grey"``."""
        return self.steps[-1].kind[1] if self.steps else "grey"

    def then(self, step: Step) -> Recipe:
        """Return the recipe with one more step at its end."""
        return Recipe((*self.steps, step))

    def describe(self) -> str:
        """Return the steps as text, one a line."""
        return "\n".join(step.description for step in self.steps)

    def to_json(self) -> str:
        """Return the recipe as JSON."""
        content = {"format": FORMAT, "version": VERSION, "steps": [step.to_dict() for step in self.steps]}
        return json.dumps(content, indent=1)

    @staticmethod
    def from_json(text: str) -> Recipe:
        """Return the recipe from JSON.

        Raises
        ------
        ValueError
            If the text is not a recipe, or a step or a value of it is not known.
        """
        try:
            content = json.loads(text)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"recipe must be JSON, got text that cannot be read: {error}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"recipe must have the format {FORMAT!r}, got another text; save it with Recipe.save")
        if content.get("version") != VERSION:
            raise ValueError(
                f"recipe must have version {VERSION}, got {content.get('version')!r}; update napari-swnn to read it"
            )
        steps = content.get("steps")
        if not isinstance(steps, list):
            raise ValueError(f"recipe must hold a list of steps, got {type(steps).__name__}")
        return Recipe(tuple(_read_step(entry) for entry in steps))

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the recipe to a JSON file.

        Parameters
        ----------
        path : path-like
            File to write.
        overwrite : bool
            True to replace an existing file.

        Raises
        ------
        FileExistsError
            If the file exists and `overwrite` is False.
        """
        path = FilePath(path)
        if path.exists() and not overwrite:
            raise FileExistsError(f"path must name a new file, got {path}, which exists; set overwrite=True")
        write_text(path, self.to_json() + "\n")

    @staticmethod
    def load(path: Path) -> Recipe:
        """Read a recipe from a JSON file.

        Raises
        ------
        FileNotFoundError
            If the file does not exist.
        ValueError
            If it is not a recipe.
        """
        path = FilePath(path)
        if not path.is_file():
            raise FileNotFoundError(f"path must name a recipe, got {path}, which does not exist")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"path must name a recipe in JSON, got {path}, which is not text") from error
        return Recipe.from_json(text)


def _read_step(entry: Any) -> Step:
    known = ", ".join(STEPS)
    name = entry.get("step") if isinstance(entry, dict) else entry
    if not isinstance(entry, dict) or not isinstance(name, str) or name not in STEPS:
        raise ValueError(f"recipe must hold known steps ({known}), got {name!r}; update napari-swnn to read it")
    settings = {key: value for key, value in entry.items() if key != "step"}
    try:
        return STEPS[name].from_dict(settings)
    except TypeError as error:
        raise ValueError(f"recipe must hold known settings, got for the step {name!r}: {error}") from error
