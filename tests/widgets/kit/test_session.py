"""State of a panel with one run at a time: no viewer, no control, no thread."""

import pytest

from napari_swnn._progress import Progress
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.session import NotReady, Report, RunSession, State


@pytest.fixture
def session(worker):
    return RunSession(worker, lambda request: iter(()), lambda result: Report(f"Done: {result}."))


def refuse():
    raise BadInputError("layer", "Too large.")


@pytest.mark.parametrize(
    ("prepare", "state", "hint"),
    [
        (lambda: NotReady("Add a layer."), State.IDLE, "Add a layer."),
        (lambda: NotReady("Reading…", is_checking=True), State.CHECKING, "Reading…"),
        (lambda: "request", State.READY, ""),
        (refuse, State.IDLE, "Correct the input marked above."),
    ],
)
def test_the_request_decides_whether_a_run_can_start(session, worker, prepare, state, hint):
    session.update(prepare)
    assert (session.state, session.hint) == (state, hint)
    assert session.can_run == (state is State.READY)
    session.run()
    assert bool(worker.calls) == (state is State.READY)


def test_a_problem_names_its_control_until_it_is_mended(session):
    session.update(refuse)
    assert session.problem.control == "layer"
    session.update(lambda: "request")
    assert session.problem is None


def test_a_run_is_delivered_once(session, worker):
    session.update(lambda: 1)
    session.run()
    session.run()
    assert worker.calls == [("run", 1)]
    assert session.state is State.RUNNING
    worker.done.emit(7)
    assert session.report == Report("Done: 7.")
    assert session.state is State.READY


def test_a_run_that_waits_for_a_thread_shows_why(session, worker):
    shown = []
    session.stepped.connect(shown.append)
    session.update(lambda: 1)
    session.run()
    worker.waiting.emit("Waiting until SWNN reconstruction is done.")
    assert shown == [Progress(fraction=0.0, activity="Waiting until SWNN reconstruction is done.")]


def test_the_request_may_change_during_a_run(session, worker):
    session.update(lambda: 1)
    session.run()
    session.update(refuse)
    assert (session.running, session.state) == (1, State.RUNNING)
    worker.done.emit(7)
    assert session.state is State.IDLE


def test_stop_waits_for_the_worker_and_hides_further_steps(session, worker):
    steps = []
    session.stepped.connect(steps.append)
    session.update(lambda: 1)
    session.run()
    worker.stepped.emit(Progress(fraction=0.1))
    session.stop()
    session.stop()
    worker.stepped.emit(Progress(fraction=0.2))
    assert worker.calls[1:] == ["stop"]
    assert session.state is State.STOPPING
    assert not session.can_stop
    worker.cancelled.emit()
    assert session.state is State.READY
    assert [step.fraction for step in steps] == [0.1]


def test_a_failure_is_kept_until_the_next_run(session, worker):
    session.update(lambda: 1)
    session.run()
    worker.failed.emit("No memory.")
    assert (session.state, session.report.failure) == (State.FAILED, "No memory.")
    assert session.can_run
    session.run()
    assert session.state is State.RUNNING


def test_closing_ignores_the_result(session, worker):
    session.update(lambda: 1)
    session.run()
    session.close()
    worker.done.emit(7)
    assert session.report == Report("Cancelled: the panel was closed.")
    assert worker.calls[1:] == ["abandon"]


def test_a_result_that_cannot_be_shown_is_a_failure(worker):
    def deliver(_result):
        raise RuntimeError("no OpenGL context")

    session = RunSession(worker, lambda request: iter(()), deliver)
    session.update(lambda: 1)
    session.run()
    worker.done.emit(7)
    assert session.state is State.FAILED
    assert "no OpenGL context" in session.report.failure
    assert session.can_run
