"""Reading of arrays from a pickle without unpickling: its opcodes are parsed, and nothing that it names is called.

Unpickling executes the instructions of a file. Here a file can only build plain values and describe arrays: the names
of the three functions that NumPy's arrays refer to are compared, never imported, and any other name or opcode is
refused. No array is larger than the bytes that the file really holds.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from math import prod
from typing import Any

import numpy as np

from napari_swnn._types import FloatArray

_ARRAY_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "_reconstruct"): "array",
    ("numpy", "ndarray"): "type",
    ("numpy", "dtype"): "dtype",
}
_DTYPES = ("f4", "f8")
_MARK = object()


@dataclass(eq=False, slots=True)
class _Described:
    """Array or data type that a pickle describes; a data type has no values."""

    dtype: str = ""
    values: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    """Name of a function of NumPy, which is not called."""

    kind: str


def read_pickled_arrays(content: bytes) -> Any:
    """Return the content of a pickle of numbers, texts, lists, dictionaries and arrays of floats.

    Parameters
    ----------
    content : bytes
        Pickle of protocol 4, little-endian.

    Returns
    -------
    object
        Content, with arrays of float32 or float64.

    Raises
    ------
    ValueError
        If the pickle is damaged, or contains anything else.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(BytesIO(content)):
            machine.run(opcode.name, argument)
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its pickle is inconsistent ({type(error).__name__})") from error
    return _resolve(machine.stack[-1]) if machine.stack else None


class _Machine:
    """Stack and memo of a pickle; every value is plain."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memo: list[Any] = []
        self._actions: dict[str, Callable[[], None]] = {
            "MARK": lambda: self.stack.append(_MARK),
            "EMPTY_LIST": lambda: self.stack.append([]),
            "EMPTY_DICT": lambda: self.stack.append({}),
            "NONE": lambda: self.stack.append(None),
            "NEWTRUE": lambda: self.stack.append(True),
            "NEWFALSE": lambda: self.stack.append(False),
            "MEMOIZE": lambda: self._memo.append(self.stack[-1]),
            "EMPTY_TUPLE": lambda: self._collect(0),
            "TUPLE1": lambda: self._collect(1),
            "TUPLE2": lambda: self._collect(2),
            "TUPLE3": lambda: self._collect(3),
            "TUPLE": lambda: self.stack.append(tuple(self._since_mark())),
            "APPEND": lambda: self._append([self.stack.pop()]),
            "APPENDS": lambda: self._append(self._since_mark()),
            "SETITEMS": lambda: self._set(self._since_mark()),
            "SETITEM": lambda: self._set([self.stack.pop(-2), self.stack.pop()]),
            "STACK_GLOBAL": self._name,
            "REDUCE": self._describe,
            "BUILD": self._fill,
        }

    def run(self, name: str, argument: Any) -> None:
        """Carry out an opcode."""
        if name in ("PROTO", "FRAME", "STOP"):
            return
        if name in ("BINGET", "LONG_BINGET"):
            self.stack.append(self._memo[argument])
        elif name in self._actions:
            self._actions[name]()
        elif isinstance(argument, int | float | str | bytes) and name.startswith(("BIN", "SHORT_BIN")):
            self.stack.append(argument)
        else:
            raise ValueError(f"its pickle has the opcode {name}, which arrays do not need")

    def _collect(self, n: int) -> None:
        start = len(self.stack) - n
        self.stack[start:] = [tuple(self.stack[start:])]

    def _since_mark(self) -> list[Any]:
        values = []
        while (value := self.stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def _append(self, values: list[Any]) -> None:
        self.stack[-1].extend(values)

    def _set(self, values: list[Any]) -> None:
        self.stack[-1].update(zip(values[::2], values[1::2], strict=True))

    def _name(self) -> None:
        name = self.stack.pop()
        module = self.stack.pop()
        if (module, name) not in _ARRAY_NAMES:
            raise ValueError(f"its pickle names {module}.{name}, which arrays do not need")
        self.stack.append(_Name(_ARRAY_NAMES[module, name]))

    def _describe(self) -> None:
        """Replace a call by a description of the array or data type that it would make."""
        arguments = self.stack.pop()
        kind = self.stack.pop().kind
        if kind == "dtype" and arguments[0] in _DTYPES:
            self.stack.append(_Described(arguments[0]))
        elif kind == "array":
            self.stack.append(_Described())
        else:
            raise ValueError("its pickle has arrays of another data type than float32 and float64")

    def _fill(self) -> None:
        state = self.stack.pop()
        described = self.stack[-1]
        if described.dtype:
            if state[1] != "<":
                raise ValueError("its arrays are not little-endian")
            return
        _, shape, dtype, fortran, content = state
        described.values = _array_of(shape, dtype.dtype, fortran, content)


def _array_of(shape: Any, dtype: str, fortran: Any, content: Any) -> FloatArray:
    if not all(type(extent) is int and extent >= 0 for extent in shape) or fortran is not False:
        raise ValueError("its arrays must be stored row by row")
    if not isinstance(content, bytes) or prod(shape) * int(dtype[1]) != len(content):
        raise ValueError(f"it has an array of shape {tuple(shape)}, for which it stores another number of bytes")
    return np.frombuffer(content, f"<{dtype}").reshape(shape)


def _resolve(value: Any) -> Any:
    """Replace descriptions by arrays in a dictionary of values and lists, as deep as the files of weights are."""
    if isinstance(value, dict):
        return {key: _resolve_list(entry) for key, entry in value.items()}
    return _resolve_list(value)


def _resolve_list(value: Any) -> Any:
    if isinstance(value, list):
        return [entry.values if isinstance(entry, _Described) else entry for entry in value]
    return value.values if isinstance(value, _Described) else value
