"""Pictures of volumes with VTK, for the documentation; no display is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from napari_swnn.io import phase_surface

Colour = tuple[float, float, float]
STONE: Colour = (0.80, 0.81, 0.83)
GOLD: Colour = (0.93, 0.62, 0.12)
BLUE: Colour = (0.24, 0.5, 0.75)


def render_block(
    labels: NDArray[np.integer],
    colours: Mapping[int, Colour],
    cast: Mapping[int, Colour],
    *,
    size: int = 900,
    view: tuple[float, float] = (28.0, 24.0),
) -> NDArray[np.uint8]:
    """Render a block from which an octant is cut, and in its place some phases alone.

    Parameters
    ----------
    labels : numpy.ndarray
        Labels ``(z, y, x)``.
    colours : mapping of int to tuple
        Colours of the phases that the block shows; others are left empty.
    cast : mapping of int to tuple
        Colours of the phases in the octant.
    size : int
        Edge length of the picture in pixels.
    view : tuple of float
        Azimuth and elevation of the camera in degrees.

    Returns
    -------
    numpy.ndarray
        Picture ``(size, size, 3)`` on white.
    """
    half = tuple(slice(side // 2, None) for side in labels.shape)
    nowhere = int(labels.max()) + 1
    block, octant = labels.copy(), np.full_like(labels, nowhere)
    octant[half] = labels[half]
    block[half] = nowhere
    renderer = vtk.vtkRenderer()
    for field, phases in ((block, colours), (octant, cast)):
        for label, colour in phases.items():
            if (field == label).any():
                renderer.AddActor(make_actor(field, label, colour))
    renderer.AddActor(_make_frame(labels.shape))
    _light(renderer)
    _aim(renderer, labels.shape, view)
    return _take(renderer, size)


def make_actor(labels: NDArray[np.integer], label: int, colour: Colour) -> vtk.vtkActor:
    """Return the smooth surface of a phase."""
    surface = phase_surface(labels, label, smoothing=0.8)
    points, cells = vtk.vtkPoints(), vtk.vtkCellArray()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(surface.vertices), deep=True))
    triangles = surface.triangles.astype(np.int64)
    offsets = np.arange(0, triangles.size + 1, 3, dtype=np.int64)
    cells.SetData(numpy_to_vtkIdTypeArray(offsets, deep=True), numpy_to_vtkIdTypeArray(triangles.ravel(), deep=True))
    mesh = vtk.vtkPolyData()
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputData(mesh)
    normals.SetFeatureAngle(50)
    mapper = vtk.vtkPolyDataMapper()
    mapper.SetInputConnection(normals.GetOutputPort())
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetColor(*colour)
    look.SetAmbient(0.25)
    look.SetDiffuse(0.75)
    look.SetSpecular(0.15)
    look.SetSpecularPower(20)
    return actor


def _make_frame(shape: tuple[int, ...]) -> vtk.vtkActor:
    """Return the edges of the volume."""
    z, y, x = shape
    box = vtk.vtkCubeSource()
    box.SetBounds(0, x, 0, y, 0, z)
    edges = vtk.vtkFeatureEdges()
    edges.SetInputConnection(box.GetOutputPort())
    edges.ColoringOff()
    mapper = vtk.vtkPolyDataMapper()
    mapper.SetInputConnection(edges.GetOutputPort())
    actor = vtk.vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(0.35, 0.36, 0.4)
    actor.GetProperty().SetLineWidth(2)
    return actor


def _light(renderer: vtk.vtkRenderer) -> None:
    """Light from above and from the right, with soft shadows in the pores."""
    kit = vtk.vtkLightKit()
    kit.SetKeyLightIntensity(0.95)
    kit.SetKeyToFillRatio(2.5)
    kit.SetKeyLightElevation(45)
    kit.SetKeyLightAzimuth(25)
    kit.AddLightsToRenderer(renderer)


def _aim(renderer: vtk.vtkRenderer, shape: tuple[int, ...], view: tuple[float, float]) -> None:
    """Look at the corner of the octant from outside."""
    z, y, x = shape
    middle = np.array([x, y, z]) / 2
    azimuth, elevation = np.radians(view)
    direction = np.array(
        [
            np.sin(azimuth + np.pi / 4) * np.cos(elevation),
            np.cos(azimuth + np.pi / 4) * np.cos(elevation),
            np.sin(elevation),
        ]
    )
    camera = renderer.GetActiveCamera()
    camera.SetFocalPoint(*middle)
    camera.SetPosition(*(middle + direction * max(shape) * 5))
    camera.SetViewUp(0, 0, 1)
    camera.SetViewAngle(20)
    renderer.ResetCamera()
    camera.Zoom(1.12)
    shadows = vtk.vtkSSAOPass()
    shadows.SetRadius(0.08 * max(shape))
    shadows.SetBias(0.004 * max(shape))
    shadows.SetKernelSize(64)
    shadows.BlurOn()
    steps = vtk.vtkRenderStepsPass()
    shadows.SetDelegatePass(steps)
    renderer.SetPass(shadows)


def _take(renderer: vtk.vtkRenderer, size: int) -> NDArray[np.uint8]:
    """Render at twice the size on white, and average."""
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(2 * size, 2 * size)
    window.AddRenderer(renderer)
    renderer.SetBackground(1, 1, 1)
    window.Render()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.Update()
    image = grab.GetOutput()
    width, height, _ = image.GetDimensions()
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]
    return np.rint(pixels.reshape(size, 2, size, 2, 3).mean((1, 3))).astype(np.uint8)


def save_picture(picture: NDArray[np.uint8], path: Path) -> None:
    """Write a picture as a small PNG of 256 colours."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(picture)
    image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    print(f"wrote {path} ({path.stat().st_size // 1024} kB)")
