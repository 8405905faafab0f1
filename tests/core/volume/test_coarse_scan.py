"""A coarse scan that stands in for the coarser stages: its own averages, samples or majorities are kept."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn import CoarseScan, generate, generate_lazy
from napari_swnn.core.network.stage import Stage, bound_phases
from napari_swnn.core.volume.back_projection import back_project
from napari_swnn.core.volume.coarse_cells import (
    apply_kernel,
    count_phases,
    fit_averaging,
    meet_counts,
    meet_samples,
    round_counts,
)


@pytest.fixture(autouse=True)
def _small_calibration(monkeypatch):
    monkeypatch.setattr("napari_swnn.core.volume.resolution._SHAPE", {2: (256, 256), 3: (32, 64, 64)})


@pytest.fixture(scope="module")
def sample():
    """Blobs of 40 x 40 x 70 voxels, True in one of two phases."""
    rng = np.random.default_rng(4)
    smooth = rng.standard_normal((40, 40, 70))
    for axis in range(3):
        smooth = sum(np.roll(smooth, i, axis) for i in range(4))
    return smooth > np.quantile(smooth, 0.7)


def block_average(volume, k=2):
    shape = [m for n in volume.shape for m in (n // k, k)]
    return volume.reshape(shape).mean(axis=(1, 3, 5))


def test_averages_are_kept_within_the_noise(fixed_model, sample):
    scan = block_average(sample)
    volume = generate(fixed_model, sample.shape, seed=1, coarse=scan)
    assert_allclose(block_average(volume == 1), scan, atol=1e-6)  # multiples of 1/8, so that they are met exactly
    noisy = generate(fixed_model, sample.shape, seed=1, coarse=CoarseScan(scan, noise=0.25))
    assert np.abs(block_average(noisy == 1) - scan).max() <= 0.25 + 1e-6
    assert (noisy != volume).any()
    assert (generate(fixed_model, sample.shape, seed=2, coarse=scan) != volume).any()


def test_windows_hold_the_same_samples(fixed_model, sample):
    scan = CoarseScan.from_labels(sample[::2, ::2, ::2], phase=1)
    volume = generate(fixed_model, sample.shape, seed=1, coarse=scan)
    lazy = generate_lazy(fixed_model, sample.shape, seed=1, coarse=scan)
    assert_array_equal(lazy[3:20, 7:, 60:].compute(), volume[3:20, 7:, 60:])


def test_windows_hold_the_same_voxels(fixed_model, sample, tmp_path):
    from napari_swnn.io import open_volumes

    scan = block_average(sample)
    volume = generate(fixed_model, sample.shape, seed=1, coarse=scan)
    lazy = generate_lazy(fixed_model, sample.shape, seed=1, coarse=scan)
    assert_array_equal(lazy[3:20, 7:, 60:].compute(), volume[3:20, 7:, 60:])
    out = generate(fixed_model, sample.shape, seed=1, coarse=scan, out=tmp_path / "v.tif")
    assert_array_equal(open_volumes(out)[0], volume)
    with pytest.raises(ValueError, match="different coarse"):
        generate(fixed_model, sample.shape, seed=1, coarse=scan * 0.5, out=out, resume=True)


def test_samples_and_majorities_are_kept(fixed_model, sample):
    every_second = CoarseScan.from_labels(sample[::2, ::2, ::2], phase=1)
    volume = generate(fixed_model, sample.shape, seed=1, coarse=every_second)
    assert_array_equal(volume[::2, ::2, ::2] == 1, sample[::2, ::2, ::2])
    prevalent = block_average(sample) > 0.5
    volume = generate(fixed_model, sample.shape, coarse=CoarseScan.from_labels(prevalent, phase=1, kind="majority"))
    averages = block_average(volume == 1)
    assert (averages[prevalent] >= 0.5).all()
    assert (averages[~prevalent] <= 0.5).all()


def test_grey_values_are_linear_in_the_fraction():
    scan = CoarseScan.from_grey([[10, 20], [30, 60]], background=50, phase=10, noise=4)
    assert_allclose(scan.values, [[1, 0.75], [0.5, 0]])
    assert scan.noise == pytest.approx(0.1)


def test_the_kernel_estimates_averages(sample):
    averaging = fit_averaging([sample], 2, "samples")
    seen = sample[::2, ::2, ::2].astype(np.float32)
    expected = block_average(sample)[1:-1, 1:-1, 1:-1]
    found = apply_kernel(seen, averaging.kernels[0])
    assert np.abs(found - expected).mean() < 0.8 * np.abs(seen[1:-1, 1:-1, 1:-1] - expected).mean()
    assert found.mean() == pytest.approx(expected.mean(), abs=1e-4)
    assert averaging.spread == pytest.approx((found - expected).std(), rel=1e-3)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_back_projection_meets_averages_and_keeps_detail(n_channels):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn((1, n_channels, 16, 16, 16), generator=generator)
    grey = bound_phases(scores, Stage.CEILING) if n_channels > 1 else Stage.CEILING * torch.tanh(scores)
    averages = torch.softmax(0.5 * torch.randn((1, max(2, n_channels), 4, 4, 4), generator=generator), 1)[
        :, :n_channels
    ]
    found = back_project(grey, averages, 4)
    deviation = torch.nn.functional.avg_pool3d(found / 2 + 0.5, 4) - averages
    assert deviation.abs().mean() < 0.02
    before, after = (values - torch.nn.functional.avg_pool3d(values, 3, 1, 1) for values in (grey, found))
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.7
    assert_allclose(back_project(grey, averages, 4, tolerance=1.0), grey, atol=1e-3)  # nothing to correct


def test_samples_move_an_interface_instead_of_single_voxels():
    # Phase 0 lies beyond x = 6.5; the sample at (8, 4) says that it reaches further there.
    scores = torch.stack([torch.arange(16.0).expand(16, 16) - 6.5, torch.zeros((16, 16))])
    samples = scores[:, ::4, ::4].argmax(0)
    assert torch.equal(meet_samples(scores, samples, 4), scores)  # nothing to change
    samples[2, 1] = 0
    inside = meet_samples(scores, samples, 4).argmax(0) == 0
    # It lacks 2.5 there and is raised by twice as much, which falls to 0 over four voxels: by 3.75 at x = 3 and 5.
    assert inside[8, :8].tolist() == [False] * 3 + [True] * 5
    assert inside[6:11, 5].all()
    assert not inside[:4, :7].any()


def test_counts_are_met_by_the_voxels_that_lose_least():
    scores = torch.tensor([[[3.0, 2.0, 1.0, 0.0]], [[0.0, 0.0, 0.5, 0.0]], [[0.0, 0.0, 0.0, 5.0]]])
    positions = scores.argmax(0)
    assert positions.tolist() == [[0, 0, 0, 2]]
    counts = torch.tensor([[1], [2], [1]])
    assert meet_counts(scores, positions, counts).tolist() == [[0, 1, 1, 2]]
    several = torch.randn((3, 50, 27), generator=torch.Generator().manual_seed(1))
    wanted = round_counts(27 * torch.softmax(several.mean(2) * 9, 0))
    assert (wanted.sum(0) == 27).all()
    assert (count_phases(meet_counts(several, several.argmax(0), wanted), 3) == wanted).all()


def test_a_range_model_takes_a_scan(range_model, sample):
    scan = block_average(sample)
    volume = generate(range_model, sample.shape, porosity=0.3, coarse=scan)
    assert_allclose(block_average(volume == 1), scan, atol=1e-6)


@pytest.mark.parametrize(
    ("coarse", "options", "message"),
    [
        (np.zeros((10, 10, 10)), {}, "shape must be that of coarse times 2, 4 or 8"),
        (np.zeros((5, 5, 5)), {"shape": (40, 40, 40)}, r"scales of the model can refine \(2, 4\), got a factor of 8"),
        (np.zeros((20, 20, 20)), {"shape": (20, 20, 20)}, r"the model can refine \(2, 4\), got a factor of 1"),
        (np.zeros((10, 10, 10), int), {"shape": (20, 20, 20)}, "coarse must hold fractions as floating-point numbers"),
        (np.full((10, 10, 10), 2.0), {"shape": (20, 20, 20)}, r"coarse must hold fractions in \[0, 1\]"),
        (np.zeros((10, 10, 10)), {"shape": (20, 20, 20), "exact": True}, "exact must be False with coarse"),
    ],
)
def test_scans_that_do_not_fit_are_refused(fixed_model, coarse, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        generate(
            fixed_model, **{"shape": (20, 20, 30) if coarse.shape[0] == 10 else (20, 20, 20), **options}, coarse=coarse
        )


def test_a_scan_may_be_coarser_than_the_model(fixed_model, sample):
    scan = block_average(sample[:, :, :40], 4)
    volume = generate(fixed_model, (40, 40, 40), seed=1, coarse=scan)
    assert_allclose(block_average(volume == 1, 4), scan, atol=1e-6)


def test_averages_of_large_voxels_are_estimated_from_enough_of_them(fixed_model, sample, monkeypatch):
    monkeypatch.setattr("napari_swnn.core.volume.resolution._SHAPE", {3: (8, 8, 8)})  # two voxels of the scan a side
    seen = sample[:40:4, :40:4, :40:4].astype(int)
    volume = generate(replace(fixed_model), (40, 40, 40), coarse=CoarseScan.from_labels(seen))
    assert_array_equal(volume[::4, ::4, ::4], seen)
    assert 0.1 < (volume == 1).mean() < 0.5


def test_several_phases_are_kept(three_phase_model, sample):
    second = np.roll(sample, 9, 0) & ~sample
    labels = np.where(sample, 1, np.where(second, 2, 0))[:20, :20, :20]
    own = {label: block_average(labels == label) for label in (0, 1, 2)}
    volume = generate(three_phase_model, (20, 20, 20), coarse=own)
    for label, averages in own.items():
        assert_allclose(block_average(volume == label), averages, atol=1e-6)
    volume = generate(three_phase_model, (20, 20, 20), coarse=CoarseScan.from_labels(labels[::2, ::2, ::2]))
    assert_array_equal(volume[::2, ::2, ::2], labels[::2, ::2, ::2])
    prevalent = np.argmax([own[label] for label in (0, 1, 2)], axis=0)
    volume = generate(three_phase_model, (20, 20, 20), coarse=CoarseScan.from_labels(prevalent, kind="majority"))
    found = np.stack([block_average(volume == label) for label in (0, 1, 2)])
    assert_allclose(np.take_along_axis(found, prevalent[None], 0)[0], found.max(0))


def test_phases_that_do_not_fit_are_refused(three_phase_model):
    with pytest.raises(ValueError, match="coarse must hold each phase of the model"):
        generate(three_phase_model, (20, 20, 20), coarse=np.zeros((10, 10, 10)))
    with pytest.raises(ValueError, match="must have the labels of the model"):
        generate(three_phase_model, (20, 20, 20), coarse=CoarseScan.from_labels(np.full((10, 10, 10), 7)))
    with pytest.raises(ValueError, match=r"at most 8 labels, got 1000 values from 0 to 999.*CoarseScan\.from_grey"):
        CoarseScan.from_labels(np.arange(1000).reshape(10, 10, 10))
    with pytest.raises(ValueError, match="must add up to 1"):
        CoarseScan({0: np.full((4, 4), 0.5), 1: np.full((4, 4), 0.2)})
    with pytest.raises(ValueError, match="background and phase must differ"):
        CoarseScan.from_grey(np.zeros((4, 4)), background=3, phase=3)
    with pytest.raises(ValueError, match="kind must be one of"):
        CoarseScan(np.zeros((4, 4)), kind="median")
