import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal, norm

from napari_swnn import Reference, _sample_data
from napari_swnn.core.training.plan import plan_training
from napari_swnn.statistics import interface_areas, phase_fractions, triple_phase_boundary, two_point_correlation

SAMPLES = {"silica": 0.10, "rock": 0.20, "electrode": 0.41, "superalloy": 0.38}


@pytest.mark.parametrize(("name", "porosity"), SAMPLES.items())
def test_each_sample_is_a_reference_of_its_known_porosity(name, porosity):
    make = getattr(_sample_data, f"{name}_like")
    (labels, attributes, kind), (again, *_) = make()[0], make()[0]
    assert kind == "labels"
    assert labels.dtype == np.uint8
    assert_array_equal(labels, again)
    assert Reference(labels).porosity == pytest.approx(porosity, abs=0.01)
    assert len(attributes["scale"]) == len(attributes["units"]) == 2
    assert plan_training(Reference(labels)).porosity == pytest.approx(porosity, abs=0.01)


THREE_PHASES = {
    "electrode": ({0: 0.4, 1: 0.5, 2: 0.1}, {(0, 1): 0.0375, (1, 2): 0.0375, (0, 2): 0.0427}, 0.00295),
    "alloy": (dict.fromkeys((1, 2, 3), 1 / 3), dict.fromkeys(((1, 2), (1, 3), (2, 3)), 0.0322), 0.00325),
}


@pytest.mark.parametrize(("name", "fractions", "areas", "boundary"), [(k, *v) for k, v in THREE_PHASES.items()])
def test_each_sample_of_three_phases_has_its_known_statistics(name, fractions, areas, boundary):
    make = getattr(_sample_data, f"three_phase_{name}")
    (labels, attributes, kind), (again, *_) = make()[0], make()[0]
    assert kind == "labels"
    assert labels.shape == (256, 256)
    assert_array_equal(labels, again)
    assert list(attributes["metadata"]["swnn"]["phases"]) == list(fractions) == attributes["features"]["index"]
    for phase, interval in phase_fractions(labels, periodic=True).items():
        assert interval.value == pytest.approx(fractions[phase], abs=0.005)
    found = interface_areas(labels, periodic=True)
    for pair, area in areas.items():
        assert found.values[pair] * 4 / np.pi == pytest.approx(area, rel=0.15)  # of one section
    assert triple_phase_boundary(labels, periodic=True).value == pytest.approx(boundary, rel=0.15)


def test_samples_of_three_phases_open_with_colours_and_names():
    layers = pytest.importorskip("napari.layers")
    for make in (_sample_data.three_phase_electrode, _sample_data.three_phase_alloy):
        labels, attributes, _ = make()[0]
        layer = layers.Labels(labels, **attributes)
        assert len(np.unique(layer.colormap.map(np.unique(labels)), axis=0)) == 3
        status = layer.get_status((0, 0), view_direction=None, dims_displayed=[0, 1])
        assert attributes["metadata"]["swnn"]["phases"][int(labels[0, 0])] in status["coordinates"]


def test_the_raw_micrograph_has_a_known_pore_space():
    (image, attributes, kind), (again, *_) = _sample_data.raw_micrograph()[0], _sample_data.raw_micrograph()[0]
    assert kind == "image"
    assert image.dtype == np.uint8
    assert_array_equal(image, again)
    assert attributes["scale"] == (0.05, 0.05)
    pores = _sample_data.raw_pores()
    assert pores.mean() == pytest.approx(0.25, abs=1e-4)
    material = image[: len(pores)]
    assert material[~pores].mean() - material[pores].mean() > 50
    scale_bar = np.flatnonzero(image[len(pores) + 26] == 255)
    assert np.ptp(scale_bar) + 1 == 200  # 10 µm


def test_overlapping_spheres_have_their_closed_form():
    # The section of spheres of radius R: S2 of the void is exp(-ρ V(r)), V the volume of two overlapping spheres
    # (Torquato 2002, eq. 5.11); one large section scatters around it.
    radius, fraction = 5.0, 0.4
    spheres = _sample_data.overlapping_spheres_section(fraction, radius=radius, seed=0, side=512)
    curve = two_point_correlation(~spheres, phase=1, max_distance=16, periodic=True)
    r = curve.distance
    overlap = np.where(r < 2 * radius, 1 + 3 * r / (4 * radius) - r**3 / (16 * radius**3), 2.0)
    assert_allclose(curve.values, (1 - fraction) ** overlap, atol=0.02)


def test_gaussian_level_set_has_its_closed_form():
    # S2 is the probability that two normal values with correlation exp(-r²/2l²) both exceed the level.
    length, fraction = 5.0, 0.3
    image = _sample_data.gaussian_level_set(
        fraction, lambda k: np.exp(-(np.hypot(*k) ** 2) * length**2 / 2), seed=0, side=1024
    )
    curve = two_point_correlation(image, phase=1, max_distance=20, periodic=True)
    level = norm.ppf(fraction)
    for r in (2, 5, 10, 20):
        rho = np.exp(-(r**2) / (2 * length**2))
        expected = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([level, level])
        assert curve.values[r] == pytest.approx(expected, abs=0.01)
