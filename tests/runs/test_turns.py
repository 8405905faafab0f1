"""Two runs with one target: of another request the later is refused, and of the same one it waits."""

import subprocess
import sys

import numpy as np
import pytest

from napari_swnn import EnsembleSpec, Model, generate, iter_ensemble
from napari_swnn._steps import drain
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.io.volumes import open_volumes
from napari_swnn.runs import _turns, iter_generation

SHAPE = (40, 70, 40)
NAMES = ["v.ome.zarr", "v.tif"]

N_RACES = 4

RACE = """
import sys, time
from pathlib import Path
from napari_swnn import Model, VolumeSpec
from napari_swnn._steps import drain
from napari_swnn.runs import iter_generation
model, folder, me = Model.load(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
list(iter_generation(model, VolumeSpec((8, 8, 8))))  # imports everything
for i in range({n}):
    for name in ("v.ome.zarr", "v.tif"):
        for seed in (me, 0):  # a request of its own, and the same as the other
            out = folder / f"{{'other' if seed else 'same'}}-{{i}}-{{name}}"
            (folder / f"go.{{me}}.{{out.name}}").touch()
            while not (folder / f"go.{{3 - me}}.{{out.name}}").exists():
                time.sleep(0.0002)
            try:
                drain(iter_generation(model, VolumeSpec({shape}, seed=seed), out=out, resume=not seed))
                print(out.name, "finished")
            except FileExistsError as error:
                assert "out must be" in str(error), error
                print(out.name, "refused")
"""


@pytest.fixture(scope="module")
def races(model_path, tmp_path_factory):
    """Two processes that write to the same names at the same moments: the folder, and the outcomes of each."""
    folder = tmp_path_factory.mktemp("races")
    script = [sys.executable, "-c", RACE.format(shape=SHAPE, n=N_RACES), str(model_path), str(folder)]
    runs = [subprocess.Popen([*script, str(me)], stdout=subprocess.PIPE, text=True) for me in (1, 2)]
    try:
        said = [dict(line.split() for line in run.communicate(timeout=60)[0].splitlines()) for run in runs]
    finally:
        for run in runs:  # one that waits for the other, which has failed
            run.kill()
    assert [run.returncode for run in runs] == [0, 0]
    for left in folder.glob("go.*"):
        left.unlink()
    assert {path.name for path in folder.iterdir()} == set(said[0]) == set(said[1])
    assert len(said[0]) == 4 * N_RACES
    return folder, said


def test_a_finished_file_holds_one_request(model, races):
    folder, said = races
    whole = [generate(model, SHAPE, seed=seed) for seed in (1, 2)]
    for path in folder.glob("other-*"):
        (volume,) = open_volumes(path)
        outcomes = ["finished" if bool((np.asarray(volume) == labels).all()) else "refused" for labels in whole]
        assert [each[path.name] for each in said] == outcomes
        assert sorted(outcomes) == ["finished", "refused"]


def test_runs_of_one_request_both_return_the_volume(model, races):
    folder, said = races
    whole = generate(model, SHAPE, seed=0)
    for path in folder.glob("same-*"):
        assert [each[path.name] for each in said] == ["finished"] * 2
        np.testing.assert_array_equal(open_volumes(path)[0], whole)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("finish_first", [False, True])
def test_a_run_of_another_request_is_refused_at_its_first_step(model, tmp_path, name, resume, finish_first):
    out = tmp_path / name
    first = iter_generation(model, VolumeSpec(SHAPE, seed=1), out=out)
    second = iter_generation(model, VolumeSpec(SHAPE, seed=2), out=out, resume=resume)
    next(first)
    if finish_first:
        drain(first)
    with pytest.raises((FileExistsError, ValueError), match=r"of another request|different seed for"):
        next(second)
    drain(first)
    (volume,) = open_volumes(out)
    np.testing.assert_array_equal(volume, generate(model, SHAPE, seed=1))
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_waiting_is_reported_once_and_ends_with_the_volume(model, tmp_path, name):
    out = tmp_path / name
    first = iter_generation(model, VolumeSpec(SHAPE, seed=1), out=out)
    second = iter_generation(model, VolumeSpec(SHAPE, seed=1), out=out)
    next(first)
    steps = [next(second), next(second)]
    assert [step.note.startswith("waiting for the same run in process") for step in steps] == [True, False]
    assert steps[1].activity.startswith("waiting")
    assert steps[0].fraction == 0
    drain(first)
    assert drain(second) == out


@pytest.mark.parametrize("name", NAMES)
def test_a_run_waits_in_vain_for_a_paused_run_of_its_thread_only_briefly(model, tmp_path, name, monkeypatch):
    monkeypatch.setattr(_turns, "_PATIENCE", 0.1)
    first = iter_generation(model, VolumeSpec(SHAPE, seed=1), out=tmp_path / name)
    next(first)
    with pytest.raises(FileExistsError, match="of this thread, which has been paused"):
        generate(model, SHAPE, seed=1, out=tmp_path / name, resume=True)
    first.close()
    assert generate(model, SHAPE, seed=1, out=tmp_path / name, resume=True) == tmp_path / name


@pytest.mark.parametrize("name", NAMES)
def test_a_name_taken_during_a_run_is_not_written_over(model, tmp_path, name):
    steps = iter_generation(model, VolumeSpec(SHAPE, seed=1), out=tmp_path / name)
    next(steps)
    (tmp_path / name).write_text("precious")
    with pytest.raises(FileExistsError, match=r"another program has created .*kept as .*\.partial"):
        drain(steps)
    assert (tmp_path / name).read_text() == "precious"
    (tmp_path / name).unlink()
    assert generate(model, SHAPE, seed=1, out=tmp_path / name, resume=True) == tmp_path / name
    np.testing.assert_array_equal(open_volumes(tmp_path / name)[0], generate(model, SHAPE, seed=1))


def test_leftovers_of_a_killed_start_are_removed(model, tmp_path):
    (tmp_path / f".v.ome.zarr.{'a' * 32}").mkdir()
    (tmp_path / f".v.tif.{'b' * 32}").write_text("half")
    (tmp_path / ".v.tif.notes").write_text("precious")
    for name in NAMES:
        generate(model, (8, 8, 8), out=tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".v.tif.notes", *NAMES]


def test_of_two_ensembles_in_one_folder_the_later_waits(reference, quick_config, tmp_path):
    options = {"config": quick_config, "n_trainings": 1, "n_realisations": 1, "shape": (16, 16, 16)}
    spec = EnsembleSpec(reference, tmp_path / "e", validate=False, **options)
    other = EnsembleSpec(reference, tmp_path / "e", validate=False, seed=3, **options)
    first, second, third = (iter_ensemble(each) for each in (spec, spec, other))
    next(first)
    assert next(second).note.startswith("waiting for the same run")
    with pytest.raises(FileExistsError, match="of another request"):
        next(third)
    made = drain(first)
    assert drain(second).members == made.members
    assert not [path for path in (tmp_path / "e").iterdir() if ".lock" in path.name]
    assert Model.load(made.members[0].model).provenance["seed"] == 0
