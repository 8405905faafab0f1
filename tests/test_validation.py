import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_swnn import Reference, validate


def test_the_reference_itself_matches_perfectly(blobs):
    report = validate(blobs, Reference(blobs))
    assert report.porosities == (report.reference_porosity,)
    assert report.two_point.mean_error == pytest.approx(0, abs=1e-12)
    assert report.lineal_path.mean_error == pytest.approx(0, abs=1e-12)


def test_curves_start_at_the_porosity_in_the_reference_unit(blobs, rng):
    volume = rng.choice([0, 5], (20, 22, 24), p=[0.6, 0.4])
    report = validate([volume, volume], Reference(5 * blobs, phase=5, voxel_size=0.5, unit="um"))
    for comparison in (report.two_point, report.lineal_path):
        assert_allclose(comparison.mean[0], report.porosity)
        assert_allclose(comparison.reference.values[0], report.reference_porosity)
        assert comparison.reference.distance[1] == 0.5
        assert comparison.reference.unit == "um"


def test_uncorrelated_voxels_have_their_known_curves(rng):
    porosity = 0.4
    volume = (rng.random((64, 64, 64)) < porosity).astype(np.uint8)
    report = validate(volume, Reference(volume[0]), max_distance=8)
    distance = np.arange(9)
    assert_allclose(report.two_point.mean, np.where(distance == 0, porosity, porosity**2), atol=0.005)
    assert_allclose(report.lineal_path.mean, porosity ** (distance + 1), atol=0.005)


def test_stripes_show_as_anisotropy():
    stripes = np.broadcast_to(np.tile([0, 1], 16), (32, 32, 32)).astype(np.uint8)
    assert validate(stripes, Reference(stripes[0])).two_point.anisotropy == pytest.approx(0.5, abs=0.02)


def test_only_the_region_of_interest_of_the_reference_counts(blobs):
    framed, roi = np.pad(blobs, 10, constant_values=1), np.pad(np.ones(blobs.shape, bool), 10)
    inside = validate(blobs, Reference(framed, roi=roi), max_distance=16)
    assert inside.two_point.mean_error == pytest.approx(0, abs=1e-12)


def test_report_is_json(blobs, tmp_path):
    report = validate(blobs, Reference(blobs))
    report.save(tmp_path / "report.json")
    saved = json.loads((tmp_path / "report.json").read_text())
    assert saved == json.loads(json.dumps(report.to_dict()))
    assert len(saved["two_point_correlation"]["realisations"][0]["by_axis"]) == 2
    assert "two-point correlation" in report.summary()


@pytest.mark.parametrize(
    ("volumes", "message"), [([], "at least one volume, got none"), (np.zeros(5, int), "2-D or 3-D")]
)
def test_bad_volumes_are_refused(blobs, volumes, message):
    with pytest.raises(ValueError, match=message):
        validate(volumes, Reference(blobs))


def test_a_plain_array_is_no_reference(blobs):
    with pytest.raises(TypeError, match="must be a Reference"):
        validate(blobs, blobs)
