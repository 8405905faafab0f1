"""State of the comparison panel: no viewer, no control, no thread."""

import numpy as np
import pytest

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.comparison.job import Candidate, make_job
from napari_swnn.widgets.comparison.session import ComparisonSession
from napari_swnn.widgets.comparison.work import Comparison
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.checked_reference import CheckedReference
from napari_swnn.widgets.layers.snapshot import Snapshot

VOLUME = np.arange(512, dtype=np.uint8).reshape(8, 8, 8) % 2
REFERENCE = CheckedReference.look(Snapshot("rock", VOLUME[0], None, VoxelSize()))
RESULT = Comparison("rock", ("one",), ("#000000",), report=None, refused=("“two” does not contain label 1.",))


def job(*, physics=False, volumes=(VOLUME,)):
    candidates = tuple(Candidate(f"volume {i}", "#000000", volume) for i, volume in enumerate(volumes))
    return make_job(REFERENCE, candidates, physics=physics)


@pytest.fixture
def shown():
    return []


@pytest.fixture
def session(worker, shown):
    return ComparisonSession(worker, shown.append)


def test_small_volumes_start_by_themselves_and_physics_does_not(session, worker):
    session.update(lambda: job(physics=True))
    session.settle()
    assert worker.calls == []
    assert "six solves" in session.advice
    session.update(job)
    session.settle()
    assert len(worker.calls) == 1


def test_a_result_is_shown_until_something_changes(session, worker, shown):
    session.update(job)
    session.run()
    worker.done.emit(RESULT)
    assert shown == [RESULT]
    assert not session.is_outdated
    assert session.refusals == "“two” does not contain label 1."
    session.invalidate()
    assert session.is_outdated
    assert session.refusals == ""
    session.update(lambda: job(physics=True))
    assert session.advice.endswith("The results below are outdated.")


def test_a_change_during_a_run_restarts_it(session, worker):
    session.update(job)
    session.run()
    session.invalidate()
    session.update(lambda: job(volumes=(VOLUME, VOLUME)))
    assert worker.calls[1:] == ["stop"]
    worker.cancelled.emit()
    assert worker.calls[2][0] == "run"
    assert len(session.running.candidates) == 2


def test_a_run_that_ends_in_spite_of_a_change_is_outdated(session, worker):
    session.update(job)
    session.run()
    session.invalidate()
    worker.done.emit(RESULT)
    assert session.is_outdated
    assert session.is_busy  # the new comparison


def test_stop_prevents_a_restart(session, worker):
    session.update(job)
    session.run()
    session.invalidate()
    session.stop()
    worker.cancelled.emit()
    assert not session.is_busy
    assert len([call for call in worker.calls if call[0] == "run"]) == 1


def test_sections_have_no_physics_and_do_not_mix_with_volumes():
    with pytest.raises(BadInputError, match="need 3-D volumes"):
        job(physics=True, volumes=(VOLUME[0],))
    with pytest.raises(BadInputError, match="tick either volumes or sections"):
        job(volumes=(VOLUME, VOLUME[0]))
