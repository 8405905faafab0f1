"""Work in a thread: each run has exactly one outcome, and only the present run is listened to."""

from threading import Event, current_thread

import pytest
from qtpy.QtCore import QObject, QThreadPool

from napari_swnn.widgets.kit.threads import TaskRunner

WAIT = 10.0
"""Seconds after which a thread that waits for the test gives up."""


@pytest.fixture
def outcomes(runner):
    """Signals of the runner, as they come in."""
    found = []
    runner.done.connect(lambda value: found.append(("done", value)))
    runner.failed.connect(lambda text: found.append(("failed", text)))
    runner.cancelled.connect(lambda: found.append(("cancelled", None)))
    return found


@pytest.fixture
def runner(qapp):
    return TaskRunner(qapp)


def test_a_result_is_the_one_outcome(qtbot, runner, outcomes):
    def work():
        yield 1
        return 2

    runner.run(work)
    qtbot.waitUntil(lambda: not runner.busy)
    assert outcomes == [("done", 2)]


def test_an_error_is_the_one_outcome(qtbot, runner, outcomes):
    def work():
        yield 1
        raise ValueError("phase must be 1")

    runner.run(work)
    qtbot.waitUntil(lambda: not runner.busy)
    assert outcomes == [("failed", "Phase must be 1.")]


def test_stopped_work_is_closed_in_its_own_thread(qtbot, runner, outcomes):
    closed_in = []

    def work():
        try:
            while True:
                yield 1
        finally:
            closed_in.append(current_thread())

    with qtbot.waitSignal(runner.stepped):
        runner.run(work)
    runner.stop()
    qtbot.waitUntil(lambda: not runner.busy)
    assert outcomes == [("cancelled", None)]
    assert closed_in != [current_thread()]
    assert len(closed_in) == 1


def test_a_stop_after_the_last_step_has_an_outcome_too(qtbot, runner, outcomes):
    at_the_end, may_end = Event(), Event()

    def work():
        yield 1
        at_the_end.set()
        may_end.wait(WAIT)
        return 2

    runner.run(work)
    qtbot.waitUntil(at_the_end.is_set)
    runner.stop()
    may_end.set()
    qtbot.waitUntil(lambda: not runner.busy)
    assert outcomes == [("done", 2)]


def test_abandoned_work_is_not_taken_for_the_next(qtbot, runner, outcomes):
    at_the_end, may_end, ended = Event(), Event(), Event()

    def first():
        yield 1
        at_the_end.set()
        may_end.wait(WAIT)
        ended.set()
        return "first"

    def second():
        yield 1
        ended.wait(WAIT)
        yield 2
        return "second"

    runner.run(first)
    qtbot.waitUntil(at_the_end.is_set)
    runner.abandon()
    runner.run(second)
    may_end.set()
    qtbot.waitUntil(lambda: not runner.busy)
    assert outcomes == [("done", "second")]


def test_work_that_waits_for_the_only_core_says_so_and_stops_at_once(qtbot, qapp, runner, outcomes):
    pool, enough, begun = QThreadPool.globalInstance(), Event(), []

    def training():
        yield 1
        enough.wait(WAIT)

    def composing():
        begun.append(True)
        yield 1

    other, n = TaskRunner(qapp, "SWNN reconstruction"), pool.maxThreadCount()
    pool.setMaxThreadCount(1)
    try:
        with qtbot.waitSignal(other.stepped):
            other.run(training)
        with qtbot.waitSignal(runner.waiting) as waiting:
            runner.run(composing)
        assert waiting.args[0].startswith("Waiting until SWNN reconstruction is done")
        runner.stop()
        assert outcomes == [("cancelled", None)]
        assert not runner.busy
        assert other.busy
    finally:
        enough.set()
        qtbot.waitUntil(lambda: not other.busy)
        pool.setMaxThreadCount(n)
    assert pool.waitForDone(10_000)
    assert begun == []
    assert outcomes == [("cancelled", None)]


def test_napari_names_the_work_by_its_title(qtbot, monkeypatch):
    """The question before a window closes would else show the address of a function."""
    from napari.qt import threading

    named = []
    monkeypatch.setattr(threading, "create_worker", lambda work, **_: named.append(str(work)))
    owner = QObject()
    TaskRunner(owner, "SWNN reconstruction").run(list)
    assert named == ["SWNN reconstruction"]
