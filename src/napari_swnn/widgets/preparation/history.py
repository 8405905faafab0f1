"""History of a value that can be undone and redone."""

from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

MERGE_SECONDS = 1.0
"""Changes of one setting that follow each other within this time are undone together."""

Value = TypeVar("Value")


class History(Generic[Value]):
    """Sequence of immutable values with a current position.

    Parameters
    ----------
    value : object
        First value.
    clock : callable
        Function that returns the time in seconds.

    Attributes
    ----------
    value : object
        Current value.
    """

    def __init__(self, value: Value, clock: Callable[[], float] = monotonic) -> None:
        self.value = value
        self._clock = clock
        self._past: list[Value] = []
        self._future: list[Value] = []
        self._key = ""
        self._changed_at = 0.0

    @property
    def can_undo(self) -> bool:
        """True if there is an earlier value."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """True if a change was undone."""
        return bool(self._future)

    def record(self, value: Value, key: str = "") -> bool:
        """Make `value` the current value, and return True if it differs from the previous one.

        Parameters
        ----------
        value : object
            New value.
        key : str
            Name of the setting that changed; quick changes of the same setting count as one. An empty name never
            merges.
        """
        if value == self.value:
            return False
        now = self._clock()
        is_merged = bool(key) and key == self._key and now - self._changed_at < MERGE_SECONDS and bool(self._past)
        if not is_merged:
            self._past.append(self.value)
        self.value = value
        self._future = []
        self._key = key
        self._changed_at = now
        return True

    def undo(self) -> None:
        """Return to the previous value if there is one."""
        if self._past:
            self._future.append(self.value)
            self.value = self._past.pop()
            self._key = ""

    def redo(self) -> None:
        """Repeat the last change that was undone, if there is one."""
        if self._future:
            self._past.append(self.value)
            self.value = self._future.pop()
            self._key = ""

    def restart(self, value: Value) -> None:
        """Begin a new history."""
        self._past = []
        self._future = []
        self._key = ""
        self.value = value
