"""Voxel size with its unit, and the table of length units."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from napari_swnn._checks import check_in_range

_PREFIXES = {
    "yotta": ("Y", 24),
    "zetta": ("Z", 21),
    "exa": ("E", 18),
    "peta": ("P", 15),
    "tera": ("T", 12),
    "giga": ("G", 9),
    "mega": ("M", 6),
    "kilo": ("k", 3),
    "hecto": ("h", 2),
    "": ("", 0),
    "deci": ("d", -1),
    "centi": ("c", -2),
    "milli": ("m", -3),
    "micro": ("µ", -6),
    "nano": ("n", -9),
    "pico": ("p", -12),
    "femto": ("f", -15),
    "atto": ("a", -18),
    "zepto": ("z", -21),
    "yocto": ("y", -24),
}
"""SI prefixes: symbol and power of ten."""


@dataclass(frozen=True, slots=True)
class LengthUnit:
    """A unit of length.

    Attributes
    ----------
    name : str
        Name in OME-Zarr, napari and pint, such as ``"micrometer"``.
    symbol : str
        Symbol, such as ``"µm"``.
    metres : float
        Length of one unit in metres.
    """

    name: str
    symbol: str
    metres: float


LENGTH_UNITS = (
    *(LengthUnit(f"{prefix}meter", f"{symbol}m", float(f"1e{power}")) for prefix, (symbol, power) in _PREFIXES.items()),
    LengthUnit("angstrom", "Å", 1e-10),
    LengthUnit("inch", "in", 0.0254),
    LengthUnit("foot", "ft", 0.3048),
    LengthUnit("yard", "yd", 0.9144),
    LengthUnit("mile", "mi", 1609.344),
    LengthUnit("parsec", "pc", 3.0856775814913674e16),
)
"""All length units that OME-Zarr supports."""

_OTHER_NAMES = {
    "micron": "micrometer",
    "mikron": "micrometer",
    "ångström": "angstrom",
    "ångstrom": "angstrom",
    "angström": "angstrom",
    "inches": "inch",
    "feet": "foot",
    "nm": "nanometer",
    "um": "micrometer",
    "µm": "micrometer",
    "μm": "micrometer",
    "âµm": "micrometer",
}
"""Further names and, for units of images, symbols in capitals and damaged encodings; all in lower case."""
_THOUSANDS = "\u202f"
"""Narrow space between groups of three digits."""
_PER_PIXEL = re.compile(r"\s*(/|per)\s*(px|vx|pixel|voxel)s?$", re.IGNORECASE)
"""Ending of a unit such as ``um/px``."""
SAME_LENGTH = 1.001
"""Ratio up to which two edge lengths count as equal; files store them with few digits."""
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
"""Escape that ImageJ writes for a letter outside ASCII."""
_PIXELS = {
    *("", "pixel", "voxel", "px", "vx", "none", "null", "unknown", "arbitrary", "no unit", "nounit"),
    "reference frame",  # of OME
}
"""Units that state no length."""


def _plain(text: str) -> str:
    """Normalise Unicode look-alikes: µ and μ become u, and the angstrom sign becomes the letter Å."""
    return unicodedata.normalize("NFKC", decode_unit(text)).replace("μ", "u")


def decode_unit(text: str) -> str:
    r"""Return the text of a unit without the escapes of ImageJ, such as ``\u00B5m`` for µm."""
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text.strip().rstrip("\0")).strip()


_BY_SYMBOL = {_plain(unit.symbol): unit for unit in LENGTH_UNITS}
_BY_NAME = {unit.name: unit for unit in LENGTH_UNITS}
_HANDY = tuple(_BY_SYMBOL[symbol] for symbol in ("km", "m", "mm", "um", "nm"))
"""Units of lengths that are too small or too large for their own unit."""
_LEAST, _MOST = 1e-3, 1e4
"""Range of numbers for which a length keeps its unit."""


def find_length_unit(text: str) -> LengthUnit | None:
    """Return the length unit with the given name or symbol, or None.

    Parameters
    ----------
    text : str
        A symbol (``"um"``, ``"µm"``, ``"Å"``) or a name in British or American spelling, singular or plural; the case
        of a name is ignored (``"Micron"``, ``"nanometres"``), and so is the ending of ``"um/px"``.
    """
    text = _PER_PIXEL.sub("", decode_unit(text))
    symbol = _BY_SYMBOL.get(_plain(text))  # first, and case-sensitive: mm is not Mm
    if symbol is not None:
        return symbol
    name = unicodedata.normalize("NFC", decode_unit(text)).lower()
    for candidate in (name, name.removesuffix("s")):
        american = candidate.removesuffix("metre") + "meter" if candidate.endswith("metre") else candidate
        unit = _BY_NAME.get(_OTHER_NAMES.get(american, american))
        if unit is not None:
            return unit
    return None


def format_number(value: float, digits: int = 4) -> str:
    """Return a number with some significant digits; a large one has its whole integer part, and no power of ten.

    Examples
    --------
    >>> format_number(0.25), format_number(1234.5, 3)
    ('0.25', '1\u202f234')
    """
    text = f"{value:.{digits}g}"
    if "e" not in text or not 1 <= abs(value) < 1e15:
        return text
    return f"{value:,.0f}".replace(",", _THOUSANDS)


def format_lengths(lengths: Sequence[float], unit: str, digits: int = 4) -> str:
    """Return lengths with one unit, such as ``"50 × 50 × 50 µm"``.

    Parameters
    ----------
    lengths : sequence of float
        Lengths, for example the sides of a volume.
    unit : str
        Their unit, which is kept unless the longest one is below 0.001 or at least 10 000 in it.
    digits : int
        Number of significant digits.

    Examples
    --------
    >>> format_lengths((50_000, 25_000), "nm"), format_lengths((6400, 6400), "nm")
    ('50 × 25 µm', '6400 × 6400 nm')
    """
    known, longest = find_length_unit(unit), max(lengths)
    if known is not None and not _LEAST <= longest < _MOST:
        whole = longest * known.metres * (1 + 1e-9)
        handy = next((each for each in _HANDY if each.metres <= whole), _HANDY[-1])
        factor = float(f"{known.metres / handy.metres:.15g}")
        lengths, unit = [length * factor for length in lengths], handy.symbol
    return format_units(" × ".join(format_number(length, digits) for length in lengths) + f" {unit}")


def format_units(text: str) -> str:
    """Return a text with proper unit symbols: µm for um."""
    return re.sub(r"(?<![A-Za-z])um(?![A-Za-z])", "µm", text)


@dataclass(frozen=True, slots=True)
class VoxelSize:
    """Edge length of a cubic voxel, or of a square pixel.

    Parameters
    ----------
    value : float
        Edge length in `unit`, above 0.
    unit : str
        Length unit in any usual spelling, or any other text; ``"voxel"`` if no length unit is known.

    Raises
    ------
    ValueError
        If `value` is not a finite number above 0, or `unit` is a list of texts.

    Examples
    --------
    >>> str(VoxelSize(0.5, "um"))
    '0.5 µm'
    >>> VoxelSize(0.5, "Micron").in_unit("nm")
    500.0
    """

    value: float = 1.0
    unit: str = "voxel"

    def __post_init__(self) -> None:
        # Stored as a Python float and text, because they become part of the description of a model.
        given: Any = self.value
        number = given.item() if getattr(given, "ndim", None) == 0 else given
        hint = "pass one number above 0, and its unit apart"
        value = check_in_range(number, 0, inf, name="voxel_size", hint=hint, open_low=True, open_high=True)
        object.__setattr__(self, "value", value)
        unit: Any = self.unit  # or a unit of pint, which has a name
        if hasattr(unit, "__len__") and not isinstance(unit, str):
            raise ValueError(f"unit must be a text, such as 'um', got {type(unit).__name__}")
        object.__setattr__(self, "unit", ("" if unit is None else str(unit)) or "voxel")

    def __str__(self) -> str:
        return format_lengths((self.value,), self.unit, 6)

    @property
    def length_unit(self) -> LengthUnit | None:
        """Length unit named by `unit`; None if `unit` is not a length unit."""
        return find_length_unit(self.unit)

    @property
    def metres(self) -> float:
        """Edge length in metres.

        Raises
        ------
        ValueError
            If `unit` is not a length unit.
        """
        return self.value * _known(self.unit).metres

    def scaled(self, factor: float) -> VoxelSize:
        """Return the voxel size multiplied by `factor`."""
        return VoxelSize(self.value * factor, self.unit)

    def differs_from(self, other: VoxelSize) -> bool:
        """Return True if both sizes are lengths and differ by more than rounding."""
        if self.length_unit is None or other.length_unit is None:
            return False
        return max(self.metres, other.metres) > SAME_LENGTH * min(self.metres, other.metres)

    def in_unit(self, unit: str) -> float:
        """Return the edge length in another unit.

        Raises
        ------
        ValueError
            If the units differ and one of them is not a length unit.
        """
        if unit == self.unit:
            return self.value
        factor = _known(self.unit).metres / _known(unit).metres
        return self.value * float(f"{factor:.15g}")  # 1e-6 / 1e-9 differs from 1000 by a rounding error


def _known(unit: str) -> LengthUnit:
    found = find_length_unit(unit)
    if found is None:
        raise ValueError(f"unit must be a length such as 'm', 'mm', 'um' or 'nm', got {unit!r}")
    return found


def states_no_length(unit: str) -> bool:
    """Return True for the names of pixels and other texts that stand for no unit."""
    return decode_unit(unit).lower().removesuffix("s") in _PIXELS
