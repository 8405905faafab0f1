import numpy as np
import pytest
from matplotlib.figure import Figure

from napari_swnn import Reference, validate
from napari_swnn.figures import draw_surface, reconstruction_figure, save_figure


def drawn(inside):
    axes = Figure().add_subplot()
    draw_surface(axes, inside)
    return axes.collections[0]


def test_surface_is_seen_from_above_one_corner():
    # A cube seen along its diagonal is a regular hexagon of area side² * sqrt(3).
    inside = np.zeros((48, 48, 48), bool)
    inside[8:40, 8:40, 8:40] = True
    triangles = np.array([path.vertices[:3] for path in drawn(inside).get_paths()])
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    area = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / 2
    assert area == pytest.approx(32**2 * np.sqrt(3), rel=0.1)


def test_the_corner_nearest_to_the_eye_is_painted_last():
    inside = np.zeros((40, 40, 40), bool)
    inside[:20, 20:, 20:] = True  # small z is up, large y in front, large x at the right: nearest to the eye
    inside[20:, :20, :20] = True
    last = drawn(inside).get_paths()[-1].vertices.mean(0)
    nearest = np.array([0, 40, 40])
    seen = [nearest @ [0, -1, 1] / np.sqrt(2), nearest @ [-2, -1, -1] / np.sqrt(6)]
    assert np.linalg.norm(last - seen) < 2


def test_figure_has_sections_surface_and_curves(blobs, rng, tmp_path):
    volume = rng.integers(0, 2, (48, 48, 48)).astype(np.uint8)
    reference = Reference(blobs, voxel_size=0.5, unit="um")
    figure = reconstruction_figure(volume, reference, validate(volume, reference), target=0.3)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0].startswith("reference, porosity")
    assert titles[4] == f"porosity {volume.mean():.3f} (0.300 asked for)"
    assert figure.axes[5].get_xlabel() == "r (um)"
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), volume[:, 24])
    save_figure(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
