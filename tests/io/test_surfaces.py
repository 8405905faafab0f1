"""Surfaces of phases, read with the library of another program."""

import numpy as np
import pytest
import vtk
from numpy.testing import assert_allclose
from vtk.util.numpy_support import vtk_to_numpy

from napari_swnn.io import phase_surface, save_surface

READERS = {".stl": vtk.vtkSTLReader, ".ply": vtk.vtkPLYReader, ".obj": vtk.vtkOBJReader}


def read(path):
    reader = READERS[path.suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def measure(surface):
    """Return the volume inside a surface by the divergence theorem, negative if it is inside out, and its area."""
    a, b, c = (surface.vertices[surface.triangles[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    return np.sum(a * normals) / 6, np.linalg.norm(normals, axis=1).sum() / 2


def is_closed(surface):
    """Return True if triangles pass each edge as often in one direction as in the other."""
    edges = np.concatenate([surface.triangles[:, [i, (i + 1) % 3]] for i in range(3)])
    passes = [np.unique(pairs, axis=0, return_counts=True) for pairs in (edges, edges[:, ::-1])]
    return all(np.array_equal(a, b) for a, b in zip(*passes, strict=True))


@pytest.fixture(scope="module")
def ball():
    z, y, x = np.indices((40, 40, 40)) - 19.5
    return (z**2 + y**2 + x**2 <= 12**2).astype(np.uint8)


@pytest.fixture
def medium(overlapping_spheres, rng):
    return overlapping_spheres(rng, 48, radius=6, void=0.4)


def test_a_ball_has_its_volume_area_and_place(ball):
    surface = phase_surface(ball, 1, voxel_size=0.5)
    volume, area = measure(surface)
    assert volume == pytest.approx(ball.sum() / 8, rel=1e-3)
    assert area == pytest.approx(4 * np.pi * 6**2, rel=0.02)  # counting faces of voxels would give half as much again
    assert_allclose((surface.vertices.min(axis=0) + surface.vertices.max(axis=0)) / 2, 10, atol=1e-4)


@pytest.mark.parametrize("smoothing", [0, 0.7, 2])
def test_the_surface_is_closed_and_holds_the_volume_of_the_phase(medium, smoothing):
    for phase in (0, 1):
        surface = phase_surface(medium, phase, voxel_size=2.0, smoothing=smoothing)
        assert is_closed(surface)
        assert measure(surface)[0] / 96**3 == pytest.approx(np.mean(medium == phase), rel=1e-3)
        assert_allclose(surface.vertices.min(axis=0), 0, atol=1e-4)
        assert_allclose(surface.vertices.max(axis=0), 96, atol=1e-4)


def test_axes_are_x_y_z():
    labels = np.zeros((6, 8, 10), int)
    labels[:2, :3, :4] = 1
    surface = phase_surface(labels, 1, smoothing=0)
    assert_allclose(surface.vertices.max(axis=0), (4, 3, 2), atol=0.3)


@pytest.mark.parametrize("ending", [".stl", ".ply", ".obj"])
def test_another_library_reads_a_closed_surface(tmp_path, medium, ending):
    path = tmp_path / f"pores{ending}"
    surface = save_surface(path, medium, 1, voxel_size=0.5)
    found = read(path)
    assert found.GetNumberOfPolys() == len(surface.triangles)
    points = vtk_to_numpy(found.GetPoints().GetData())
    assert_allclose(points.max(axis=0), 24, rtol=1e-5)
    mass = vtk.vtkMassProperties()
    mass.SetInputData(found)
    assert mass.GetVolume() == pytest.approx(measure(surface)[0], rel=1e-3)


def test_an_existing_surface_survives_an_error(tmp_path, medium, monkeypatch):
    path = tmp_path / "pores.stl"
    path.write_bytes(b"before")
    monkeypatch.setattr("trimesh.Trimesh.export", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_surface(path, medium, 1)
    assert path.read_bytes() == b"before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["pores.stl"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "a.vtk"}, "must end in one of .stl"),
        ({"labels": np.eye(4, dtype=int)}, "z, y, x"),
        ({"phase": 7}, "phase"),
        ({"smoothing": -1}, "smoothing must"),
        ({"voxel_size": 0}, "voxel_size must"),
    ],
)
def test_bad_input_is_refused(tmp_path, monkeypatch, ball, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        save_surface(**({"path": "a.stl", "labels": ball, "phase": 1} | arguments))
    assert [*tmp_path.iterdir()] == []
