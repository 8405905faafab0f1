"""Only one owner can hold a lock, on any file system, and the lock of a process that has ended can be taken over."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from napari_swnn import _lock
from napari_swnn._lock import STALE, Holder, Lock, LockLostError, Owner

ENDED = 2**22 + 1
"""Number of a process that cannot exist."""

CONTENDER = """
import sys, time
from pathlib import Path
from napari_swnn._lock import Lock
target, n = Path(sys.argv[1]), int(sys.argv[2])
for _ in range(n):
    lock = Lock(target)
    while lock.acquire() is not None:
        time.sleep(0.001)
    count = int(target.read_text())
    time.sleep(0.002)
    target.write_text(str(count + 1))
    lock.release()
"""


@pytest.fixture
def target(tmp_path):
    return tmp_path / "v.tif"


def leave_lock(target, *, age=0.0, **changes):
    """Write the lock of another owner."""
    lock = Lock(target)
    assert lock.acquire() is None
    entries = json.loads(lock.path.read_text())
    lock.release()
    lock.path.write_text(json.dumps({**entries, **changes}))
    touched = lock.path.stat().st_mtime - age
    os.utime(lock.path, (touched, touched))
    return lock.path


@pytest.fixture(params=["links", "no links"])
def file_system(request, monkeypatch):
    if request.param == "no links":

        def link(*_):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", link)


@pytest.mark.usefixtures("file_system")
def test_only_one_of_two_acquires_a_lock(target):
    first, second = Lock(target, "a"), Lock(target, "b")
    assert first.acquire() is None
    holder = second.acquire(take_over=True)
    assert holder.owner.purpose == "a"
    assert not holder.is_stale
    assert holder.is_this_thread
    assert f"process {os.getpid()}" in str(holder)
    second.release()
    first.confirm()
    first.release()
    assert second.acquire() is None
    second.release()
    assert list(target.parent.iterdir()) == []


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("changes", [{"pid": ENDED}, {"machine": "other", "age": STALE + 1}, {"started": 1.0}])
def test_a_stale_lock_is_reported_and_taken_over_on_request(target, changes):
    leave_lock(target, token="former", **changes) if "started" not in changes else leave_lock(
        target, token="former", pid=os.getppid(), **changes
    )
    lock = Lock(target)
    holder = lock.acquire()
    assert holder.is_stale
    assert holder.owner.token == "former"
    assert lock.acquire(take_over=True) is None
    lock.confirm()
    lock.release()
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("changes", [{"machine": "other", "age": STALE - 60}, {"pid": os.getppid()}])
def test_the_lock_of_a_running_owner_is_not_taken_over(target, changes):
    if "pid" in changes:
        changes = {**changes, "started": _lock._started(os.getppid())}
    path = leave_lock(target, token="other", **changes)
    assert not Lock(target).acquire(take_over=True).is_stale
    assert json.loads(path.read_text())["token"] == "other"


def test_an_unreadable_lock_is_held_until_it_is_old(target):
    path = target.with_name(target.name + ".lock")
    path.write_text("{")
    assert not Lock(target).acquire(take_over=True).is_stale
    os.utime(path, (0, 0))
    lock = Lock(target)
    assert lock.acquire(take_over=True) is None
    lock.release()


def test_only_one_of_many_takes_over_a_stale_lock(target):
    leave_lock(target, token="former", pid=ENDED)
    start = threading.Barrier(8)
    locks = [Lock(target) for _ in range(8)]
    found = []

    def take_over(lock):
        start.wait()
        found.append(lock.acquire(take_over=True))

    threads = [threading.Thread(target=take_over, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(None) == 1
    for lock in locks:
        lock.release()
    assert list(target.parent.iterdir()) == []


def test_an_owner_detects_that_its_lock_was_taken_over(target):
    lock = Lock(target)
    lock.acquire()
    lock.path.write_text("{}")
    with pytest.raises(LockLostError, match="taken over by another run"):
        lock.confirm()
    lock.release()
    assert lock.path.exists(), "the lock of another owner is left in place"


def test_processes_take_turns(target):
    """A counter that four processes read and write loses no count."""
    target.write_text("0")
    script = [sys.executable, "-c", CONTENDER, str(target), "25"]
    runs = [subprocess.Popen(script) for _ in range(4)]
    assert [run.wait(timeout=60) for run in runs] == [0] * 4
    assert target.read_text() == "100"
    assert list(target.parent.iterdir()) == [target]


def test_the_owner_touches_its_lock(target, monkeypatch):
    monkeypatch.setattr(_lock, "BEAT", 0.01)
    lock = Lock(target)
    lock.acquire()
    os.utime(lock.path, (0, 0))
    touched = threading.Event()
    while lock.path.stat().st_mtime == 0:
        touched.wait(0.005)
    lock.release()


def test_holders_of_other_machines_are_judged_by_age():
    owner = Owner("t", machine="other", pid=1)
    assert Holder(owner, STALE + 1).is_stale
    assert not Holder(owner, 0).is_stale
    assert "unknown process" in str(Holder(replace(owner, token=""), 0))
