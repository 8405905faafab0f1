import csv
import json
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from napari_swnn import Reference, iter_validate, validate
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics import volume_fraction_interval
from napari_swnn.validation import format_with_error, reference_interval
from napari_swnn.validation._samples import Sample, inner_box
from napari_swnn.validation._structure import CURVES, QUANTITIES, Ruler, measure_structure
from napari_swnn.validation._tasks import TaskList
from napari_swnn.validation._uncertainty import scatter_of_parts

STRUCTURE = list(QUANTITIES)


@pytest.fixture(scope="module")
def slits():
    """32³ voxels: slits 4 wide in every 8, normal to x; all is known of what flows through them."""
    return np.broadcast_to((np.arange(32) % 8 < 4).astype(np.uint8), (32, 32, 32))


@pytest.fixture(scope="module")
def slit_report(slits):
    return validate([slits] * 2, Reference(slits[0], voxel_size=2.0, unit="um"), physics=True)


# Structure


def test_the_reference_itself_matches_perfectly(blobs):
    report = validate(blobs, Reference(blobs))
    assert report.porosities == (report.reference_porosity,)
    for curve in report.curves.values():
        assert curve.mean_error == pytest.approx(0, abs=1e-12)
    for quantity in report.quantities.values():
        assert quantity.mean == pytest.approx(quantity.reference.value)
        assert quantity.within is not False


def test_a_volume_that_is_its_own_reference_matches_along_each_axis(rng):
    volume = (ndimage.gaussian_filter(rng.standard_normal((32, 32, 32)), (3, 2, 1)) > 0).astype(np.uint8)
    report = validate(volume, Reference(volume))
    for curve in report.curves.values():
        assert curve.reference.by_axis.shape[0] == 3
        assert_allclose(curve.realisations[0].by_axis, curve.reference.by_axis)
    lengths = report.quantities["correlation_length"].realisations[0].by_axis
    assert lengths[0] > lengths[1] > lengths[2]


def test_an_extruded_section_keeps_the_statistics_of_its_plane(blobs):
    volume = np.broadcast_to(blobs, (64, 64, 64))
    report = validate(volume, Reference(blobs))
    for curve in (report.curves["two_point_correlation"], report.lineal_path):
        of_volume = curve.realisations[0].by_axis
        assert_allclose(of_volume[1:], curve.reference.by_axis)
        assert_allclose(of_volume[0], blobs.mean())  # a line along z never leaves its phase
    for key in ("two_point_cluster", "pore_sizes"):  # the sections normal to z are the reference
        curve = report.curves[key]
        assert_allclose(curve.realisations[0].by_axis[0], curve.reference.by_axis[0])
    surface = report.quantities["specific_surface"]
    assert_allclose(surface.realisations[0].by_axis[1:], surface.reference.by_axis)
    assert surface.realisations[0].by_axis[0] == pytest.approx(0)
    assert report.connectivity[0].percolates[0]


def test_spheres_match_their_own_section_within_its_stated_error(overlapping_spheres):
    radius = 7.5
    rng = np.random.default_rng(2)  # with three seeds of eight some number lies outside its 95 % interval by chance
    volumes = [overlapping_spheres(rng, 96, radius=radius, void=0.5) for _ in range(2)]
    report = validate(volumes, Reference(volumes[0][48]))
    for key in STRUCTURE:
        assert report.quantities[key].within, key
    surface = 3 * np.log(2) / radius * 0.5  # -φ ln φ S / V of overlapping spheres with a void of φ
    assert report.quantities["specific_surface"].mean == pytest.approx(surface, rel=0.1)
    for curve in (report.two_point, report.lineal_path, report.curves["two_point_cluster"]):
        inside = np.abs(curve.mean - curve.reference.values) <= curve.half_width
        assert inside[np.isfinite(curve.half_width)].mean() > 0.9, curve.name


def test_the_interval_of_a_section_holds_the_truth_most_times(rng, overlapping_spheres):
    volume = overlapping_spheres(rng, 144, radius=4.5, void=0.5).astype(bool)
    ruler = Ruler(24, 72)
    truth = measure_structure(Sample.of_volume(volume), ruler).quantities
    held = []
    for section in volume[::12]:
        sample = Sample.of_volume(section)
        found = measure_structure(sample, ruler).quantities
        parts = [measure_structure(part, ruler) for part in sample.parts()]
        _, widths = scatter_of_parts(parts, (), QUANTITIES)
        held += [abs(found[key].value - truth[key].value) <= widths[key] for key in STRUCTURE]
    assert np.mean(held) > 0.85


def test_uncorrelated_voxels_have_their_known_statistics(rng):
    porosity = 0.4
    volume = (rng.random((64, 64, 64)) < porosity).astype(np.uint8)
    report = validate(volume, Reference(volume[0]), max_distance=8)
    distance = np.arange(9)
    assert_allclose(report.two_point.mean, np.where(distance == 0, porosity, porosity**2), atol=0.005)
    assert_allclose(report.lineal_path.mean, porosity ** (distance + 1), atol=0.005)
    chords = report.curves["chord_lengths"]
    assert_allclose(chords.mean, (1 - porosity) * porosity ** (chords.distance - 1), atol=0.01)
    assert report.quantities["mean_chord_length"].mean == pytest.approx(1 / (1 - porosity), rel=0.02)


def test_everything_is_in_the_reference_unit(blobs, rng):
    volume = rng.choice([0, 5], (20, 22, 24), p=[0.6, 0.4])
    in_voxels = validate([volume, volume], Reference(5 * blobs, phase=5))
    report = validate([volume, volume], Reference(5 * blobs, phase=5, voxel_size=0.5, unit="um"))
    for comparison in (report.two_point, report.lineal_path):
        assert_allclose(comparison.mean[0], report.porosity)
        assert_allclose(comparison.reference.values[0], report.reference_porosity)
        assert comparison.distance[1] == 0.5
        assert comparison.reference.unit == "um"
    powers = {"porosity": 0, "specific_surface": -1, "euler_density": -3, "mean_pore_size": 1, "correlation_length": 1}
    units = {0: "", 1: "um", -1: "1/um", -3: "1/um³"}
    for key, power in powers.items():
        assert report.quantities[key].mean == pytest.approx(0.5**power * in_voxels.quantities[key].mean)
        assert report.quantities[key].unit == units[power]


def test_stripes_show_as_anisotropy(slits):
    report = validate(slits, Reference(slits[0]))
    assert report.two_point.anisotropy == pytest.approx(0.5, abs=0.02)


def test_only_the_region_of_interest_of_the_reference_counts(blobs):
    framed, roi = np.pad(blobs, 10, constant_values=1), np.pad(np.ones(blobs.shape, bool), 10)
    report = validate(blobs, Reference(framed, roi=roi), max_distance=16)
    for curve in report.curves.values():
        assert curve.mean_error == pytest.approx(0, abs=1e-12)


def test_a_round_region_of_interest_leaves_no_statistic_out(blobs):
    y, x = np.ogrid[:64, :64]
    disc = (y - 31) ** 2 + (x - 33) ** 2 < 28**2
    report = validate(blobs, Reference(blobs, roi=disc))
    assert report.reference_porosity == pytest.approx(blobs[disc].mean())
    assert all(np.isfinite(report.quantities[key].reference.value) for key in STRUCTURE)


def test_spread_is_the_standard_deviation_over_realisations(rng):
    volumes = [(rng.random((24, 24, 24)) < p).astype(np.uint8) for p in (0.2, 0.3, 0.4)]
    report = validate(volumes, Reference(volumes[1][0]))
    assert report.quantities["porosity"].spread == pytest.approx(np.std([v.mean() for v in volumes], ddof=1))
    assert_allclose(report.two_point.spread[0], report.quantities["porosity"].spread)
    assert np.isnan(validate(volumes[0], Reference(volumes[1][0])).quantities["porosity"].spread)


def test_sections_can_be_validated_too(blobs):
    report = validate([blobs, blobs.T], Reference(blobs))
    assert report.connectivity == ()
    assert "euler_density" not in report.quantities


def test_a_lazy_volume_gives_the_same(slits):
    reference = Reference(slits[0])
    lazy = validate(da.from_array(np.asarray(slits), chunks=16), reference)
    assert lazy.to_dict() == validate(slits, reference).to_dict()


# What one image can say


def test_the_interval_of_one_section_is_that_of_the_image(blobs):
    expected = volume_fraction_interval(blobs)
    assert reference_interval(Reference(blobs)) == expected
    report = validate(blobs, Reference(blobs))
    assert report.reference_interval == expected
    assert report.quantities["porosity"].half_width == expected.half_width


def test_more_sections_narrow_the_interval_as_the_root_of_their_number(blobs):
    one, four = (reference_interval(Reference([blobs] * n)) for n in (1, 4))
    assert four.half_width == pytest.approx(one.half_width / 2)
    assert four.value == pytest.approx(one.value)
    assert one.warning is not None


def test_sections_of_a_single_phase_each_count_as_one_sample():
    sections = [np.full((20, 20), value) for value in (0, 1, 1, 0)]
    interval = reference_interval(Reference(sections))
    assert interval.effective_samples == pytest.approx(4)
    assert "only 4 independent samples" in interval.warning


def test_another_porosity_is_noted(blobs, rng):
    volume = (rng.random((32, 32, 32)) < 0.8).astype(np.uint8)
    assert any("lies outside the reference's own interval" in note for note in validate(volume, Reference(blobs)).notes)


# Physics


def test_slits_have_their_known_transport(slit_report):
    for transport in slit_report.transport:
        assert [p.value for p in transport.conductivity[:2]] == pytest.approx([0.713] * 2)
        assert transport.conductivity[2].value == pytest.approx(2 / (1 / 0.026 + 1 / 1.4))
        assert [p.value for p in transport.permeability] == pytest.approx([0.75, 0.75, 0], rel=1e-4)
        assert [p.outcome.name for p in transport.permeability] == ["CONVERGED", "CONVERGED", "NOT_PERCOLATING"]
    assert slit_report.quantities["permeability_in_m2"].mean == pytest.approx(0.5 * 4e-12, rel=1e-4)
    assert slit_report.quantities["conductivity"].spread == pytest.approx(0)
    assert slit_report.connectivity[0].percolates == (True, True, False)


def test_field_sections_are_those_of_the_slits(slit_report):
    temperature, speed = slit_report.transport[0].temperature, slit_report.transport[0].speed
    assert temperature.axes == ("z", "y")
    assert_allclose(temperature.values, np.broadcast_to(1 - (np.arange(32)[:, None] + 0.5) / 32, (32, 32)), atol=1e-3)
    assert speed.driven == "z"
    assert np.nanmin(speed.values) > 0


def test_conductivities_can_be_chosen(slits):
    report = validate(slits[:8, :8, :8], Reference(slits[0]), physics=True, conductivities={0: 1.0, 1: 3.0})
    assert report.transport[0].conductivity[0].value == pytest.approx(2)
    assert report.to_dict()["conductivities"] == {"0": 1.0, "1": 3.0}
    assert "permeability_in_m2" not in report.quantities  # the unit is a voxel


# Files


def test_json_holds_what_the_report_holds(slit_report, tmp_path):
    slit_report.save(tmp_path / "report.json")
    saved = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert saved == json.loads(json.dumps(slit_report.to_dict()))
    curve = saved["curves"]["two_point_correlation"]
    assert_allclose(curve["realisations"][1]["by_axis"]["x"], slit_report.two_point.realisations[1].by_axis[2])
    assert saved["quantities"]["porosity"]["standard_deviation"] == 0
    assert saved["transport"][0]["permeability"]["x"]["outcome"] == "not_percolating"
    assert saved["transport"][0]["permeability"]["x"]["residual"] is None


def test_csv_holds_what_the_report_holds(slit_report, tmp_path):
    slit_report.save_csv(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def picked(statistic, realisation, axis, column="value"):
        wanted = (statistic, realisation, axis)
        return [float(r[column]) for r in rows if (r["statistic"], r["realisation"], r["axis"]) == wanted]

    path = slit_report.lineal_path
    assert_allclose(picked("lineal_path", "2", "y"), path.realisations[1].by_axis[1])
    assert_allclose(picked("lineal_path", "reference", "mean"), path.reference.values)
    assert_allclose(picked("lineal_path", "reference", "mean", "distance"), path.distance)
    assert picked("permeability", "1", "z") == pytest.approx([slit_report.transport[0].permeability[0].value])
    half_width = slit_report.reference_interval.half_width
    assert picked("porosity", "reference", "mean", "half_width_95") == pytest.approx([half_width])
    bounds = {f"conductivity_{kind}_{end}" for kind in ("wiener", "hashin_shtrikman") for end in ("lower", "upper")}
    assert {r["statistic"] for r in rows} == {*slit_report.curves, *slit_report.quantities, *bounds}
    assert picked("conductivity_wiener_upper", "2", "mean") == pytest.approx([0.713])


def test_summary_names_every_number(slit_report):
    summary = slit_report.summary()
    for quantity in slit_report.quantities.values():
        assert quantity.name in summary
    assert "2 of 2 along z, 2 of 2 along y, 0 of 2 along x" in summary
    lines = summary.splitlines()
    conductivity = next(i for i, line in enumerate(lines) if line.startswith("conductivity"))
    assert "Wiener bounds" in lines[conductivity + 1]
    assert "0.0511 to 0.713" in lines[conductivity + 1]
    assert "Hashin–Shtrikman bounds" in lines[conductivity + 2]
    assert len({line.index(unit) for line in lines for unit in ("  W/(m·K)", "  voxel²", "  m²") if unit in line}) == 1


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.2071, 0.0049, "0.2071 ± 0.0049"),
        (11.42, 2.3, "11.4 ± 2.3"),
        (123.4, 56.0, "123 ± 56"),
        (4.42e-14, 2.9e-14, "(4.4 ± 2.9) × 10⁻¹⁴"),
        (4.42e-14, np.nan, "4.42 × 10⁻¹⁴"),
        (0.5, np.nan, "0.5"),
        (np.nan, 0.1, "–"),
    ],
)
def test_numbers_have_as_many_digits_as_their_error_leaves(value, error, text):
    assert format_with_error(value, error) == text


# Progress and refusals


def test_steps_count_every_task_once(slits):
    steps = []
    validate([slits[:8, :8, :8]] * 2, Reference(slits[0]), physics=True, progress=steps.append)
    indices = [step.index for step in steps]
    assert indices == sorted(indices)
    n_steps = 6 + 2 * (7 + 6)
    assert {step.n_steps for step in steps} == {n_steps}
    assert set(indices) == set(range(n_steps)) - {18, 31}  # across the slits nothing is solved
    assert steps[0].activity == "reference: two-point correlation"
    assert "volume 2 of 2: permeability along y" in steps[-1].activity


def test_the_tasks_measure_every_statistic(blobs):
    sample = Sample.of_volume(blobs.astype(bool))
    found = measure_structure(sample, Ruler(16, 32))
    assert found.curves.keys() == CURVES.keys()
    assert found.quantities.keys() == QUANTITIES.keys()


def test_a_task_that_is_not_listed_cannot_begin():
    tasks = TaskList(["one", "two"])
    assert [tasks.begin(name).fraction for name in ("one", "two")] == [0, 0.5]
    assert tasks.begin("two", "iteration 3").activity == "two, iteration 3"
    with pytest.raises(KeyError):
        tasks.begin("three")


@pytest.mark.parametrize("wrap", [np.asarray, list, lambda stack: da.from_array(stack, chunks=8)])
def test_stack_of_realisations_is_taken_apart(wrap, rng):
    stack = rng.integers(0, 2, (2, 16, 16, 16))
    report = validate(wrap(stack), Reference(rng.integers(0, 2, (64, 64))))
    assert report.porosities == pytest.approx([volume.mean() for volume in stack])


def test_volume_in_grey_of_three_channels_is_one_volume(rng):
    volume = rng.integers(0, 2, (16, 16, 16))
    report = validate(np.stack([volume] * 3, axis=-1), Reference(rng.integers(0, 2, (64, 64))))
    assert report.porosities == pytest.approx([volume.mean()])


def test_volumes_of_another_voxel_size_are_refused(rng):
    volume = rng.integers(0, 2, (16, 16, 16))
    reference = Reference(rng.integers(0, 2, (64, 64)), voxel_size=2, unit="um")
    with pytest.raises(ValueError, match=r"voxel must be the voxel size of the reference, 2 µm, got 500 nm"):
        validate(volume, reference, voxel=VoxelSize(500, "nm"))
    iter_validate(volume, reference, voxel=VoxelSize(2000, "nm"))


def test_further_labels_of_a_volume_are_noted(rng):
    reference = Reference(rng.integers(0, 2, (64, 64)))
    report = validate(rng.integers(0, 3, (16, 16, 16)), reference)
    assert any("Labels 2 of the volumes are no labels of a reconstruction" in note for note in report.notes)
    assert not any("Labels" in note for note in validate(rng.integers(0, 2, (16, 16, 16)), reference).notes)


def test_numbers_of_objects_in_a_volume_are_refused(rng):
    with pytest.raises(ValueError, match=r"the middle of volume 1 of 1 must hold at most 8 phases"):
        validate(rng.integers(0, 50, (16, 16, 16)), Reference(rng.integers(0, 2, (64, 64))))


def test_physics_that_does_not_fit_into_memory_is_refused_at_the_call(rng, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=2**19))
    with pytest.raises(ValueError, match="crop the volume, or bin its voxels"):
        iter_validate(rng.integers(0, 2, (16, 16, 16)), Reference(rng.integers(0, 2, (64, 64))), physics=True)


def test_bad_input_is_refused_by_the_call_itself(blobs):
    volume = np.zeros((8, 8, 8), int)
    for arguments, message in [
        (([],), "at least one volume, got none"),
        ((np.zeros(5, int),), "2-D or 3-D"),
        (([volume, blobs],), "all be 2-D or all be 3-D"),
    ]:
        with pytest.raises(ValueError, match=message):
            iter_validate(*arguments, Reference(blobs))
    with pytest.raises(ValueError, match="physics needs volumes"):
        iter_validate(blobs, Reference(blobs), physics=True)
    with pytest.raises(ValueError, match="max_distance must be below 8 voxels"):
        iter_validate(volume, Reference(blobs), max_distance=8)
    with pytest.raises(TypeError, match="must be a Reference"):
        iter_validate(blobs, blobs)
    with pytest.raises(TypeError, match="integers"):
        iter_validate(volume + 0.5, Reference(blobs))


@pytest.mark.parametrize(("fill", "state"), [(0, "none of this phase"), (1, "only this phase")])
def test_a_volume_without_the_phase_is_refused(blobs, fill, state):
    with pytest.raises(ValueError, match=f"volume 1 of 1 must contain phase 1 and at least one other, got {state}"):
        validate(np.full((16, 16, 16), fill), Reference(blobs))


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    ("label", "message"),
    [
        (0, "volume 2 of 2 must contain phase 1 and at least one other, got none of this phase"),
        (3, "one value for each label of volume 2 of 2, got none for 3"),
    ],
)
def test_what_no_solve_can_take_is_refused_before_the_first(slits, lazy, label, message):
    other = np.where(slits == 1, label, 0)
    other[0] = 0 if label == 0 else 1
    volumes = [da.from_array(v) if lazy else v for v in (slits, other)]
    steps = []
    with pytest.raises(ValueError, match=message):
        validate(volumes, Reference(slits[0]), physics=True, progress=steps.append)
    assert [step.activity for step in steps] == [f"volume {i} of 2: checking its labels" for i in (1, 2) if lazy]


def test_a_conductivity_that_cannot_be_is_refused_by_the_call(slits):
    with pytest.raises(ValueError, match=r"conductivity of label 0 must lie in \[0, inf\), got -1"):
        iter_validate(slits, Reference(slits[0]), physics=True, conductivities={0: -1, 1: 1})


# Samples


def test_inner_box_is_all_inside(rng):
    assert inner_box(np.ones((5, 7), bool)) == (slice(0, 5), slice(0, 7))
    corner = np.ones((20, 20), bool)
    corner[:5, :5] = False
    assert corner[inner_box(corner)].all()
    assert corner[inner_box(corner)].size == 20 * 15
    scattered = rng.random((12, 12, 12)) < 0.9
    assert scattered[inner_box(scattered)].all()


def test_windows_are_of_one_size_and_parts_do_not_overlap(rng):
    volume = rng.random((40, 50, 60)) < 0.5
    groups = Sample.of_volume(volume).windows(20)
    assert len(groups) == 3
    assert {window.shape for group in groups for window in group} == {(20, 20)}
    assert all(0 < len(group) <= 16 for group in groups)
    section = volume[0, :48, :48]
    parts = [part.arrays[0] for part in Sample.of_volume(section).parts()]
    assert_array_equal(np.block([parts[3 * i : 3 * i + 3] for i in range(3)]), section)
    assert Sample.of_volume(section[:20, :20]).parts() == ()


def test_volumes_may_come_from_a_generator(blobs):
    reference = Reference(blobs)
    assert validate((volume for volume in (blobs, blobs)), reference).porosities == (reference.porosity,) * 2


def test_a_volume_of_one_plane_is_a_section(blobs):
    assert validate(blobs[None], Reference(blobs)).porosities == validate(blobs, Reference(blobs)).porosities


def test_a_volume_of_two_planes_is_refused_before_the_work(blobs):
    with pytest.raises(ValueError, match="at least 3 voxels along each axis, got shape"):
        iter_validate(np.stack([blobs, 1 - blobs]), Reference(blobs))


def test_a_voxel_size_without_its_unit_is_refused(blobs):
    with pytest.raises(TypeError, match=r"voxel must be a VoxelSize, got 0.5; pass VoxelSize\(0.5, 'um'\)"):
        iter_validate(blobs, Reference(blobs, voxel_size=0.5, unit="um"), voxel=0.5)
