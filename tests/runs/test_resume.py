"""A run that is killed and resumed leaves the bytes of one that was not."""

import signal
import subprocess
import sys
import time
from collections import deque

import pytest

from napari_swnn import Model, generate
from napari_swnn._steps import drain
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.runs import iter_generation

SHAPE = (66, 70, 140)

SLOW_RUN = """
import sys, time
from napari_swnn import Model
from napari_swnn.runs import generate
generate(Model.load(sys.argv[1]), {shape}, seed=3, out=sys.argv[2], progress=lambda step: time.sleep(0.1))
"""

RESUMED_RUN = """
import sys
from napari_swnn import Model, generate
generate(Model.load(sys.argv[1]), {shape}, seed=3, out=sys.argv[2], resume=True)
"""


def killed_run(model_path, out, *, when):
    """Start a run in another process and kill it as soon as a file is there."""
    script = SLOW_RUN.format(shape=SHAPE)
    with subprocess.Popen([sys.executable, "-c", script, str(model_path), str(out)]) as run:
        deadline = time.monotonic() + 60
        while not when():
            assert run.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    assert not out.exists()


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):
    """Uninterrupted runs."""
    folder = tmp_path_factory.mktemp("whole")
    for name in ("v.ome.zarr", "v.tif"):
        generate(model, SHAPE, seed=3, out=folder / name)
    return folder


@pytest.mark.parametrize(
    ("name", "first_there"),
    [
        ("v.ome.zarr", "v.ome.zarr.partial/0/c/0/0/1"),
        ("v.ome.zarr", "v.ome.zarr.partial/1/c/0/0/0"),
        ("v.tif", "v.tif.progress"),
    ],
)
def test_a_killed_run_resumes_to_the_same_bytes(model_path, whole, content, tmp_path, name, first_there):
    killed_run(model_path, tmp_path / name, when=(tmp_path / first_there).exists)
    model = Model.load(model_path)
    with pytest.raises(FileExistsError, match="belongs to an unfinished run"):
        generate(model, SHAPE, seed=3, out=tmp_path / name)
    with pytest.raises(ValueError, match=r"got a different seed for .*: 4 instead of 3"):
        generate(model, SHAPE, seed=4, out=tmp_path / name, resume=True)
    # what a kill within a write leaves
    if name.endswith("zarr"):
        (tmp_path / f"{name}.partial" / "0" / "c" / "0" / "1.0a1b.partial").write_bytes(b"half")
    first, *_ = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=tmp_path / name, resume=True)
    assert first.n_blocks == 12
    assert first.block > 1, "what was complete is kept"
    assert content(tmp_path / name) == content(whole / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_a_run_closed_after_any_block_resumes_to_the_same_bytes(model, whole, content, tmp_path, name):
    for n_steps in (1, 4, 5, 1, 100):
        steps = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=tmp_path / name, resume=True)
        for _ in zip(range(n_steps), steps, strict=False):
            pass
        steps.close()
    assert content(tmp_path / name) == content(whole / name)


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_resuming_a_finished_run_does_nothing(model, content, tmp_path, name):
    generate(model, (20, 20, 20), out=tmp_path / name, resume=True)
    before = content(tmp_path / name)
    assert list(iter_generation(model, VolumeSpec((20, 20, 20)), out=tmp_path / name, resume=True)) == []
    assert content(tmp_path / name) == before


def test_a_file_without_content_is_not_taken_for_done(model, whole, content, tmp_path):
    steps = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=tmp_path / "v.ome.zarr")
    for _ in range(9):
        next(steps)
    steps.close()
    chunk = tmp_path / "v.ome.zarr.partial/0/c/0/0/0"
    assert chunk.stat().st_size > 0
    chunk.write_bytes(b"")  # as a power failure may leave it
    generate(model, SHAPE, seed=3, out=tmp_path / "v.ome.zarr", resume=True)
    assert content(tmp_path / "v.ome.zarr") == content(whole / "v.ome.zarr")


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
@pytest.mark.parametrize("n_before", [0, 1, 5])
def test_the_later_of_two_overlapping_runs_returns_the_finished_file(model, whole, content, tmp_path, name, n_before):
    out = tmp_path / name
    first = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=out)
    next(first)
    second = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=out, resume=True)
    for _ in range(n_before):
        next(second)
    deque(first, maxlen=0)
    assert drain(second, None) == out
    assert content(out) == content(whole / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["v.ome.zarr", "v.tif"])
def test_two_processes_that_resume_the_same_run_both_succeed(model, model_path, whole, content, tmp_path, name):
    steps = iter_generation(model, VolumeSpec(SHAPE, seed=3), out=tmp_path / name)
    next(steps)
    steps.close()
    script = RESUMED_RUN.format(shape=SHAPE)
    runs = [subprocess.Popen([sys.executable, "-c", script, str(model_path), str(tmp_path / name)]) for _ in range(2)]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    assert content(tmp_path / name) == content(whole / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
