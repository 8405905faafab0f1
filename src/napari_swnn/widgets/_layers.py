"""Between napari's layers and arrays: what a reconstruction takes from the viewer, and what it puts there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

from napari_swnn._types import Labels, Shape

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.core.model import Model
    from napari_swnn.core.reference import Reference

PREVIEW_NAME = "SWNN preview"
PREVIEW_INTERVAL = 1.0
"""Seconds between two refreshes of the preview; redrawing a volume takes the viewer a good part of one."""
METADATA_KEY = "swnn"
_FALLBACK_COLOUR = (0.9, 0.6, 0.1, 1.0)
_PENDING_COLOUR = (0.5, 0.5, 0.5, 0.25)


class BadInputError(ValueError):
    """What the user gave cannot be used; the text is one sentence for them.

    Parameters
    ----------
    control : str
        Key of the control that the sentence belongs beside.
    text : str
        What is wrong and what to do.
    """

    def __init__(self, control: str, text: str) -> None:
        super().__init__(text)
        self.control = control


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A copy of everything that a reconstruction takes from the viewer.

    The user may paint on, rename or remove the layers while it is in use.

    Attributes
    ----------
    name : str
        Name of the reference layer.
    labels : numpy.ndarray
        ``(y, x)`` or ``(z, y, x)``.
    region : numpy.ndarray or None
        Region of interest of the same shape, as booleans.
    voxel_size : float
        Side of a pixel.
    unit : str
        Of the voxel size; ``"voxel"`` if the layer has no physical unit.
    """

    name: str
    labels: Labels
    region: np.ndarray | None
    voxel_size: float
    unit: str

    @classmethod
    def take(cls, layer: "LabelsLayer", region: "LabelsLayer | None" = None) -> "Snapshot":
        """Copy a reference layer and, if given, the layer that marks the region of interest.

        Raises
        ------
        BadInputError
            If the layers cannot describe a reference.
        """
        labels = _plane_or_volume(layer, "reference")
        inside = None if region is None else _plane_or_volume(region, "region") != 0
        if inside is not None and inside.shape != labels.shape:
            raise BadInputError(
                "region",
                f"The region of interest has {_size(inside.shape)} pixels, the reference {_size(labels.shape)}; "
                "draw it on the same image.",
            )
        if inside is not None and not inside.any():
            raise BadInputError("region", "The region of interest is empty; paint where the material is.")
        return cls(layer.name, labels, inside, _voxel_size(layer, labels.ndim), unit_of(layer))

    def reference(self, phase: int) -> "Reference":
        """The checked reference for a phase of interest."""
        from napari_swnn.core.reference import Reference

        return Reference(self.labels, phase=phase, roi=self.region, voxel_size=self.voxel_size, unit=self.unit)

    def equals(self, other: "Snapshot") -> bool:
        """Whether another snapshot shows the same."""
        return (
            (self.name, self.voxel_size, self.unit) == (other.name, other.voxel_size, other.unit)
            and np.array_equal(self.labels, other.labels)
            and np.array_equal(self._inside(), other._inside())
        )

    def _inside(self) -> np.ndarray:
        return np.ones((), bool) if self.region is None else self.region

    def phases(self) -> dict[int, float]:
        """Fraction of each label within the region of interest."""
        visible = self.labels if self.region is None else self.labels[self.region]
        values, counts = np.unique(visible, return_counts=True)
        return {int(value): float(count / visible.size) for value, count in zip(values, counts, strict=True)}


def _plane_or_volume(layer: "LabelsLayer", control: str) -> Labels:
    data = np.array(layer.data[0] if layer.multiscale else layer.data)
    while data.ndim > 2 and data.shape[0] == 1:  # a single image read as a stack
        data = data[0]
    if data.ndim not in (2, 3):
        raise BadInputError(control, f"“{layer.name}” has {data.ndim} axes; pick one 2-D section or one 3-D volume.")
    if data.size == 0:
        raise BadInputError(control, f"“{layer.name}” holds no pixel.")
    return data


def _voxel_size(layer: "LabelsLayer", ndim: int) -> float:
    scale = [abs(float(side)) for side in layer.scale[-ndim:]]
    if max(scale) > 1.001 * min(scale):
        sides = " × ".join(f"{side:g}" for side in scale)
        raise BadInputError(
            "reference", f"The pixels of “{layer.name}” measure {sides}; resample it so that all sides are equal."
        )
    return scale[-1]


def unit_of(layer: "LabelsLayer") -> str:
    """Short name of a layer's unit of length, ``"voxel"`` where it has none."""
    unit = layer.units[-1]
    return f"{unit:~}" if unit.is_compatible_with("meter") else "voxel"


def _known_unit(unit: str) -> str:
    try:
        physical = pint.get_application_registry().Unit(unit).is_compatible_with("meter")
    except (pint.PintError, AttributeError, ValueError):  # a model file may name any unit
        physical = False
    return unit if physical else "pixel"


def _size(shape: Shape) -> str:
    return " × ".join(map(str, shape))


@dataclass(frozen=True, slots=True)
class Look:
    """What a volume needs to be shown: its labels and the size of its voxels."""

    phase: int
    background: int
    voxel_size: float
    unit: str

    @classmethod
    def of_reference(cls, reference: "Reference") -> "Look":
        """As the volumes made from a reference."""
        return cls(reference.phase, reference.background, reference.voxel_size, reference.unit)

    @classmethod
    def of_model(cls, model: "Model") -> "Look":
        """As the volumes that a model generates."""
        return cls(model.labels.phase, model.labels.background, model.voxel_size, model.unit)


class OutputLayers:
    """The layers that one run adds to the viewer; it touches no others.

    They stand beside what the viewer shows already: a realisation has no place in the reference image.

    Parameters
    ----------
    viewer : napari.Viewer
        Where to add them.
    colour : array_like, optional
        Colour of the phase of interest, for labels that napari would not show in 3-D by itself.
    """

    def __init__(self, viewer: "Viewer", colour: Any = None) -> None:
        self._viewer = viewer
        self._colour = _FALLBACK_COLOUR if colour is None else colour
        self._corner = _free_corner(viewer)
        self._camera = _camera(viewer)
        self._preview: LabelsLayer | None = None
        self._shown_at = -np.inf

    def show_preview(self, labels: Labels, look: Look, *, scale: int) -> None:
        """Show an unfinished volume, at most once in `PREVIEW_INTERVAL`.

        Parameters
        ----------
        labels : numpy.ndarray
            The volume.
        look : Look
            Of the result.
        scale : int
            Side of the volume's voxels in those of the result.
        """
        if monotonic() - self._shown_at >= PREVIEW_INTERVAL:
            self._refresh_preview(labels, replace(look, voxel_size=look.voxel_size * scale))

    def show_porosity(self, labels: Labels, look: Look, porosity: float) -> None:
        """Show a small volume of a porosity that is being chosen; one that the user removed comes back."""
        if self._preview is not None and self._preview not in self._viewer.layers:
            self._preview = None
        self._refresh_preview(labels, look)
        if self._preview is not None:
            self._preview.name = f"{PREVIEW_NAME} · porosity {porosity:.3f}"

    def _refresh_preview(self, labels: Labels, coarse: Look) -> None:
        if self._preview is None:
            self._preview = self._add(labels, PREVIEW_NAME, coarse)
        elif self._preview in self._viewer.layers:  # else the user removed it, and it stays so
            self._preview.data = labels
            self._preview.scale = (coarse.voxel_size,) * labels.ndim
        self._shown_at = monotonic()

    def remove_preview(self) -> None:
        """Remove the preview if it is still there."""
        if self._preview is not None and self._preview in self._viewer.layers:
            self._viewer.layers.remove(self._preview)
        self._preview = None

    def show_result(self, labels: Labels, name: str, look: Look, metadata: Mapping[str, Any]) -> "LabelsLayer":
        """Add a realisation, with where it came from in its metadata; the preview goes."""
        layer = self._add(labels, name, look)
        self.remove_preview()  # after, for napari resets the view where the number of dimensions changes
        layer.metadata[METADATA_KEY] = dict(metadata)
        return layer

    def show_levels(
        self, levels: Sequence[Any], name: str, look: Look, metadata: Mapping[str, Any], *, pending: int | None = None
    ) -> "LabelsLayer":
        """Add a realisation in several resolutions, of which nothing is read before it is looked at.

        Parameters
        ----------
        levels : sequence of array_like
            The finest first.
        name, look, metadata
            As for `show_result`.
        pending : int, optional
            Label of voxels that are still to come; they are shown in grey.
        """
        layer = self._add(levels, name, look)
        self.remove_preview()
        if pending is not None:
            shown = np.array(layer.get_color(look.phase) if look.background == 0 else self._colour, float)
            layer.colormap = _phase_colours(look, shown, {pending: _PENDING_COLOUR})
        layer.metadata[METADATA_KEY] = dict(metadata)
        return layer

    def _add(self, labels: Any, name: str, look: Look) -> "LabelsLayer":
        multiscale = not isinstance(labels, np.ndarray)
        ndim = labels[0].ndim if multiscale else labels.ndim
        chosen = self._viewer.layers.selection.active
        moved = _camera(self._viewer) != self._camera
        layer = self._viewer.add_labels(
            labels,
            name=name,
            multiscale=multiscale,
            opacity=1.0,  # it covers nothing
            scale=(look.voxel_size,) * ndim,
            translate=self._corner[-ndim:],
            units=(_known_unit(look.unit),) * ndim,
            axis_labels=("z", "y", "x")[-ndim:],
        )
        if look.background != 0:  # napari leaves out label 0 only: the phase would be a hole in an opaque block
            layer.colormap = _phase_colours(look, self._colour)
        if chosen is not None:  # the user may be painting
            self._viewer.layers.selection.active = chosen
        if not moved:  # else the user is looking at something
            self._viewer.fit_to_view()
            self._camera = _camera(self._viewer)
        return layer


def result_name(*, source: str, told: str, seed: int) -> str:
    """Name of a realisation's layer; `told` is its porosity in a word or two."""
    return " · ".join(part for part in (source, told, f"seed {seed}") if part)


def provenance(
    model: "Model", shape: Shape, *, source: str, seed: int, preset: str, porosity: float | None
) -> dict[str, Any]:
    """Where a realisation came from: plain values that JSON can hold."""
    return {
        "reference": source,
        "porosity": porosity,
        "phase": model.labels.phase,
        "seed": seed,
        "preset": preset,
        "shape": list(shape),
        "voxel_size": model.voxel_size,
        "unit": model.unit,
        "model": dict(model.provenance),
    }


def porosity_of(labels: Labels, model: "Model", *, inside: int | None = None) -> float:
    """Fraction of a model's phase in a volume; with a label that marks what is outside, in the rest of it."""
    counted = labels.size if inside is None else np.count_nonzero(labels != inside)
    return float(np.count_nonzero(labels == model.labels.phase) / max(counted, 1))


def show_part(viewer: "Viewer", labels: Labels, name: str, whole: "LabelsLayer", start: Shape) -> "LabelsLayer":
    """Add a part of a volume in its place, looking like it; the first voxel is `start` of the whole."""
    chosen = viewer.layers.selection.active
    place = place_of(whole, labels.ndim) | {"translate": np.array(whole.translate) + np.array(whole.scale) * start}
    layer = viewer.add_labels(labels, name=name, opacity=1.0, **place)
    layer.colormap = whole.colormap
    layer.metadata[METADATA_KEY] = {**whole.metadata.get(METADATA_KEY, {}), "first_voxel": list(start), "lazy": False}
    if chosen is not None:
        viewer.layers.selection.active = chosen
    return layer


def show_in_3d(viewer: "Viewer", layer: "LabelsLayer") -> None:
    """Turn the viewer to three dimensions, on one layer, seen from a corner."""
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles = (-25.0, 35.0, 12.0)
    viewer.fit_to_view(layers=[layer], margin=0.3)  # corners reach further than the faces it is fitted by


def _phase_colours(look: Look, colour: Any, others: Mapping[int, Any] = MappingProxyType({})) -> Any:
    from napari.utils.colormaps import DirectLabelColormap

    colours: dict[int | None, Any] = {look.phase: colour, look.background: "transparent", None: "transparent"}
    colours |= dict(others.items())
    return DirectLabelColormap(color_dict=colours)


def _free_corner(viewer: "Viewer") -> tuple[float, float, float]:
    """Where a volume can stand to the right of all layers, top edges in line."""
    if len(viewer.layers) == 0:
        return (0.0, 0.0, 0.0)
    low, high = viewer.layers.extent.world
    return (0.0, float(low[-2]), float(high[-1] + 0.06 * (high[-1] - low[-1])))


def _camera(viewer: "Viewer") -> tuple[float, ...]:
    camera = viewer.scene.camera
    return (*camera.center, camera.zoom, *camera.angles, viewer.dims.ndisplay)


def phase_colour(layer: "LabelsLayer", phase: int) -> Any:
    """Colour of a phase as the viewer shows it, None where it shows none."""
    colour = layer.get_color(phase)
    return None if colour is None or colour[3] == 0 else colour


MOST_LAZY = 2**27
"""Voxels of a layer computed on demand that are read without being asked for (512³)."""


def labels_of(layer: "LabelsLayer", control: str) -> Any:
    """The labels of a layer as they are, ``(y, x)`` or ``(z, y, x)``: nothing is copied, and lazy ones stay lazy.

    Parameters
    ----------
    layer : napari.layers.Labels
        Its leading axes of length 1 are left out.
    control : str
        Key of the control that a problem belongs beside.

    Returns
    -------
    numpy.ndarray or dask array
        Do not write to it.

    Raises
    ------
    BadInputError
        If it is neither a section nor a volume.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    while data.ndim > 2 and data.shape[0] == 1:
        data = data[0]
    if data.ndim not in (2, 3):
        raise BadInputError(control, f"“{layer.name}” has {data.ndim} axes; pick one 2-D section or one 3-D volume.")
    if 0 in data.shape:
        raise BadInputError(control, f"“{layer.name}” holds no pixel.")
    if isinstance(data, np.ndarray) or hasattr(data, "__dask_graph__"):
        return data
    import dask.array  # for zarr and the like: they are read in chunks

    return dask.array.from_array(data)


def check_readable(layer: "LabelsLayer", labels: Any, control: str) -> None:
    """Refuse labels that are computed on demand and are many: reading them could take for ever.

    Raises
    ------
    BadInputError
        If they should be cropped first.
    """
    if not isinstance(labels, np.ndarray) and labels.size > MOST_LAZY:
        raise BadInputError(
            control,
            f"“{layer.name}” is read on demand and holds {_size(labels.shape)} voxels; crop the part that you need "
            "into a layer of its own.",
        )


def voxel_size_of(layer: "LabelsLayer", ndim: int, control: str) -> float:
    """Side of the voxels of a layer, in its unit.

    Raises
    ------
    BadInputError
        If they are no cubes.
    """
    try:
        return _voxel_size(layer, ndim)
    except BadInputError as problem:
        raise BadInputError(control, str(problem)) from None


def place_of(layer: "LabelsLayer", ndim: int) -> dict[str, Any]:
    """Arguments that put a new layer of `ndim` axes where another one is."""
    place: dict[str, Any] = {name: tuple(getattr(layer, name))[-ndim:] for name in ("scale", "translate", "units")}
    place["axis_labels"] = ("z", "y", "x")[-ndim:]
    if layer.ndim == ndim:  # else they also turn the axes that were left out
        place |= {"rotate": layer.rotate, "shear": layer.shear, "affine": layer.affine}
    return place


def length_ratio(unit: str, other: str) -> float:
    """How many of the other unit of length one unit is; units as `unit_of` names them."""
    if unit == other:
        return 1.0
    return float(pint.get_application_registry().Quantity(1.0, unit).to(other).magnitude)
