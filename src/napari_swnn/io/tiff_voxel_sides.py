"""Edge lengths of the voxels that a TIFF states, in the metadata of ImageJ, OME, microscopes or the resolution."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any
from xml.etree import ElementTree

from napari_swnn._voxel_sides import VoxelSides
from napari_swnn._voxel_size import SAME_LENGTH, LengthUnit, VoxelSize, decode_unit, find_length_unit
from napari_swnn.io.print_resolution import INCH, sides_of_resolution

_PER_METRE = {"INCH": 1 / INCH, "CENTIMETER": 100.0, "MILLIMETER": 1e3, "MICROMETER": 1e6}
"""Number of resolution units in a metre."""
_TESCAN = 50431
"""Tag of the text that TESCAN microscopes store."""
_IMAGEJ_DENOMINATOR = 1_000_000
"""Denominator of the resolution that ImageJ stores."""
Sides = dict[str, tuple[float, str]]
"""Length and unit by name of the axis."""


def tiff_voxel_sides(file: Any, page: Any, axes: tuple[str, ...]) -> VoxelSides:
    """Return the edge lengths of the voxels of a TIFF; the length along z is often not stated.

    Parameters
    ----------
    file : tifffile.TiffFile
        The open file.
    page : tifffile.TiffPage
        First page of the image.
    axes : tuple of str
        Axes of space, from ``("z", "y", "x")``.
    """
    if file.is_imagej:
        return _imagej(file.imagej_metadata or {}, page, axes)
    found = _ome(file.ome_metadata) if file.is_ome else {}
    if found:
        return _along(found, axes)
    for read in _MAKERS:
        metres = _tried(read, file, page)
        if "x" in metres:
            return VoxelSides.of_metres([metres.get(axis) for axis in axes])
    plane = _resolution(page)
    depth = len(axes) - 2
    return VoxelSides(((None,) * depth + plane.lengths), (plane.units[-1],) * len(axes))


def _along(found: Mapping[str, tuple[float, str]], axes: tuple[str, ...]) -> VoxelSides:
    unit = next(iter(found.values()))[1]
    pairs = [found.get(axis, (None, unit)) for axis in axes]
    return VoxelSides(tuple(length for length, _ in pairs), tuple(unit for _, unit in pairs))


def _imagej(metadata: Mapping[str, Any], page: Any, axes: tuple[str, ...]) -> VoxelSides:
    """Return the voxel of an ImageJ TIFF, where a missing spacing is 1, as in ImageJ itself."""
    unit = decode_unit(str(metadata.get("unit") or ""))
    lengths = {"y": _ratio(page, "YResolution"), "x": _ratio(page, "XResolution")}
    length_unit = find_length_unit(unit)
    if None in lengths.values() or _is_printed(lengths, length_unit):
        return VoxelSides.unknown(len(axes))
    lengths["z"] = _number(metadata.get("spacing")) or 1.0
    units = {"z": metadata.get("zunit", unit), "y": metadata.get("yunit", unit), "x": unit}
    return VoxelSides(tuple(lengths[a] for a in axes), tuple(decode_unit(str(units[a])) or "pixel" for a in axes))


def _is_printed(lengths: Mapping[str, float | None], unit: LengthUnit | None) -> bool:
    """Return True for a resolution in inches or centimetres that drawing programs store; see `sides_of_resolution`."""
    if unit is None or unit.name not in ("inch", "centimeter"):
        return False
    per_metre = [1 / (length * unit.metres) for length in lengths.values() if length]
    plane = sides_of_resolution(per_metre, metric=unit.name == "centimeter")
    return plane.lengths[-1] is None


def _ratio(page: Any, tag: str) -> float | None:
    """Return the length of a pixel in the unit of the resolution, as the shortest number that rounds to the ratio."""
    value = page.tags.valueof(tag)
    try:
        numerator, denominator = (int(number) for number in value)
        length = denominator / numerator
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if length <= 0:
        return None
    # ImageJ rounds to millionths of a pixel; other programs choose the nearest ratio of 32-bit numbers.
    tolerance = length * (0.6 / numerator if denominator == _IMAGEJ_DENOMINATOR else 3e-7)
    digits = next(n for n in range(1, 18) if abs(float(f"{length:.{n}g}") - length) <= tolerance)
    return float(f"{length:.{digits}g}")


def _resolution(page: Any) -> VoxelSides:
    """Return the sides along y and x that the resolution states."""
    lengths = [_ratio(page, "YResolution"), _ratio(page, "XResolution")]
    unit = page.tags.valueof("ResolutionUnit")
    name = getattr(unit, "name", "INCH" if unit is None else "NONE")
    unit_per_metre = _PER_METRE.get(name)
    known = [length for length in lengths if length]
    if len(known) < 2:
        return VoxelSides.unknown(2)
    if unit_per_metre is None:  # without a unit, the resolution states only the aspect ratio
        same = max(known) <= SAME_LENGTH * min(known)
        return VoxelSides.unknown(2) if same else VoxelSides(tuple(known), ("pixel", "pixel"))
    return sides_of_resolution([unit_per_metre / length for length in known], metric=name != "INCH")


def _ome(text: str) -> Sides:
    """Return the physical sizes in the OME-XML of the first image."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {}
    pixels = next((element for element in root.iter() if element.tag.rpartition("}")[2] == "Pixels"), None)
    found: Sides = {}
    for axis in "xyz":
        length = 0.0 if pixels is None else _number(pixels.get(f"PhysicalSize{axis.upper()}"))
        if pixels is not None and length > 0:
            found[axis] = (length, pixels.get(f"PhysicalSize{axis.upper()}Unit", "µm"))
    return found


def _number(value: Any) -> float:
    """Return a number of metadata; 0 if it is missing, no number, or not finite."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if isfinite(number) else 0.0


def _tried(read: Callable[[Any, Any], Mapping[str, float]], file: Any, page: Any) -> dict[str, float]:
    """Return the lengths in metres that a maker's metadata state; empty if they are missing or damaged."""
    try:
        lengths = {axis: float(length) for axis, length in read(file, page).items()}
    except Exception:  # noqa: BLE001 damaged metadata of microscopes raise errors of many types
        return {}
    return {axis: length for axis, length in lengths.items() if 0 < length < 1}


def _zeiss(file: Any, _: Any) -> dict[str, float]:
    """Read Zeiss SmartSEM, whose image pixel size is that of the stored pixels, unlike its pixel size on screen."""
    metadata = file.sem_metadata or {}
    for key in ("ap_image_pixel_size", "ap_pixel_size"):
        if key in metadata:
            _, value, unit = metadata[key]
            length = VoxelSize(value, unit).metres
            return {"y": length, "x": length}
    return {}


def _fei(file: Any, _: Any) -> dict[str, float]:
    metadata = file.fei_metadata or {}
    for section in ("Scan", "EScan", "IScan"):
        scan = metadata.get(section, {})
        if "PixelWidth" in scan:
            return {"y": scan.get("PixelHeight", scan["PixelWidth"]), "x": scan["PixelWidth"]}
    return {}


def _olympus(file: Any, _: Any) -> dict[str, float]:
    metadata = file.sis_metadata or {}
    return {"y": metadata["pixelsizey"], "x": metadata["pixelsizex"]}


def _tvips(file: Any, _: Any) -> dict[str, float]:
    metadata = file.tvips_metadata or {}
    return {axis: 1e-9 * metadata[f"PixelSize{axis.upper()}"] for axis in "yx"}


def _lsm(file: Any, _: Any) -> dict[str, float]:
    metadata = file.lsm_metadata or {}
    return {axis: metadata[f"VoxelSize{axis.upper()}"] for axis in "zyx"}


def _tescan(_: Any, page: Any) -> dict[str, float]:
    value = page.tags.valueof(_TESCAN)
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    found = dict(re.findall(r"PixelSize([XY])\s*=\s*([\d.eE+-]+)", text))
    return {axis: float(found[axis.upper()]) for axis in "yx"}


_MAKERS = (_zeiss, _fei, _olympus, _tvips, _lsm, _tescan)
