"""Free memory is what every limit of the process leaves, and work that does not fit is refused before it starts."""

import json
import subprocess
import sys
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest

from napari_swnn import Reference, iter_training, train, validate
from napari_swnn._memory import find_free_memory, format_memory, free_memory
from napari_swnn.core.training.plan import plan_training

GIB = 2**30


@pytest.fixture
def on_machine(monkeypatch, tmp_path):
    """Return a function that sets the free memory of the machine, without control groups or a SLURM job."""
    for name in ("SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU", "SLURM_CPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("napari_swnn._memory._OWN_CGROUPS", tmp_path / "none")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    def set_free(n_bytes):
        monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=n_bytes))

    set_free(1000 * GIB)
    return set_free


@pytest.fixture
def control_groups(monkeypatch, tmp_path, on_machine):
    """Return a function that writes the files of control groups for their folders and contents."""
    root = tmp_path / "cgroup"
    monkeypatch.setattr("napari_swnn._memory._CGROUPS", root)
    monkeypatch.setattr("napari_swnn._memory._OWN_CGROUPS", tmp_path / "own")

    def write(own, folders):
        (tmp_path / "own").write_text(own)
        for folder, files in folders.items():
            (root / folder).mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (root / folder / name).write_text(f"{text}\n")

    return write


def version_2(limit, used, cache=0):
    return {"memory.max": limit, "memory.current": used, "memory.stat": f"anon 5\ninactive_file {cache}"}


def version_1(limit, used, cache=0):
    return {
        "memory.limit_in_bytes": limit,
        "memory.usage_in_bytes": used,
        "memory.stat": f"inactive_file 1\ntotal_inactive_file {cache}",
    }


def test_without_limits_the_memory_of_the_machine_is_free(on_machine):
    on_machine(7 * GIB)
    assert free_memory() == 7 * GIB
    assert str(find_free_memory()) == "7.0 GiB free"


def test_a_control_group_of_version_2_limits_the_process(control_groups):
    control_groups("0::/job/step\n", {"job/step": version_2("max", 2 * GIB), "job": version_2(5 * GIB, 3 * GIB, GIB)})
    assert free_memory() == 3 * GIB
    assert "limit of the control group" in str(find_free_memory())


def test_a_control_group_of_version_1_limits_the_process(control_groups):
    control_groups("5:cpu,memory:/job\n4:pids:/job\n", {"memory/job": version_1(4 * GIB, 3 * GIB, GIB // 2)})
    assert free_memory() == 1.5 * GIB


def test_within_a_container_the_group_lies_at_the_root(control_groups):
    control_groups("5:memory:/docker/0123\n", {"memory": version_1(4 * GIB, 3 * GIB)})
    assert free_memory() == GIB


def test_an_exceeded_limit_leaves_nothing(control_groups):
    control_groups("0::/\n", {"": version_2(GIB, 2 * GIB)})
    assert free_memory() == 0


@pytest.mark.parametrize("text", ["", "nonsense", "0::\n", "5:memory"])
def test_unreadable_control_groups_are_left_out(control_groups, text):
    control_groups(text, {"": {"memory.max": "x"}})
    assert free_memory() == 1000 * GIB


def test_a_job_of_slurm_limits_the_process(on_machine, monkeypatch):
    monkeypatch.setenv("SLURM_MEM_PER_CPU", "1024")
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "32")
    assert 20 * GIB < free_memory() < 32 * GIB
    monkeypatch.setenv("SLURM_MEM_PER_NODE", str(64 * 1024))
    assert 50 * GIB < free_memory() < 64 * GIB
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "all")
    assert free_memory() == 1000 * GIB


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are those of POSIX")
def test_the_address_space_limits_the_process():
    code = (
        "import resource, json; resource.setrlimit(resource.RLIMIT_AS, (10**9, -1)); "
        "from napari_swnn._memory import find_free_memory as f; print(json.dumps([f().n_bytes, f().limit]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    n_bytes, limit = json.loads(done.stdout)
    assert 0 < n_bytes < 10**9
    assert limit == "ulimit -v"


def test_amounts_are_formatted_in_a_unit_that_shows_them():
    assert [format_memory(n) for n in (3.25 * GIB, 2 * 2**20, 3000)] == ["3.2 GiB", "2 MiB", "3 KiB"]


def test_a_training_that_does_not_fit_is_refused_before_its_first_step(on_machine, blobs, tiny_config):
    plan = plan_training(Reference(blobs), config=tiny_config, device="cpu")
    on_machine(10_000)
    with pytest.raises(ValueError, match=r"a training must fit into memory, got settings that need about .* KiB free"):
        next(iter_training(plan))
    with pytest.raises(ValueError, match="must fit into memory"):
        train(Reference(blobs), config=tiny_config, device="cpu")


def test_a_stored_volume_of_any_stated_size_is_refused_before_it_is_read(on_machine, blobs):
    on_machine(8 * GIB)
    stated = da.zeros((4096,) * 3, dtype=np.uint8, chunks=1024)
    with pytest.raises(ValueError, match=r"volumes must fit into memory, got shape \(4096, 4096, 4096\)"):
        validate(stated, Reference(blobs))
