"""Voxel sizes: the table of units against that of pint, spellings, conversions, and round trips through every file."""

import numpy as np
import pint
import pytest
import tifffile
from napari.components import ViewerModel

from napari_swnn import Model, Reference, train
from napari_swnn._voxel_size import LENGTH_UNITS, VoxelSize, find_length_unit, format_lengths
from napari_swnn.io import open_ome_zarr, write_tiff
from napari_swnn.io.ome_zarr import OmeZarrFile
from napari_swnn.io.volume_file import Layout
from napari_swnn.widgets.layers.grid import read_voxel_size
from napari_swnn.widgets.layers.output import Look, OutputLayers

OME_ZARR = {
    *("angstrom", "attometer", "centimeter", "decimeter", "exameter", "femtometer", "foot", "gigameter", "hectometer"),
    *("inch", "kilometer", "megameter", "meter", "micrometer", "mile", "millimeter", "nanometer", "parsec"),
    *("petameter", "picometer", "terameter", "yard", "yoctometer", "yottameter", "zeptometer", "zettameter"),
}
"""Units of space of OME-Zarr 0.5, https://ngff.openmicroscopy.org/0.5."""


def test_the_table_is_that_of_ome_zarr():
    assert {unit.name for unit in LENGTH_UNITS} == OME_ZARR


@pytest.mark.parametrize("unit", LENGTH_UNITS, ids=lambda unit: unit.name)
def test_lengths_are_those_of_pint(unit):
    metres = pint.get_application_registry().Quantity(1.0, unit.name).to("meter").magnitude
    assert unit.metres == pytest.approx(metres, rel=1e-10)
    assert find_length_unit(unit.name) is find_length_unit(unit.symbol) is unit


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("micrometer", ("um", "µm", "μm", "Micron", "microns", "micrometre", "MICROMETERS", " um ")),
        ("angstrom", ("Å", "\u212b", "A\u030a", "ångström", "Angstroms")),
        ("nanometer", ("nm", "nanometer", "Nanometre", "nanometres")),
        ("inch", ("in", "inches")),
        ("foot", ("ft", "feet")),
        ("megameter", ("Mm",)),
        ("millimeter", ("mm",)),
    ],
)
def test_a_unit_is_known_in_its_spellings(name, spellings):
    assert {spelling: getattr(find_length_unit(spelling), "name", None) for spelling in spellings} == dict.fromkeys(
        spellings, name
    )


@pytest.mark.parametrize(
    ("lengths", "unit", "expected"),
    [
        ((50_000.0, 50_000.0), "nm", "50 × 50 µm"),
        ((6400.0,), "nm", "6400 nm"),
        ((0.5, 2.0), "um", "0.5 × 2 µm"),
        ((0.0002,), "mm", "200 nm"),
        ((1000.0 * 1000,), "um", "1 m"),
        ((0.00001,), "nm", "1e-05 nm"),  # smaller than an atom
        ((123_456.0,), "voxels", "123\u202f456 voxels"),
        ((64.0, 6.25), "px", "64 × 6.25 px"),
    ],
)
def test_a_length_has_no_power_of_ten(lengths, unit, expected):
    assert format_lengths(lengths, unit) == expected
    assert str(VoxelSize(50_000.0, "nm")) == "50 µm"


@pytest.mark.parametrize("text", ["", "voxel", "pixels", "s", "um²", "MM", "furlongs per fortnight", "m/s"])
def test_other_texts_are_no_lengths(text):
    assert find_length_unit(text) is None
    with pytest.raises(ValueError, match=r"unit must be a length such as 'm', 'mm', 'um' or 'nm', got"):
        _ = VoxelSize(1.0, text).metres


def test_conversion():
    assert VoxelSize(0.5, "um").in_unit("nm") == 500
    assert VoxelSize(2, "inch").in_unit("mm") == pytest.approx(50.8, rel=1e-14)
    assert VoxelSize(250, "nm").metres == pytest.approx(2.5e-7, rel=1e-14)
    assert VoxelSize(3, "voxel").in_unit("voxel") == 3
    for size, unit in ((VoxelSize(3, "voxel"), "um"), (VoxelSize(3, "um"), "voxel")):
        with pytest.raises(ValueError, match="unit must be a length"):
            size.in_unit(unit)


@pytest.mark.parametrize("value", [0, -1.0, np.inf, np.nan, "1"])
def test_an_edge_is_a_finite_length_above_zero(value):
    with pytest.raises(ValueError, match=r"voxel_size must lie in \(0, inf\), got"):
        VoxelSize(value, "um")


def test_a_voxel_size_holds_python_numbers():
    assert type(VoxelSize(np.float32(0.5)).value) is float
    assert str(VoxelSize(0.5, "µm")) == "0.5 µm"


@pytest.mark.parametrize("voxel", [VoxelSize(0.25, "Micron"), VoxelSize(2.0, "Å"), VoxelSize(3.0, "px")])
class TestRoundTrip:
    def test_model_file(self, voxel, blobs, tiny_config, tmp_path):
        model = train(Reference(blobs, voxel_size=voxel.value, unit=voxel.unit), config=tiny_config)
        model.save(tmp_path / "rock.swnn")
        loaded = Model.load(tmp_path / "rock.swnn")
        assert loaded.voxel == voxel
        assert (loaded.voxel_size, loaded.unit) == (voxel.value, voxel.unit)

    def test_ome_zarr(self, voxel, tmp_path):
        OmeZarrFile(tmp_path / "v.ome.zarr", Layout((8, 8, 8), "uint8", 8, voxel=voxel)).create({})
        (partial,) = tmp_path.iterdir()
        stored = open_ome_zarr(partial)
        unit = voxel.length_unit
        assert stored.scale == (voxel.value,) * 3
        assert set(stored.units) == {"pixel" if unit is None else unit.name}
        assert find_length_unit(stored.units[0]) is unit

    def test_tiff(self, voxel, tmp_path):
        write_tiff(tmp_path / "v.tif", np.ones((4, 4, 4), np.uint8), voxel_size=voxel.value, unit=voxel.unit)
        with tifffile.TiffFile(tmp_path / "v.tif") as file:
            metadata = file.imagej_metadata
        assert metadata["spacing"] == voxel.value
        assert find_length_unit(metadata["unit"]) is voxel.length_unit

    def test_layer(self, voxel):
        look = Look(phase=1, background=0, voxel=voxel)
        layer = OutputLayers(ViewerModel()).show_result(np.zeros((4, 4, 4), np.uint8), "volume", look, {})
        read = read_voxel_size(layer, 3, "layer")
        assert read.value == voxel.value
        assert read.length_unit is voxel.length_unit
