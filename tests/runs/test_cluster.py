"""Real workers in other processes compute the same bytes, also if one of them is killed."""

import os
import signal
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace

import pytest
from numpy.testing import assert_array_equal

from napari_swnn import EnsembleSpec, Model, ensemble, generate, iter_ensemble
from napari_swnn.core.training.trainer import StageTrainer
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.io import open_ome_zarr
from napari_swnn.io.ome_zarr import OmeZarrFile
from napari_swnn.runs import iter_generation
from napari_swnn.runs._cluster import find_client, iter_tasks
from napari_swnn.runs._workers import ClusterLostError, identity, run_checked, wait_for_file, wait_for_workers

distributed = pytest.importorskip("distributed")
CommClosedError = pytest.importorskip("distributed.comm").CommClosedError

SHAPE = (64, 130, 400)


@pytest.fixture(scope="module")
def local(model, tmp_path_factory):
    """The same volume, made before there is a client."""
    assert find_client() is None
    folder = tmp_path_factory.mktemp("local")
    return generate(model, SHAPE, out=folder / "v.ome.zarr")


@pytest.fixture(scope="module")
def client(local):
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


def test_the_client_in_scope_does_the_work(local, client, model, content, tmp_path):
    steps = list(iter_generation(model, VolumeSpec(SHAPE), out=tmp_path / "v.ome.zarr"))
    assert steps[-1].block == steps[-1].n_blocks == 21
    assert len(steps) == 8 + 2 + 1  # a step for each piece of each level
    assert content(tmp_path / "v.ome.zarr") == content(local)


def test_a_killed_worker_changes_nothing(local, client, model, content, tmp_path):
    worker = next(iter(client.run(os.getpid).values()))
    for i, _ in enumerate(iter_generation(model, VolumeSpec(SHAPE), out=tmp_path / "v.ome.zarr", client=client)):
        if i == 0:
            os.kill(worker, signal.SIGKILL)
    assert content(tmp_path / "v.ome.zarr") == content(local)


def test_a_run_given_up_is_resumed_without_the_cluster(local, client, model, content, tmp_path):
    steps = iter_generation(model, VolumeSpec(SHAPE), out=tmp_path / "v.ome.zarr", client=client)
    next(steps)
    steps.close()
    client.run(lambda: None)  # after what was under way
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_swnn.runs._disk.find_client", lambda: None)
        generate(model, SHAPE, out=tmp_path / "v.ome.zarr", resume=True)
    assert content(tmp_path / "v.ome.zarr") == content(local)


def test_what_fails_on_a_worker_is_told(client, model, tmp_path):
    steps = iter_generation(model, VolumeSpec(SHAPE), out=tmp_path / "v.ome.zarr", client=client)
    next(steps)
    (tmp_path / "v.ome.zarr.partial").rename(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        list(steps)


def test_a_file_that_is_gone_before_the_first_task_is_told(client, model, tmp_path, monkeypatch):
    monkeypatch.setattr(OmeZarrFile, "create", lambda *_: None)
    with pytest.raises(FileNotFoundError, match=r"the unfinished file must not be moved .* without level 0"):
        list(iter_generation(model, VolumeSpec(SHAPE), out=tmp_path / "v.ome.zarr", client=client))


def test_a_task_takes_no_client_itself(client):
    assert find_client() is client
    assert client.submit(find_client).result() is None


@pytest.mark.parametrize("shape", [(20, 20, 20), (20, 130, 130)])  # a volume for each worker, and both at each volume
def test_an_ensemble_is_the_same_as_here(local, client, reference, quick_config, tmp_path, shape):
    options = {"config": quick_config, "n_trainings": 1, "n_realisations": 2, "shape": shape}
    made = ensemble(reference, out=tmp_path / "cluster", **options)
    for member in made.members:
        volume = open_ome_zarr(member.volume).levels[0].compute()
        assert_array_equal(volume, generate(Model.load(member.model), shape, seed=member.seed))
        assert member.values["porosity"] == pytest.approx(volume.mean())


def test_what_a_training_has_to_say_is_told(local, reference, quick_config, tmp_path, monkeypatch):
    iter_steps = StageTrainer.iter_steps

    def diverging(trainer):
        for i, step in enumerate(iter_steps(trainer)):
            yield replace(step, note="the loss diverged" if i == 1 else "")

    monkeypatch.setattr(StageTrainer, "iter_steps", diverging)
    options = {"config": quick_config, "n_trainings": 1, "n_realisations": 1, "shape": (20, 20, 20), "validate": False}
    threads = {"n_workers": 1, "processes": False, "dashboard_address": ":0"}  # processes would not see the patch
    with distributed.LocalCluster(**threads) as cluster, distributed.Client(cluster) as own:
        steps = list(iter_ensemble(EnsembleSpec(reference, out=tmp_path / "e", **options), client=own))
    assert [(step.activity, step.note) for step in steps if step.note] == [("training 1 of 1", "the loss diverged")]
    assert all(step.detail is None for step in steps)  # all of it was done there


def test_an_exact_volume_is_computed_here(client, model, tmp_path):
    with pytest.raises(ValueError, match="exact needs the whole volume before its first block, got a client"):
        generate(model, (20, 20, 20), exact=True, out=tmp_path / "v.ome.zarr", client=client)
    path = generate(model, (20, 20, 20), exact=True, out=tmp_path / "v.ome.zarr")
    assert_array_equal(open_ome_zarr(path).levels[0].compute(), generate(model, (20, 20, 20), exact=True))


def test_a_cluster_that_adapts_itself_starts_a_worker_for_the_work(model, tmp_path):
    shape, out = (20, 20, 20), tmp_path / "v.ome.zarr"
    options = {"n_workers": 0, "threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    # In a thread, so that a call that waits for ever is one that fails.
    with (
        ThreadPoolExecutor() as pool,
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster) as own,
    ):
        cluster.adapt(minimum=0, maximum=1)
        pool.submit(generate, model, shape, out=out, client=own).result(timeout=60)
    assert_array_equal(open_ome_zarr(out).levels[0].compute(), generate(model, shape))


def test_a_device_that_the_workers_lack_is_refused(client, model, tmp_path):
    with pytest.raises(ValueError, match="device must be present on this machine"):
        generate(model, SHAPE, out=tmp_path / "v.ome.zarr", client=client, device="mps")


OTHER = ("napari-swnn 0.0.1", *identity()[1:])


def test_workers_with_other_code_are_refused(client, model, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_swnn.runs._workers.identity", lambda: OTHER)
    with pytest.raises(ValueError, match=r"the worker tcp://.* must run the code of this process, napari-swnn 0.0.1"):
        generate(model, SHAPE, out=tmp_path / "v.ome.zarr", client=client)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_with_other_code_that_joins_later_is_refused(client, model, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_swnn.runs._cluster.identity", lambda: OTHER)
    with pytest.raises(ValueError, match="a worker must run the code of this process"):
        generate(model, SHAPE, out=tmp_path / "v.ome.zarr", client=client)
    assert run_checked(lambda first, entry: first + entry, identity(), 1, 2) == 3


def test_waiting_for_workers_is_reported_and_ends(monkeypatch):
    monkeypatch.setattr("napari_swnn.runs._workers._PATIENCE", 0.1)
    reports = []
    options = {"n_workers": 0, "processes": False, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster, set_as_default=False) as waiting,
        pytest.raises(TimeoutError, match=r"the cluster must have workers, got none from .* within 0 s"),
    ):
        wait_for_workers(waiting, longest=0.3, report=reports.append)
    assert len(reports) == 1
    assert "waiting for the first worker" in reports[0]


def test_a_scheduler_file_that_is_missing_is_reported_and_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_swnn.runs._workers._PATIENCE", 0.1)
    reports = []
    with pytest.raises(TimeoutError, match=r"the scheduler must write its file, got no .*none.json within 0 s"):
        wait_for_file(tmp_path / "none.json", longest=0.5, report=reports.append)
    assert len(reports) == 1


@pytest.mark.parametrize("error", [CancelledError("cancelled:\nlost"), CommClosedError("in <Client>: lost")])
def test_a_scheduler_that_ends_is_one_sentence(monkeypatch, error):
    class Gone:
        def nthreads(self):
            return {}

        def submit(self, *_, **__):
            raise error

        def cancel(self, futures):
            raise error

    monkeypatch.setattr("distributed.as_completed", lambda: iter(()))
    with pytest.raises(ClusterLostError, match=r"must stay alive, got: .*lost; finished parts are kept: .* --resume"):
        list(iter_tasks(Gone(), max, 1, [2, 3]))
