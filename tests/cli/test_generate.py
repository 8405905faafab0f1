from concurrent.futures import CancelledError

import numpy as np
import pytest

from napari_swnn.cli import main
from napari_swnn.io import open_ome_zarr, read_labels
from napari_swnn.runs._workers import loss_explained


def test_one_number_is_a_cube(quick, image, tmp_path):
    model, volume = str(tmp_path / "m.swnn"), str(tmp_path / "v.tif")
    main(["train", image, "-o", model])
    main(["generate", model, "--shape", "20", "-o", volume])
    assert read_labels(volume).shape == (20, 20, 20)


def test_the_ending_chooses_the_format(model, tmp_path, capsys):
    stored = str(tmp_path / "v.ome.zarr")
    command = ["generate", model, "--shape", "20", "--n", "2", "--seed", "3", "-o", stored]
    assert main(command) == 0
    labels = open_ome_zarr(stored).levels[0].compute()
    assert labels.shape == (2, 20, 20, 20)
    assert f"Porosity {(labels == 255).mean():.4f}; wrote" in capsys.readouterr().out
    assert main(command) == 2
    assert "which exists" in capsys.readouterr().err
    assert main([*command, "--resume"]) == 0


def test_periodic_axes_are_named_by_letters(model, tmp_path):
    volumes = []
    for i, axes in enumerate((["--periodic"], ["--periodic", "zyx"], ["--periodic", "z"], [])):
        path = str(tmp_path / f"{i}.tif")
        assert main(["generate", model, "--shape", "32", "-o", path, *axes]) == 0
        volumes.append(read_labels(path))
    np.testing.assert_array_equal(volumes[0], volumes[1])
    assert (volumes[0] != volumes[2]).any()
    assert (volumes[2] != volumes[3]).any()
    assert main(["generate", model, "--periodic", "zw", "-o", str(tmp_path / "w.tif")]) == 2


def test_axes_that_a_model_lacks_are_refused(quick, image, tmp_path, capsys):
    model, out = str(tmp_path / "m.swnn"), str(tmp_path / "v.tif")
    assert main(["train", image, "--dimension", "2", "-o", model]) == 0
    assert main(["generate", model, "--shape", "32", "--periodic", "z", "-o", out]) == 2
    assert "--periodic must name axes of a 2-D model, yx, got 'z'" in capsys.readouterr().err
    assert main(["generate", model, "--shape", "32", "--periodic", "-o", out]) == 0


def test_an_interrupted_generation_says_how_to_resume(model, tmp_path, capsys, monkeypatch):
    from napari_swnn.runs import _disk

    write = _disk.iter_local

    def interrupted(*arguments):
        yield next(write(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(_disk, "iter_local", interrupted)
    command = ["generate", model, "--shape", "70", "10", "10", "-o", str(tmp_path / "v.tif")]
    assert main(command) == 130
    assert "run the same command with --resume to continue" in capsys.readouterr().err
    monkeypatch.undo()
    assert main([*command, "--resume"]) == 0
    assert read_labels(tmp_path / "v.tif").shape == (70, 10, 10)


def test_workers_of_a_cluster_generate(model, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster:
        for name, options in (("here", []), ("there", ["--scheduler", cluster.scheduler_address])):
            assert main(["generate", model, "--shape", "20", "-o", str(tmp_path / f"{name}.ome.zarr"), *options]) == 0
    here, there = (open_ome_zarr(tmp_path / f"{name}.ome.zarr").levels[0].compute() for name in ("here", "there"))
    np.testing.assert_array_equal(here, there)


def test_lost_workers_are_one_sentence(model, tmp_path, capsys, monkeypatch):
    distributed = pytest.importorskip("distributed")

    def lost(*arguments):
        yield from ()
        with loss_explained():
            raise CancelledError("cancelled:\nscheduler-connection-lost")

    monkeypatch.setattr("napari_swnn.runs._disk.iter_cluster", lost)
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster:
        options = ["--scheduler", cluster.scheduler_address, "-o", str(tmp_path / "v.ome.zarr")]
        assert main(["generate", model, "--shape", "20", *options]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("napari-swnn: the scheduler and the workers must stay alive, got: ")
    assert "--resume" in printed
    assert printed.count("\n") == 1


def test_a_scheduler_file_that_does_not_come_is_one_sentence(model, tmp_path, capsys):
    pytest.importorskip("distributed")
    command = ["generate", model, "--shape", "20", "-o", str(tmp_path / "v.ome.zarr")]
    assert main([*command, "--scheduler", str(tmp_path / "none.json"), "--wait", "0"]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("napari-swnn: the scheduler must write its file, got no ")
    assert printed.count("\n") == 1


def test_a_volume_passes_through_the_images_that_are_named(model, image, tmp_path, capsys):
    section = read_labels(image)
    height, width = section.shape
    volume = str(tmp_path / "v.tif")
    command = ["generate", model, "--seed", "3", "-o", volume]
    shape = ["--shape", "6", str(height), str(width)]
    assert main([*command, *shape, "--through", f"z:2:{image}"]) == 0
    np.testing.assert_array_equal(read_labels(volume)[2], section)
    for wrong, message in (("z:2", "an axis, a position"), (f"z:9:{image}", "must be a plane of the volume")):
        assert main([*command, *shape, "--through", wrong]) == 2
        assert message in capsys.readouterr().err


def test_a_coarse_scan_is_kept(model, tmp_path, capsys):
    scan = np.random.default_rng(0).random((10, 10, 10)).round(1)
    np.save(tmp_path / "fractions.npy", scan.astype(np.float32))
    np.save(tmp_path / "grey.npy", (200 - 100 * scan).astype(np.uint8))
    np.save(tmp_path / "labels.npy", np.where(scan > 0.5, 255, 0).astype(np.uint8))

    def generate(*options):
        out = tmp_path / f"{len(list(tmp_path.iterdir()))}.tif"
        assert main(["generate", model, "--shape", "20", "-o", str(out), *options]) == 0
        return read_labels(out) == 255

    def averages(found):
        return found.reshape(10, 2, 10, 2, 10, 2).mean((1, 3, 5))

    found = generate("--coarse", str(tmp_path / "fractions.npy"))
    np.testing.assert_allclose(averages(found), scan, atol=1 / 16 + 1e-6)
    grey = generate("--coarse", str(tmp_path / "grey.npy"), "--coarse-grey", "200", "100", "--coarse-noise", "0.1")
    np.testing.assert_allclose(averages(grey), scan, atol=0.1)
    samples = generate("--coarse", str(tmp_path / "labels.npy"))
    np.testing.assert_array_equal(samples[::2, ::2, ::2], scan > 0.5)
    command = ["generate", model, "--shape", "20", "-o", str(tmp_path / "v.tif")]
    labels = ["--coarse", str(tmp_path / "labels.npy")]
    refused = (
        (["--coarse-noise", "1"], "need a scan"),
        (["--coarse", "none.npy"], "none.npy"),
        ([*labels, "--coarse-noise", "0.1"], "needs fractions or grey values, got samples"),
    )
    for wrong, message in refused:
        assert main([*command, *wrong]) == 2
        assert message in capsys.readouterr().err
