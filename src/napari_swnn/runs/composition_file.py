"""Compositions described by a TOML file, for the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from napari_swnn._checks import check_label
from napari_swnn._types import Path
from napari_swnn.core.model.model import Model
from napari_swnn.core.volume.border_profile import BorderProfile
from napari_swnn.core.volume.composition import Composition, Filling, Part
from napari_swnn.core.volume.regions import GeneratedRegions

_TOP = ("shape", "seed", "periodic", "regions", "parts")
_REGIONS = ("model", "scale", "seed", "porosity")
_PART = ("model", "label", "porosity", "profile", "fractions", "axes", "angle", "axis", "seed", "labels")


def read_composition(path: Path) -> Composition:
    """Read the description of a composition.

    Parameters
    ----------
    path : path-like
        TOML file with `shape`, `regions` and a table ``[parts.LABEL]`` for each region; files are named relative to its
        folder. See ``docs/how-to/composition.md``.

    Raises
    ------
    FileNotFoundError
        If the file, or a model that it names, does not exist.
    ValueError
        If the file is no TOML, or an entry is missing, unknown or invalid.
    """
    path = FilePath(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path} must be a TOML file that describes a composition, got an error: {error}") from error
    _check_entries(content, _TOP, str(path), needed=("shape", "regions", "parts"))
    models = _Models(path.parent)
    parts = {
        _label(key, f"{path}: each table of parts"): _filling(entry, f"{path}: parts.{key}", models)
        for key, entry in _table(content["parts"], f"{path}: parts").items()
    }
    shape = content["shape"]
    return Composition(
        parts,
        tuple(shape) if isinstance(shape, list) else (shape,) * 3,
        regions=_regions(content["regions"], f"{path}: regions", models),
        seed=content.get("seed", 0),
        periodic=content.get("periodic", False),
    )


class _Models:
    """Models of a folder, each of which is loaded once."""

    def __init__(self, folder: FilePath) -> None:
        self.folder = folder
        self._loaded: dict[FilePath, Model] = {}

    def load(self, name: Any) -> Model:
        path = self.folder / str(name)
        if path not in self._loaded:
            self._loaded[path] = Model.load(path)
        return self._loaded[path]


def _regions(entry: Any, where: str, models: _Models) -> Any:
    if isinstance(entry, str):
        return str(models.folder / entry)
    table = _table(entry, where)
    _check_entries(table, _REGIONS, where, needed=("model",))
    settings = {key: value for key, value in table.items() if key != "model"}
    return GeneratedRegions(models.load(table["model"]), **settings)


def _filling(entry: Any, where: str, models: _Models) -> Filling:
    table = _table(entry, where)
    _check_entries(table, _PART, where)
    if ("model" in table) == ("label" in table):
        raise ValueError(f"{where} must have a model or a label, got {', '.join(table) or 'nothing'}; add one of them")
    if "label" in table:
        _check_entries(table, ("label",), where)
        return check_label(table["label"], name=f"{where}.label")
    settings = {key: value for key, value in table.items() if key not in ("model", "profile")}
    for key in ("labels", "fractions"):
        if key in settings:
            pairs = _table(settings[key], f"{where}.{key}")
            settings[key] = {_label(label, f"{where}.{key}"): value for label, value in pairs.items()}
    if "profile" in table:
        profile = _table(table["profile"], f"{where}.profile")
        names = ("distances", "porosities")
        _check_entries(profile, names, f"{where}.profile", needed=names)
        settings["porosity"] = BorderProfile(*(tuple(profile[name]) for name in names))
    return Part(models.load(table["model"]), **settings)


def _table(entry: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise ValueError(f"{where} must be a table, got {entry!r}")
    return entry


def _check_entries(table: Mapping[str, Any], known: Sequence[str], where: str, *, needed: Sequence[str] = ()) -> None:
    missing = [key for key in needed if key not in table]
    if missing:
        raise ValueError(f"{where} must have {', '.join(missing)}, got {', '.join(table) or 'nothing'}")
    unknown = [key for key in table if key not in known]
    if unknown:
        raise ValueError(f"{where} must have entries among {', '.join(known)}, got {unknown[0]}")


def _label(key: str, where: str) -> int:
    try:
        return int(key)
    except ValueError as error:
        raise ValueError(f"{where} must be named after a label, got {key!r}") from error
