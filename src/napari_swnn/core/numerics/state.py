"""State of objects that change during a training: captured as tensors and plain values, and restored exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any


def capture(owner: object, names: Iterable[str]) -> dict[str, Any]:
    """Return a copy of some attributes of an object; networks and optimisers are represented by their state."""
    state = {}
    for name in names:
        value = getattr(owner, name)
        state[name] = deepcopy(value.state_dict() if hasattr(value, "state_dict") else value)
    return state


def restore(owner: object, state: Mapping[str, Any]) -> None:
    """Set attributes to values from `capture`; networks and optimisers stay in place and take over their state."""
    for name, value in state.items():
        current = getattr(owner, name)
        if hasattr(current, "load_state_dict"):
            current.load_state_dict(value)
        else:
            setattr(owner, name, value)
