"""Typed access to the JSON header of a model file: each entry has its declared type and range, or is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any


def record(value: Any, name: str) -> Mapping[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be an object, got {_shown(value)}")
    return value


def field(entries: Mapping[str, Any], name: str) -> Any:
    """Return an entry of an object."""
    if name not in entries:
        raise ValueError(f"the entry {name!r} is missing")
    return entries[name]


def items(value: Any, name: str, *, low: int = 0, high: int | None = None) -> Sequence[Any]:
    """Return a JSON list with a length between two limits."""
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list, got {_shown(value)}")
    if not low <= len(value) <= (len(value) if high is None else high):
        raise ValueError(f"{name} must have {low if low == high else f'{low} or more'} entries, got {len(value)}")
    return value


def whole(value: Any, name: str, low: int, high: int) -> int:
    """Return a whole number between two limits."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, got {_shown(value)}")
    return value


def number(value: Any, name: str, low: float = -inf, high: float = inf) -> float:
    """Return a finite number between two limits."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not -1e300 < value < 1e300:
        raise ValueError(f"{name} must be a finite number, got {_shown(value)}")
    if not low <= value <= high:
        raise ValueError(f"{name} must lie between {low:g} and {high:g}, got {_shown(value)}")
    return float(value)


def numbers(value: Any, name: str, low: float, high: float, *, n: int | None = None) -> tuple[float, ...]:
    """Return a list of finite numbers between two limits; `n` is its length, or it has any length from 1."""
    entries = items(value, name, low=1 if n is None else n, high=n)
    return tuple(number(entry, name, low, high) for entry in entries)


def limits(value: Any, name: str, *, equal: bool = False) -> tuple[float, float]:
    """Return two increasing fractions; `equal` permits equal ones."""
    low, high = numbers(value, name, 0, 1, n=2)
    if low > high or (low == high and not equal):
        raise ValueError(f"{name} must increase, got {low:g} and {high:g}")
    return low, high


def flag(value: Any, name: str) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, got {_shown(value)}")
    return value


def text(value: Any, name: str) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text, got {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= 10**18:  # a number of many digits takes long to write
        return "a very large number"
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "an object"
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:36]}…"
