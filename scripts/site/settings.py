"""Training settings as a page, from the fields of `TrainingConfig` and the presets."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

from napari_swnn import PRESETS, TrainingConfig


def document_settings() -> str:
    """Return one table with a row for each setting, and one column for each preset."""
    head = ["setting", "meaning", *(f"`{name}`" for name in PRESETS)]
    rows = [describe(item) for item in fields(TrainingConfig)]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def describe(item: Field[Any]) -> list[str]:
    """Return the row of a setting; values that differ from the default are bold."""
    values = [getattr(config, item.name) for config in PRESETS.values()]
    shown = [f"{value:_}" if isinstance(value, int) else str(value) or "none" for value in values]
    marked = [text if value == item.default else f"**{text}**" for text, value in zip(shown, values, strict=True)]
    meaning = f"{item.metadata['help']} ({limits(item)})"
    return [f"`{item.name}`", meaning, *(text.replace("_", " ") for text in marked)]


def limits(item: Field[Any]) -> str:
    """Return the values that a setting may have."""
    if "choices" in item.metadata:
        return ", ".join(f"`{choice}`" for choice in item.metadata["choices"])
    if isinstance(item.default, str):
        return "path"
    low, high = item.metadata["low"], item.metadata.get("high")
    kind = "whole, " if isinstance(item.default, int) else ""
    return f"{kind}{low} to {high}" if high is not None else f"{kind}at least {low:g}"
