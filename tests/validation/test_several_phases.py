"""Reports on more than two phases: each phase, pair and triple line against its closed form."""

import csv
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn import Reference, statistics, validate
from napari_swnn._sample_data import gaussian_field, smooth_spectrum
from napari_swnn.validation import reference_interval

NAMES = {0: "pore", 1: "nickel", 2: "ceramic"}


def plurigaussian(shape, sigma, seed):
    """0 where one Gaussian field is positive, elsewhere 1 where a second one is, and 2; see `three_phase_electrode`."""
    rng = np.random.default_rng(seed)
    frequencies = np.meshgrid(*map(np.fft.fftfreq, shape), indexing="ij", sparse=True)
    transfer = np.exp(-2 * sum((np.pi * sigma * f) ** 2 for f in frequencies))
    first, second = (np.fft.ifftn(np.fft.fftn(rng.standard_normal(shape)) * transfer).real > 0 for _ in range(2))
    return np.where(first, 0, np.where(second, 1, 2)).astype(np.uint8)


@pytest.fixture(scope="module")
def report():
    """A section of 512² and two volumes of 80³, with sigma 4 voxels of 0.5 µm."""
    section = plurigaussian((512, 512), 4, seed=0)
    volumes = [plurigaussian((80,) * 3, 4, seed) for seed in (1, 2)]
    return validate(volumes, Reference(section, phase=0, names=NAMES, voxel_size=0.5, unit="um"), max_distance=16)


@pytest.fixture(scope="module")
def slabs():
    """Slabs of four phases across x, 8³ voxels: all of their transport is known."""
    return np.broadcast_to(np.repeat([3, 5, 7, 9], 2).astype(np.uint8), (8, 8, 8))


@pytest.fixture(scope="module")
def slab_report(slabs):
    section = np.tile(np.repeat([3, 5, 7, 9], 2), (64, 8))
    reference = Reference(section, phase=5, names={5: "pore"})
    return validate(slabs, reference, physics=True, conductivities={3: 1.0, 5: 2.0, 7: 3.0, 9: 4.0})


# Closed forms inside the report


def test_fractions_of_reference_and_volumes_are_those_of_the_field(report):
    assert [group.labels for group in report.phases] == [(0,), (1,), (2,)]
    assert [group.name for group in report.phases] == list(NAMES.values())
    for group, expected in zip(report.phases, (0.5, 0.25, 0.25), strict=True):
        fraction = group.quantities["volume_fraction"]
        assert fraction.reference.value == pytest.approx(expected, abs=2 * fraction.half_width)
        assert fraction.mean == pytest.approx(expected, abs=0.04)
        assert 0 < fraction.half_width < 0.05
    for of in ("reference", "realisations"):
        each = [getattr(group.quantities["volume_fraction"], of) for group in report.phases]
        total = sum(q.value for q in each) if of == "reference" else sum(q[0].value for q in each)
        assert total == pytest.approx(1)


def test_interface_areas_are_those_of_the_field(report):
    root_lambda = 1 / (np.sqrt(2) * 4 * 0.5)
    assert [pair.name for pair in report.pairs] == ["pore – nickel", "pore – ceramic", "nickel – ceramic"]
    for pair in report.pairs:  # 2 √λ/π of a level set, half of it against each of the others, or where Z0 < 0
        area = pair.quantities["interface_area"]
        assert area.reference.value == pytest.approx(root_lambda / np.pi, rel=0.12)
        assert area.mean == pytest.approx(root_lambda / np.pi, rel=0.12)
        assert area.unit == "1/um"


def test_the_triple_phase_boundary_is_that_of_the_field(report):
    length = report.whole.quantities["triple_phase_boundary"]
    expected = 1 / (2 * (4 * 0.5) ** 2) / np.pi
    assert length.reference.value == pytest.approx(expected, rel=0.15)
    assert abs(length.reference.value - expected) < 1.5 * length.half_width
    assert length.mean == pytest.approx(expected, rel=0.15)
    assert length.unit == "1/um²"
    active = report.whole.quantities["active_triple_phase_boundary"]
    assert 0.5 * length.mean < active.mean <= length.mean * (1 + 1e-9)
    assert report.triples == ()


def test_correlations_of_pairs_are_those_of_the_field(report):
    r = np.arange(17)
    half = 0.25 + np.arcsin(np.exp(-((r / 4) ** 2) / 4)) / (2 * np.pi)  # S2 of a level set of fraction 1/2
    expected = {
        (0, 1): (0.5 - half) / 2,
        (0, 2): (0.5 - half) / 2,
        (1, 2): half * (0.5 - half),
    }
    for pair in report.pairs:
        curve = pair.curves["cross_correlation"]
        assert_allclose(curve.mean, expected[pair.labels], atol=0.02)
        assert_allclose(curve.reference.values, expected[pair.labels], atol=0.02)
        assert curve.distance[1] == 0.5


# What holds between the parts of a report


def test_areas_of_pairs_sum_to_the_surface_of_a_phase(report):
    for group in report.phases:
        own = [pair.quantities["interface_area"] for pair in report.pairs if group.labels[0] in pair.labels]
        surface = group.quantities["specific_surface"]
        assert sum(area.mean for area in own) == pytest.approx(surface.mean)
        assert sum(area.reference.value for area in own) == pytest.approx(surface.reference.value)


def test_numbers_are_those_of_the_statistics():
    section, volume = plurigaussian((128, 128), 3, 5), plurigaussian((32,) * 3, 3, 6)
    report = validate(volume, Reference(section, phase=2), max_distance=12)
    areas, of_section = statistics.interface_areas(volume), statistics.interface_areas(section)
    curves = statistics.cross_correlations(volume, max_distance=12)
    for pair in report.pairs:
        key = tuple(sorted(pair.labels))
        area = pair.quantities["interface_area"]
        assert area.mean == pytest.approx(areas.values[key])
        assert area.reference.value == pytest.approx(of_section.values[key] * 4 / np.pi)
        assert_allclose(pair.curves["cross_correlation"].mean, curves[key].values)
    lines = report.whole.quantities["triple_phase_boundary"]
    own = statistics.triple_phase_boundary(section)
    assert lines.reference.value == pytest.approx(own.value)
    assert lines.half_width == pytest.approx(own.half_width)
    assert lines.mean == pytest.approx(statistics.triple_phase_boundary(volume).value)
    active = report.whole.quantities["active_triple_phase_boundary"].mean
    assert active == pytest.approx(statistics.active_triple_phase_boundary(volume).value)
    for group in report.phases:
        found = statistics.percolation(volume, phase=group.labels[0])
        assert group.connectivity[0].connected_fraction == pytest.approx(found.connected_fraction)


def test_the_phase_of_interest_is_measured_as_one_of_two(report):
    section = plurigaussian((128, 128), 3, 5)
    volume = plurigaussian((32,) * 3, 3, 6)
    several = validate(volume, Reference(section, phase=2))
    merged = validate(volume, Reference(section, phase=2, merge=True))
    assert several.intervals == merged.intervals
    assert several.reference_interval == merged.reference_interval
    for key, curve in merged.curves.items():
        assert_array_equal(several.curves[key].mean, curve.mean)
        assert_array_equal(several.curves[key].half_width, curve.half_width)
    for key in ("specific_surface", "correlation_length", "connected_fraction"):
        assert several.quantities[key].mean == merged.quantities[key].mean


def test_a_reference_is_its_own_match_in_every_group():
    section = plurigaussian((96, 96), 3, 5)
    report = validate(section, Reference(section))
    for group in report.groups:
        for curve in group.curves.values():
            assert curve.mean_error == pytest.approx(0, abs=1e-12)
        for quantity in group.quantities.values():
            assert quantity.mean == pytest.approx(quantity.reference.value)
            assert quantity.within is not False


def test_sections_and_regions_of_interest_are_pooled():
    section = plurigaussian((96, 96), 3, 5)
    report = validate(section, Reference([section, section]))
    assert report.whole.quantities["triple_phase_boundary"].mean == pytest.approx(
        report.whole.quantities["triple_phase_boundary"].reference.value
    )
    framed = np.pad(section, 8, constant_values=7)
    inside = validate(section, Reference(framed, roi=framed != 7), max_distance=16)
    for pair in inside.pairs:
        assert pair.curves["cross_correlation"].mean_error == pytest.approx(0, abs=1e-12)
        area = pair.quantities["interface_area"]
        assert area.mean == pytest.approx(area.reference.value)


# Phases that are absent, and labels that are no phases


def test_a_phase_that_a_volume_lacks_is_noted_and_counts_as_none():
    section = plurigaussian((128, 128), 3, 5)
    volume = plurigaussian((24,) * 3, 3, 6)
    report = validate([volume, np.minimum(volume, 1)], Reference(section, phase=0, names=NAMES))
    assert "No voxel is ceramic in volume 2." in report.notes
    assert report.phases[2].quantities["volume_fraction"].realisations[1].value == 0
    assert report.pairs[2].quantities["interface_area"].realisations[1].value == 0
    assert report.whole.quantities["triple_phase_boundary"].realisations[1].value == 0
    assert report.whole.quantities["active_triple_phase_boundary"].realisations[1].value == 0
    json.loads(json.dumps(report.to_dict(), allow_nan=False))


def test_labels_that_are_no_phases_are_noted():
    section = plurigaussian((128, 128), 3, 5)
    volume = plurigaussian((24,) * 3, 3, 6)
    volume[:4] = 9
    report = validate(volume, Reference(section))
    assert any("Labels 9 of the volumes are no phases of the reference" in note for note in report.notes)
    fractions = [group.quantities["volume_fraction"].mean for group in report.phases]
    assert sum(fractions) == pytest.approx(20 / 24)


def test_a_section_that_lacks_a_phase_is_part_of_the_reference():
    section = plurigaussian((96, 96), 3, 5)
    without = np.minimum(section, 1)
    report = validate(section, Reference([section, without], phase=0))
    assert report.phases[2].quantities["volume_fraction"].reference.value == pytest.approx((section == 2).mean() / 2)
    assert report.whole.quantities["triple_phase_boundary"].reference.value > 0


# More than three phases, and physics


def test_each_triple_of_four_phases_has_its_boundary():
    rng = np.random.default_rng(0)
    section, volume = rng.integers(0, 4, (96, 96)), rng.integers(0, 4, (16,) * 3)
    report = validate(volume, Reference(section))
    assert len(report.pairs) == 6
    assert [group.labels for group in report.triples] == [(1, 0, 2), (1, 0, 3), (1, 2, 3), (0, 2, 3)]
    own = statistics.triple_phase_boundary(volume)
    for group in report.triples:
        length = group.quantities["triple_phase_boundary"]
        assert length.mean == pytest.approx(own.by_triple[tuple(sorted(group.labels))])
    assert report.whole.quantities["triple_phase_boundary"].mean == pytest.approx(own.value)


def test_slabs_have_their_known_transport(slab_report):
    (transport,) = slab_report.transport
    assert [p.value for p in transport.conductivity] == pytest.approx([2.5, 2.5, 4 / (1 + 1 / 2 + 1 / 3 + 1 / 4)])
    assert transport.tortuosity.keys() == {5, 3, 7, 9}
    for group in slab_report.phases:
        tortuosity = group.quantities["tortuosity_factor"]
        assert_allclose(tortuosity.realisations[0].by_axis, [1, 1, np.inf])
        assert tortuosity.mean == pytest.approx(1.5)  # of the mean diffusivity, (1 + 1 + 0) / 3
    assert "permeability" in slab_report.phases[0].quantities
    assert all("permeability" not in group.quantities for group in slab_report.phases[1:])
    assert slab_report.whole.quantities["conductivity"].mean == slab_report.quantities["conductivity"].mean


def test_without_conductivities_the_others_are_computed(slabs):
    steps = []
    section = np.tile(np.repeat([3, 5, 7, 9], 2), (64, 8))
    report = validate(slabs, Reference(section, phase=5), physics=True, progress=steps.append)
    assert "conductivity" not in report.quantities
    assert any("conductivity was not computed" in note for note in report.notes)
    assert report.transport[0].bounds is None
    assert {step.n_steps for step in steps} == {steps[0].n_steps}
    assert "tortuosity of phase 9 along y" in " ".join(step.activity for step in steps)
    with pytest.raises(ValueError, match=r"got none for 5, 7, 9"):
        validate(slabs, Reference(section, phase=5), physics=True, conductivities={3: 1.0})


# Files


def test_files_hold_every_group(slab_report, tmp_path):
    slab_report.save(tmp_path / "report.json")
    saved = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [phase["name"] for phase in saved["phases"]] == ["pore", "phase 3", "phase 7", "phase 9"]
    assert saved["names"] == {"5": "pore", "3": "phase 3", "7": "phase 7", "9": "phase 9"}
    assert saved["pairs"][0]["labels"] == [5, 3]
    assert saved["transport"][0]["tortuosity_factor"]["5"]["x"]["outcome"] == "not_percolating"
    assert len(saved["triples"]) == 4
    assert saved["whole"]["quantities"]["conductivity"]["mean"] > 1
    slab_report.save_csv(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:3] == ["statistic", "phase", "realisation"]
    for group in slab_report.groups:
        found = {row["statistic"] for row in rows if row["phase"] == group.name}
        assert found >= {*group.curves, *group.quantities}


def test_summary_has_a_block_for_each_phase_and_statistic_of_pairs(slab_report):
    lines = slab_report.summary().splitlines()
    heads = [line for line in lines if line and not line.startswith((" ", "Note"))]
    of_pairs = ["interface area, from S₂", "cross-correlation"]
    of_lines = ["all phases", "triple-phase boundary", "active triple-phase boundary (3-D)"]
    assert heads == [*(group.name for group in slab_report.phases), *of_pairs, *of_lines]
    start = lines.index("interface area, from S₂")
    assert [line.split("  ")[1] for line in lines[start + 1 : start + 7]] == [p.name for p in slab_report.pairs]
    assert any(line.startswith("  volumes that percolate") for line in lines)
    tortuosity = next(line for line in lines if line.startswith("  tortuosity factor"))
    assert "1.5" in tortuosity


def test_the_interval_of_the_porosity_is_that_of_the_phase_of_interest():
    section = plurigaussian((128, 128), 3, 5)
    of_several, of_two = (Reference(section, phase=2), Reference(section, phase=2, merge=True))
    assert reference_interval(of_several) == reference_interval(of_two)


def test_the_sample_has_the_statistics_of_its_description():
    wide = np.where(gaussian_field(smooth_spectrum(6), seed=1, side=512) > 0, 1, 0)
    cover = gaussian_field(smooth_spectrum(9), seed=2, side=512) > 0
    section = np.where((wide == 0) & cover, 2, wide)
    report = validate(section, Reference(section))
    assert report.whole.quantities["triple_phase_boundary"].mean == pytest.approx(1 / (2 * 6 * 9) / np.pi, rel=0.25)
