"""The same structure at a coarser resolution: its noise, its porosity, its region and its voxel size."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_swnn import PorosityMap, VolumeSpec, generate, generate_lazy
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.evaluation import compute_grey_and_coarse, make_noise_source
from napari_swnn.core.volume.resolution import coarser_model
from napari_swnn.core.volume.virtual_volume import describe_volume


@pytest.fixture(autouse=True)
def _small_calibration(monkeypatch):
    monkeypatch.setattr("napari_swnn.core.volume.resolution._SHAPE", {2: (256, 256), 3: (64, 64, 64)})


def test_a_coarser_volume_is_the_output_of_the_coarser_stage(fixed_model):
    coarse = generate(fixed_model, (64, 64, 64), seed=3, scale=2)
    grey, _ = compute_grey_and_coarse(fixed_model.stages[:1], Window.of_shape((64,) * 3), make_noise_source(3))
    threshold = coarser_model(fixed_model, 2).threshold
    assert_array_equal(coarse == 1, grey[0].numpy() >= threshold)
    assert coarse.mean() == pytest.approx(0.2, abs=0.03)


def test_it_is_calibrated_once_and_has_larger_voxels(fixed_model):
    coarse = coarser_model(fixed_model, 2)
    assert coarser_model(fixed_model, 2) is coarse
    assert coarse.voxel.value == 2 * fixed_model.voxel.value
    assert coarse.fingerprint() != fixed_model.fingerprint()
    assert coarser_model(fixed_model, 1) is fixed_model


def test_windows_lazy_volumes_and_periods_follow(fixed_model):
    whole = generate(fixed_model, (40, 40, 40), seed=1, scale=2)
    assert_array_equal(generate_lazy(fixed_model, (40, 40, 40), seed=1, scale=2)[3:9, 5:].compute(), whole[3:9, 5:])
    assert_array_equal(generate(fixed_model, (20, 30, 40), seed=1, scale=2), whole[:20, :30])
    volume = describe_volume(fixed_model, VolumeSpec((64, 17, 20), scale=2, periodic=(True, False, False)))
    assert_array_equal(volume.window(Window((64, 0, 0), (128, 17, 20))), volume[:])


def test_exact_and_mapped_porosities(range_model, three_phase_model, flat_range_model):
    exact = generate(range_model, (32, 32, 32), porosity=0.15, scale=2, exact=True)
    assert exact.mean() == pytest.approx(0.15, abs=1e-4)
    ramp = generate(range_model, (48, 40, 40), porosity=PorosityMap.gradient(0.1, 0.3), scale=2)
    assert ramp[:12].mean() < ramp[-12:].mean()
    phases = generate(three_phase_model, (64, 64, 64), scale=2)
    expected = dict(zip(three_phase_model.labels.phases, three_phase_model.fractions_at(), strict=True))
    for label, fraction in expected.items():
        assert (phases == label).mean() == pytest.approx(fraction, abs=0.04)
    assert generate(flat_range_model, (200, 200), porosity=0.2, scale=2).mean() == pytest.approx(0.2, abs=0.04)


def test_other_scales_are_refused(fixed_model, box_model):
    with pytest.raises(ValueError, match="scale must be that of a stage of the model, 1, 2, got 4"):
        generate(fixed_model, (20, 20, 20), scale=4)
    with pytest.raises(ValueError, match="scale must be 1 for a model for ranges of several fractions"):
        generate(box_model, (20, 20, 20), scale=2)
    with pytest.raises(ValueError, match="scale must be a whole number"):
        generate(fixed_model, (20, 20, 20), scale=0)


def test_the_voxel_size_is_written(fixed_model, tmp_path):
    from napari_swnn.io import open_ome_zarr

    out = generate(fixed_model, (20, 20, 20), scale=2, out=tmp_path / "v.ome.zarr")
    assert open_ome_zarr(out).scale == (2.0,) * 3
    assert np.array_equal(open_ome_zarr(out).levels[0].compute(), generate(fixed_model, (20, 20, 20), scale=2))
